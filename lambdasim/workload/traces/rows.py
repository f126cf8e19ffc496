"""Traces with one row per request: repeated or thinned by ``scale``, put in order, and moved into the experiment.

Rows pass in time order in blocks; what has to wait is bounded by the traffic of ``SPREAD_NS``, not by the length
of the trace. This module knows no file.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from lambdasim.plan import CHUNK_ROWS
from lambdasim.units import NS_PER_MIN
from lambdasim.workload.block import ArrivalBlock, Int64
from lambdasim.workload.random_streams import UInt64, uniform

SPREAD_NS: Final = NS_PER_MIN
"""How far after its row a copy of it may arrive."""


def take(block: ArrivalBlock, rows: Int64 | slice) -> ArrivalBlock:
    """Return the given rows of a block."""

    def of(column: Int64 | None) -> Int64 | None:
        return None if column is None else column[rows]

    return ArrivalBlock(
        block.arrival_ns[rows], block.function[rows], of(block.duration_ns), of(block.init_ns), of(block.error)
    )


def joined(first: ArrivalBlock, second: ArrivalBlock) -> ArrivalBlock:
    """Return the rows of two blocks with the same columns."""

    def both(a: Int64 | None, b: Int64 | None) -> Int64 | None:
        return None if a is None or b is None else np.concatenate((a, b))

    return ArrivalBlock(
        np.concatenate((first.arrival_ns, second.arrival_ns)),
        np.concatenate((first.function, second.function)),
        both(first.duration_ns, second.duration_ns),
        both(first.init_ns, second.init_ns),
        both(first.error, second.error),
    )


def reordered(blocks: Iterator[ArrivalBlock], disorder_ns: int) -> Iterator[ArrivalBlock]:
    """Put rows in time order that come at most ``disorder_ns`` after a row with a later time.

    Holds back only the rows of the last ``disorder_ns``.
    """
    waiting: ArrivalBlock | None = None
    for block in blocks:
        waiting = block if waiting is None else joined(waiting, block)
        waiting = take(waiting, np.argsort(waiting.arrival_ns, kind="stable"))
        if len(waiting):
            due = int(np.searchsorted(waiting.arrival_ns, waiting.arrival_ns[-1] - disorder_ns))
            yield take(waiting, slice(0, due))
            waiting = take(waiting, slice(due, None))
    if waiting is not None:
        yield waiting


def scaled(
    blocks: Iterator[ArrivalBlock], scale: float, end_ns: int, fraction_keys: UInt64, copy_keys: UInt64
) -> Iterator[ArrivalBlock]:
    """Turn each row into ``scale`` requests on average.

    A row becomes floor(scale) requests, and one more with the probability that is missing, by a keyed draw. The
    first of them arrives when the row says. Copies at that very instant would be bursts that the trace does not
    have, so each other one arrives at a uniform instant between its row and the next row of its function, at most
    ``SPREAD_NS`` later and never after ``end_ns``: bursts grow in place, and rare functions get no pairs. Copies
    keep what their row says of duration, init and error.
    """
    if scale == 1.0:
        yield from blocks
        return
    counted = np.zeros(len(fraction_keys), np.int64)
    copied = np.zeros(len(copy_keys), np.int64)
    piece = max(1, int(CHUNK_ROWS / max(scale, 1.0)))
    ready: ArrivalBlock | None = None
    for rows, next_ns, horizon_ns in _with_next(blocks):
        for low in range(0, len(rows), piece):
            part = take(rows, slice(low, low + piece))
            draws = uniform(fraction_keys[part.function], _running(part.function, counted))
            copies = (np.floor(scale) + (draws < scale % 1.0)).astype(np.int64)
            gap = np.minimum(np.minimum(next_ns[low : low + piece], end_ns) - part.arrival_ns, SPREAD_NS)
            row = np.repeat(np.arange(len(part)), copies)
            extra = np.flatnonzero(np.diff(row, prepend=-1) == 0)
            part = take(part, row)
            function = part.function[extra]
            shift = uniform(copy_keys[function], _running(function, copied)) * gap[row[extra]]
            part.arrival_ns[extra] += shift.astype(np.int64)
            ready = part if ready is None else joined(ready, part)
            ready = take(ready, np.argsort(ready.arrival_ns, kind="stable"))
            until_ns = int(rows.arrival_ns[low + piece]) if low + piece < len(rows) else horizon_ns
            due = int(np.searchsorted(ready.arrival_ns, until_ns))
            yield take(ready, slice(0, due))
            ready = take(ready, slice(due, None))
    if ready is not None:
        yield ready


def _with_next(blocks: Iterator[ArrivalBlock]) -> Iterator[tuple[ArrivalBlock, Int64, int]]:
    """Yield all rows with the time of their function's next row, or one beyond ``SPREAD_NS``, and the next row's time.

    Rows wait until the trace has been read ``SPREAD_NS`` further.
    """
    never = np.iinfo(np.int64).max
    waiting: ArrivalBlock | None = None
    for block in blocks:
        waiting = block if waiting is None else joined(waiting, block)
        if len(waiting) == 0:
            continue
        times = waiting.arrival_ns
        known = int(np.searchsorted(times, times[-1] - SPREAD_NS))
        if known:
            yield take(waiting, slice(0, known)), _next_ns(waiting)[:known], int(times[known])
            waiting = take(waiting, slice(known, None))
    if waiting is not None:
        yield waiting, _next_ns(waiting), never


def _next_ns(rows: ArrivalBlock) -> Int64:
    """Return for each row the time of the next row of its function, the largest int64 for the last one."""
    order = np.argsort(rows.function, kind="stable")
    times, function = rows.arrival_ns[order], rows.function[order]
    following = np.full(len(order), np.iinfo(np.int64).max)
    same = function[1:] == function[:-1]
    following[:-1][same] = times[1:][same]
    result = np.empty_like(following)
    result[order] = following
    return result


def _running(function: Int64, counted: Int64) -> Int64:
    """Return for each row how many rows of its function came before, ``counted`` included, and add these to it."""
    order = np.argsort(function, kind="stable")
    ordered = function[order]
    counts = np.bincount(ordered, minlength=len(counted))
    first = np.cumsum(counts) - counts
    result = np.empty_like(order)
    result[order] = np.arange(len(order)) - first[ordered] + counted[ordered]
    counted += counts
    return result
