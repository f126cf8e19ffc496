"""Counts of what happened: attempts by everything that can be true of one, as small integer codes.

All of an attempt's yes-or-no and which-one facts are packed into one code, so a single sort counts every event of
every function and period at once; what an event is, is decided afterwards on the distinct codes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from lambdasim.metrics.cells import Cells, Int64, Integers, Mask, Totals, order_of, run_starts, wide
from lambdasim.model.events import REASON_NAMES, StartKind, Status, ThrottleReason

CODE_BITS: Final = 14
_REASON, _START, _PROVISIONED, _RETRY, _FINAL, _MEASURED, _READY = 3, 6, 9, 10, 11, 12, 13


def code_of(status, reason, start, provisioned, retried, final, measured, ready):  # type: ignore[no-untyped-def]
    """Return the code of an attempt, or of many; all but the first three are 0 or 1."""
    which = status | reason << _REASON | start << _START | provisioned << _PROVISIONED
    return which | retried << _RETRY | final << _FINAL | measured << _MEASURED | ready << _READY


def is_cold(start: Int64) -> Mask:
    """Say which starts made a request wait for a new environment."""
    cold: Mask = np.isin(start, (StartKind.COLD, StartKind.COLD_INIT_TIMEOUT, StartKind.RESTORED))
    return cold


REASON_EVENTS: Final = {reason: f"throttles: {name}" for reason, name in REASON_NAMES.items()}
"""The event of a throttle, by its reason."""


def _events(codes: Int64) -> dict[str, Mask]:
    """Return, for each event, which codes are of an attempt to which it happened."""
    status = codes & 7
    reason = codes >> _REASON & 7
    start = codes >> _START & 7
    provisioned, retry, final, ready = ((codes >> bit & 1) == 1 for bit in (_PROVISIONED, _RETRY, _FINAL, _READY))
    refused, lost = status == Status.THROTTLED, status == Status.LOST
    by_lambda = refused & (reason == ThrottleReason.SERVICE)
    throttled = refused & ~by_lambda
    failed = (status >= Status.ERROR) & (status <= Status.TIMEOUT)
    return {
        "requests": ~retry,
        "retries": retry,
        "invocations": ~refused,
        "completed": ((status <= Status.TIMEOUT) | lost) & final,
        "in_flight": status == Status.IN_FLIGHT,
        "throttles": throttled,
        "throttled_requests": throttled & final,
        "service_errors": by_lambda | lost,
        "refused_requests": refused & final,
        "errors": failed,
        "crashes": status == Status.CRASH,
        "out_of_memory": status == Status.OUT_OF_MEMORY,
        "timeouts": status == Status.TIMEOUT,
        "cold_starts": is_cold(start),
        "restores": start == StartKind.RESTORED,
        "initialised_ahead": start == StartKind.INITIALISED_AHEAD,
        "provisioned": provisioned,
        "spillover": ~refused & ~provisioned & ready,
        **{event: throttled & (reason == number) for number, event in REASON_EVENTS.items()},
    }


@lru_cache(1)
def _happened() -> Mapping[str, Mask]:
    """Return, for each event, to which code it happens."""
    return _events(np.arange(1 << CODE_BITS))


class Happened(NamedTuple):
    """How many attempts there are of each code, by an index."""

    codes: Int64
    counts: Int64
    """By code and index."""

    def events(self, *, measured: bool = False) -> dict[str, Int64]:
        """Return how often each event happened, by index; only to requests that are ``measured``, if that is asked."""
        some = slice(None) if not measured else np.flatnonzero(_is_measured(self.codes))
        codes, counts = self.codes[some], self.counts[some]
        return {event: counts[happened[codes]].sum(axis=0) for event, happened in _happened().items()}


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How many attempts of each code there are in each cell (of whatever the cells are)."""

    cell: Int64
    _code: Integers
    """Places among ``codes``."""
    _count: Integers
    codes: Int64
    """Those that there are, ascending."""

    @property
    def measured(self) -> Mask:
        """Whether the request first arrived after the warm-up."""
        measured: Mask = _is_measured(self.codes)[self._code]
        return measured

    def happened(self, event: str) -> bool:
        """Return whether an event happened at all."""
        return bool(_happened()[event][self.codes].any())

    def by(self, index: Int64, size: int, rows: Int64 | slice = slice(None)) -> Happened:
        """Return how many there are by ``index`` in ``range(size)``, which is given for each of some rows."""
        counts = np.zeros((len(self.codes), size), np.int64)
        np.add.at(counts.reshape(-1), self._code[rows] * np.int64(size) + index, wide(self._count[rows]))
        return Happened(self.codes, counts)

    def totals(self, keys: Int64, events: Iterable[str]) -> Totals:
        """Return how often some events happened, by the keys given for each present cell; those that never did are
        left out."""
        some = [event for event in events if self.happened(event)]
        to_code = {event: _happened()[event][self.codes] for event in some}
        return Totals(keys, {event: self._count * to_code[event].take(self._code) for event in some}, {}).regroup(keys)


def _is_measured(codes: Int64) -> Mask:
    measured: Mask = (codes >> _MEASURED & 1) == 1
    return measured


class Tally:
    """Accumulates the counts."""

    __slots__ = ("_cells",)

    def __init__(self) -> None:
        self._cells = Cells(("count",))

    def add(self, cell: Int64, row: Mapping[str, Int64], measured: Int64 | int, ready: Int64 | int) -> None:
        """Count attempts, given by the columns of their records.

        ``measured`` is 1 for requests that first arrived after the warm-up, ``ready`` 1 for attempts that arrived
        when their function had provisioned concurrency that was ready.
        """
        if not len(cell):
            return
        retried = (row["attempt"] > 0).astype(np.int64)
        keys: Int64 = cell << CODE_BITS
        keys |= code_of(  # type: ignore[no-untyped-call]
            row["status"], row["reason"], row["start"], row["provisioned"], retried, row["final"], measured, ready
        )
        keys = keys[order_of(keys)]
        first = run_starts(keys)
        self.merge(keys[first], np.diff(first, append=len(keys)))

    def merge(self, keys: Int64, counts: Int64) -> None:
        """Add ``counts`` of attempts, each by ``cell << CODE_BITS | code``."""
        self._cells.merge(Totals(keys, {"count": counts}, {}).regroup(keys))

    def counts(self) -> Counts:
        """Return the counts of all attempts so far."""
        totals = self._cells.totals()
        codes = totals.keys & (1 << CODE_BITS) - 1
        present = np.flatnonzero(np.bincount(codes, minlength=1 << CODE_BITS))
        places = np.zeros(1 << CODE_BITS, np.int16)
        places[present] = np.arange(len(present))
        return Counts(totals.keys >> CODE_BITS, places[codes], totals.sums["count"], present)
