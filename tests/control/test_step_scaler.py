"""The step scaler, in both engines: when it acts, and what that changes."""

import pytest

import lambdasim as ls
from lambdasim.control.step_scaler import StepScaler
from lambdasim.simulate import RunOutcome, simulate

pytest.importorskip("numba")
MINUTE = 60_000_000_000


def outcome(engine: str, scaler: StepScaler | None, start: int = 2, **load: object) -> RunOutcome:
    """Simulate one request a second of 4 s each, which need four environments, for 20 minutes."""
    experiment = ls.Experiment(
        functions={
            "api": {
                "duration": "constant(4s)", "init": "constant(1s)", "timeout": "1min",
                "provisioned": {"concurrency": start, "requested_at": "0s", "preparation": "constant(90s)"},
            }
        },
        loads=[
            {
                "target": "api", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "1/s",
                "duration": "20min", **load,
            }
        ],
        simulation={"engine": engine},
        output={"period": "1min"},
    )  # fmt: skip
    return simulate(experiment.config, 1, controllers=[scaler] if scaler else [])


def summary(run: RunOutcome) -> dict[str, object]:
    return run.measured.functions["api"]["provisioned"]


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_it_adds_until_the_utilization_is_within_the_thresholds(engine: str) -> None:
    """The two are ready after 91 s, and full at minute 2; each addition is ready 91 s after it was asked for."""
    run = outcome(engine, StepScaler("api", above=0.7, below=0.3))
    spans = {(span.concurrency, span.lasted_ns) for span in run.measured.usage["api"].provisioned}
    end = run.simulated_ns
    added = [end - lasted for _, lasted in spans if lasted < end]
    assert sorted(added)[:3] == [2 * MINUTE, 3 * MINUTE, 4 * MINUTE]
    assert summary(run)["spillover"] < summary(outcome(engine, None))["spillover"]


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_it_gives_up_what_is_not_used_down_to_its_minimum(engine: str) -> None:
    run = outcome(engine, StepScaler("api", below=0.5, step=3, minimum=4), start=20)
    spans = [(span.concurrency, span.lasted_ns, span.stays) for span in run.measured.usage["api"].provisioned]
    # 20 -> 17 -> 14 -> 11 -> 8, of which 4 are half
    assert [(count, lasted) for count, lasted, stays in spans if not stays] == [(3, n * MINUTE) for n in range(2, 6)]
    assert [count for count, _, stays in spans if stays] == [8]


def test_both_engines_give_the_same_numbers() -> None:
    scaler = StepScaler("api", step=2, below=0.6)
    ours, theirs = (outcome(engine, scaler, process="poisson") for engine in ("simpy", "compiled"))
    assert ours.measured.functions == theirs.measured.functions
    assert ours.measured.usage == theirs.measured.usage
    assert ours.bill == theirs.bill
    assert ours.measured.timeseries().equals(theirs.measured.timeseries())


def test_a_function_that_there_is_not_is_an_error() -> None:
    with pytest.raises(ValueError, match="is not in"):
        outcome("simpy", StepScaler("apii"))
