"""Deployments, updates and alarms in a file: each that AWS, or sense, refuses is told with its remedy."""

from typing import Any

import pytest

from lambdasim.config import config_from_dict
from lambdasim.config.deployments import shifts
from lambdasim.config.load import with_values
from lambdasim.config.rollouts import weights_over_time
from lambdasim.errors import InputError
from lambdasim.units import NS_PER_S

ALIAS = {"alias": "f:live", "version": "2"}


def tree(deploy: Any = None, alarm: Any = None, **change: Any) -> dict[str, Any]:
    raw: dict[str, Any] = {
        "function": {
            "f": {
                "duration": "constant(80ms)",
                "init": "constant(1s)",
                "version": {"1": {}, "2": {}},
                "alias": {"live": {"weights": {"1": 1.0}}},
            },
            "idle": {"duration": "constant(80ms)", "init": "constant(1s)"},
        },
        "load": [{"target": "f:live", "executor": "poisson", "rate": "1/s", "duration": "1h"}],
    }
    if deploy is not None or change:
        raw["change"] = [{"name": "release", "time": "10min"} | ({"deploy": deploy} if deploy else {}) | change]
    return raw | ({"alarm": {"a": alarm}} if alarm else {})


def problems(raw: dict[str, Any]) -> list[tuple[str | None, str]]:
    with pytest.raises(InputError) as caught:
        config_from_dict(raw)
    return [(problem.path, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("deploy", "key", "message"),
    [
        ({}, "", "has none of set, deploy and fault"),
        ({"version": "2"}, ".deploy", "has neither alias nor function; write deploy = "),
        ({"alias": "f:live", "function": "f"}, ".deploy", "has both alias and function; write deploy = "),
        ({"alias": "f:lvie", "version": "2"}, ".deploy.alias", "no alias is named 'f:lvie'; did you mean 'f:live'?"),
        ({"alias": "idle:x", "version": "2"}, ".deploy.alias", "no alias is named 'idle:x'; there are: f:live"),
        ({"alias": "f:live", "version": 3}, ".deploy.version", "'3' is unknown; the versions are: 1, 2"),
        ({"alias": "f:live", "version": 2.0}, ".deploy.version", "2.0 is no version, such as '2'"),
        ({"alias": "f:live", "version": "3"}, ".deploy.version", "'3' is unknown; the versions are: 1, 2"),
        ({"alias": "f:live"}, ".deploy.version", "is missing; the versions are: 1, 2"),
        ({"alias": "f:live", "version": "1"}, ".deploy.version", "'f:live' leads to version 1 already then"),
        (ALIAS | {"strategy": "Canary20"}, ".deploy.strategy", "unknown strategy 'Canary20'; there are AllAtOnce, "),
        (ALIAS | {"strategy": {"linear": 0.1}}, ".deploy.strategy", "is neither of the two kinds of steps"),
        (ALIAS | {"strategy": {"canary": 0.0, "after": "1min"}}, ".deploy.strategy.canary", "shifts nothing"),
        (ALIAS | {"set": {"memory": "1 GB"}}, ".deploy.set", "has no effect with an alias"),
        (ALIAS | {"alarm": "nobody"}, ".deploy.alarm", "no alarm is named 'nobody'; there is no [alarm.NAME]"),
        (
            ALIAS | {"alarm": {"metric": "f:2.erors", "expression": "rate > 1%"}},
            ".deploy.alarm.metric",
            "a version has no metric 'erors'",
        ),
        ({"function": "g", "set": {"memory": "1 GB"}}, ".deploy.function", "no function is named 'g'"),
        ({"function": "f"}, ".deploy.set", "is missing: it says what the update changes"),
        (
            {"function": "f", "set": {"memory": "1 GB"}, "strategy": "Linear10PercentEvery1Minute"},
            ".deploy.strategy",
            "has no effect on an update in place",
        ),
        ({"function": "f", "set": {"memori": "1 GB"}}, ".deploy", "from 10min on function.f.memori: unknown key"),
        ({"function": "f", "set": {"reuse": "random"}}, ".deploy", "function.f.reuse does not change during a run"),
    ],
)  # fmt: skip
def test_a_deployment(deploy: dict[str, Any], key: str, message: str) -> None:
    raw = tree(deploy) if deploy else tree() | {"change": [{"name": "release", "time": "10min"}]}
    found = problems(raw)
    assert any(path == f"change.release{key}" and message in text for path, text in found), found


@pytest.mark.parametrize("deploy", [ALIAS, {"function": "idle", "set": {"memory": "1 GB"}}])
def test_a_deployment_ends_by_itself(deploy: dict[str, Any]) -> None:
    assert problems(tree(deploy, until="20min"))[0][0] == "change.release.until"


@pytest.mark.parametrize("key", ["reserved_concurrency", "provisioned", "alias"])
def test_an_update_sets_code(key: str) -> None:
    found = problems(tree({"function": "idle", "set": {key: 3}}))
    assert found[0][0] == "change.release.deploy"
    assert f"function.idle.{key}: " in found[0][1]
    assert key == "provisioned" or f'write set = {{ "function.idle.{key}" = … }}' in found[0][1]


@pytest.mark.parametrize(
    "change",
    [{"set": {"function.f.memory": "1 GB"}}, {"deploy": {"function": "f", "set": {"memory": "1 GB"}}}],
    ids=["set", "deploy"],
)
@pytest.mark.parametrize("target", ["f", "f:$LATEST", None])
def test_an_update_that_no_request_meets(change: dict[str, Any], target: str | None) -> None:
    raw = tree(**change)
    if target is None:
        assert "function.f.memory is of $LATEST, which nothing calls" in problems(raw)[0][1]
        return
    raw["load"][0]["target"] = target
    config_from_dict(raw)


def test_one_at_a_time() -> None:
    raw = tree(ALIAS | {"strategy": "Linear10PercentEvery1Minute"})
    raw["change"].append({"time": "15min", "deploy": {"alias": "f:live", "version": "1"}})
    assert any("begins while the deployment 'release' of 'f:live' goes on" in text for _, text in problems(raw))


def test_weights_that_are_set_again_after_a_deployment_hold() -> None:
    """Whoever rolls back by hand sets what the file has, which the deployment has changed in between."""
    raw = tree(ALIAS | {"strategy": "Linear10PercentEvery1Minute"})
    back = {"name": "back", "time": "30min", "set": {"function.f.alias.live.weights": {"1": 1.0}}}
    raw["change"].append(back)
    assert weights_over_time(config_from_dict(raw).config, "f", "live")[-2:] == [
        (19 * 60 * NS_PER_S, {"2": 1.0}), (1800 * NS_PER_S, {"1": 1.0})
    ]  # fmt: skip
    back["time"] = "15min"
    message = "sets weights while the deployment 'release' of 'f:live' goes on; let it begin later"
    assert problems(raw) == [("change.back.set", message)]


def test_a_deployment_shifts_from_one_version() -> None:
    raw = tree(ALIAS)
    raw["function"]["f"]["alias"]["live"]["weights"] = {"1": 0.5, "2": 0.5}
    assert any("has two weights then" in text for _, text in problems(raw))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"function.f.version.1.memory": "1 GB"}, "is of a published version, which nothing changes"),
        ({"function.f.alias.live.weights": {"1": 0.5, "2": 0.4}}, "add up to 0.9"),
        ({"function.f.alias.live.weights": {"1": 0.5, "5": 0.5}}, "version 5 is not published"),
    ],
)
def test_what_nothing_sets(setting: dict[str, Any], message: str) -> None:
    found = problems(tree(set=setting))
    assert any(message in text for _, text in found), found


def test_provisioned_concurrency_does_not_change_with_two_weights() -> None:
    raw = tree(set={"function.f.alias.live.provisioned.concurrency": 9})
    raw["function"]["f"]["alias"]["live"] = {"weights": {"1": 0.5, "2": 0.5}, "provisioned": {"concurrency": 4}}
    assert "changes while the alias has two weights; AWS refuses" in problems(raw)[0][1]


@pytest.mark.parametrize(
    ("alarm", "key", "message"),
    [
        ({"metric": "f.memory", "expression": "max > 1"}, "metric", "a function has no metric 'memory'"),
        ({"metric": "f.environments", "expression": "max > 1"}, "metric", "no alarm can be on 'environments'; "),
        ({"metric": "f.errors", "expression": "p99 > 1%"}, "expression", "no statistic 'p99' here"),
        ({"metric": "f.concurrency", "expression": "mean > 1"}, "expression", "is told by its maximum"),
        ({"metric": "idle.errors", "expression": "rate > 1%"}, "metric", "nothing calls 'idle'"),
        ({"metric": "f:2.errors", "expression": "rate > 1%"}, "metric", "nothing calls 'f:2'"),
        (
            {"metric": "f.errors", "expression": "rate > 1%", "evaluation_periods": 2, "datapoints": 3},
            "datapoints",
            "3 is above evaluation_periods, 2",
        ),
        ({"metric": "f.errors", "expression": "rate > 1%", "period": "90s"}, "period", "a datapoint a minute"),
        (
            {"metric": "f.errors", "expression": "rate > 1%", "period": "10min", "evaluation_periods": 200},
            "evaluation_periods",
            "at most a day",
        ),
    ],
)  # fmt: skip
def test_an_alarm(alarm: dict[str, Any], key: str, message: str) -> None:
    found = problems(tree(alarm=alarm))
    assert any(path == f"alarm.a.{key}" and message in text for path, text in found), found


def test_a_strategy_can_be_swept() -> None:
    experiment = config_from_dict(tree(ALIAS))
    for strategy in ("Linear10PercentEvery1Minute", {"canary": 0.2, "after": "3min"}):
        config = with_values(experiment, {"change.release.deploy.strategy": strategy}).config
        assert config.change[0].deploy is not None
        assert len(shifts(config.change[0].deploy)) == (10 if isinstance(strategy, str) else 2)


def test_a_version_that_a_deployment_brings_is_measured() -> None:
    config_from_dict(tree(ALIAS, alarm={"metric": "f:2.errors", "expression": "rate > 1%"}))


@pytest.mark.parametrize(
    "change",
    [
        {"deploy": ALIAS},
        {"set": {"function.f.alias.live.weights": {"1": 0.5, "2": 0.5}}},
        {"deploy": ALIAS | {"alarm": {"metric": "f:2.errors", "expression": "rate > 1%"}}},
    ],
    ids=["deployment", "weights", "with its own alarm"],
)
def test_what_an_alarm_is_on_is_of_the_whole_experiment(change: dict[str, Any]) -> None:
    """Another change, before or after the version is called, is no reason to refuse the alarm."""
    raw = tree(alarm={"metric": "f:2.errors", "expression": "rate > 1%"}, **change)
    raw["change"] += [{"time": time, "set": {"account.concurrency": 900}} for time in ("5min", "20min")]
    raw["change"].append({"time": "6min", "until": "9min", "set": {"function.idle.reserved_concurrency": 5}})
    if "deploy" in change:
        raw["answer"] = {"asks": "deploy"}
    assert len(config_from_dict(raw).config.moments) >= 4


@pytest.mark.parametrize("wrong", [{"version": "3"}, {"strategy": "Slowly"}, {"versoin": "2"}, {"alarm": "b"}])
def test_a_wrong_deployment_is_the_only_thing_that_is_told(wrong: dict[str, Any]) -> None:
    """Not that nothing calls the version that it would have led requests to."""
    fault = {"time": "20min", "fault": {"function": "f:2", "errors": 0.1}}
    raw = tree(ALIAS | wrong, alarm={"metric": "f:2.errors", "expression": "rate > 1%"})
    raw["change"].append(fault)
    assert [path for path, _ in problems(raw) if not str(path).startswith("change.release.deploy")] == []


def test_names_are_told_once() -> None:
    found = problems(tree(alarm={"metric": "cost.total", "expression": "max > 1"}))
    assert found[0][1].endswith("there are: f, idle, f:$LATEST, f:1, f:2, f:live, account")
