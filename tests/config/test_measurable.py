"""Every number of a summary can be an objective, and every path of one is right."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from random_experiments import KINDS, random_experiment

import lambdasim as ls
from lambdasim.config.measurable import OF_KINDS, SCOPES
from lambdasim.config.slo import SloExpression, find_metric, observe

NO_OBJECTIVE = ("answers", "type", "versions")
"""Keys that are no numbers of their own; each status of ``answers`` can be asked for."""


def leaves(of: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in of.items():
        if isinstance(value, Mapping):
            yield from leaves(value, (*path, key))
        elif key not in NO_OBJECTIVE:
            yield (*path, key), value


def asked(known: Mapping[str, Any]) -> set[tuple[str, ...]]:
    return {keys for metric in known.values() for keys in metric.where.values()}


@pytest.mark.parametrize("number", range(len(KINDS)))
def test_every_number_can_be_asked_for(number: int) -> None:
    result = random_experiment(number).run(engine="simpy")
    summary, types = result.replications[0], result.config.types
    owners = [("function", name, of) for name, of in summary["functions"].items()]
    owners += [("source", name, of) for name, of in summary["sources"].items()] + [("account", "", summary["account"])]
    for scope, name, of in owners:
        known = dict(SCOPES[scope])
        if scope == "source" and name in types:
            known |= OF_KINDS[ls.config.source_kinds.KINDS[types[name]]]
        missing = {keys for keys, _ in leaves(of) if keys[0] != "answers"} - asked(known)
        assert missing == set(), f"{scope} {name} ({types.get(name)})"
    for name, of in summary.get("downstreams", {}).items():
        assert {keys for keys, _ in leaves(of)} == asked(OF_KINDS["downstream"]), name


def test_what_is_asked_for_is_what_the_summary_holds() -> None:
    exp = ls.Experiment(
        functions={
            "api": {
                "duration": "constant(300ms)", "init": "constant(1s)", "reserved_concurrency": 3,
                "provisioned": {"concurrency": 2},
            }
        },
        sources={
            "http": {"type": "apigateway-rest", "function": "api"},
            "thumbs": {"type": "s3", "function": "api"},
        },
        loads=[
            {"target": target, "executor": "poisson", "rate": "9/s", "duration": "60s"} for target in ("http", "thumbs")
        ],
        slo={
            "api.provisioned.spillover": ["count < 1"],
            "api.provisioned.utilization_max": ["max <= 1"],
            "api.async.dropped": ["count == 0"],
            "api.throttles_by_reason.ReservedFunctionConcurrentInvocationLimitExceeded": ["count == 0"],
            "http.answers.200": ["count > 10"],
            "http.answers.418": ["count == 0"],
            "thumbs.drained_s": ["max < 600"],
            "account.environments.created": ["count < 100"],
            "api.gb_seconds": ["mean < 100"],
        },
    )  # fmt: skip
    summary = exp.run(engine="simpy").summary
    api, http = summary["functions"]["api"], summary["sources"]["http"]
    observed = {slo["path"]: slo["observed"] for slo in summary["slo"]}
    assert observed["api.provisioned.spillover"] == api["provisioned"]["spillover"] > 0
    assert observed["api.provisioned.utilization_max"] == api["provisioned"]["utilization_max"] == 1
    assert observed["api.async.dropped"] == api["async"]["dropped"]
    assert observed["http.answers.200"] == http["answers"]["200"]
    assert observed["http.answers.418"] == 0
    assert observed["thumbs.drained_s"] == summary["sources"]["thumbs"]["drained_s"]
    assert observed["account.environments.created"] == summary["account"]["environments"]["created"]
    assert observed["api.gb_seconds"] == pytest.approx(api["gb_seconds"])
    assert (
        exp.optimize({"function.api.provisioned.concurrency": [2, 3]}, minimize="api.provisioned.spillover").summary[
            "best"
        ]
        is None
    )  # nothing meets the objectives


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("api.spillover", "'provisioned.spillover'"),
        ("api.provisioned.spill", "'provisioned.spillover'"),
        ("api.async.drop", "'async.dropped'"),
        ("account.created", "'environments.created'"),
    ],
)
def test_a_wrong_path_is_answered_with_the_nearest_right_ones(path: str, near: str) -> None:
    with pytest.raises(ValueError, match=near.replace(".", r"\.")):
        find_metric(path, ("api",), ())


def test_every_metric_takes_an_objective() -> None:
    texts = {"time": "{} < 5s", "events": "{} < 5", "level": "{} < 5", "count": "{} < 5", "money": "{} < 5 USD"}
    summary: dict[str, Any] = {"functions": {"f": {}}, "sources": {}, "account": {}}
    for name, metric in SCOPES["function"].items():
        for statistic in metric.where:
            text = texts[metric.kind].format(statistic).replace("rate < 5", "rate < 5%")
            assert SloExpression.parse(text, metric).statistic == statistic
            assert observe(f"f.{name}", statistic, summary) is None
