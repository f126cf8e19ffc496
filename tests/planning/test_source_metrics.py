"""Searches on what sources and downstreams measure: their objectives are judged, minimized and made precise."""

import pytest

import lambdasim as ls
from lambdasim import InputError

FILE = """
[function.worker]
memory   = "512 MB"
timeout  = "20s"
duration = "constant(100ms)"
init     = "constant(300ms)"
uses     = [{ downstream = "db" }]

[downstream.db]
type            = "database"
max_connections = 1
error_after     = "10ms"

[source.jobs]
type       = "sqs"
function   = "worker"
batch_size = 1
maximum_concurrency = 2

[source.hourly]
type       = "schedule"
function   = "report"
expression = "rate(1 minute)"

[function.report]
duration = "constant(1s)"
init     = "constant(0s)"

[[load]]
target   = "jobs"
executor = "constant-arrival-rate"
process  = "deterministic"
rate     = "30/s"
duration = "10s"

[simulation]
duration = "2min"

[slo]
"""


@pytest.fixture
def experiment(tmp_path):
    def make(rest: str) -> ls.Experiment:
        (tmp_path / "x.toml").write_text(FILE + rest)
        return ls.load_experiment(tmp_path / "x.toml")

    return make


def test_a_sweep_is_judged_by_the_age_of_a_queue(experiment) -> None:
    """Two at once take 20 of the 30 messages a second; with four no message waits."""
    rest = """"jobs.age" = ["max < 2s"]
[sweep.over]
"source.jobs.maximum_concurrency" = [2, 4]
"""
    found = experiment(rest).with_({"downstream.db.max_connections": 9}).sweep()
    assert list(found.points["verdict"]) == ["fails", "passes"]
    assert found.points["jobs.age.max"].iloc[0] > 4000 > 2000 > found.points["jobs.age.max"].iloc[1]
    assert found.summary["verdict"].startswith("1 of 2 points meets every SLO, and source.jobs.maximum_concurrency = 4")


def test_an_optimum_of_what_a_database_refused(experiment) -> None:
    rest = """"db.refusals" = ["count == 0"]
[optimize]
minimize = "jobs.age.p99"
over     = { "downstream.db.max_connections" = [1, 4] }
"""
    found = experiment(rest).optimize()
    assert found.best == {"downstream.db.max_connections": 2}
    assert found.summary["best"]["objective"]["mean"] > 0


def test_replications_until_an_age_is_precise(experiment) -> None:
    made = experiment('"jobs.age" = ["max < 1h"]').with_(
        {"simulation.replications": {"min": 5, "max": 9, "until": "jobs.age.mean ±50%"}}
    )
    assert made.run().summary["precision"]["reached"]


def test_a_function_that_only_a_schedule_calls_is_measured(experiment) -> None:
    rest = """"report.latency" = ["max < 2s"]
[sweep.over]
"function.report.memory" = ["128 MB", "256 MB"]
"""
    assert list(experiment(rest).sweep().points["verdict"]) == ["passes", "passes"]


def test_what_a_source_does_not_measure_is_told(experiment) -> None:
    rest = """[optimize]
minimize = "jobs.iterator_age.max"
over     = { "source.jobs.maximum_concurrency" = [2, 4] }
"""
    with pytest.raises(InputError, match=r"optimize\.minimize: a queue has no 'iterator_age'; did you mean 'age'\?"):
        experiment(rest)
