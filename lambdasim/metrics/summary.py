"""The objects of ``summary.json`` for functions, the account and sources. Reads a ledger.

Counts, latencies and durations are of requests that first arrived after the warm-up. Maxima of levels are over the time
after it, their means over that in which the loads last: what drains later is told apart. The bill knows no warm-up:
``billed_duration_ms`` and ``gb_seconds`` are of the whole run.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from lambdasim.config.qualifier import function_of
from lambdasim.metrics.cells import Int64
from lambdasim.metrics.histogram import Histogram, Histograms
from lambdasim.metrics.ledger import (
    BOTH,
    DURATIONS,
    INIT,
    KIND_BITS,
    LATENCIES,
    LATENCY_COLD,
    LATENCY_WARM,
    RESTORE,
    Ledger,
)
from lambdasim.metrics.occupancy import Levels
from lambdasim.metrics.tally import REASON_EVENTS
from lambdasim.metrics.utilization import share_of, utilization_of
from lambdasim.model.events import REASON_NAMES
from lambdasim.records import LevelMetric
from lambdasim.units import NS_PER_MS, NS_PER_S
from lambdasim.usage import FunctionUsage

QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}

TOLD: Final = ("mean", *QUANTILES, "max")

OF_KIND: Final = {
    "latency": LATENCIES,
    "latency_warm": (LATENCY_WARM, BOTH),
    "latency_cold": (LATENCY_COLD,),
    "duration": DURATIONS,
    "init_duration": (INIT,),
    "restore_duration": (RESTORE,),
}

Json = dict[str, Any]


def milliseconds(histograms: Histograms, owners: int) -> list[Json]:
    """Return mean, percentiles and maximum in ms of the values of owners 0, 1, ...; None for each of no values.

    The groups of ``histograms`` are owners.
    """
    sums = zip(*(c.tolist() for c in (histograms.total_high, histograms.total_low, histograms.count)), strict=True)
    means = [((high << 32) + low) / (count * NS_PER_MS) for high, low, count in sums]
    times = (*histograms.quantiles(QUANTILES.values()), histograms.maximum)
    objects = [
        {"mean": mean, "p50": p50, "p90": p90, "p95": p95, "p99": p99, "p99.9": p999, "max": most}
        for mean, p50, p90, p95, p99, p999, most in zip(
            means, *((column / NS_PER_MS).tolist() for column in times), strict=True
        )
    ]
    found = dict(zip(histograms.groups.tolist(), objects, strict=True))
    return [found.get(owner) or dict.fromkeys(TOLD) for owner in range(owners)]


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """What is measured of the whole run. Owners are the functions and, after the last, the account."""

    by_pair: Histograms
    """By ``(load * functions + function) << KIND_BITS | kind``."""
    by_owner: Histograms
    """By ``owner << KIND_BITS | kind``."""
    times: Mapping[str, Sequence[Json]]
    """In ms, of each owner: those of :data:`OF_KIND` that the summary holds."""
    outcomes: Sequence[Json]
    """Counts and rates of each owner."""

    @property
    def functions(self) -> int:
        """How many there are."""
        return len(self.times["latency"]) - 1

    @classmethod
    def of(cls, ledger: Ledger) -> "Measures":
        """Take them together from all periods."""
        count, merge = len(ledger.functions), ledger.merge
        by_pair = _by_pair(ledger)
        pair, kind = _with_kind(by_pair)
        of_functions = by_pair.regroup(pair % max(count, 1) << KIND_BITS | kind, merge=merge)
        _, kind = _with_kind(of_functions)
        of_account = of_functions.regroup(count << KIND_BITS | kind, merge=merge)
        by_owner = Histograms.joined([of_functions, of_account])
        owner, kind = _with_kind(by_owner)
        names = ["latency", "duration", "init_duration"]
        if any(function.snapstart for function in ledger.functions):
            names.append("restore_duration")
        times = {
            name: milliseconds(by_owner.regroup(owner, np.isin(kind, OF_KIND[name]), merge), count + 1)
            for name in names
        }
        happened = ledger.happened.events(measured=True)
        everyone = {event: np.append(values, values.sum()) for event, values in happened.items()}
        return cls(by_pair, by_owner, times, _outcomes(everyone, ledger))

    def histograms(self, owner: int) -> dict[str, Histogram]:
        """Return the histograms of :data:`OF_KIND` of an owner, in ns."""
        return {
            name: Histogram.merged([self.by_owner.histogram(owner << KIND_BITS | kind) for kind in kinds])
            for name, kinds in OF_KIND.items()
        }


def _by_pair(ledger: Ledger) -> Histograms:
    """Return what is measured, by :attr:`Measures.by_pair`'s groups."""
    _, function, load, kind, measured = ledger.sample_place()
    return ledger.samples_by((load * len(ledger.functions) + function) << KIND_BITS | kind, measured)


def _with_kind(histograms: Histograms) -> tuple[Int64, Int64]:
    """Return to what the groups of histograms belong, and their kinds."""
    return histograms.groups >> KIND_BITS, histograms.groups & (1 << KIND_BITS) - 1


class Billed(NamedTuple):
    """What a function is billed for."""

    ms: int
    gb_seconds: float


def billed(usages: Iterable[FunctionUsage], of: Sequence[int], count: int) -> list[Billed]:
    """Return what ``count`` functions are billed for, given of which function each usage is."""
    ms, gb_seconds = [0] * count, [0.0] * count
    for group, usage in zip(of, usages, strict=True):
        ms[group] += usage.billed_ms + usage.provisioned_billed_ms
        gb_seconds[group] += usage.gb_seconds
    return list(map(Billed, ms, gb_seconds))


def alias(ledger: Ledger, name: str) -> Json:
    """Return the object of an alias: of the requests that were sent to it."""
    own = np.array([name in load.aliases for load in ledger.loads], bool)
    function = function_of(name)
    of = np.array([one.of == function for one in ledger.functions], bool)
    _, index, load = ledger.place(ledger.counts.cell)
    rows = np.flatnonzero(own[load] & of[index])
    happened = ledger.counts.by(np.zeros(len(rows), np.int64), 1, rows).events(measured=True)
    _, index, load, kind, measured = ledger.sample_place()
    some = measured & own[load] & of[index]
    return _outcomes(happened, ledger)[0] | {
        time: milliseconds(ledger.samples_by(np.zeros(len(kind), np.int64), some & np.isin(kind, OF_KIND[time])), 1)[0]
        for time in ("latency", "duration", "init_duration")
    }


def functions(ledger: Ledger, measures: Measures, bills: Sequence[Billed]) -> dict[str, Json]:
    """Return the object of each function, or version, by name."""
    happened = ledger.happened.events(measured=True)
    objects = [dict(outcome) for outcome in measures.outcomes[:-1]]
    after = np.flatnonzero(ledger.work.keys & 1) if ledger.warmup_ns else slice(None)
    own = ledger.work_place()[1][after]

    def highest(name: str, at_warmup: Int64) -> Int64:
        """Return the highest level of each function since the warm-up."""
        most = at_warmup.copy()
        np.maximum.at(most, own, ledger.work[name][after])
        return most

    environments = highest("environments", ledger.alive.at_warmup)
    changed, times_ns, alive = ledger.control.samples(LevelMetric.ENVIRONMENTS)
    np.maximum.at(environments, changed[times_ns >= ledger.warmup_ns], alive[times_ns >= ledger.warmup_ns])
    rows = zip(
        ledger.functions,
        objects,
        *(measures.times[name][:-1] for name in ("latency", "duration", "init_duration")),
        bills,
        highest("function_concurrency", ledger.executing.at_warmup).tolist(),
        _means(ledger, ledger.executing),
        environments.tolist(),
        _means(ledger, ledger.alive),
        ledger.created.tolist(),
        happened["provisioned"].tolist(),
        happened["spillover"].tolist(),
        map(share_of, highest("utilization", _utilization_at_warmup(ledger)).tolist()),
        strict=True,
    )
    changing = set(ledger.control.changed(LevelMetric.ALLOCATED))
    for i, (
        function, of, latency, duration, init_duration, bill, executing, executing_mean, most, mean, created,
        provisioned, spillover, used,
    ) in enumerate(rows):  # fmt: skip
        of["latency"], of["duration"], of["init_duration"] = latency, duration, init_duration
        if function.snapstart:
            of["restores"] = int(happened["restores"][i])
            of["restore_duration"] = measures.times["restore_duration"][i]
        if function.ahead:
            of["initialised_ahead"] = int(happened["initialised_ahead"][i])
        of["billed_duration_ms"], of["gb_seconds"] = bill
        of["concurrency"] = {"max": executing, "mean": executing_mean}
        of["environments"] = {"max": most, "mean": mean, "created": created}
        of["provisioned"] = {
            "invocations": provisioned,
            "spillover": spillover,
            "utilization_max": used,
            "allocated": _allocated(ledger, i) if i in changing else {"max": 0, "mean": 0.0},
        }
    return {function.name: of for function, of in zip(ledger.functions, objects, strict=True)}


def account(ledger: Ledger, measures: Measures) -> Json:
    """Return the account's object, without its cost."""
    executing = int(ledger.executing.at_warmup.sum())
    everyone = np.arange(len(ledger.functions))
    is_unreserved = ledger.control.is_unreserved(everyone, np.full(len(everyone), ledger.warmup_ns))
    on_demand = ledger.executing.at_warmup - ledger.executing_provisioned.at_warmup
    unreserved = int(on_demand[is_unreserved].sum())
    _, times_ns, claims = ledger.control.samples(LevelMetric.CLAIMED)
    later = claims[times_ns >= ledger.warmup_ns]
    claimed = unreserved + int(ledger.control.unoccupied(np.array([ledger.warmup_ns]))[0])
    after = ledger.account.keys & 1 == 1

    def highest(name: str, *others: int) -> int:
        return int(ledger.account[name][after].max(initial=max(others)))

    drained_ns = ledger.end_ns - ledger.loads_end_ns
    busy_ns = int(ledger.executing.after_ns.sum())

    return {
        **measures.outcomes[-1],
        "latency": measures.times["latency"][-1],
        "duration": measures.times["duration"][-1],
        "init_duration": measures.times["init_duration"][-1],
        "concurrency": {
            "max": highest("account_concurrency", executing),
            "mean": _mean(ledger, ledger.executing),
        },
        "unreserved_concurrency": {"max": highest("unreserved_concurrency", unreserved)},
        "claimed_concurrency": {"max": highest("claimed_concurrency", claimed, *later.tolist())},
        "environments": {
            "mean": _mean(ledger, ledger.alive),
            "created": int(ledger.created.sum()),
        },
        "drain": {"s": drained_ns / NS_PER_S, "concurrency": busy_ns / drained_ns if drained_ns else 0.0},
    }


def sources(ledger: Ledger, measures: Measures) -> dict[str, Json]:
    """Return the object of each load and source, by name: what its callers saw.

    A load and a source of the same name are one: all loads that go through the source.
    """
    members: dict[str, list[int]] = {}
    for i, load in enumerate(ledger.loads):
        members.setdefault(load.name, []).append(i)
        if load.source not in (None, load.name):
            members.setdefault(load.source, []).append(i)
    if measures.functions == len(ledger.functions) and (only := _only_functions(ledger, members.values())) is not None:
        return {name: _as_of_function(measures, only[loads[0]]) for name, loads in members.items()}
    load_of_count = ledger.counts.cell % max(len(ledger.loads), 1)
    happened = ledger.counts.by(load_of_count, len(ledger.loads)).events(measured=True)
    pair, kind = _with_kind(measures.by_pair)
    load_of = pair // max(measures.functions, 1)  # which are whole, where the ledger has versions
    latency = measures.by_pair.regroup(load_of, np.isin(kind, LATENCIES), ledger.merge)
    outcomes, times = _outcomes(happened, ledger), milliseconds(latency, len(ledger.loads))
    result = {}
    for name, loads in members.items():
        first = loads[0]
        if len(loads) == 1:
            result[name] = outcomes[first] | {"latency": times[first]}
            continue
        some = np.isin(load_of, loads) & np.isin(kind, LATENCIES)
        together = measures.by_pair.regroup(np.zeros(len(some), np.int64), some, ledger.merge)
        of = {event: values[loads].sum(keepdims=True) for event, values in happened.items()}
        result[name] = _outcomes(of, ledger)[0] | {"latency": milliseconds(together, 1)[0]}
    return result


def _only_functions(ledger: Ledger, members: Iterable[Sequence[int]]) -> list[int] | None:
    """Return the function of each load, where each has one of its own and a name of its own; else None."""
    if any(len(loads) > 1 for loads in members):
        return None
    _, function, load = ledger.place(ledger.counts.cell)
    only = np.full(len(ledger.loads), -1)
    only[load] = function
    alone = len(np.unique(only)) == len(only) and (only >= 0).all() and (only[load] == function).all()
    return only.tolist() if alone else None


def _as_of_function(measures: Measures, function: int) -> Json:
    """Return what the callers of a load saw that is all that a function has."""
    return {**measures.outcomes[function], "latency": measures.times["latency"][function]}


def _outcomes(happened: Mapping[str, Int64], ledger: Ledger) -> list[Json]:
    """Return counts and rates of 0, 1, ... of something, given how often each event happened to them; a rate of nothing
    is 0."""
    of = {event: values.tolist() for event, values in happened.items()}
    names = [REASON_NAMES[reason] for reason in REASON_EVENTS]
    counts = (
        "requests", "invocations", "throttles", "throttled_requests", "retries", "in_flight", "errors", "timeouts",
        "crashes", "out_of_memory", "cold_starts",
    )  # fmt: skip
    reasons = zip(*(of[event] for event in REASON_EVENTS.values()), strict=True)
    objects = [
        {
            "requests": requests,
            "invocations": invocations,
            "throttles": throttles,
            "throttles_by_reason": dict(zip(names, by_reason, strict=True)),
            "throttled_requests": throttled,
            "retries": retries,
            "in_flight": in_flight,
            "errors": errors,
            "timeouts": timeouts,
            "crashes": crashes,
            "out_of_memory": out_of_memory,
            "cold_starts": cold_starts,
            "cold_start_rate": cold_starts / invocations if invocations else 0.0,
            "throttle_rate": throttles / (throttles + invocations) if throttles else 0.0,
            "error_rate": errors / invocations if invocations else 0.0,
            "timeout_rate": timeouts / invocations if invocations else 0.0,
        }
        for by_reason, requests, invocations, throttles, throttled, retries, in_flight, errors, timeouts, crashes,
            out_of_memory, cold_starts in zip(reasons, *(of[name] for name in counts), strict=True)
    ]  # fmt: skip
    if ledger.service_errors:
        for one, failed in zip(objects, of["service_errors"], strict=True):
            one["service_errors"] = failed
            one["service_error_rate"] = failed / (one["requests"] + one["retries"]) if failed else 0.0
    return objects


def _utilization_at_warmup(ledger: Ledger) -> Int64:
    """Return the utilization of each function's provisioned concurrency when the warm-up ends."""
    everyone = np.arange(len(ledger.functions))
    allocated = ledger.control.at_each(LevelMetric.ALLOCATED, everyone, np.full(len(everyone), ledger.warmup_ns))
    return utilization_of(ledger.executing_provisioned.at_warmup, allocated)


def _allocated(ledger: Ledger, function: int) -> Json:
    """Return how much provisioned concurrency of a function was ready: its maximum and its mean, as of other levels."""
    times, values = ledger.control.of(LevelMetric.ALLOCATED, function)
    lasted_ns = ledger.loads_end_ns - ledger.warmup_ns
    begin, end = np.array([ledger.warmup_ns]), np.array([ledger.loads_end_ns])
    most = ledger.control.at(LevelMetric.ALLOCATED, function, begin)
    integral_ns = ledger.control.integral_ns(LevelMetric.ALLOCATED, function, begin, end)
    return {
        "max": int(values[times > ledger.warmup_ns].max(initial=most[0])),
        "mean": int(integral_ns[0]) / lasted_ns if lasted_ns > 0 else 0.0,
    }


def _means(ledger: Ledger, levels: Levels) -> list[float]:
    """Return each function's mean level from the warm-up until the loads end; 0 if the run ended within the warm-up."""
    lasted_ns = ledger.loads_end_ns - ledger.warmup_ns
    outside_ns = (levels.before_ns + levels.after_ns).tolist()
    pairs = zip(levels.totals, outside_ns, strict=True)
    return [(total - outside) / lasted_ns if lasted_ns > 0 else 0.0 for total, outside in pairs]


def _mean(ledger: Ledger, levels: Levels) -> float:
    """Return the same of all functions together."""
    lasted_ns = ledger.loads_end_ns - ledger.warmup_ns
    within_ns = sum(levels.totals) - int(levels.before_ns.sum()) - int(levels.after_ns.sum())
    return within_ns / lasted_ns if lasted_ns > 0 else 0.0
