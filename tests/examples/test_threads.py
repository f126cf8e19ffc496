"""However many threads a run uses, its result is the same; what goes wrong on them comes out."""

from pathlib import Path

import pytest

import lambdasim as ls
from lambdasim.errors import Interrupted
from lambdasim.metrics.meter import Metrics
from lambdasim.workload.plan import Workload

pytest.importorskip("numba")
EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.fixture(scope="module")
def busy() -> ls.Experiment:
    """Requests, asynchronous events and messages of a queue, of each some hundred thousand, in many chunks."""
    function = {"duration": "lognormal(p50=20ms, p99=100ms)", "init": "constant(300ms)"}
    load = {"executor": "poisson", "rate": "2000/s", "duration": "100s"}
    return ls.Experiment(
        functions=dict.fromkeys("fgh", function),
        sources={"jobs": {"type": "sqs", "function": "g"}, "events": {"type": "s3", "function": "h"}},
        loads=[{**load, "target": target} for target in ("f", "jobs", "events")],
        simulation={"engine": "compiled"},
        slo={"f.latency": ["p99 < 1h"]},
    )


def numbers(result: ls.Result) -> dict:
    return {key: value for key, value in result.summary.items() if key != "wall_s"}


def test_the_result_is_the_same(busy: ls.Experiment) -> None:
    one, *others = [busy.run(threads=threads) for threads in (1, 2, 3)]
    assert one.requests_simulated > 500_000
    for other in others:
        assert numbers(other) == numbers(one)
        assert other.timeseries.equals(one.timeseries)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("where", [(Workload, "_chunk"), (Metrics, "consume")], ids=["drawing", "counting"])
def test_an_error_on_a_thread_comes_out(busy: ls.Experiment, threads: int, where, monkeypatch) -> None:
    calls = []

    def fail(*_: object) -> None:
        calls.append(1)
        raise RuntimeError("out of luck")

    monkeypatch.setattr(*where, fail)
    with pytest.raises(RuntimeError, match="out of luck"):
        busy.run(threads=threads)
    assert len(calls) <= 2


@pytest.mark.parametrize("threads", [1, 3])
def test_an_interrupted_run_is_what_was_simulated_until_then(busy: ls.Experiment, threads: int) -> None:
    chunks = []

    def stop(progress: ls.Progress) -> None:
        chunks.append(progress)
        if len(chunks) == 2:
            raise Interrupted("enough")

    with pytest.raises(Interrupted) as stopped:
        busy.run(progress=stop, threads=threads)
    partial = stopped.value.partial
    assert partial.summary["incomplete"]
    assert partial.stages  # it has all that a whole one has
    assert partial.summary["cost"]["monthly"] is None  # but it is none that a month repeats
    assert any("no cost of a month: the run was interrupted" in note for note in partial.summary["cost"]["notes"])
    assert partial.summary["success"] is None
    assert {one["lacks"] for one in partial.summary["slo"]} == {"the run was interrupted before its end"}
    assert 0 < partial.requests_simulated <= chunks[1].invocations


@pytest.mark.parametrize("threads", [0, -3, 1.5, "x"])
def test_a_number_of_threads_that_is_none_is_refused(busy: ls.Experiment, threads: object) -> None:
    with pytest.raises(ls.InputError, match="a whole number of threads, at least 1, and not"):
        busy.run(threads=threads)  # type: ignore[arg-type]
