"""What a reader of a valid experiment should know, and what says nothing."""

from typing import Any

import pytest

from lambdasim.config import config_from_dict
from lambdasim.config.notes import notes

FUNCTION = {"duration": "constant(1s)", "init": "constant(1s)"}
LOAD = {"target": "f", "executor": "poisson", "rate": "1/s", "duration": "1h"}


def told(era: str = "2026", downstream: Any = None, uses: Any = (), **function: Any) -> list[str]:
    tree: dict[str, Any] = {"account": {"era": era}, "load": [LOAD], "downstream": downstream or {}}
    tree["function"] = {"f": FUNCTION | function | ({"uses": list(uses)} if uses else {})}
    return list(notes(config_from_dict(tree).config))


@pytest.mark.parametrize(
    ("cold_start", "found"),
    [
        ({"vpc_delay": "50ms"}, ["vpc_delay: has no effect without vpc = true"]),
        ({"extension_init": "50ms"}, ["extension_init: has no effect without extensions"]),
        ({"load_per_mb": "5ms"}, ["load_per_mb: has no effect without package_size or layers"]),
        ({"first_cpu_share": 0.5}, ["first_cpu_share: has no effect without first_invocation"]),
        ({"restore": "constant(1s)"}, ["restore: has no effect without snapstart"]),
        ({"vpc": True, "vpc_delay": "50ms", "extensions": 1, "extension_init": "50ms", "layers": ["5 MB"],
          "load_per_mb": "5ms", "first_invocation": "5ms", "first_cpu_share": 0.5}, []),
    ],
)  # fmt: skip
def test_parts_of_a_cold_start_without_effect(cold_start: dict[str, Any], found: list[str]) -> None:
    assert told(cold_start=cold_start) == [f"function.f.cold_start.{one}" for one in found]


@pytest.mark.parametrize(
    ("era", "function", "key"),
    [
        ("2019-01", {"runtime": "java21"}, "runtime"),
        ("2019-08", {"package": "image"}, "package"),
        ("2020", {"architecture": "arm64"}, "architecture"),
        ("2021", {"runtime": "java11", "snapstart": True}, "snapstart"),
        ("2021", {"runtime": "python3.9", "architecture": "arm64", "package": "image"}, None),
        ("2025", {"runtime": "java21", "snapstart": True}, None),
    ],
)
def test_what_is_newer_than_the_era(era: str, function: dict[str, Any], key: str | None) -> None:
    found = [note.split(":")[0] for note in told(era, **function)]
    assert found == ([] if key is None else [f"function.f.{key}"])


@pytest.mark.parametrize(("series", "found"), [("none", ["output.parquet: has no effect"]), ("account", [])])
def test_no_series_are_none_in_parquet(series: str, found: list[str]) -> None:
    tree = {"function": {"f": FUNCTION}, "load": [LOAD], "output": {"series": series, "parquet": True}}
    assert [note[:29] for note in notes(config_from_dict(tree).config)] == found


@pytest.mark.parametrize(
    ("strategy", "minutes", "begin"),
    [
        ("AllAtOnce", 1, ["change.release.deploy.alarm: cannot roll back what is all at once, for CodeDeploy looks"]),
        ("Canary10Percent5Minutes", 5, ["change.release.deploy.alarm: may not fire before the deployment is over: it "
                                        "takes 5.5min of bad datapoints, and traffic is shifted for 5min"]),
        ("Canary10Percent5Minutes", 4, []),
    ],
)  # fmt: skip
def test_alarms_that_come_too_late(strategy: str, minutes: int, begin: list[str]) -> None:
    alarm = {"metric": "f:2.errors", "expression": "rate > 1%", "minutes": minutes}
    deploy = {"alias": "f:live", "version": "2", "strategy": strategy, "alarm": alarm}
    tree = {
        "function": {"f": FUNCTION | {"version": {"1": {}, "2": {}}, "alias": {"live": {"weights": {"1": 1.0}}}}},
        "load": [LOAD | {"target": "f:live"}],
        "change": [{"name": "release", "time": "1min", "deploy": deploy}],
    }
    found = list(notes(config_from_dict(tree).config))
    assert [note[: len(text)] for note, text in zip(found, begin, strict=True)] == begin


def test_a_proxy_is_not_on_the_bill() -> None:
    database = {"db": {"type": "database", "max_connections": 10, "pool": {}}}
    assert told(downstream=database, uses=[{"downstream": "db"}]) == [
        "no pool before db is on the bill; RDS Proxy costs 0.015 USD for each vCPU-hour of its database"
    ]
