"""Answers that a careful reader once found wrong, with what is right: each stands for a kind."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats
from support import experiment

import lambdasim as ls
from lambdasim.planning.answer import table_of
from lambdasim.planning.page import text

SECOND = {
    "memory": "1024 MB",
    "timeout": "900s",
    "duration": "exponential(mean=1s)",
    "init": "constant(0s)",
    "placement": "constant(0s)",
}


def constant(target: str, rate: str, duration: str) -> dict[str, str]:
    return {"target": target, "executor": "constant-arrival-rate", "rate": rate, "duration": duration}


def test_too_few_requests_to_decide_are_no_failure() -> None:
    """Nothing is ever throttled at 1/s of 100 ms; 600 requests a run show no rate below 0.01 %, more load does."""
    exp = experiment(
        {"memory": "1024 MB", "duration": "constant(100ms)", "init": "constant(200ms)"},
        {"executor": "poisson", "rate": "1/s", "duration": "10min"},
        slo={"f.throttles": ["rate < 0.01%"]},
    )
    found = exp.capacity(high=128)
    assert found.success is True
    assert (found.summary["passes"], found.summary["fails"]) == (128, None)
    few = exp.run(replications=29)
    assert few.summary["success"] is None
    assert "about 30,000 requests without one would show it" in few.summary["verdict"]


def split(**tables: Any) -> ls.Experiment:
    """40 erlangs of a and 120 of b in an account of 200: each misses its objective on another side."""
    return ls.Experiment(
        functions={"a": SECOND | {"reserved_concurrency": 50}, "b": SECOND},
        loads=[constant("a", "40/s", "200s"), constant("b", "120/s", "200s")],
        account={"concurrency": 200},
        slo={"a.throttles": ["rate < 1%"], "b.throttles": ["rate < 1%"]},
        **tables,
    )


def keeps(exp: ls.Experiment, values: dict[str, Any], names: str) -> bool:
    """Whether 30 runs of other seeds keep all rates below 1 %, as far as their means say."""
    found = exp.with_(values | {"simulation.engine": "compiled"}).run(seed=987, replications=30).summary
    return all(found["functions"][name]["throttle_rate"]["mean"] < 0.01 for name in names)


def test_objectives_that_miss_on_opposite_sides_say_where_to_look() -> None:
    found = split().optimize({"function.a.reserved_concurrency": [1, 100]})
    assert found.success is True
    assert 53 <= found.best["function.a.reserved_concurrency"] <= 62
    assert found.summary["tried"] < 20
    assert keeps(split(), found.best, "ab")


def test_two_quotas_of_three_functions_are_found() -> None:
    """30 erlangs of c more, 240 in all: of 4,900 pairs a few dozen pass."""
    exp = ls.Experiment(
        functions={"a": SECOND, "b": SECOND, "c": SECOND},
        loads=[constant("a", "40/s", "200s"), constant("b", "120/s", "200s"), constant("c", "30/s", "200s")],
        account={"concurrency": 240},
        slo={f"{name}.throttles": ["rate < 1%"] for name in "abc"},
    )
    found = exp.optimize({f"function.{name}.reserved_concurrency": [1, 70] for name in "ac"})
    assert found.success is True
    assert found.summary["tried"] < 150
    assert keeps(exp, found.best, "abc")


def test_rare_bursts_do_not_pass_after_a_few_calm_runs() -> None:
    """The true rate is about 6.5 %, though four of five runs of two minutes see no throttle at all."""
    exp = experiment(
        SECOND | {"timeout": "30s", "duration": "constant(1s)", "reserved_concurrency": 20},
        {"executor": "bursty", "rates": ["5/s", "100/s"], "sojourns": ["600s", "5s"], "duration": "120s"},
        slo={"f.throttles": ["rate < 1%"]},
        simulation={"replications": 3},
    )
    verdicts = [
        exp.with_({"simulation.seed": seed}).sweep({"load.scale": [1.0]}).points["verdict"][0] for seed in range(20)
    ]
    assert set(verdicts) <= {"undecided", "fails"}
    assert "undecided" in verdicts


def test_runs_without_requests_have_no_rate() -> None:
    """Four of ten runs had one request, and each was throttled."""
    exp = experiment(
        {"memory": "128 MB", "duration": "constant(100ms)", "init": "constant(0s)", "reserved_concurrency": 0},
        {"executor": "constant-arrival-rate", "rate": "0.01/s", "duration": "60s"},
        simulation={"replications": 10, "seed": 1},
        slo={"f.throttles": ["rate < 50%"]},
    )
    result = exp.run()
    assert result.summary["functions"]["f"]["throttle_rate"]["mean"] == 1.0
    assert result.summary["functions"]["f"]["throttle_rate"]["n"] == 4
    assert result.summary["success"] is None
    assert result.summary["verdict"].startswith("Undecided: 100 % of f's requests were throttled")


def test_a_maximum_is_meant_of_every_run() -> None:
    """The mean of the maxima is below 8 s, and eleven of thirty runs exceed it."""
    exp = experiment(
        SECOND,
        {"executor": "constant-arrival-rate", "rate": "7/s", "duration": "120s"},
        simulation={"replications": 30, "seed": 1, "warmup": "20s"},
        slo={"f.latency": ["max < 8s"]},
    )
    summary = exp.run().summary
    (slo,) = summary["slo"]
    assert summary["functions"]["f"]["latency"]["max"]["mean"] < 8000 < slo["observed"]
    assert (slo["verdict"], slo["kept"]["count"], slo["kept"]["runs"]) == ("missed", 19, 30)
    assert "kept in 19 of 30 runs" in summary["verdict"]


def test_batch_means_hold_the_runs_mean_and_cover() -> None:
    """Of one run of two hours each; the truth is the mean of all of them, known forty times better than one."""
    exp = experiment(
        {"memory": "1024 MB", "duration": "lognormal(p50=80ms, p99=600ms)", "init": "lognormal(p50=450ms, p99=1.2s)"},
        {"executor": "poisson", "rate": "5/s", "duration": "2h"},
        simulation={"engine": "compiled"},
    )
    results = [exp.run(seed=seed) for seed in range(120)]
    means = [result.summary["functions"]["f"]["latency"]["mean"] for result in results]
    known = [dict(result.steadiness.intervals).get("f.latency.mean") for result in results]
    truth = np.mean(means)
    for mean, interval in zip(means, known, strict=True):
        assert interval is None or interval.low <= mean <= interval.high
    covered = [one.low <= truth <= one.high for one in known if one is not None]
    assert sum(covered) >= stats.binom.ppf(0.0005, len(covered), 0.95)
    assert len(covered) > 100


def test_a_mean_level_is_over_the_time_of_the_loads() -> None:
    """4/s of 200 s are 800 at once while they last, less what the start lacks: 800 (1 - e^-6) / ... = 799."""
    exp = experiment(
        SECOND | {"duration": "exponential(mean=200s)"},
        {"executor": "constant-arrival-rate", "rate": "4/s", "duration": "90min"},
        account={"concurrency": 5000},
        simulation={"warmup": "20min", "replications": 6, "engine": "compiled"},
    )
    account = exp.run().summary["account"]
    assert 784 <= account["concurrency"]["mean"]["mean"] <= 802
    assert account["drain"]["s"]["mean"] > 600
    assert account["drain"]["concurrency"]["mean"] < 250


def test_a_comparison_tells_what_is_sure() -> None:
    quickstart = Path(__file__).parents[2] / "experiments" / "quickstart.toml"
    quiet = ls.load_experiment(quickstart, [("load.0.rate", "30/s")])
    provisioned = quiet.with_({"function.api.provisioned.concurrency": 40})
    verdict = ls.compare(quiet.run(replications=5), provisioned.run(replications=5)).verdict
    assert verdict.startswith("cold start rate of api falls by")
    assert "a month's cost rises by" in verdict
    assert "No difference to be sure of in p99 of api" in verdict


def test_names_are_whole_where_a_table_fits() -> None:
    """The paths of a sweep, of which only their middles would be left out, at as many columns as they take."""
    path = "function.api.provisioned.concurrency"
    table = table_of(("point", path), [("0", "5")])
    summary = {
        "verdict": "v", "name": "n", "question": "", "replications": 1, "confidence": 0.95, "simulations": 0, "seed": 0,
        "engine": {"used": "simpy"},
    }  # fmt: skip
    assert path in text(summary, table, width=7 + len(path))
    assert path not in text(summary, table, width=6 + len(path))
