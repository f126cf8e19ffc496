"""Replications: the same whoever simulates them, and as many as the precision takes."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support import experiment

import lambdasim as ls
from lambdasim import simulate
from lambdasim.errors import InputError, Interrupted
from lambdasim.planning import replicate
from lambdasim.planning.executors import Task, local_executor, measure
from lambdasim.planning.local import LocalPool
from lambdasim.planning.replicate import replication_seed


@pytest.fixture(scope="module")
def pool():
    with local_executor(2) as two:
        yield two


@pytest.fixture
def always_worth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes are worth their start even for the shortest run."""
    monkeypatch.setattr(replicate, "TRIAL_S", 0.0)


def tiny(**simulation: Any) -> ls.Experiment:
    return experiment(
        {"duration": "exponential(mean=100ms)", "init": "constant(200ms)", "memory": "512 MB"},
        {"executor": "poisson", "rate": "20/s", "duration": "10s"},
        simulation=simulation,
        output={"period": "1s", "requests": "all"},
    )


def known(result: ls.Result) -> dict[str, Any]:
    return {key: value for key, value in result.summary.items() if key != "wall_s"}


def test_the_result_is_the_same_whoever_simulates(pool: LocalPool, always_worth: None) -> None:
    here = tiny(replications=4).run()
    with ThreadPoolExecutor(2) as threads:
        for executor in (pool, threads):
            there = tiny().run(replications=4, executor=executor)
            assert known(there) == known(here)
            assert there.timeseries.equals(here.timeseries)
            assert there.requests is not None
            assert there.requests.equals(here.requests)
            assert there.seeds == here.seeds


def test_the_log_is_of_the_first_replication_and_others_keep_none() -> None:
    result = tiny(replications=2).run()
    assert len(result.requests) == result.replications[0]["functions"]["f"]["invocations"]
    assert result._outcomes[1].requests.frame() is None


def test_a_short_run_starts_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalPool, "_started", lambda self: pytest.fail("a process was started"))
    with local_executor(2) as pool:
        assert tiny().run(replications=3, executor=pool).summary["replications"] == 3


def test_the_replications_are_those_of_their_seeds() -> None:
    result = tiny(replications=3, seed=5).run()
    assert result.seeds == (5, replication_seed(5, 1), replication_seed(5, 2))
    assert result.replications == [measure(Task(tiny()._loaded, seed)) for seed in result.seeds]


@pytest.mark.parametrize("with_pool", [False, True])
def test_a_rule_stops_when_five_numbers_in_a_row_satisfy_it(
    with_pool: bool, pool: LocalPool, always_worth: None
) -> None:
    rule = {"min": 5, "max": 30, "until": "f.duration.mean ±6%"}
    result = tiny().run(replications=rule, executor=pool if with_pool else None)
    number = result.summary["replications"]
    halves = [
        (high - low) / 2 / mean
        for mean, (low, high) in (
            tiny().run(replications=n).summary["functions"]["f"]["duration"]["mean"].values()
            for n in range(2, number + 1)
        )
    ]
    assert 7 < number < 30, "the rule has something to decide"
    held = [half <= 0.06 for half in halves]
    assert held[-5:] == [True] * 5
    assert not any(all(held[i : i + 5]) for i in range(len(held) - 5))
    assert result.summary["precision"]["reached"]
    assert result.summary["precision"]["relative"] == pytest.approx(halves[-1])
    assert result.complete
    assert "Not as precise" not in result.summary["verdict"]


def test_a_rule_of_few_replications_is_warned_of() -> None:
    rule = {"min": 2, "max": 8, "until": "f.requests.count ±90%"}
    with pytest.warns(UserWarning, match="min = 2 is below 5; .* covers in about 86 of 100 cases"):
        assert 6 <= tiny().run(replications=rule).summary["replications"] <= 8


@pytest.mark.filterwarnings("ignore:simulation.replications")
def test_a_precision_out_of_reach_ends_at_max_and_says_what_was_reached() -> None:
    result = tiny().run(replications={"max": 4, "until": "f.duration.mean +-0.01%"})
    precision = result.summary["precision"]
    assert result.summary["replications"] == 4
    assert precision["until"] == "f.duration.mean ±0.01%"
    assert not precision["reached"]
    told = f"after 4 replications f.duration.mean is known to ±{precision['relative'] * 100:.3g} %, and ±0.01 % was"
    assert told in result.summary["verdict"]


@pytest.mark.filterwarnings("ignore:simulation.replications")
def test_what_never_happens_is_never_known_precisely() -> None:
    result = tiny().run(replications={"max": 3, "until": "f.errors.rate ±50%"})
    assert result.summary["precision"]["observed"]["mean"] == 0.0
    assert result.summary["precision"]["observed"]["ci"][1] > 0
    assert not result.summary["precision"]["reached"]
    assert "is 0 as far as is known" in result.summary["verdict"]


def test_a_rule_nothing_measures_is_an_error_before_anything_runs() -> None:
    with pytest.raises(InputError, match=r"until: .*no function, source or load is named 'g'"):
        tiny().run(replications={"min": 2, "max": 3, "until": "g.latency.p99 ±5%"})


@pytest.mark.parametrize("with_pool", [False, True])
def test_an_interruption_keeps_the_finished_replications(with_pool: bool, pool: LocalPool, always_worth: None) -> None:
    def stop(progress: ls.Progress) -> None:
        if progress.fraction >= 0.4:
            raise Interrupted("stop")

    with pytest.raises(Interrupted) as caught:
        tiny().run(replications=8, executor=pool if with_pool else None, progress=stop)
    partial = caught.value.partial
    assert 3 <= partial.summary["replications"] < 8
    assert partial.summary["incomplete"]
    assert set(partial.seeds) < set(tiny().run(replications=8).seeds)


@pytest.mark.parametrize("with_pool", [False, True])
def test_progress_goes_from_nothing_to_all_of_it(with_pool: bool, pool: LocalPool, always_worth: None) -> None:
    seen: list[ls.Progress] = []
    result = tiny().run(replications=5, executor=pool if with_pool else None, progress=seen.append)
    fractions = [progress.fraction for progress in seen]
    # a replication begun here on trial is begun again by the processes
    assert sorted(fractions[1:]) == fractions[1:]
    assert fractions[-1] == pytest.approx(1.0)
    assert seen[-1].invocations == sum(one["functions"]["f"]["requests"] for one in result.replications)


def test_a_warm_up_shorter_than_the_transient_is_warned_about() -> None:
    slow = experiment(
        {"duration": "exponential(mean=8s)", "init": "constant(1s)", "timeout": "120s", "memory": "512 MB"},
        {"executor": "poisson", "rate": "100/s", "duration": "5min"},
        output={"period": "1s"},
    )
    with pytest.warns(UserWarning, match=r"simulation\.warmup is 0s, but account\.concurrency\.mean needs about"):
        result = slow.run()
    assert result.summary["notes"][0].startswith("simulation.warmup is 0s")
    settled = slow.with_({"simulation.warmup": "1min"}).run()
    assert not any("warmup" in note for note in settled.summary["notes"])
    note = settled.summary["notes"][0]
    assert note.startswith("95 % intervals from batch means of this one run: account.concurrency.mean")
    assert isinstance(settled.summary["account"]["concurrency"]["mean"], float)


def test_a_ramp_has_no_steady_state_to_speak_of() -> None:
    ramp = experiment(
        {"duration": "exponential(mean=1s)", "init": "constant(1s)", "memory": "512 MB"},
        {"executor": "ramping-arrival-rate", "stages": [{"duration": "100s", "target": "20/s"}]},
        output={"period": "1s"},
    ).run()
    assert ramp.steadiness.transient_ns == 0
    assert ramp.steadiness.intervals == ()
    assert "notes" not in ramp.summary


def test_the_time_of_a_run_is_without_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = simulate.begun

    def slow(*arguments: Any) -> Any:
        time.sleep(2)
        return begun(*arguments)

    monkeypatch.setattr(simulate, "begun", slow)
    assert tiny().run().summary["wall_s"] < 2
