"""What was used of everything that is billed, by function and period. Reads a ledger; knows no price."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from lambdasim.config.quotas import LOG_COLD, LOG_WARM
from lambdasim.metrics.cells import Int64, Totals, distinct, divided, narrow, places_of
from lambdasim.metrics.ledger import Ledger
from lambdasim.records import LevelMetric

BILLABLE: Final = (
    "requests",
    "extra_requests",
    "billed_ms",
    "provisioned_billed_ms",
    "provisioned_ns",
    "log_bytes",
)


@dataclass(frozen=True, slots=True, eq=False)
class PeriodUsage:
    """Billable quantities by function and period: one row wherever there is any, in order of time and function."""

    _used: Totals
    """By ``period * functions + function``."""
    _functions: int
    _period_ns: int

    def __len__(self) -> int:
        return len(self._used)

    @property
    def place(self) -> tuple[Int64, Int64]:
        """Number of the period, and index of the function."""
        return divided(self._used.keys, self._functions)

    @property
    def function(self) -> Int64:
        """Index of the function."""
        return self.place[1]

    @property
    def period(self) -> Int64:
        """Number of the period."""
        return self.place[0]

    @property
    def start_ns(self) -> Int64:
        """When the period begins."""
        return self.period * self._period_ns

    @property
    def requests(self) -> Int64:
        """Executions that started."""
        return self._used["requests"]

    @property
    def extra_requests(self) -> Int64:
        """Billed for the size of asynchronous events."""
        return self._used["extra_requests"]

    @property
    def billed_ms(self) -> Int64:
        """On demand, billed init included."""
        return self._used["billed_ms"]

    @property
    def provisioned_billed_ms(self) -> Int64:
        """On provisioned concurrency, init of its environments included."""
        return self._used["provisioned_billed_ms"]

    @property
    def provisioned_ns(self) -> Int64:
        """For how long of the period provisioned concurrency was configured, summed over its environments."""
        return self._used["provisioned_ns"]

    @property
    def log_bytes(self) -> Int64:
        """What the platform and the handler wrote to the function's log."""
        return self._used["log_bytes"]


def period_usage(ledger: Ledger, extra_requests: Totals) -> PeriodUsage:
    """Return what functions used; ``extra_requests`` has the ``count`` of them by ``function * periods + period``."""
    parts: dict[str, list[tuple[Int64, Int64]]] = {name: [] for name in BILLABLE}
    for name, keys, amount in _parts(ledger, extra_requests):
        if amount.any():
            some = slice(None) if amount.all() else np.flatnonzero(amount)
            parts[name].append((keys[some], amount[some]))
    keys = distinct([keys for own in parts.values() for keys, _ in own])
    columns = {}
    for name in BILLABLE:
        amounts = [_at(keys, *part) for part in parts.pop(name)]
        if amounts:
            columns[name] = narrow(sum(amounts[1:], amounts[0]))
    return PeriodUsage(Totals(keys, columns, {}).filled(BILLABLE), max(len(ledger.functions), 1), ledger.period_ns)


def _at(keys: Int64, own: Int64, amount: Int64) -> Int64:
    """Return amounts of some keys as those of all, which are 0 elsewhere."""
    if np.array_equal(own, keys):  # as most are
        return amount
    column = np.zeros(len(keys), np.int64)
    np.add.at(column, places_of(own, keys), amount)
    return column


def _parts(ledger: Ledger, extra_requests: Totals) -> Iterator[tuple[str, Int64, Int64]]:
    """Yield amounts of what is billed, by ``period * functions + function``, of which some are 0."""
    periods, count = ledger.periods, max(len(ledger.functions), 1)
    events = "invocations", "cold_starts"
    happened = ledger.events(*events).filled(events)
    invocations, cold_starts = (happened[event] for event in events)
    yield "requests", happened.keys, invocations
    handlers = np.array([f.log_bytes for f in ledger.functions], np.int64)
    own_bytes = handlers[happened.keys % count] if handlers.any() else 0
    cold_bytes = cold_starts * (LOG_COLD.value - LOG_WARM.value)
    yield "log_bytes", happened.keys, invocations * (LOG_WARM.value + own_bytes) + cold_bytes
    function, period = divided(extra_requests.keys, periods)
    extra = extra_requests.regroup(period * count + function)
    yield "extra_requests", extra.keys, extra["count"]
    work = ledger.work.keys >> 1
    yield "billed_ms", work, ledger.work["billed_ms"]
    yield "provisioned_billed_ms", work, ledger.work["provisioned_billed_ms"]
    yield "provisioned_billed_ms", ledger.provisioned_init.keys, ledger.provisioned_init["billed_ms"]
    yield "billed_ms", ledger.ahead_init.keys, ledger.ahead_init["billed_ms"]
    begin = np.arange(periods) * ledger.period_ns
    for i in ledger.control.changed(LevelMetric.CONFIGURED):
        configured_ns = ledger.control.integral_ns(LevelMetric.CONFIGURED, i, begin, begin + ledger.span_ns())
        yield "provisioned_ns", np.arange(periods) * count + i, configured_ns
