"""Which assumptions matter: exact where the answer is known."""

import sys

import pytest
from plans import clockwork
from support import experiment

import lambdasim as ls
from lambdasim.errors import InputError, MissingExtra
from lambdasim.planning.assumptions import assumptions
from lambdasim.planning.differences import paired
from lambdasim.planning.sensitivity import _told_values

FUNCTION = {"duration": "constant(100ms)", "init": "constant(1s)", "memory": "512 MB"}


def every_ten_minutes() -> ls.Experiment:
    """Return requests ten minutes apart: whether they are cold depends on the idle timeout alone."""
    load = {"executor": "constant-arrival-rate", "process": "deterministic", "rate": "6/h", "duration": "10h"}
    return experiment({**FUNCTION, "idle_timeout": "uniform(5min, 7min)"}, load, simulation={"replications": 2})


def test_the_idle_timeout_decides_over_requests_ten_minutes_apart() -> None:
    found = every_ten_minutes().sensitivity("f.cold_starts")
    assert found.summary["base"]["mean"] == 1.0
    idle = found.points[found.points["assumption"] == "idle timeout"].set_index("value")
    assert idle["difference"]["constant(5min)"] == 0
    assert idle["difference"]["constant(45min)"] < -0.8
    assert idle["matters"].to_dict() == {"constant(5min)": False, "constant(45min)": True, "half-life(380s)": True}
    assert found.points["assumption"][0] == "idle timeout"
    assert found.summary["most"]["assumption"] == "idle timeout"
    assert "idle timeout" in found.summary["verdict"]
    reuse = found.points[found.points["assumption"] == "which idle environment is reused"]
    assert (reuse["difference"] == 0).all()  # there is only ever one


def test_differences_are_paired() -> None:
    """A change of exactly 250 ms in every latency has no interval, though latencies vary between replications."""
    load = {"executor": "constant-arrival-rate", "process": "deterministic", "rate": "1/h", "duration": "100h"}
    function = {**FUNCTION, "duration": "exponential(mean=1s)", "timeout": "60s", "placement": "constant(250ms)"}
    found = experiment(function, load, simulation={"replications": 4}).sensitivity("f.latency.max")
    row = found.points[found.points["value"] == "constant(0s)"].iloc[0]
    assert found.summary["base"]["ci"][1] - found.summary["base"]["ci"][0] > 100
    assert row["difference"] == pytest.approx(-250)
    assert row["difference.lo"] == pytest.approx(-250)


def test_a_difference_that_may_have_either_sign_is_not_cut_at_zero() -> None:
    seen = paired([0.0, 0.0, 30.0], 0.95)
    assert seen is not None
    half = 4.302652729749464 * 10  # t of 2 degrees of freedom times the standard error
    assert (seen.mean, seen.low, seen.high) == pytest.approx((10, 10 - half, 10 + half))


def test_a_verdict_that_turns_is_told() -> None:
    exp = every_ten_minutes().with_({"slo": {"f.cold_starts": ["rate < 50%"]}, "simulation.replications": 30})
    found = exp.sensitivity()
    assert found.summary["metric"] == "f.cold_starts.rate"
    assert found.summary["base_verdict"] == "fails"
    assert found.summary["turned"] == ["idle timeout"]
    assert "The SLOs' verdict (fails) turns with: idle timeout." in found.summary["notes"]


def test_when_nothing_matters_it_says_so() -> None:
    found = clockwork(simulation={"replications": 2}).sensitivity("f.requests")
    assert found.summary["matter"] == []
    assert found.summary["verdict"].startswith("None of 6 assumptions that AWS does not publish moves f.requests.count")
    assert found.success


def test_only_what_applies_is_changed() -> None:
    def names(exp: ls.Experiment) -> set[str]:
        return {one.name for one in assumptions(exp.config)}

    load = {"executor": "poisson", "rate": "1/s", "duration": "1h"}
    plain = names(experiment(FUNCTION, load))
    assert plain == {
        "idle timeout",
        "longest life of an environment",
        "which idle environment is reused",
        "placement before init",
        "refill of the scaling rate",
        "meter of requests per second",
    }
    retrying = {**load, "client": {"retries": 2, "backoff": "exponential(base=1s, max=2s, jitter=full)"}}
    assert names(experiment(FUNCTION, retrying)) - plain == {"jitter of the callers' back-off"}
    slow = {**FUNCTION, "init": "lognormal(p50=3s, p99=20s)"}
    assert names(experiment(slow, load)) - plain == {"an init that is run again", "bill of an init that timed out"}
    provisioned = {**FUNCTION, "provisioned": {"concurrency": 2, "requested_at": "1min"}}
    assert names(experiment(provisioned, load)) - plain == {"preparation of provisioned concurrency"}


def test_every_alternative_is_an_experiment() -> None:
    function = {
        **FUNCTION,
        "init": "lognormal(p50=3s, p99=20s)",
        "provisioned": {"concurrency": 2, "requested_at": "1min"},
    }
    load = {
        "executor": "poisson",
        "rate": "1/s",
        "duration": "1h",
        "client": {"retries": 2, "backoff": "exponential(base=1s, max=2s, jitter=none)"},
    }
    exp = experiment(function, load)
    found = assumptions(exp.config)
    assert len(found) == 10
    for one in found:
        assert one.reason
        for values in one.alternatives.values():
            assert exp.with_(values).config != exp.config


def test_an_alternative_that_the_experiment_has_is_left_out() -> None:
    exp = every_ten_minutes().with_({"function.f.idle_timeout": "constant(45min)"})
    (idle,) = [one for one in assumptions(exp.config) if one.name == "idle timeout"]
    assert set(idle.alternatives) == {"low", "in steps"}
    assert idle.base == "constant(45min)"


@pytest.mark.parametrize(
    ("metric", "message"),
    [("f.latency", "has several statistics"), ("g.latency.p99", "is named 'g'"), ("f.latenzy.p99", "did you mean")],
)
def test_a_metric_that_nothing_measures(metric: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        clockwork().sensitivity(metric)


def test_sobols_indices_give_all_to_what_alone_decides() -> None:
    pytest.importorskip("SALib", reason="needs the extra 'sensitivity' (SALib)")
    found = every_ten_minutes().sensitivity("f.cold_starts", sobol=32)
    assert found.indices is not None
    table = found.indices.set_index("assumption")
    assert table["total"]["idle timeout"] > 0.8
    assert table["total"].drop("idle timeout").abs().max() < 0.1
    assert found.summary["indices"][0]["assumption"] == "idle timeout"


def test_without_salib_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "SALib.analyze", None)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[sensitivity\]'"):
        clockwork().sensitivity("f.requests", sobol=2)
    with pytest.raises(InputError, match="3 base samples are not a power of two"):
        clockwork().sensitivity("f.requests", sobol=3)


SOURCES = {
    "sqs": {"back-off after a throttle", "a queue after errors", "floor of a queue", "growth of a queue",
            "messages delivered twice", "latency of a poller", "a throttled batch"},
    "sqs-fifo": {"back-off after a throttle", "latency of a poller", "a throttled batch"},
    "kinesis": {"back-off of a failed batch"},
    "kafka": {"back-off of a failed batch", "delay of Kafka's pollers"},
    "s3": {"latency of events", "dwell time of async events", "back-off of async events",
           "async events that run twice"},
    "async-invoke": {"dwell time of async events", "back-off of async events", "async events that run twice"},
    "apigateway-http": {"status of a throttle", "status of an error", "client network time"},
}  # fmt: skip


@pytest.mark.parametrize("kind", SOURCES)
def test_what_a_source_assumes_is_varied_and_every_alternative_is_an_experiment(kind: str) -> None:
    load = {"target": "s", "executor": "poisson", "rate": "1/s", "duration": "1h"}
    exp = experiment(FUNCTION, load, sources={"s": {"type": kind, "function": "f"}})
    plain = experiment(FUNCTION, {**load, "target": "f"})
    found = assumptions(exp.config)
    assert {one.name for one in found} - {one.name for one in assumptions(plain.config)} == SOURCES[kind]
    for one in found:
        for values in one.alternatives.values():
            assert exp.with_(values).config != exp.config


def test_pollers_that_are_provisioned_assume_nothing_of_scaling() -> None:
    source = {"type": "sqs", "function": "f", "provisioned_pollers": {"minimum": 2}}
    load = {"target": "s", "executor": "poisson", "rate": "1/s", "duration": "1h"}
    names = {one.name for one in assumptions(experiment(FUNCTION, load, sources={"s": source}).config)}
    assert names & SOURCES["sqs"] == {
        "back-off after a throttle", "latency of a poller", "messages delivered twice", "a throttled batch",
    }  # fmt: skip


def test_it_runs_where_nothing_was_throttled_and_where_nothing_came() -> None:
    load = {"executor": "constant-arrival-rate", "process": "deterministic", "rate": "6/h", "duration": "2h"}
    exp = experiment(FUNCTION, load, slo={"f.throttles": ["rate < 1%"]}, simulation={"replications": 2})
    found = exp.sensitivity()
    assert found.summary["metric"] == "f.throttles.rate"
    assert found.summary["base"]["mean"] == 0
    assert found.summary["matter"] == found.summary["undecided"] == []
    nobody = exp.with_({"load.0.rate": "0/s"}).sensitivity()
    assert nobody.summary["matter"] == []
    assert exp.with_({"load.0.rate": "0/s", "slo": {}}).sensitivity().summary["metric"] == "account.concurrency.max"


def test_what_replications_do_not_tell_is_undecided() -> None:
    """Three maxima of a heavy tail: their differences are large, of either sign."""
    load = {"executor": "poisson", "rate": "1/min", "duration": "3h"}
    function = {**FUNCTION, "init": "pareto(min=100ms, alpha=1.1)"}
    found = experiment(function, load, simulation={"replications": 3}).sensitivity("f.init_duration.max")
    assert found.summary["undecided"]
    rows = found.points[found.points["undecided"]]
    assert not rows["matters"].any()
    assert ((rows["difference.lo"] <= 0) & (rows["difference.hi"] >= 0)).all()
    assert "more replications must tell" in found.summary["verdict"]


def test_sobols_indices_have_half_widths_and_without_variance_there_are_none() -> None:
    pytest.importorskip("SALib", reason="needs the extra 'sensitivity' (SALib)")
    found = every_ten_minutes().sensitivity("f.cold_starts", sobol=16)
    largest = found.summary["indices"][0]
    assert largest["total.half"] > 0
    assert (
        f"idle timeout {100 * largest['total']:.3g} ± {100 * largest['total.half']:.3g} %" in found.summary["notes"][0]
    )
    same = clockwork(simulation={"replications": 2}).sensitivity("f.requests", sobol=2)
    assert {value for row in same.summary["indices"] for key, value in row.items() if key != "assumption"} == {None}
    assert "Nothing varied at all." in same.summary["notes"]


def test_a_value_that_is_a_table_is_told_in_words() -> None:
    idle = {"lone": "constant(5min)", "expiry": "halves"}
    assert _told_values({"a": idle, "b": idle, "c": "none"}) == "lone constant(5min), expiry halves or none"
