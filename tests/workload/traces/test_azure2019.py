"""The ``azure2019`` format in its published and its sampled layout, with its companions."""

from collections import Counter

import pytest

from lambdasim.config.families import parse_distribution

MIN = 60_000_000_000
PUBLISHED = (
    "HashOwner,HashApp,HashFunction,Trigger,480,481,482\no,a1,f,http,1,0,2\no,a2,g,timer,0,5,0\no,a2,h,queue,0,0,0\n"
)
SAMPLED = "function,1,2,3\nf,1,0,2\ng,0,5,0\nh,0,0,0\n"
QUANTILES = ",".join(f"percentile_Average_{p}" for p in (0, 1, 25, 50, 75, 99, 100))


def per_minute(rows):
    return Counter((ns // MIN, name) for ns, name in rows)


@pytest.mark.parametrize("text", [PUBLISHED, SAMPLED])
def test_counts_per_minute_from_the_first_minute_on(open_load, rows, text):
    load = open_load(text, format="azure2019")
    assert per_minute(rows(load)) == {(0, "f"): 1, (1, "g"): 5, (2, "f"): 2}
    assert load.functions == ("f", "g", "h")
    assert load.ends_ns == 3 * MIN
    assert load.function_overrides == {}


def test_a_window_of_minutes(open_load, rows):
    load = open_load(PUBLISHED, format="azure2019", **{"from": "1min", "until": "2min"})
    assert per_minute(rows(load)) == {(0, "g"): 5}
    assert load.ends_ns == MIN


def test_rows_of_one_name_add_up(open_load, rows):
    assert per_minute(rows(open_load("function,1,2\nf,1,2\nf,3,0\n", format="azure2019"))) == {(0, "f"): 4, (1, "f"): 2}


def test_durations_become_distributions(open_load, write):
    durations = write(
        f"HashFunction,Average,Count,{QUANTILES}\ng,9,1,1,1,2.5,3,4,50,60\nother,9,1,1,1,1,1,1,1,1\n", "d.csv"
    )
    load = open_load(PUBLISHED, format="azure2019", durations=durations)
    expected = parse_distribution("percentiles(p0=1ms, p1=1ms, p25=2.5ms, p50=3ms, p75=4ms, p99=50ms, p100=60ms)")
    assert load.function_overrides == {"g": {"duration": expected}}


@pytest.mark.parametrize(
    "text",
    [
        "HashOwner,HashApp,SampleCount,AverageAllocatedMb\no,a1,5,170.2\no,a2,5,12\n",
        "function,SampleCount,AverageAllocatedMb\nf,5,170.2\ng,5,128\ng,5,999\nh,1,1\n",
    ],
)
def test_memory_is_given_by_app_or_by_function(open_load, write, text):
    load = open_load(PUBLISHED, format="azure2019", memory=write(text, "m.csv.gz"))
    assert load.function_overrides == {"f": {"memory": 171}, "g": {"memory": 128}, "h": {"memory": 128}}


def test_memory_is_at_most_what_lambda_allows(open_load, write):
    load = open_load(SAMPLED, format="azure2019", memory=write("function,AverageAllocatedMb\nf,99999\n", "m.csv"))
    assert load.function_overrides == {"f": {"memory": 10_240}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("function,count\nf,1\n", "trace.csv: no column is called by a minute"),
        ("function,1,3\nf,1,1\n", "trace.csv: 3: minute 1 is followed by 3; give consecutive minutes"),
        ("fonction,1,2\nf,1,1\n", "trace.csv:1: no column is called 'function'; rename 'fonction' if that is it"),
        ("function,1,2\nf,1,1\ng,1,-3\n", "trace.csv:3: 2: '-3' is not a count"),
        ("function,1,2\nf,1,1\n,1,1\n", "trace.csv:3: function: is empty"),
        ("function,1,2\nf,1\n", "trace.csv:2: has 2 columns where the header has 3"),
        ("function,1,2\n", "trace.csv: has a header but no rows"),
    ],
)
def test_refusals(refusal, text, message):
    assert message in refusal(text, format="azure2019")


def test_a_window_beside_the_day(refusal):
    message = refusal(SAMPLED, format="azure2019", **{"from": "3min"})
    assert message == "trace: trace.csv has no minute between from and until: it is 3 min long"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("f,1,1,2,1,4,50,60", "d.csv:2: percentiles: p50 must not be below p25"),
        ("f,1,1,2,x,4,50,60", "d.csv:2: percentile_Average_50: 'x' is not a number"),
        ("f,-1,1,2,3,4,50,60", "d.csv:2: percentile_Average_0: '-1' is negative"),
    ],
)
def test_refused_durations(refusal, write, row, message):
    durations = write(f"function,{QUANTILES}\n{row}\n", "d.csv")
    assert message in refusal(SAMPLED, format="azure2019", durations=durations)


def test_refused_memory(refusal, write):
    memory = write("function,AverageAllocatedMb\nf,nan\n", "m.csv")
    assert "m.csv:2: AverageAllocatedMb: 'nan' is not a number from 0 up" in refusal(
        SAMPLED, format="azure2019", memory=memory
    )
