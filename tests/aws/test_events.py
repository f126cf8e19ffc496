"""Events of an experiment from the file to the summary, the series and the bill."""

import pytest

import lambdasim as ls

FILE = """
[simulation]
duration = "10min"
[function.worker]
idle_timeout = "constant(5min)"
init = "constant(1s)"
memory = "1024 MB"
timeout = "5s"
duration = "constant(1s)"
errors = 1.0
async = { dequeue_latency = "0s", dead_letter_queue = "lost" }
[source.uploads]
type = "async-invoke"
function = "worker"
payload = "320 KB"
[source.bus]
type = "eventbridge"
function = "worker"
latency = "constant(0s)"
payload = "65 KB"
[[load]]
target = "uploads"
executor = "constant-arrival-rate"
process = "deterministic"
rate = "1/min"
duration = "1min"
[[load]]
target = "bus"
executor = "constant-arrival-rate"
process = "deterministic"
rate = "1/min"
duration = "1min"
[slo]
"uploads.age" = ["max < 3min"]
"uploads.dead_lettered" = ["count == 0"]
[output]
requests = "all"
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> ls.Result:
    path = tmp_path_factory.mktemp("events") / "events.toml"
    path.write_text(FILE, encoding="utf-8")
    return ls.load_experiment(path).run()


def test_an_event_that_always_fails_is_tried_three_times_and_dead_lettered(result: ls.Result) -> None:
    uploads = result.summary["sources"]["uploads"]
    assert (uploads["received"], uploads["delivered"], uploads["failed"]) == (1, 3, 3)
    assert (uploads["exhausted"], uploads["dead_lettered"], uploads["dropped"]) == (1, 1, 0)
    assert uploads["age"]["max"] == pytest.approx(2_000 + 60_000 + 1_000 + 120_000 + 1_000)  # 60 s and 120 s later
    asynchronous = result.summary["functions"]["worker"]["async"]
    assert (asynchronous["received"], asynchronous["dropped"], asynchronous["retries"]) == (2, 2, 4)
    assert [one["success"] for one in result.summary["slo"]] == [False, False]


def test_the_series_are_cloudwatchs(result: ls.Result) -> None:
    of = result.timeseries.set_index(["function", "metric", "statistic"])["value"]
    assert of["worker", "AsyncEventsReceived", "Sum"].sum() == 2
    assert of["worker", "AsyncEventsDropped", "Sum"].sum() == 2
    assert of["worker", "AsyncEventAge", "Maximum"].max() == pytest.approx(2_000 + 60_000 + 1_000 + 120_000)
    assert "DeadLetterErrors" not in of.index.get_level_values("metric")
    assert of["uploads", "EventsWaiting", "Maximum"].max() == 1


def test_large_events_are_billed_as_several_requests(result: ls.Result) -> None:
    lines = {line["item"]: line for line in result.summary["cost"]["lines"]}
    assert lines["requests"]["quantity"] == 3 * 2 + 3 * 1  # 320 KB are two requests, 65 KB one


def test_other_services_are_left_out_when_asked_for(tmp_path) -> None:
    path = tmp_path / "events.toml"
    path.write_text(FILE + "[billing]\nsources = false\n", encoding="utf-8")
    summary = ls.load_experiment(path).run().summary
    items = {line["item"] for line in summary["cost"]["lines"]}
    assert items == {"requests", "duration"}
    assert any("billing.sources" in note for note in summary["cost"]["notes"])


def test_other_services_are_billed(result: ls.Result) -> None:
    summary = result.summary
    [line] = [line for line in summary["cost"]["lines"] if line["function"] == "bus"]
    assert (line["item"], line["quantity"]) == ("eventbridge-events", 2)  # of 64 KB each
    assert not any("billing.sources" in note for note in summary["cost"]["notes"])
    assert any("eventbridge-events" in note for note in summary["cost"]["notes"])


def test_every_delivery_is_in_the_log(result: ls.Result) -> None:
    own = result.events[result.events["source"] == "uploads"]
    assert own["outcome"].tolist() == ["failed"] * 3
    assert own["fate"].tolist() == ["stays", "stays", "exhausted"]
    assert own["destination"].tolist()[-1] == "delivered"


def test_wrong_objectives_are_told_together(tmp_path) -> None:
    path = tmp_path / "events.toml"
    path.write_text(FILE.replace('"uploads.age"', '"uploads.iterator_age"'), encoding="utf-8")
    with pytest.raises(ls.InputError, match="an asynchronous source has no 'iterator_age'; did you mean 'age'"):
        ls.load_experiment(path)
