"""The tables in which the compiled loop counts: of fixed size; what it touches of them stays in the processor's caches.

Groups are numbered in the order in which they appear; a hash table of those numbers (open addressing) finds them by
their keys. What is counted by value is only logged, and counted group by group when the log is full: that costs the
same few nanoseconds however many groups the values are strewn over. Data only; numpy only.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.metrics.cells import Int64
from lambdasim.metrics.histogram import BIN_BITS
from lambdasim.metrics.ledger import RESTORE
from lambdasim.metrics.tally import CODE_BITS, code_of
from lambdasim.model.events import StartKind, Status
from lambdasim.records import INVOCATION_COLUMNS

GROUP_BITS: Final = 14
GROUPS: Final = 1 << GROUP_BITS
LOG: Final = 1 << 20
"""How many entries are logged at most: about as many as fill the groups where there are a thousand functions."""
HISTOGRAMS: Final = 64
"""How many groups at most have a histogram of the values of kind `BOTH`, which then are not logged."""
SAMPLED: Final = RESTORE + 1
"""How many of the ledger's kinds of values there are."""
ATTEMPT: Final = SAMPLED
"""The kind of an attempt, which is counted by its code."""
KIND_BITS: Final = 3
VALUE_BITS: Final = max(BIN_BITS, CODE_BITS)
"""An entry of the log is ``(group << KIND_BITS | kind) << VALUE_BITS | bin or code``, which fits in 31 bits."""
ENTRY_BITS: Final = KIND_BITS + VALUE_BITS
"""How many of them say what it is within its group."""
WORD_BITS: Final = 6
"""A word of 2^WORD_BITS bits says which of as many entries, or words, there are."""
WORD_MASK: Final = (1 << WORD_BITS) - 1

USUAL: Final = int(code_of(Status.SUCCESS, 0, StartKind.WARM, 0, 0, 1, 0, 0))  # type: ignore[no-untyped-call]
"""The code of nearly every attempt: a warm success at once. It is counted in its group."""


def _integers(*names: str) -> "np.dtype[np.void]":
    return np.dtype([(name, np.int64) for name in names])


AT_ONCE: Final = ("whole", "high", "low", "largest", "smallest")
"""Of attempts of the code `USUAL` that lie in one period after the warm-up, before the loads end: how many there are,
and the moments of their durations. What else is summed of them follows from those."""

GROUP: Final = _integers(
    # two cache lines of what nearly every invocation touches
    "key",  # (cell << 1 | measured) << 1 | arrived after the warm-up
    *AT_ONCE,
    "billed_ms",
    "histogram",  # the number of its own, from 1 on; 0 for none
    # in the order of the columns of records
    "function_concurrency", "version_concurrency", "provisioned_concurrency", "unreserved_concurrency",
    "account_concurrency", "claimed_concurrency", "function_environments", "environments",
    # the rest, which are of others than `AT_ONCE` until all is handed over
    "usual",  # attempts of the code `USUAL`
    "executions",  # that began here
    "busy_ns",
    "part", "enter",  # the sums of `Occupancy`
    "at_warmup", "before_ns",
    "provisioned_billed_ms",
    "provisioned_changes", "provisioned_enter", "provisioned_part",
    "provisioned_at_warmup", "provisioned_before_ns",
    "utilization", "after_ns", "used_q32",
)  # fmt: skip
"""All that is summed of the attempts of one function and load that arrive in one period; zero in the beginning, but for
`smallest`. It fills four cache lines."""

COLUMNS: Final = GROUP.itemsize // 8
"""How many integers that is."""

LINE: Final = _integers(*(f"_{number}" for number in range(8)))
"""A cache line."""
LINES: Final = GROUP.itemsize // LINE.itemsize
"""How many of them a group takes."""

NO_VALUE: Final = (1 << 63) - 1
"""The smallest of no values."""

MOMENTS: Final = _integers("high", "low", "largest", "below")
"""Of the values of one kind in a group: their sum, in two parts as in ``Histograms``, the largest, and how far the
smallest is below `NO_VALUE`: zero where there is none, so that memory of zeros, which costs nothing until it is written
to, is all that is needed."""

SAMPLE: Final = _integers("rank", "kind", "high", "low", "largest", "smallest")
"""Moments of a group's values: the place of the group in the order of keys, and their kind."""

LOOP: Final = _integers(
    "groups", "logged", "in_flight",
    "area_high", "area_low", "sojourn_high", "sojourn_low",
    "period_begin", "period_end",
    "histograms", "counted",
)  # fmt: skip
"""How many groups and log entries there are, how many rows were left out because they are in flight, the sums over
all rows that no period has, the period of the last row, how many histograms are in use, and what was counted in them.
One record."""

SETTINGS: Final = _integers("period_ns", "warmup_ns", "loads_end_ns", "loads", "timed_out_init", "unit_ms")
"""What the meter was told. One record."""

FUNCTION: Final = _integers("init_billed", "restore_billed_q24", "group", "cold_ns")
"""Whether a function's init is billed, what part of a restore is, the last of its groups, and how long its cold starts
took."""

ROW: Final = _integers(*INVOCATION_COLUMNS)


class Tables(NamedTuple):
    """All that the loop reads and writes beside the rows."""

    settings: NDArray[Any]
    functions: NDArray[Any]
    loop: NDArray[Any]
    group_index: NDArray[np.int32]
    """The number of a group, by the hash of its key; -1 for none."""
    groups: NDArray[Any]
    group_lines: NDArray[Any]
    """The same memory, line by line."""
    moments: NDArray[Any]
    """By ``kind * GROUPS + group``."""
    log: NDArray[np.uint32]
    histogram_groups: Int64
    """Whose histograms they are."""
    counts: Int64
    """In them, by ``histogram << BIN_BITS | bin``, the first histogram's number being 0 here."""


def _on_lines(records: int, record: "np.dtype[np.void]") -> NDArray[Any]:
    """Return records of zeros, the first of which begins a cache line."""
    line = 64
    memory = np.zeros(records * record.itemsize + line, np.uint8)
    begin = -memory.ctypes.data % line
    return memory[begin : begin + records * record.itemsize].view(record)


def empty(settings: NDArray[Any], functions: NDArray[Any]) -> Tables:
    """Return tables with nothing in them."""
    groups = _on_lines(GROUPS, GROUP)
    return Tables(
        settings=settings,
        functions=functions,
        loop=np.zeros(1, LOOP),
        group_index=np.full(2 * GROUPS, -1, np.int32),
        groups=groups,
        group_lines=groups.view(LINE),
        moments=np.zeros(GROUPS * SAMPLED, MOMENTS),
        log=np.empty(LOG, np.uint32),
        histogram_groups=np.zeros(HISTOGRAMS, np.int64),
        counts=np.zeros(HISTOGRAMS << BIN_BITS, np.int64),
    )


def clear(tables: Tables) -> None:
    """Forget everything that was counted."""
    groups = int(tables.loop["groups"][0])
    tables.group_index.fill(-1)
    tables.counts[: int(tables.loop["histograms"][0]) << BIN_BITS] = 0
    # as integers, for which numpy takes a third of the time
    tables.groups.view(np.int64).reshape(GROUPS, -1)[:groups] = 0
    tables.moments.view(np.int64).reshape(SAMPLED, GROUPS, -1)[:, :groups] = 0
    tables.loop[0] = np.zeros((), LOOP)


class Found(NamedTuple):
    """What a log amounts to, in the order of its groups."""

    tallied: Int64
    """Keys of the tally."""
    tallies: Int64
    first: Int64
    """Where the cells of each kind of each group begin."""
    values: Int64
    """How many values those are."""
    bins: NDArray[np.int16]
    counts: NDArray[np.int32]


class Room(NamedTuple):
    """What the entries of a log are counted in, one group after another; zero between two of them, but for ``ends``."""

    ends: Int64
    """Where the entries of each group end."""
    counts: NDArray[np.int32]
    """By entry without its group."""
    words: Int64
    """Of bits that say which of those there are."""
    whole: Int64
    """Of bits that say which words have any."""


def room() -> Room:
    """Return room for a log."""
    return Room(
        ends=np.empty(GROUPS, np.int64),
        counts=np.zeros(1 << ENTRY_BITS, np.int32),
        words=np.zeros(1 << ENTRY_BITS - WORD_BITS, np.int64),
        whole=np.zeros(1 << ENTRY_BITS - 2 * WORD_BITS, np.int64),
    )


class Merged(NamedTuple):
    """Merged histograms, one after another."""

    bins: NDArray[np.int16]
    counts: Int64
    sizes: Int64
    """How many cells each has."""
