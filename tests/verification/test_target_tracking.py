"""A step of the load against target tracking: capacity comes as late as the documented delays add up to.

Three one-minute datapoints, the first of a minute that begins after the step, CloudWatch's delay, a minute or two of
preparation and 6,000 environments a minute: 4.7 to 6.6 minutes (Developer Guide, provisioned-concurrency and
lambda-concurrency, 2026). Until then what is above the capacity spills over.
"""

import pytest

import lambdasim as ls
from lambdasim.simulate import RunOutcome, simulate

STEP_S = 300


def stepped(seed: int, **policy: object) -> RunOutcome:
    """Simulate 5 requests a second of a second each, and six times as many from five minutes on."""
    scaling = {"min": 10, "max": 200, "target_utilization": 0.7, **policy}
    experiment = ls.Experiment(
        functions={
            "api": {
                "duration": "constant(1s)", "init": "constant(1s)", "timeout": "10s",
                "provisioned": {"concurrency": 10, "autoscaling": scaling},
            }
        },
        loads=[
            {
                "target": "api", "executor": "ramping-arrival-rate", "start_rate": "5/s",
                "stages": [
                    {"duration": f"{STEP_S}s", "target": "5/s"}, {"duration": "0s", "target": "30/s"},
                    {"duration": "12min", "target": "30/s"},
                ],
            }
        ],
        simulation={"engine": "simpy"},
        output={"period": "1min"},
    )  # fmt: skip
    return simulate(experiment.config, seed)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("delay_s", [0, 30, 59])
def test_the_first_capacity_comes_after_the_documented_delays(seed: int, delay_s: int) -> None:
    run = stepped(seed, metric_delay=f"{delay_s}s")
    assert run.changes is not None
    first = run.changes[0]
    assert (first["from"], first["cause"]) == (10, "high alarm")
    assert first["time_s"] == pytest.approx(STEP_S + 3 * 60 + delay_s, abs=1e-6)
    assert 60 <= first["ready_s"] - first["time_s"] <= 120 + (first["to"] - 10) / 100 + 1
    assert 4.0 * 60 <= first["ready_s"] - STEP_S <= 6.6 * 60
    spilled = run.measured.timeseries().query("metric == 'ProvisionedConcurrencySpilloverInvocations' and value > 0")
    ready_minute = int(first["ready_s"] // 60) * 60
    assert set(range(STEP_S, ready_minute + 1, 60)) <= set(spilled.time)


def test_without_it_everything_above_the_capacity_spills_over_to_the_end() -> None:
    """Common random numbers: until the first increase is asked for both runs are the same."""
    scaled, fixed = stepped(1), stepped(1, max=10)
    assert scaled.changes is not None
    assert fixed.changes == ()
    until_s = scaled.changes[0]["time_s"] // 60 * 60
    before = [run.measured.timeseries().query(f"time < {until_s}") for run in (scaled, fixed)]
    assert len(before[0])
    assert before[0].reset_index(drop=True).equals(before[1].reset_index(drop=True))
    spilled = [run.measured.functions["api"]["provisioned"]["spillover"] for run in (scaled, fixed)]
    assert spilled[0] < 0.8 * spilled[1]
