"""Capacities against experiments whose limit is known."""

from typing import Any

import pytest
from plans import chancy, clockwork, verdicts

import lambdasim as ls
from lambdasim.errors import InputError, Interrupted
from lambdasim.metrics.queueing import erlang_b
from lambdasim.planning.axis import axis_of
from lambdasim.planning.bound import envelope

SLO = {"f.throttles": ["rate < 1%"]}


def test_nine_fail_and_ten_pass() -> None:
    found = clockwork(slo=SLO).capacity("account.concurrency")
    assert (found.summary["fails"], found.summary["passes"]) == (9, 10)
    assert found.success
    seen = found.summary["limited_by"]
    assert seen["path"] == "f.throttles"
    assert seen["verdict"] == "missed"
    assert found.summary["range"] == [9, 10]
    assert found.summary["judged_again"] == {"runs": 48, "one_run": True, "times": 1}
    safe = "10 is safe on its one run (all 48 seeds gave the same, for nothing is drawn by chance)"
    told = f"{safe}, 9 fails (f.throttles rate < 1%: {100 * seen['observed']:.3g} %)."
    assert found.summary["verdict"] == (f"account.concurrency = 10 is enough: the limit lies between 9 and 10; {told}")
    assert found.summary["envelope"]["rate_x_duration"] == 10  # 9.5 erlangs


def test_an_absent_quota_is_sought_from_one() -> None:
    found = clockwork(slo=SLO).capacity("function.f.reserved_concurrency")
    assert (found.summary["fails"], found.summary["passes"]) == (9, 10)


def test_the_load_grows_until_it_fills_the_account() -> None:
    """Deterministic arrivals of 0.95 s: concurrency 21 holds 21 / 0.95 = 22.1 requests/s, 2.2 times the load."""
    found = clockwork(slo=SLO, account={"concurrency": 21}).capacity()
    passes, fails = found.summary["passes"], found.summary["fails"]
    assert passes <= 2.24 <= fails * 1.01  # 1 % may be throttled
    assert passes > 2.15
    assert fails / passes <= 1.02
    assert found.summary["peak_rate"] == pytest.approx(10 * passes)
    assert found.summary["envelope"]["rate_x_duration"] == pytest.approx(21 / 9.5)
    assert found.summary["verdict"].startswith(f"The account holds {passes:g} times the load (")


def test_what_to_change_is_tried_where_it_fails() -> None:
    found = clockwork(slo=SLO, account={"concurrency": 20}).capacity().summary
    raised = next(one for one in found["what_to_change"] if "account.concurrency" in one["set"])
    assert raised["set"]["load.scale"] == found["fails"]
    (slo,) = raised["slo"]
    assert slo["before"] == pytest.approx(found["limited_by"]["observed"])
    assert slo["after"] == 0
    for one in found["what_to_change"]:
        assert "load.scale" in one["set"]
    quota = clockwork(slo=SLO).capacity("account.concurrency").summary
    assert all(set(one["set"]) > {"account.concurrency"} for one in quota["what_to_change"])
    assert {one["set"]["account.concurrency"] for one in quota["what_to_change"]} <= {quota["fails"]}
    assert not clockwork(slo={"f.throttles": ["rate < 99.9%"]}).capacity().summary["what_to_change"]


def test_a_load_that_is_too_much_already_is_no_success() -> None:
    found = clockwork(slo=SLO, account={"concurrency": 5}).capacity()
    assert not found.success
    assert 0.5 < found.summary["passes"] < found.summary["fails"] < 0.57


def test_the_envelope_is_erlangs_formula() -> None:
    loaded = chancy(slo=SLO)._loaded
    quota = envelope(loaded, axis_of(loaded, "account.concurrency"))
    assert quota.product == 4
    assert quota.erlang_b is not None
    assert erlang_b(4, int(quota.erlang_b)) <= 0.01 < erlang_b(4, int(quota.erlang_b) - 1)
    small = chancy(slo=SLO, account={"concurrency": 20})._loaded
    scale = envelope(small, axis_of(small, "load.scale"))
    assert scale.product == pytest.approx(5)
    assert scale.erlang_b is not None
    assert erlang_b(4 * scale.erlang_b, 20) == pytest.approx(0.01, rel=1e-6)
    assert scale.to_dict(2 * scale.erlang_b)["off"] == pytest.approx(1)


def test_the_envelope_knows_more_than_is_simulated() -> None:
    low = chancy(slo=SLO, account={"concurrency": 100_000})._loaded
    scale = envelope(low, axis_of(low, "load.scale"))
    assert scale.product == pytest.approx(25_000)  # 4 erlangs, far beyond 1,024 times the load
    assert scale.erlang_b == pytest.approx(25_000)  # 40 requests/s of 0.1 s meet ten times the concurrency there too
    assert scale.to_dict(None)["off"] is None
    calm = chancy(slo={"f.throttles": ["rate < 99.9%"]}).with_({"load.0.rate": "5/s"})._loaded
    assert envelope(calm, axis_of(calm, "account.concurrency")).erlang_b == 1


def test_a_race_takes_few_replications_where_the_case_is_clear() -> None:
    found = chancy(slo=SLO).capacity("account.concurrency")
    search = found.points[found.points["account.concurrency"] > 100]
    assert set(search["replications"]) == {3}
    assert set(found.points["replications"]) <= {3, 6, 12, 24, 48, 96}
    assert found.points["replications"].max() > 3
    passes, fails = found.summary["passes"], found.summary["fails"]
    known = verdicts(found.points, "account.concurrency")
    assert (known[passes], known[fails]) == ("passes", "fails")
    assert found.summary["range"] == [fails, passes]
    assert fails < passes <= fails + 4
    between = [verdict for number, verdict in known.items() if fails < number < passes]
    assert "fails" not in between


def test_the_curve_is_drawn_on_both_sides_of_the_limit_and_bends() -> None:
    found = clockwork(slo=SLO, account={"concurrency": 21}).capacity()
    scales = found.points["load.scale"]
    assert scales.is_monotonic_increasing
    assert scales.min() < 0.6
    assert scales.max() > 3.2
    assert found.curve_metric == "f.throttles.rate"
    assert 2.0 <= found.summary["knee"]["value"] <= 2.3
    assert found.summary["knee"]["method"] == "largest distance to the chord"


def test_what_aws_refuses_bounds_a_quota() -> None:
    exp = clockwork(slo=SLO).with_({"function.f.reserved_concurrency": 40})
    found = exp.capacity("account.concurrency")
    assert found.summary["passes"] == 140
    assert "less is refused (" in found.summary["verdict"]
    assert "unreserved" in found.summary["verdict"]


def test_bounds_are_kept() -> None:
    found = clockwork(slo=SLO).capacity("account.concurrency", low=12, high=40)
    assert (found.summary["passes"], found.summary["fails"]) == (12, None)
    assert "nothing harder was tried" in found.summary["verdict"]
    none = clockwork(slo=SLO).capacity("account.concurrency", low=2, high=6)
    assert none.summary["passes"] is None
    assert not none.success
    assert none.summary["verdict"].startswith("Nothing that was tried meets every SLO: even account.concurrency = 6 fa")


@pytest.mark.parametrize(
    ("over", "how", "message"),
    [
        ("account.concurency", {}, "account.concurency: unknown key; did you mean 'concurrency'?"),
        ("function.g.memory", {}, "no function is named 'g'"),
        ("function.f.timeout", {}, "function.f.timeout: is a time; seek a capacity over load.scale"),
        ("question", {}, "question: is no whole number; seek a capacity over load.scale"),
        ("function.f.duration", {}, "function.f.duration: is no whole number; seek a capacity over load.scale"),
        ("function.f.snapstart", {}, "function.f.snapstart: is no whole number; seek a capacity over load.scale"),
        ("account.concurrency", {"low": 9, "high": 9}, "account.concurrency: is an empty range: 9 to 9"),
        ("account.concurrency", {"low": "9 MB"}, "account.concurrency: mixes a memory size and a whole number"),
        ("load.scale", {"low": 0}, "load.scale: 0 is not a factor above zero"),
    ],
)
def test_what_cannot_be_sought_along(over: str, how: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        clockwork(slo=SLO).capacity(over, **how)
    assert message in str(refused.value)


def test_without_an_objective_there_is_no_capacity() -> None:
    with pytest.raises(InputError, match="slo: there is no objective, and capacity seeks what meets them"):
        clockwork().capacity()


def test_an_interruption_keeps_what_is_known() -> None:
    def stop(progress: object) -> None:
        if "fails" in progress.best:  # type: ignore[attr-defined]
            raise Interrupted("enough")

    with pytest.raises(Interrupted) as stopped:
        clockwork(slo=SLO).capacity("account.concurrency", progress=stop)
    partial = stopped.value.partial
    assert not partial.complete
    assert partial.summary["fails"] is not None
    assert partial.summary["verdict"].endswith("The search was interrupted.")


def test_a_trace_is_scaled_and_has_no_envelope(tmp_path: Any) -> None:
    trace = tmp_path / "t.csv"
    trace.write_text("time\n" + "".join(f"{i / 10}\n" for i in range(100)))
    exp = ls.Experiment(
        functions={"f": {"duration": "constant(950ms)", "init": "constant(0s)"}},
        loads=[{"target": "f", "trace": {"file": str(trace), "format": "events"}}],
        slo=SLO,
        account={"concurrency": 40},
    )
    found = exp.capacity(tolerance=0.2)
    assert 3 < found.summary["passes"] < 4.5  # 40 / 9.5
    assert found.summary["envelope"]["erlang_b"] is None
    assert found.summary["peak_rate"] is None
