"""What to change: a few alternatives, tried on the same requests, each with its effect on every objective and the cost.

What is tried follows from what went wrong: the limit that throttled, the cold starts above a percentile, the queue that
gave up good messages. Where nothing went wrong something cheaper is tried. AWS and the file have to allow it.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from lambdasim.config.advice import advice
from lambdasim.config.calling import handlers
from lambdasim.config.qualifier import function_of
from lambdasim.config.schema import TEMPLATE, ExperimentConfig
from lambdasim.config.sources.sqs import SqsSource
from lambdasim.metrics.judging import judge
from lambdasim.model.events import ThrottleReason
from lambdasim.planning.answers.case import Case, Changes
from lambdasim.planning.answers.neighbour import neighbour
from lambdasim.planning.columns import COST, describe_judged, tilde
from lambdasim.planning.store import Measurements
from lambdasim.report.verdict import CODES, most_requests_added
from lambdasim.report.words import number
from lambdasim.units import format_duration, format_memory

MOST: Final = 3
"""So many alternatives are tried."""
GENTLE: Final = "Linear10PercentEvery1Minute"
SEEN: Final = 0.001
"""A rate that rises by less is not told."""


def what_to_change(case: Case) -> list[dict[str, Any]]:
    """Return the alternatives: ``set`` (values by path), ``slo``, ``success`` and ``cost_monthly`` (the difference).

    Each of ``slo`` has ``path``, ``expression``, ``before``, ``after``, ``difference`` (by pairs), ``success``, and
    ``told`` (before and after in words). ``worse`` are the rates that it raises beside the objectives; where there is
    no objective ``better`` are those that it lowers, with ``before`` and ``after``. Where there is no month, or months
    that hold the run unlike often, ``cost`` stands in the place of ``cost_monthly``. Those that meet every objective
    come first, by cost.
    """
    return alternatives(case, _proposals(case))


def alternatives(case: Case, proposed: Iterable[Changes]) -> list[dict[str, Any]]:
    """Return the first of the changes that are ``proposed`` and can be, tried: see :func:`what_to_change`."""
    unlike: list[Changes] = []
    for changes in proposed:
        if len(unlike) < MOST and changes not in unlike and case.can_be(changes):
            unlike.append(changes)
    measured = case.simulate(unlike) if unlike else []
    cost = case.cost(measured)
    found = [told_of(case, changes, of, cost) for changes, of in zip(unlike, measured, strict=True)]
    return sorted(found, key=lambda one: (one["success"] is not True, _cost(one)))


def _cost(alternative: Mapping[str, Any]) -> float:
    return number(alternative.get("cost_monthly", alternative.get("cost")))


def told_of(case: Case, changes: Changes, of: Sequence[Measurements], cost: str) -> dict[str, Any]:
    """Return one alternative, measured in ``of``, beside the case as it is; they are compared by ``cost``."""
    config, confidence = case.config, case.confidence
    before, after = judge(config.slo, case.base, confidence), judge(config.slo, of, confidence)
    objectives = []
    for was, now in zip(before, after, strict=True):
        objectives.append(
            {
                "path": now.path,
                "expression": now.expression.text,
                "before": was.number,
                "after": now.number,
                "difference": case.plain(case.difference(now.path, now.expression.statistic, of)),
                "success": now.to_dict()["success"],
                "told": [describe_judged(was, config, case.base), describe_judged(now, config, of)],
            }
        )
    verdicts = [one["success"] for one in objectives]
    return {
        "set": dict(changes),
        "slo": objectives,
        "success": False if False in verdicts else None if None in verdicts else True,
        "worse": _worse(case, of),
        **({} if config.slo else {"better": _better(case, of)}),
        "cost_monthly" if cost == COST else "cost": case.plain(case.difference(cost, "mean", of)),
        **({"uncertain": True} if tilde(cost, [*case.base, *of]) else {}),
    }


def _better(case: Case, of: Sequence[Measurements]) -> list[dict[str, Any]]:
    """Return the rates that a change lowers for certain, and by enough to be seen."""
    found = []
    for name in case.base[0]["functions"]:
        for path in (f"{name}.throttles", f"{name}.errors"):
            more = case.difference(path, "rate", of)
            before, after = case.seen(path, "rate"), case.seen(path, "rate", of)
            if more is not None and more.high < 0 and more.mean <= -SEEN and before is not None and after is not None:
                levels = {"before": before.mean, "after": after.mean}
                found.append({"path": f"{path}.rate", "difference": case.plain(more), **levels})
    return found


def _worse(case: Case, of: Sequence[Measurements]) -> list[dict[str, Any]]:
    """Return the rates that a change raises for certain, and by enough to be seen, without an objective on them."""
    found = []
    for name in case.base[0]["functions"]:
        for path in (f"{name}.throttles", f"{name}.errors"):
            more = case.difference(path, "rate", of) if path not in case.config.slo else None
            if more is not None and more.low > 0 and more.mean >= SEEN:
                found.append({"path": f"{path}.rate", "difference": case.plain(more)})
    return found


def _proposals(case: Case) -> Iterator[Changes]:
    """Yield changes, those first that are most likely to help."""
    config, summary = case.config, case.summary
    yield from _of_queues(config, summary)
    yield from _of_downstreams(config, summary)
    yield from _of_deployments(config, summary)
    yield from _of_throttles(case)
    yield from _of_events(config, summary)
    yield from _of_latency(config, summary)
    if summary["success"] is not False or any(".cost" in slo["path"] and not slo["success"] for slo in summary["slo"]):
        yield from _cheaper(config, summary)


def _of_deployments(config: ExperimentConfig, summary: Mapping[str, Any]) -> Iterator[Changes]:
    """Yield the gentlest strategy where requests are throttled while an alias shifts faster."""
    for change in config.change:
        alias = change.deploy.alias if change.deploy is not None else None
        if alias is None or not number(summary["functions"][function_of(alias)]["throttles"]):
            continue
        yield {f"change.{change.name}.deploy.strategy": GENTLE}


def _of_throttles(case: Case) -> Iterator[Changes]:
    config, summary = case.config, case.summary
    functions = summary["functions"]
    ranked = sorted(functions, key=lambda name: -number(functions[name]["throttles"]))
    asked = config.answer
    if asked is not None and asked.asks == "neighbour":
        yield from contained(case, neighbour(case).document["who"])
    for name in ranked:
        of = functions[name]
        if name not in config.function or not number(of["throttles"]):
            continue
        by_reason = of["throttles_by_reason"]
        reason = CODES.get(max(by_reason, key=lambda code: number(by_reason[code])))
        yield from _against(reason, name, of, config, summary)


def contained(case: Case, who: str | None) -> Iterator[Changes]:
    """Yield a ceiling for a noisy neighbour, of half of what it takes; nothing where there is none."""
    if who is not None:
        peak = case.seen(f"{who}.concurrency", "max")
        yield {f"function.{who}.reserved_concurrency": max(1, math.ceil(peak.mean / 2 if peak is not None else 1))}


def _against(
    reason: ThrottleReason | None,
    name: str,
    of: Mapping[str, Any],
    config: ExperimentConfig,
    summary: Mapping[str, Any],
) -> Iterator[Changes]:
    """Yield what moves the limit that throttles a function."""
    rate = min(number(of["throttle_rate"]), 0.9)
    reserved, limit = config.function[name].reserved_concurrency, config.account.concurrency
    if reason is ThrottleReason.ACCOUNT_CONCURRENCY:
        yield {"account.concurrency": _staffed(number(summary["account"]["concurrency"]["max"]) / (1 - rate))}
        yield {f"function.{name}.reserved_concurrency": _staffed(number(of["concurrency"]["mean"]) / (1 - rate))}
    elif reason is ThrottleReason.ACCOUNT_RATE:
        yield {"account.concurrency": math.ceil(1.25 * limit / (1 - rate))}
    elif reason is ThrottleReason.RESERVED_CONCURRENCY and reserved:
        yield {f"function.{name}.reserved_concurrency": _staffed(reserved / (1 - rate))}
    elif reason is ThrottleReason.RESERVED_RATE and reserved:
        yield {f"function.{name}.reserved_concurrency": math.ceil(1.25 * reserved / (1 - rate))}
    elif reason is ThrottleReason.SCALING_RATE and not most_requests_added(name, summary, config):
        yield {f"function.{name}.provisioned.concurrency": math.ceil(number(of["concurrency"]["max"]) / 2)}


def _staffed(offered: float) -> int:
    """Return room for an offered load: its square root thrice above it, as call centres are staffed."""
    return math.ceil(offered + 3 * math.sqrt(offered))


def _of_queues(config: ExperimentConfig, summary: Mapping[str, Any]) -> Iterator[Changes]:
    """Yield what keeps good messages out of a dead-letter queue, and what AWS advises."""
    for name, queue in config.source.items():
        of = summary["sources"].get(name, {})
        if not isinstance(queue, SqsSource) or not number(of.get("dead_lettered", 0)):
            continue
        reserved = config.function[queue.function].reserved_concurrency
        if reserved is not None and queue.maximum_concurrency is None:
            yield {f"source.{name}.maximum_concurrency": max(2, reserved)}
        advised = {one.path: one.remedy for one in advice(config) if one.path.startswith(f"source.{name}.")}
        if advised:
            yield advised


def _of_events(config: ExperimentConfig, summary: Mapping[str, Any]) -> Iterator[Changes]:
    """Yield what lets asynchronous events live longer, and reads streams faster."""
    for name in config.function:
        own = summary["functions"].get(name, {}).get("async", {})
        if number(own.get("dropped", 0)) > 0:
            yield {f"function.{name}.async.maximum_event_age": format_duration(6 * 3_600 * 10**9)}
    for name, source in config.source.items():
        factor = getattr(source, "parallelization_factor", None)
        if factor is not None and number(summary["sources"].get(name, {}).get("waiting", 0)):
            yield {f"source.{name}.parallelization_factor": min(10, 2 * factor)}


def _of_downstreams(config: ExperimentConfig, summary: Mapping[str, Any]) -> Iterator[Changes]:
    """Yield a ceiling for the functions that ask a downstream for more than it allows."""
    for name, downstream in config.downstream.items():
        of = summary.get("downstreams", {}).get(name, {})
        if downstream.max_connections is None or not number(of.get("refusals", 0)):
            continue
        using = (n for n, _, uses, _ in handlers(config.function) if any(use.downstream == name for use in uses))
        users = list(dict.fromkeys(using))
        each = downstream.max_connections // max(1, len(users))
        yield {f"function.{user}.reserved_concurrency": each for user in users}


def _of_latency(config: ExperimentConfig, summary: Mapping[str, Any]) -> Iterator[Changes]:
    """Yield what shortens a latency that misses its objective: provisioned concurrency, then memory."""
    for slo in summary["slo"]:
        name, _, metric = slo["path"].partition(".")
        function = config.function.get(name)
        if slo["success"] or metric != "latency" or function is None or name == TEMPLATE:
            continue
        of = summary["functions"][name]
        if number(of["cold_starts"]):
            mean, most = number(of["concurrency"]["mean"]), number(of["concurrency"]["max"])
            for many in (math.ceil(min(most, mean + 2 * math.sqrt(mean))), math.ceil(most / 2), math.ceil(most)):
                yield {f"function.{name}.provisioned.concurrency": many}
        if function.cpu_share:
            yield {f"function.{name}.memory": format_memory(2 * function.memory)}


def _cheaper(config: ExperimentConfig, summary: Mapping[str, Any]) -> Iterator[Changes]:
    """Yield what may cost less, of the dearest function first."""
    functions = {name: of for name, of in summary["functions"].items() if name in config.function}
    for name in sorted(functions, key=lambda one: -number(functions[one]["cost"]["total"]))[:1]:
        function = config.function[name]
        if function.provisioned is not None and function.provisioned.concurrency > 1:
            yield {f"function.{name}.provisioned.concurrency": math.ceil(function.provisioned.concurrency * 3 / 4)}
        if function.architecture == "x86_64":
            yield {f"function.{name}.architecture": "arm64"}
        if function.cpu_share and function.memory >= 256:
            yield {f"function.{name}.memory": format_memory(function.memory // 2)}
    for name, source in config.source.items():
        client = source.caller()
        if client is not None and client.retries:
            yield {f"source.{name}.client.retries": 0}
