"""Any number of paced loads as one front, a few compiled loops for all of them. Twin of ``merge.Cursors``."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.model.events import NEVER_NS, request_key
from lambdasim.units import NS_PER_S
from lambdasim.workload import merge
from lambdasim.workload.arrivals import FIRST_BLOCK, Deterministic, Poisson, SyntheticLoad
from lambdasim.workload.block import OpenLoad
from lambdasim.workload.compiled import native
from lambdasim.workload.compiled.tables import LOAD, MOST_BUCKETS, ORIGIN, PIECE
from lambdasim.workload.given import NO_OVERRIDES, joined
from lambdasim.workload.merge import Cursor, Cursors, Front, Rows
from lambdasim.workload.rates import Pieces, Ramping, Rate

Int64 = NDArray[np.int64]

LEAST_BLOCK: Final = 32
LARGEST_BLOCK: Final = 32_768
"""Gaps that are drawn at once for one load, at least and at most."""


def front(opened: Sequence[tuple[int, OpenLoad, Sequence[int]]]) -> Front:
    """Return the beginning of all open loads, each given with its index and the actors of its functions."""
    paced, others = [], []
    for number, load, actors in opened:
        if isinstance(load, SyntheticLoad) and isinstance(load.process, Poisson | Deterministic):
            paced.append((number, load, actors[0]))
        else:
            others.append(Cursor(number, load, actors))
    if not others:
        return PacedLoads(paced)
    return Both(PacedLoads(paced), Cursors(others)) if paced else Cursors(others)


class Both:
    """Two fronts as one."""

    def __init__(self, one: Front, other: Front) -> None:
        self._one, self._other = one, other

    def head_ns(self) -> int:
        """Return when the next request comes."""
        return min(self._one.head_ns(), self._other.head_ns())

    def span_ns(self) -> int:
        """Return how long the time is that is buffered by now."""
        return min(self._one.span_ns(), self._other.span_ns())

    def read(self, position_ns: int, goal_ns: int) -> int:
        """Buffer all before ``goal_ns`` and return that time, or an earlier one after ``position_ns`` if it is much."""
        return self._other.read(position_ns, self._one.read(position_ns, goal_ns))

    def take(self, goal_ns: int) -> Rows:
        """Remove and return all rows before ``goal_ns``, in order."""
        one, other = self._one.take(goal_ns), self._other.take(goal_ns)
        if not len(one) or not len(other):
            return one if len(one) else other
        lengths = [len(one), len(other)]
        rows = Rows(
            np.concatenate((one.arrival_ns, other.arrival_ns)),
            np.concatenate((one.request, other.request)),
            np.concatenate([np.broadcast_to(rows.actor, len(rows)) for rows in (one, other)]),
            np.concatenate((one.index, other.index)),
            joined([one.given, other.given], lengths),
        )
        return rows[np.lexsort((rows.request, rows.arrival_ns))]


class PacedLoads:
    """Loads of Poisson or equally spaced arrivals: a ``merge.Front``."""

    def __init__(self, loads: Sequence[tuple[int, SyntheticLoad, int]]) -> None:
        """Read loads, each given with its index and its actor. Compiles the loops if they are not kept."""
        self._loops = native.loops()
        self._loads = np.zeros(len(loads), LOAD)
        numbers, own, actors = zip(*loads, strict=True)
        processes = [load.process for load in own]
        columns = {
            "key": [process.key if isinstance(process, Poisson) else 0 for process in processes],
            "poisson": [isinstance(process, Poisson) for process in processes],
            "request": [request_key(number, 0) for number in numbers],
            "actor": actors,
            "start_ns": [load.start_ns for load in own],
            "lasts_ns": [load.ends_ns for load in own],
        }
        for name, column in columns.items():
            self._loads[name] = np.array(column, LOAD[name])
        self._loads["lasts_ns"] -= self._loads["start_ns"]
        self._batches: dict[int, Iterator[Pieces]] = {}
        self._next: dict[int, Pieces | None] = {}
        self._integral = np.zeros(len(loads))
        self._pieces, self._new_piece = np.zeros(len(loads) + 1, PIECE), 0
        self._piece_room = np.zeros(len(loads), np.int64)
        # of very many loads most wait for their next request so long that a few are enough
        self._block = np.full(len(loads), max(min(merge.MOST_PULLED // len(loads), FIRST_BLOCK), LEAST_BLOCK))
        self._times, self._new_time = np.empty(0, np.int64), 0
        self._numbers, (self._taken_ns, self._ordered) = np.empty(0, np.int32), np.empty((2, 0), np.int64)
        self._origins = np.zeros(len(loads), ORIGIN)
        self._buckets = np.empty(MOST_BUCKETS, np.int32)
        self._begin([load.rate for _, load, _ in loads])
        self.read(0, 1)

    def head_ns(self) -> int:
        """Return when the next request comes."""
        return int(self._loads["head_ns"].min(initial=NEVER_NS))

    def span_ns(self) -> int:
        """Return how long the time is that is buffered by now."""
        return max(int(self._loads["tail_ns"].min(initial=NEVER_NS)) - self.head_ns(), 1)

    def read(self, position_ns: int, goal_ns: int) -> int:
        """Buffer all before ``goal_ns`` and return that time, or an earlier one after ``position_ns`` if it is much."""
        pulled = 0
        again = np.zeros(len(self._loads), bool)
        while True:
            enough = goal_ns if pulled < merge.MOST_PULLED else position_ns + 1
            short = np.flatnonzero(self._loads["tail_ns"] < enough)
            if not len(short):
                return min(goal_ns, int(self._loads["tail_ns"].min(initial=NEVER_NS)))
            larger = short[again[short]]
            self._block[larger] = np.minimum(2 * self._block[larger], LARGEST_BLOCK)
            again[short] = True
            pulled += self._pull(short)

    def take(self, goal_ns: int) -> Rows:
        """Remove and return all rows before ``goal_ns``, in order."""
        most = int((self._loads["end"] - self._loads["begin"]).sum())
        if most > len(self._numbers):
            self._numbers = np.empty(2 * most, np.int32)
            self._taken_ns, self._ordered = np.empty((2, 2 * most), np.int64)
        rows = self._loops["take"]((self._loads, self._times, self._taken_ns, self._numbers, self._origins), goal_ns)
        taken_ns = self._taken_ns[:rows]
        if len(self._loads) == 1 or not rows:
            own = self._loads[0]
            index = np.arange(own["taken"] - rows, own["taken"])
            return Rows(taken_ns.copy(), own["request"] + index, int(own["actor"]), index, NO_OVERRIDES)
        # one by one, for what is as large as all of them the system clears each time
        arrival_ns, request, actor, index = (np.empty(rows, np.int64) for _ in range(4))
        in_order(taken_ns, self._numbers[:rows], arrival_ns, self._ordered[:rows], self._buckets)
        self._loops["name"]((self._origins, self._ordered[:rows], request, actor, index))
        return Rows(arrival_ns, request, actor, index, NO_OVERRIDES)

    def _pull(self, some: Int64) -> int:
        """Buffer a block more of some loads and return how many gaps were drawn."""
        sizes = self._block[some]
        self._make_room(some, sizes)
        ends = np.cumsum(sizes)
        gaps = np.empty(int(ends[-1]))
        self._loops["survival"]((self._loads, some, ends, gaps))
        logs, at = np.log(gaps, out=gaps), np.zeros(2, np.int64)
        while self._loops["pace"]((self._loads, some, ends, logs, self._pieces, self._times, at)):
            self._advance(int(some[at[0]]))
        return len(gaps)

    def _make_room(self, some: Int64, sizes: Int64) -> None:
        """See to it that so many arrivals more of some loads can be buffered; where they cannot, elsewhere."""
        if not self._loops["make_room"]((self._loads, some, sizes, self._times)):
            return
        needed = self._loads["end"][some] + sizes
        lacking = np.flatnonzero(needed > self._loads["room"][some])
        rooms = 2 * needed[lacking]
        places = self._new_time + np.cumsum(rooms) - rooms
        self._new_time += int(rooms.sum())
        if self._new_time > len(self._times):  # twice as many, for what is not written to is no memory
            more = np.empty(2 * self._new_time - len(self._times), np.int64)
            self._times = np.concatenate((self._times, more)) if len(self._times) else more
        for number, place in zip(some[lacking].tolist(), places.tolist(), strict=True):
            if end := int(self._loads["end"][number]):
                before = self._loads["place"][number]
                self._times[place : place + end] = self._times[before : before + end]
        self._loads["place"][some[lacking]], self._loads["room"][some[lacking]] = places, rooms

    def _begin(self, rates: Sequence[Rate]) -> None:
        """Give each load the first pieces of its rate: all at once where that is one line, as of most of many loads."""
        lines = {place: own for place, own in enumerate(rates) if isinstance(own, Ramping) and len(own.begin_rate) == 1}
        self._batches = {place: own.pieces() for place, own in enumerate(rates) if place not in lines}
        self._next = {place: next(batches, None) for place, batches in self._batches.items()}
        if lines:
            places, self._new_piece = np.array([*lines]), len(lines)
            end_ns = np.array([own.bounds_ns[1] for own in lines.values()])
            rate = np.array([own.begin_rate[0] for own in lines.values()])
            last_rate = np.array([own.end_rate[0] for own in lines.values()])
            seconds, pieces = end_ns / NS_PER_S, self._pieces[: len(lines)]
            pieces["end_ns"], pieces["rate"], pieces["slope"] = end_ns, rate, (last_rate - rate) / seconds
            pieces["until"] = 0.5 * (rate + last_rate) * seconds
            self._loads["pieces"][places] = np.arange(len(lines))
            self._loads["piece_count"][places] = self._loads["exhausted"][places] = 1
        for place in self._batches:
            self._advance(place)

    def _advance(self, number: int) -> None:
        """Give a load the next pieces of its rate, if there are any."""
        batch, own = self._next.get(number), self._loads[number]
        if batch is None:
            own["exhausted"] = 1
            return
        self._next[number] = next(self._batches[number], None)
        own["exhausted"] = self._next[number] is None
        count = len(batch.begin_rate)
        if count > self._piece_room[number]:
            while self._new_piece + count > len(self._pieces):
                self._pieces = np.concatenate((self._pieces, np.zeros_like(self._pieces)))
            own["pieces"], self._piece_room[number] = self._new_piece, count
            self._new_piece += count
        own["piece"], own["piece_count"] = 0, count
        integral = batch.integral(self._integral[number : number + 1])
        self._integral[number] = integral[-1]
        pieces = self._pieces[own["pieces"] : own["pieces"] + count]
        pieces["begin_ns"], pieces["end_ns"], pieces["rate"] = (
            batch.bounds_ns[:-1],
            batch.bounds_ns[1:],
            batch.begin_rate,
        )
        pieces["integral"], pieces["until"], pieces["slope"] = integral[:-1], integral[1:], batch.slopes()


def in_order(
    taken_ns: Int64, numbers: NDArray[np.int32], arrival_ns: Int64, ordered: Int64, buckets: NDArray[np.int32]
) -> None:
    """Write times in order, and in ``ordered`` the loads that they are of; those of one instant stay in their order.

    ``numbers`` are their loads, ascending, and ``buckets`` what the times are sorted by.
    """
    own = buckets[: 1 << len(taken_ns).bit_length()]
    if not native.loops()["sort"]((taken_ns, numbers, ordered, own, arrival_ns)):
        places = np.argsort(taken_ns, kind="stable")
        arrival_ns[:], ordered[:] = taken_ns[places], numbers[places]
