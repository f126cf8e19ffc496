"""Versions and aliases: what each comes to, and everything that AWS refuses, all at once and each with its remedy."""

from typing import Any

import pytest

from lambdasim.config import config_from_dict
from lambdasim.config.resolved import resolved_toml
from lambdasim.config.versions import of_version
from lambdasim.errors import InputError
from lambdasim.units import NS_PER_MS


def tree(**function: Any) -> dict[str, Any]:
    base = {
        "duration": "constant(80ms)",
        "init": "constant(1s)",
        "memory": "1024 MB",
        "version": {"1": {}, "2": {"duration": "constant(60ms)"}},
        "alias": {"live": {"weights": {"1": 0.9, "2": 0.1}}},
    }
    return {
        "function": {"f": base | function},
        "load": [{"target": "f:live", "executor": "poisson", "rate": "1/s", "duration": "1h"}],
    }


def problems(raw: dict[str, Any]) -> list[tuple[str | None, str]]:
    with pytest.raises(InputError) as caught:
        config_from_dict(raw)
    return [(problem.path, problem.message) for problem in caught.value.problems]


def test_a_version_is_its_function_but_for_what_it_names() -> None:
    function = config_from_dict(tree()).config.function["f"]
    assert of_version(function, "1").duration.mean() == 80 * NS_PER_MS
    assert of_version(function, "2").duration.mean() == 60 * NS_PER_MS
    assert of_version(function, "2").memory == 1024


def test_a_version_may_have_another_package_and_log() -> None:
    own = {"cold_start": {"package_size": "200 MB"}, "threads": 2, "logs": "1 KB", "per_record": "10ms"}
    function = config_from_dict(tree(version={"1": {}, "2": own})).config.function["f"]
    assert of_version(function, "1").cold_start is None
    second = of_version(function, "2")
    assert second.cold_start is not None
    assert second.cold_start.package_size == 200 << 20
    assert (second.threads, second.logs, second.per_record) == (2, 1_024, 10 * NS_PER_MS)


def test_a_duration_that_a_version_does_not_name_was_measured_at_its_functions_memory() -> None:
    function = config_from_dict(
        tree(version={"1": {"memory": "2048 MB"}, "2": {"memory": "2048 MB", "duration": "constant(1s)"}}, cpu_share=1)
    ).config.function["f"]
    assert of_version(function, "1").duration_memory == 1024
    assert of_version(function, "2").duration_memory is None


PC = {"concurrency": 5}
VARYING = {"concurrency": 5, "autoscaling": {"min": 5, "max": 9, "target_utilization": 0.7}}


@pytest.mark.parametrize(
    ("function", "path", "message"),
    [
        ({"provisioned": PC}, "function.f.provisioned", "with versions this is of $LATEST, which AWS gives no"),
        ({"version": {"one": {}}}, "function.f.version.one", "AWS numbers versions 1, 2, 3"),
        (
            {"version": {"1": {"cold_start": {"package_size": "300 MB"}}, "2": {}}},
            "function.f.version.1",
            "cold_start.package_size: is 300 MB with its layers, unzipped; AWS's limit is 250 MB",
        ),
        ({"version": {}}, "function.f.alias.live.weights.1", "version 1 is not published; there is none"),
        (
            {"alias": {"7": {"weights": {"1": 1.0}}}},
            "function.f.alias.7",
            "an alias has 1 to 128 letters, digits, '-' and '_', and is no number",
        ),
        (
            {"alias": {"live": {"weights": {"1": 0.9, "2": 0.1}, "provisioned": VARYING}}},
            "function.f.alias.live.provisioned",
            "AWS refuses to change provisioned concurrency of an alias with two weights",
        ),
        (
            {"version": {"1": {"provisioned": PC}}, "alias": {"live": {"weights": {"1": 1.0}, "provisioned": PC}}},
            "function.f.alias.live.provisioned",
            "version 1 has provisioned concurrency by the version itself already",
        ),
        (
            {"alias": {k: {"weights": {"1": 1.0}, "provisioned": PC} for k in ("live", "old")}},
            "function.f.alias.old.provisioned",
            "version 1 has provisioned concurrency by the alias 'live' already",
        ),
        (
            {"reserved_concurrency": 8, "version": {k: {"provisioned": PC} for k in ("1", "2")}},
            "function.f.version.2.provisioned.concurrency",
            "10 is above the function's reserved concurrency of 8, which AWS refuses",
        ),
        (
            {"version": {"1": {"provisioned": {"concurrency": 901}}, "2": {}}},
            "function.f.version.1.provisioned.concurrency",
            "adds up to 901",
        ),
        (
            {"version": {"1": {"uses": [{"downstream": "db"}]}, "2": {}}},
            "function.f.version.1.uses.0.downstream",
            "no downstream is named 'db'",
        ),
        (
            {"version": {"1": {}, "2": {"calls": [{"function": "f:1"}]}}},
            "function.f.version.2.calls.0.function",
            "'f:1' calls 'f' in turn, without end",
        ),
        ({"version": {"1": {"errors": 0.7}, "2": {}}, "crashes": 0.5}, "function.f.version.1.errors", "add up to 1.2"),
    ],
)
def test_what_aws_refuses(function: dict[str, Any], path: str, message: str) -> None:
    found = problems(tree(**function))
    assert any(at == path and message in text for at, text in found), found


@pytest.mark.parametrize("target", ["f", "f:1", "f:live", "f:$LATEST"])
def test_what_a_load_can_go_to(target: str) -> None:
    raw = tree()
    raw["load"][0]["target"] = target
    config = config_from_dict(raw).config
    assert config.load[0].name == "f"  # so that its draws are those of the function


def test_what_a_load_cannot_go_to() -> None:
    raw = tree()
    raw["load"][0]["target"] = "f:lvie"
    assert problems(raw)[0] == ("load.0.target", "no function or source is named 'f:lvie'; did you mean 'f:live'?")


def test_objectives_take_versions_and_aliases() -> None:
    raw = tree() | {
        "slo": {"f:2.errors": ["rate < 1%"], "f:live.latency": ["p99 < 1s"], "f:2.environments": ["max < 9"]}
    }
    assert set(config_from_dict(raw).config.slo) == {"f:2.errors", "f:live.latency", "f:2.environments"}
    assert (
        "an alias has no metric 'environments'"
        in problems(tree() | {"slo": {"f:live.environments": ["max < 9"]}})[0][1]
    )
    assert "a version has no metric 'async.age'" in problems(tree() | {"slo": {"f:2.async.age": ["max < 9s"]}})[0][1]


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = tree(provisioned=PC, alias={"live": {"weights": {"1": 0.5, "3": 0.4}}})
    assert [path for path, _ in problems(wrong)] == [
        "function.f.provisioned", "function.f.alias.live.weights.3", "function.f.alias.live.weights",
    ]  # fmt: skip


def test_it_is_read_back() -> None:
    import tomllib

    config = config_from_dict(tree()).config
    assert config_from_dict(tomllib.loads(resolved_toml(config))).config.function == config.function
