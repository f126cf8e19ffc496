"""Source metrics against brute force, their exact laws, and their independence of how records are cut."""

import numpy as np
import pytest
from delivery_rows import BruteForce, Case, cases, delivery, samples, table
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.metrics import invariants
from lambdasim.metrics.metered import MeteredSource
from lambdasim.metrics.sources import summary, timeline
from lambdasim.metrics.sources.ledger import SourceLedger
from lambdasim.metrics.sources.meter import SourceMeter
from lambdasim.metrics.sources.presence import grid_of
from lambdasim.model.events import DeliveryOutcome, Destination, Fate
from lambdasim.records import SourceMetric

FUNCTIONS = 2
periods = st.sampled_from((1, 2, 7, 12, 59, 100))
"""In ns; the grid of each divides it into parts of 1 ns, so that the brute force sees the same levels."""


def measured(
    case: Case, period_ns: int, warmup_ns: int = 0, cuts: tuple[int, ...] = (), loads_end_ns: int = 2**62
) -> tuple[SourceLedger, list[invariants.Balance]]:
    meter = SourceMeter(case.sources, period_ns=period_ns, warmup_ns=warmup_ns, loads_end_ns=loads_end_ns)
    for chunk in case.chunks(cuts):
        meter.consume(*chunk)
    return meter.finish(case.end_ns)


def series_of(case: Case, ledger: SourceLedger) -> dict[tuple[object, int, str, str], float]:
    owners = [0, 1, "account", *(source.name for source in case.sources)]
    found = {}
    for one in timeline.series(ledger, FUNCTIONS):
        for key, value in zip(one.keys.tolist(), one.values.tolist(), strict=True):
            owner, period = divmod(key, ledger.periods)
            place = (owners[owner], period, one.metric, one.statistic)
            assert place not in found
            found[place] = value
    return found


@given(case=cases(), period_ns=st.sampled_from((1, 2, 7, 12, 59)))
def test_series_against_brute_force(case: Case, period_ns: int) -> None:
    ledger, balances = measured(case, period_ns)
    invariants.verify(balances)
    expected = BruteForce(case, period_ns).values
    found = series_of(case, ledger)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert found[key] == pytest.approx(value, rel=1e-12), key


@given(case=cases(), period_ns=periods, warmup_ns=st.integers(0, 40), data=st.data())
def test_chunks_make_no_difference(case: Case, period_ns: int, warmup_ns: int, data: st.DataObject) -> None:
    rows = max(len(case.rows), len(case.samples))
    cuts = tuple(sorted(data.draw(st.lists(st.integers(0, rows), max_size=3))))
    whole, _ = measured(case, period_ns, warmup_ns)
    cut, balances = measured(case, period_ns, warmup_ns, cuts)
    invariants.verify(balances)
    assert series_of(case, cut) == series_of(case, whole)
    assert summary.sources(cut) == summary.sources(whole)
    assert summary.asynchronous(cut, ["f", "g"]) == summary.asynchronous(whole, ["f", "g"])


@given(case=cases(), period_ns=periods, warmup_ns=st.integers(1, 40))
def test_series_know_no_warm_up(case: Case, period_ns: int, warmup_ns: int) -> None:
    warm, cold = (series_of(case, measured(case, period_ns, ns)[0]) for ns in (warmup_ns, 0))
    assert warm == pytest.approx(cold, rel=1e-12)


@given(case=cases(), warmup_ns=st.integers(0, 30), lasted_ns=st.integers(1, 60))
def test_summary_against_brute_force(case: Case, warmup_ns: int, lasted_ns: int) -> None:
    loads_end_ns = warmup_ns + lasted_ns
    ledger, _ = measured(case, 12, warmup_ns, loads_end_ns=loads_end_ns)
    force = BruteForce(case, 12)
    for index, source in enumerate(case.sources):
        found = summary.sources(ledger)[source.name]
        own = [row for row in force.rows if row["source"] == index]
        rows = [row for row in own if row["sent_ns"] >= warmup_ns]
        assert found["received"] == len({row["event"] for row in rows})
        assert found["delivered"] == sum(row["delivered_ns"] >= 0 for row in rows)
        for name, fate in (("processed", Fate.DONE), ("exhausted", Fate.EXHAUSTED), ("aged_out", Fate.AGED_OUT)):
            assert found[name] == sum(row["fate"] == fate for row in rows)
        if "age" in found:
            ends = ("processed", "exhausted", "aged_out", "filtered", "waiting", "hidden", "in_process")
            assert found["received"] == sum(found[name] for name in ends)
            assert found["dead_lettered"] + found["dropped"] == found["exhausted"] + found["aged_out"]
        level = force.level(force.intervals(own)["processing"])[warmup_ns:]
        within = level[:lasted_ns]
        assert found["processing"]["mean"] == pytest.approx(sum(within) / len(within) if within else 0)
        if level:
            assert found["processing"]["max"] >= max(level)  # a level at the warm-up counts though it may end at once
        meant = [row for row in rows if row["fate"] not in (Fate.STAYS, Fate.FILTERED)]
        if "age" in found:
            gone = [row for row in own if row["fate"] != Fate.STAYS and row["left_ns"] >= warmup_ns]
            oldest = max((row["left_ns"] - row["sent_ns"] for row in gone), default=0)
            assert found["age_of_oldest"]["max"] == oldest / 1e6
            ages = [row["left_ns"] - row["sent_ns"] for row in meant]
            assert found["age"]["max"] == (max(ages) / 1e6 if ages else None)
        pollers = force.sampled_level(index, SourceMetric.POLLERS)
        if pollers is not None:
            after = pollers[warmup_ns:loads_end_ns]
            assert found["pollers"]["mean"] == pytest.approx(sum(after) / len(after) if after else 0)


def test_a_queue_that_never_drains_is_as_old_as_it_is() -> None:
    case = Case([MeteredSource("jobs", "sqs")], end_ns=100_000_000)
    case.rows = [
        delivery(1, 0, 0, 1_000_000, 2_000_000),
        delivery(2, 0, 0, -1, -1, outcome=DeliveryOutcome.WAITING, fate=Fate.REMAINS, batch=-1),
    ]
    found = summary.sources(measured(case, 60_000_000)[0])["jobs"]
    assert (found["age"]["p50"], found["age"]["max"]) == (2.0, 100.0)
    assert found["drained_s"] is None
    assert found["waiting"] == 1
    assert found["backlog"]["max"] == 2
    assert found["age_of_oldest"]["max"] == 100.0
    case.rows[1] = delivery(2, 0, 0, 40_000_000, 60_000_000)
    found = summary.sources(measured(case, 60_000_000)[0])["jobs"]
    assert (found["age"]["max"], found["drained_s"]) == (60.0, 0.04)


def test_dead_letters_are_not_lost_and_failed_ones_are() -> None:
    case = Case([MeteredSource("uploads", "s3", dead_letter=True)], end_ns=10)
    gone = {"outcome": DeliveryOutcome.FAILED, "fate": Fate.EXHAUSTED}
    case.rows = [
        delivery(1, 0, 0, 1, 2, destination=Destination.DELIVERED, **gone),
        delivery(2, 0, 0, 1, 2, destination=Destination.FAILED, **gone),
        delivery(3, 0, 0, 1, 2, outcome=DeliveryOutcome.THROTTLED, fate=Fate.STAYS, batch=-1),
        delivery(3, 0, 4, 4, 5, attempt=1),
    ]
    ledger, _ = measured(case, 10)
    found = summary.sources(ledger)["uploads"]
    assert (found["dead_lettered"], found["dropped"], found["dropped_rate"]) == (1, 1, 1 / 3)
    function = summary.asynchronous(ledger, ["f"])["f"]
    assert (function["received"], function["dropped"], function["retries"]) == (3, 2, 1)
    assert function["age"] == {"mean": pytest.approx(7e-6 / 4), "max": 4e-6}
    assert series_of(case, ledger)[0, 0, "DeadLetterErrors", "Sum"] == 1


def test_answers_and_latency_of_a_gateway() -> None:
    case = Case([MeteredSource("http", "apigateway-http")], end_ns=10_000_000)
    case.rows = [
        delivery(1, 0, 0, 0, 1_000_000, outcome=DeliveryOutcome.THROTTLED, fate=Fate.STAYS, answer=429, batch=-1),
        delivery(1, 0, 2_000_000, 2_000_000, 5_000_000, attempt=1, answer=200),
        delivery(2, 0, 0, 0, 3_000_000, outcome=DeliveryOutcome.FAILED, fate=Fate.EXHAUSTED, answer=502),
    ]
    found = summary.sources(measured(case, 10_000_000)[0])["http"]
    assert found["answers"] == {"200": 1, "429": 1, "502": 1}
    assert (found["answers_4xx"], found["answers_5xx_rate"]) == (1, 1 / 3)
    assert (found["latency"]["mean"], found["latency"]["max"]) == (4.0, 5.0)
    assert "age" not in found


@pytest.mark.parametrize(
    ("rows", "invariant"),
    [
        ([delivery(1, 0, 0, 1, 2, fate=Fate.STAYS)], "events of sources"),
        ([delivery(1, 0, 0, 1, 2), delivery(1, 0, 2, 2, 3, attempt=1)], "events of sources"),
        ([delivery(1, 0, 0, 1, 2, fate=Fate.STAYS), delivery(2, 0, 2, 2, 3, attempt=1)], "checksum"),
        ([delivery(1, 0, 0, 1, 2, fate=Fate.STAYS), delivery(1, 1, 2, 2, 3, attempt=1)], "time in sources"),
        ([delivery(1, 0, 0, 1, 8, fate=Fate.STAYS), delivery(1, 0, 2, 2, 8, attempt=1)], "places of events"),
    ],
)
def test_records_that_contradict_themselves(rows: list[dict[str, int]], invariant: str) -> None:
    case = Case([MeteredSource("jobs", "sqs")], end_ns=10)
    case.rows = rows
    with pytest.raises(invariants.InvariantViolation, match=invariant):
        invariants.verify(measured(case, 10)[1])


def test_levels_of_long_waits_and_of_many_events() -> None:
    """Blocks whose intervals reach far back are counted otherwise, and come to the same."""
    rng = np.random.default_rng(1)
    sent = np.sort(rng.integers(0, 10**6, 500))
    case = Case([MeteredSource("jobs", "sqs"), MeteredSource("more", "sqs")], end_ns=10**6)
    for event, at in enumerate(sent.tolist()):
        case.rows.append(delivery(event, at, at, at + (10**6 - at) // 2, 10**6, source=event % 2))
    ledger, balances = measured(case, 1_000)
    invariants.verify(balances)
    at = 500_000
    waiting = sum(row["sent_ns"] <= at < row["delivered_ns"] and row["source"] == 1 for row in case.rows)
    assert series_of(case, ledger)["more", 500, "ApproximateNumberOfMessagesVisible", "Maximum"] >= waiting
    total = sum(row["delivered_ns"] - row["sent_ns"] for row in case.rows)
    assert sum(ledger.backlog.totals()) == total


def test_the_grid_divides_the_period() -> None:
    assert grid_of(60_000_000_000) == 1_000_000_000
    assert [grid_of(n) for n in (1, 7, 59, 61, 100, 1_000_000_000)] == [1, 1, 1, 61, 2, 20_000_000]


def test_samples_of_a_level_last_until_the_next() -> None:
    case = Case([MeteredSource("jobs", "sqs", pays_for_pollers=True)], end_ns=100)
    meter = SourceMeter(case.sources, period_ns=10, warmup_ns=25, loads_end_ns=92)
    meter.consume(table([]), samples([(0, SourceMetric.POLLERS, 5, 4), (0, SourceMetric.POLLERS, 15, 8)]))
    meter.consume(table([]), samples([(0, SourceMetric.POLLERS, 27, 2), (0, SourceMetric.POLLERS, 95, 9)]))
    ledger, _ = meter.finish(100)
    found = summary.sources(ledger)["jobs"]["pollers"]
    assert found == {"max": 9, "mean": (2 * 8 + 65 * 2) / 67}
    values = series_of(case, ledger)
    assert [values["jobs", p, "Pollers", "Average"] for p in (0, 1, 2, 3)] == [2.0, 6.0, (7 * 8 + 3 * 2) / 10, 2.0]
    assert [values["jobs", p, "ProvisionedPollers", "Maximum"] for p in (0, 1, 2, 3)] == [4, 8, 8, 2]
