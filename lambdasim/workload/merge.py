"""Many loads become one stream of requests in order of time, however many they are and however long.

Blocks are buffered until every load is known up to some time; what lies before it is sorted and handed on as one
window. How wide the windows are is a matter of speed alone: the stream is the same. Nothing is drawn here.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from lambdasim.model.events import NEVER_NS, request_key
from lambdasim.plan import CHUNK_ROWS
from lambdasim.workload.block import ArrivalBlock, OpenLoad
from lambdasim.workload.given import NO_OVERRIDES, TraceOverrides, joined

Int64 = NDArray[np.int64]

MOST_PULLED: Final = 4 * CHUNK_ROWS
"""Rows read for one window beyond which no load is read further than it must be."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Requests in order of ``(arrival_ns, request)``, one row each."""

    arrival_ns: Int64
    request: Int64
    actor: int | Int64
    """The actor (a function as one load calls it) of all rows, or of each."""
    index: Int64
    """Running number of the request among those of its actor."""
    given: TraceOverrides
    """What a trace says of each request."""

    def __len__(self) -> int:
        return len(self.arrival_ns)

    def __getitem__(self, part: slice | Int64) -> "Rows":
        """Return some of the rows."""
        actor = self.actor if isinstance(self.actor, int) else self.actor[part]
        return Rows(self.arrival_ns[part], self.request[part], actor, self.index[part], self.given[part])


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Consecutive requests of one load. What counts up from row to row is held as its first value."""

    arrival_ns: Int64
    request: int
    actor: int | Int64
    index: int | Int64
    given: TraceOverrides

    def __len__(self) -> int:
        return len(self.arrival_ns)

    def part(self, begin: int, end: int) -> "Piece":
        """Return rows ``begin`` to ``end - 1``."""
        rows = slice(begin, end)
        return Piece(
            self.arrival_ns[rows],
            self.request + begin,
            self.actor if isinstance(self.actor, int) else self.actor[rows],
            self.index + begin if isinstance(self.index, int) else self.index[rows],
            self.given if self.given is NO_OVERRIDES else self.given[rows],
        )


class Cursor:
    """One load's blocks, numbered and buffered."""

    def __init__(self, number: int, load: OpenLoad, actors: Sequence[int]) -> None:
        """Read the load of index ``number``; ``actors`` are those of its functions, in their order."""
        self._request = request_key(number, 0)
        self._blocks = load.blocks()
        self._actor = np.array(actors)
        self._distinct, self._place = np.unique(self._actor, return_inverse=True)
        self._seen = np.zeros(len(self._distinct), dtype=np.int64)  # requests so far, by distinct actor
        self._requests = 0
        self._buffer: deque[Piece] = deque()
        self._taken = 0  # rows of the first buffered piece that are gone
        self.head_ns = 0
        """When the next request comes that is not yet taken, as far as is buffered."""
        self.tail_ns = 0
        """All requests before this time are buffered."""

    def pull(self) -> int:
        """Buffer one more block and return its number of rows; at the end the tail moves to ``NEVER_NS``."""
        block = next(self._blocks, None)
        if block is None:
            self.tail_ns = NEVER_NS
        elif len(block):
            self._buffer.append(self._numbered(block))
            self.tail_ns = int(block.arrival_ns[-1])
        self._look()
        return 0 if block is None else len(block)

    def take(self, goal_ns: int) -> list[Piece]:
        """Remove and return the buffered rows before ``goal_ns``."""
        taken = []
        while self._buffer and self.head_ns < goal_ns:
            piece = self._buffer[0]
            begin, end = self._taken, int(piece.arrival_ns.searchsorted(goal_ns))
            taken.append(piece.part(begin, end))
            self._taken = end
            if end == len(piece):
                self._buffer.popleft()
                self._taken = 0
            self._look()
        return taken

    def _look(self) -> None:
        self.head_ns = int(self._buffer[0].arrival_ns[self._taken]) if self._buffer else self.tail_ns

    def _numbered(self, block: ArrivalBlock) -> Piece:
        request, index = self._request + self._requests, self._requests
        self._requests += len(block)
        given = NO_OVERRIDES
        if not (block.duration_ns is block.init_ns is block.error is None):
            given = TraceOverrides(block.duration_ns, block.init_ns, block.error)
        if len(self._distinct) == 1:
            return Piece(block.arrival_ns, request, int(self._actor[0]), index, given)
        each = self._counted(self._place[block.function])
        return Piece(block.arrival_ns, request, self._actor[block.function], each, given)

    def _counted(self, place: Int64) -> Int64:
        """Return the running number of each row among those of its place."""
        small = len(self._distinct) <= 2**16
        order = np.argsort(place.astype(np.uint16) if small else place, kind="stable")  # radix sort if small
        counts = np.bincount(place, minlength=len(self._distinct))
        first = self._seen - (np.cumsum(counts) - counts)
        index = np.empty_like(place)
        index[order] = np.arange(len(place)) + np.repeat(first, counts)
        self._seen += counts
        return index


class Front(Protocol):
    """How far each of some loads is known."""

    def head_ns(self) -> int:
        """Return when the next request comes."""

    def span_ns(self) -> int:
        """Return how long the time is that is buffered by now."""

    def read(self, position_ns: int, goal_ns: int) -> int:
        """Buffer all before ``goal_ns`` and return that time, or an earlier one after ``position_ns`` if it is much."""

    def take(self, goal_ns: int) -> Rows:
        """Remove and return all rows before ``goal_ns``, in order."""


def windows(front: Front, limit_ns: int, step_ns: int | None = None) -> Iterator[tuple[int, Rows]]:
    """Yield ``(until_ns, rows)``: the requests of all loads from the last ``until_ns`` up to this one.

    Nothing at or after ``limit_ns`` is yielded. With a ``step_ns``, windows are no longer than that and go on to
    ``limit_ns`` even when no requests are left; without, none is empty.
    """
    position, width = 0, front.span_ns()
    while True:
        if step_ns is None:
            position = front.head_ns()
        if position >= limit_ns:
            return
        goal = min(position + width, limit_ns)
        if step_ns is not None:
            goal = min(goal, position + step_ns)
        goal = front.read(position, goal)
        rows = front.take(goal)
        if len(rows) or step_ns is not None:
            yield goal, rows
        width = min(max((goal - position) * CHUNK_ROWS // max(len(rows), CHUNK_ROWS // 8), 1), NEVER_NS)
        position = goal


class Cursors:
    """How far each cursor is known, as arrays, so that cursors with nothing to do cost nothing: a :class:`Front`."""

    def __init__(self, cursors: Sequence[Cursor]) -> None:
        self._cursors = cursors
        self._head = np.zeros(len(cursors), dtype=np.int64)
        self._tail = np.zeros(len(cursors), dtype=np.int64)
        self.read(0, 1)

    def head_ns(self) -> int:
        """Return when the next request comes."""
        return int(self._head.min(initial=NEVER_NS))

    def span_ns(self) -> int:
        """Return how long the time is that is buffered by now."""
        return max(int(self._tail.min(initial=NEVER_NS)) - self.head_ns(), 1)

    def read(self, position_ns: int, goal_ns: int) -> int:
        """Buffer all before ``goal_ns`` and return that time, or an earlier one after ``position_ns`` if it is much."""
        pulled = 0
        while True:
            enough = goal_ns if pulled < MOST_PULLED else position_ns + 1
            short = np.flatnonzero(self._tail < enough).tolist()
            if not short:
                return min(goal_ns, int(self._tail.min(initial=NEVER_NS)))
            for number in short:
                pulled += self._cursors[number].pull()
                self._update(number)

    def take(self, goal_ns: int) -> Rows:
        """Remove and return all rows before ``goal_ns``, in order."""
        pieces: list[Piece] = []
        for number in np.flatnonzero(self._head < goal_ns).tolist():
            pieces += self._cursors[number].take(goal_ns)
            self._update(number)
        return _joined(pieces)

    def _update(self, number: int) -> None:
        self._head[number] = self._cursors[number].head_ns
        self._tail[number] = self._cursors[number].tail_ns


def _joined(pieces: Sequence[Piece]) -> Rows:
    """Return pieces, given load by load, as one: in order of arrival, then of load."""
    if not pieces:
        nothing = np.zeros(0, dtype=np.int64)
        return Rows(nothing, nothing, 0, nothing, NO_OVERRIDES)
    lengths = np.array([len(piece) for piece in pieces])
    counting = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    rows = Rows(
        np.concatenate([piece.arrival_ns for piece in pieces]),
        counting + np.repeat([piece.request for piece in pieces], lengths),
        _actors(pieces, lengths),
        _indices(pieces, lengths, counting),
        joined([piece.given for piece in pieces], lengths.tolist()),
    )
    if (rows.arrival_ns[1:] >= rows.arrival_ns[:-1]).all():
        return rows
    return rows[np.argsort(rows.arrival_ns, kind="stable")]


def _actors(pieces: Sequence[Piece], lengths: Int64) -> int | Int64:
    single = [piece.actor for piece in pieces if isinstance(piece.actor, int)]
    if len(single) < len(pieces):
        return np.concatenate([np.broadcast_to(piece.actor, len(piece)) for piece in pieces])
    return single[0] if len(set(single)) == 1 else np.repeat(single, lengths)


def _indices(pieces: Sequence[Piece], lengths: Int64, counting: Int64) -> Int64:
    single = [piece.index for piece in pieces if isinstance(piece.index, int)]
    if len(single) < len(pieces):
        rows = zip(pieces, lengths.tolist(), strict=True)
        return np.concatenate([p.index + np.arange(n) if isinstance(p.index, int) else p.index for p, n in rows])
    first: Int64 = np.repeat(single, lengths)
    return counting + first
