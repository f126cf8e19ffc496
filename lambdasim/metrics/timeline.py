"""The time series: what each metric was in each period, for each function and for the account.

Reads a ledger; names and rules of the metrics are in ``cloudwatch``, those of event sources in ``sources``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from lambdasim.metrics.cells import NARROW_ROWS, Int64, Integers, Totals, narrow
from lambdasim.metrics.cloudwatch import PERCENTILES
from lambdasim.metrics.ledger import (
    DURATIONS,
    INIT,
    LATENCIES,
    RESTORE,
    Floats,
    Ledger,
    sample_cell,
    sample_group,
    sample_kind,
)
from lambdasim.metrics.occupancy import Levels
from lambdasim.metrics.series import Series
from lambdasim.metrics.tally import REASON_EVENTS
from lambdasim.metrics.utilization import share_of, utilization_of
from lambdasim.model.events import REASON_NAMES
from lambdasim.records import LevelMetric
from lambdasim.units import NS_PER_MS

COUNTED: Final = (
    ("Invocations", "invocations", "invocations"),
    ("Errors", "errors", "invocations"),
    ("Throttles", "throttles", "throttles"),
    ("ColdStarts", "cold_starts", "invocations"),
    ("ProvisionedConcurrencyInvocations", "provisioned", "provisioned"),
    ("ProvisionedConcurrencySpilloverInvocations", "spillover", "spillover"),
    *((f"Throttles.{REASON_NAMES[reason]}", event, event) for reason, event in REASON_EVENTS.items()),
)
"""Metric, the event it counts, and the event without which a period has no datum."""


TIMES: Final = (
    ("Duration", DURATIONS), ("Latency", LATENCIES), ("InitDuration", (INIT,)), ("RestoreDuration", (RESTORE,)),
)  # fmt: skip
"""Metrics that are distributions of times, and the kinds of samples they are of."""


def series(ledger: Ledger) -> Iterator[Series]:
    """Yield every series of a run but its cost."""
    yield from counted(ledger)
    yield from kept(ledger)
    yield from of_functions(ledger)


def kept(ledger: Ledger) -> Iterator[Series]:
    """Yield the other series of the account, and of functions what is provisioned."""
    yield from _of_provisioned(ledger)
    period, _, _, kind, _ = ledger.sample_place()
    by_kind = ledger.samples.regroup(sample_group(period, kind, 0), merge=ledger.merge)  # which several metrics count
    yield from distributed(replace(ledger, samples=by_kind), _account(ledger) + sample_cell(by_kind.groups))
    yield from _account_averages(ledger)
    yield from _account_peaks(ledger)


def of_functions(ledger: Ledger) -> Iterator[Series]:
    """Yield the others of functions, which are most: their times and their levels."""
    period, function = ledger.sample_place()[:2]
    yield from distributed(ledger, function * ledger.periods + period)
    yield from levels(ledger)


TIMES_AND_LEVELS: Final = (
    "Duration", "Latency", "InitDuration", "RestoreDuration",
    "ConcurrentExecutions", "Environments", "EnvironmentsIdle", "EnvironmentsInitializing",
)  # fmt: skip
"""The metrics of :func:`of_functions`, which the account has too."""


def cost(ledger: Ledger, keys: Int64, usd: Floats) -> Iterator[Series]:
    """Yield what was billed, given in USD by key for functions and sources: theirs, and the account's."""
    period = keys % ledger.periods
    total = np.bincount(period, usd, ledger.periods)
    billed = np.flatnonzero(np.bincount(period))
    if (keys[1:] < keys[:-1]).any():
        order = np.argsort(keys)
        yield Series("Cost", "Sum", keys[order], usd[order])
    else:
        yield Series("Cost", "Sum", keys, usd)
    yield Series("Cost", "Sum", _account(ledger) + billed, total[billed])


def _account(ledger: Ledger) -> int:
    """Return the account's first key."""
    return len(ledger.functions) * ledger.periods


def events(ledger: Ledger, *names: str) -> Totals:
    """Return how often some events happened, by key."""
    return ledger.by_owner(ledger.events(*names)).filled(names)


def counted(ledger: Ledger) -> Iterator[Series]:
    """Yield how often events happened, of functions and of the account."""
    names = dict.fromkeys(name for _, *pair in COUNTED for name in pair)
    totals = ledger.by_owner(ledger.events(*names))
    yield from _emitted(totals.sums, totals.keys)
    del totals  # which are large where there are many functions
    period = ledger.counts.cell // (max(len(ledger.loads), 1) * len(ledger.functions))
    of_account = ledger.counts.by(period, ledger.periods).events()
    yield from _emitted(of_account, _account(ledger) + np.arange(ledger.periods))


def _emitted(happened: Mapping[str, Integers], keys: Int64) -> Iterator[Series]:
    """Yield how often events happened, by key, where there is a datum; those that never did may be left out."""
    never = np.broadcast_to(np.int8(0), len(keys))
    emitted: dict[str, tuple[Int64 | slice, Int64]] = {}  # several have the same keys
    for metric, event, condition in COUNTED:
        if condition not in emitted:
            column = happened.get(condition, never[:0])
            some = slice(None) if len(column) and column.all() else np.flatnonzero(column)
            emitted[condition] = some, keys[some]
        some, own = emitted[condition]
        values = narrow(happened[event][some]) if event in happened else never[: len(own)]
        is_narrow = len(values) >= NARROW_ROWS and values.dtype != np.int64
        yield Series(metric, "Sum", own, values if is_narrow else values.astype(np.float64))


def distributed(ledger: Ledger, keys: Int64) -> Iterator[Series]:
    """Yield statistics of times, given the key of each group of samples."""
    kind = narrow(sample_kind(ledger.samples.groups))
    for metric, kinds in TIMES:
        histograms = ledger.samples_by(keys, np.isin(kind, kinds))
        statistics = {
            "Average": histograms.mean(),
            "Minimum": histograms.minimum,
            "Maximum": histograms.maximum,
            **dict(zip(PERCENTILES, histograms.quantiles(PERCENTILES.values()), strict=True)),
        }
        for statistic, values in statistics.items():
            yield Series(metric, statistic, histograms.groups, np.true_divide(values, NS_PER_MS))


def _joined(ledger: Ledger, levels: Levels, peak_keys: Int64, peaks: Int64) -> Totals:
    """Return integral and peak by key: the greater of the level at the period's start and the peaks within it."""
    keys = np.concatenate((levels.function * ledger.periods + levels.period, peak_keys))
    integral_ns = np.concatenate((levels.integral_ns, np.zeros(len(peak_keys), np.int64)))
    return Totals(keys, {"ns": integral_ns}, {"peak": np.concatenate((levels.start, peaks))}).regroup(keys)


def _average(ledger: Ledger, metric: str, keys: Int64, integral_ns: Int64) -> Series:
    """The mean level over each period; a period that begins with the run's end has none."""
    span_ns = ledger.span_ns()[keys % ledger.periods]
    lasting = span_ns > 0
    return Series(metric, "Average", keys[lasting], integral_ns[lasting] / span_ns[lasting])


def _admitted(ledger: Ledger) -> Int64:
    """Return the key of each cell of :attr:`Ledger.work`."""
    period, function = ledger.work_place()
    return function * ledger.periods + period


def levels(ledger: Ledger) -> Iterator[Series]:
    """Yield how many executions and environments functions had at once."""
    periods, admitted = ledger.periods, _admitted(ledger)
    executing = _joined(ledger, ledger.executing, admitted, ledger.work["function_concurrency"])
    yield Series("ConcurrentExecutions", "Maximum", executing.keys, executing["peak"].astype(np.float64))
    yield _average(ledger, "ConcurrentExecutions", executing.keys, executing["ns"])

    changed, times_ns, environments = ledger.control.samples(LevelMetric.ENVIRONMENTS)
    alive = _joined(
        ledger,
        ledger.alive,
        np.concatenate((admitted, changed * periods + times_ns // ledger.period_ns)),
        np.concatenate((ledger.work["environments"], environments)),
    )
    there = alive["peak"] > 0  # one may be replaced on the instant at which a period begins
    yield Series("Environments", "Maximum", alive.keys[there], alive["peak"][there].astype(np.float64))
    busy = Totals(executing.keys, {"ns": -executing["ns"]}, {"peak": executing["peak"]})
    keys = np.concatenate((alive.keys, busy.keys))
    idle = Totals(keys, {"ns": np.concatenate((alive["ns"], busy["ns"]))}, {}).regroup(keys)
    nobody = np.zeros(0, np.int64)
    initialising = _joined(ledger, ledger.initialising, nobody, nobody)
    initialising = initialising.regroup(initialising.keys, initialising["ns"] > 0)
    states = {"Environments": alive, "EnvironmentsIdle": idle, "EnvironmentsInitializing": initialising}
    for metric, levels in states.items():
        yield _average(ledger, metric, levels.keys, levels["ns"])


def _of_provisioned(ledger: Ledger) -> Iterator[Series]:
    """Yield the use of provisioned concurrency, and how much of it is ready."""
    if ledger.counts.happened("provisioned"):
        yield from _used_provisioned(ledger)
    yield from _allocated(ledger)


def _used_provisioned(ledger: Ledger) -> Iterator[Series]:
    admitted = _admitted(ledger)
    held = _joined(ledger, ledger.executing_provisioned, admitted, ledger.work["provisioned_concurrency"])
    happened = events(ledger, "provisioned")
    held = held.regroup(held.keys, np.isin(held.keys, happened.keys[happened["provisioned"] > 0]))
    yield Series("ProvisionedConcurrentExecutions", "Maximum", held.keys, held["peak"].astype(np.float64))
    begun = ledger.executing_provisioned
    allocated = ledger.control.at_each(LevelMetric.ALLOCATED, begun.function, begun.period * ledger.period_ns)
    begun = begun.starting(utilization_of(begun.start, allocated))
    used = _joined(ledger, begun, admitted, ledger.work["utilization"])
    used = used.regroup(used.keys, np.isin(used.keys, held.keys))
    shares = np.array([share_of(value) for value in used["peak"].tolist()], np.float64)
    yield Series("ProvisionedConcurrencyUtilization", "Maximum", used.keys, shares)
    yield from _average_utilization(ledger, admitted, happened)


def _average_utilization(ledger: Ledger, keys: Int64, happened: Totals) -> Iterator[Series]:
    """Yield the utilization of provisioned concurrency as autoscaling sees it: its mean over invocations."""
    total = Totals(keys, {"q32": ledger.work["used_q32"]}, {}).regroup(keys)
    some = (happened["provisioned"] > 0) & np.isin(happened.keys, total.keys)
    own = happened.keys[some]
    average = total["q32"][np.searchsorted(total.keys, own)] / happened["provisioned"][some] / (1 << 32)
    yield Series("ProvisionedConcurrencyUtilization", "Average", own, average)


def _allocated(ledger: Ledger) -> Iterator[Series]:
    """Yield the provisioned concurrency that is ready, of functions that have any."""
    begin = np.arange(ledger.periods) * ledger.period_ns
    keys, peaks, integrals_ns = ([np.zeros(0, np.int64)] for _ in range(3))
    for i in ledger.control.changed(LevelMetric.ALLOCATED):
        times_ns, values = ledger.control.of(LevelMetric.ALLOCATED, i)
        peak = ledger.control.at(LevelMetric.ALLOCATED, i, begin)
        np.maximum.at(peak, times_ns // ledger.period_ns, values)
        integral_ns = ledger.control.integral_ns(LevelMetric.ALLOCATED, i, begin, begin + ledger.span_ns())
        ready = np.flatnonzero(peak)
        keys.append(i * ledger.periods + ready)
        peaks.append(peak[ready])
        integrals_ns.append(integral_ns[ready])
    key = np.concatenate(keys)
    yield Series("ProvisionedConcurrencyAllocated", "Maximum", key, np.concatenate(peaks).astype(np.float64))
    yield _average(ledger, "ProvisionedConcurrencyAllocated", key, np.concatenate(integrals_ns))


def account_peaks(ledger: Ledger) -> dict[str, Int64]:
    """Return the account's highest executing, unreserved and claimed concurrency in each period."""
    begin = np.arange(ledger.periods) * ledger.period_ns
    executing, unreserved = ledger.executing, ledger.unreserved_start()
    peaks = {
        "account_concurrency": ledger.by_period(executing.period, executing.start),
        "unreserved_concurrency": unreserved,
        "claimed_concurrency": unreserved + ledger.control.unoccupied(begin),
    }
    for name, peak in peaks.items():
        np.maximum.at(peak, ledger.account.keys >> 1, ledger.account[name])
    _, times_ns, claimed = ledger.control.samples(LevelMetric.CLAIMED)
    np.maximum.at(peaks["claimed_concurrency"], times_ns // ledger.period_ns, claimed)
    return peaks


def _account_averages(ledger: Ledger) -> Iterator[Series]:
    """Yield mean levels of the account, in periods in which any function has one."""
    executing, alive, starting = ledger.executing, ledger.alive, ledger.initialising
    admitted = (ledger.work.keys >> 1) // max(len(ledger.functions), 1)
    changed = ledger.control.samples(LevelMetric.ENVIRONMENTS)[1] // ledger.period_ns
    executing_ns, alive_ns, starting_ns = (
        ledger.by_period(levels.period, levels.integral_ns) for levels in (executing, alive, starting)
    )
    busy, there = (executing.period, admitted), (alive.period, admitted, changed)
    for metric, integral_ns, periods in (
        ("ConcurrentExecutions", executing_ns, busy),
        ("Environments", alive_ns, there),
        ("EnvironmentsIdle", alive_ns - executing_ns, (*there, *busy)),
        ("EnvironmentsInitializing", starting_ns, (starting.period[starting.integral_ns > 0],)),
    ):
        emitted = np.zeros(ledger.periods, bool)
        for some in periods:
            emitted[some] = True
        yield _average(ledger, metric, _account(ledger) + np.flatnonzero(emitted), integral_ns[emitted])


def _account_peaks(ledger: Ledger) -> Iterator[Series]:
    account = _account(ledger) + np.arange(ledger.periods)
    peaks = account_peaks(ledger)
    active = peaks["account_concurrency"] > 0
    claimed = (peaks["claimed_concurrency"] > 0) & (active | (ledger.span_ns() > 0))
    for metric, name, emitted in (
        ("ConcurrentExecutions", "account_concurrency", active),
        ("UnreservedConcurrentExecutions", "unreserved_concurrency", active),
        ("ClaimedAccountConcurrency", "claimed_concurrency", claimed),
    ):
        yield Series(metric, "Maximum", account[emitted], peaks[name][emitted].astype(np.float64))
