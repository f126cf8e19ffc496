"""What log streams tell of execution environments: one stream is one of them, so its pauses are its idle life.

An environment that served again after a pause lived at least that long. One whose stream ended had gone at the latest
when its function had to start another, for an idle one would have been taken. Two laws are fitted to both: each
environment has a timeout of its own, or all end together, too, once their function has rested for long. Which idle
environment is taken can be read off as well, as long as all of them are known to live: those that serve again later.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.logs.rows import NO_TIME, Rows

Int64 = NDArray[np.int64]
Floats = NDArray[np.float64]

FEWEST_PAUSES: Final = 10
"""Pauses of over ``SHORTEST_NS``, and ends that are known, without which nothing is said of idle life."""
SHORTEST_NS: Final = 60 * 10**9
_MOST: Final = 3_000
"""Pauses, and ends, that a law is fitted to."""
_STEPS: Final = 18
_ELSEWISE: Final = (0.02, 0.05, 0.1, 0.2)
"""The share of environments that go for another reason (their longest life, a deployment), as far as it is tried."""
MOST_CHOICES: Final = 50_000
FEWEST_CHOICES: Final = 50


@dataclass(frozen=True, slots=True, eq=False)
class Pauses:
    """Idle times of environments: of those that served again, and of those whose stream ended, at most."""

    survived_s: Floats
    survived_rest_s: Floats
    """The longest time within each, in which their whole function rested."""
    ended_s: Floats
    ended_rest_s: Floats

    def long(self) -> "Pauses":
        """Return those of over a minute, and no more of them than a law needs."""
        least = SHORTEST_NS / 1e9
        survived, ended = np.flatnonzero(self.survived_s >= least), np.flatnonzero(self.ended_s >= least)
        survived, ended = (rows[:: len(rows) // _MOST + 1] for rows in (survived, ended))
        return Pauses(
            self.survived_s[survived], self.survived_rest_s[survived], self.ended_s[ended], self.ended_rest_s[ended]
        )


@dataclass(frozen=True, slots=True)
class Idle:
    """The idle timeout that was read off, between the ends of ranges in s, and what it rests on."""

    own_s: tuple[float, float] | None
    """Of each environment; None where too little was seen."""
    together_s: tuple[float, float] | None
    """How long their function rests until all end together; None: they do not."""
    longest_survived_s: float
    pauses: int
    ends: int

    @property
    def known(self) -> bool:
        """Whether enough was seen to say something."""
        return self.own_s is not None

    def raw(self) -> str | dict[str, str] | None:
        """Return the value of ``idle_timeout``."""
        if self.own_s is None:
            return None
        own = _uniform(self.own_s)
        if self.together_s is None:
            return own
        return {"lone": _uniform(self.together_s), "surplus": own, "expiry": "together"}

    def to_json(self) -> dict[str, Any]:
        """Return the object of ``fit.json``."""
        return {
            "value": self.raw(),
            "longest_survived_s": self.longest_survived_s,
            "pauses": self.pauses,
            "ends": self.ends,
        }


def _uniform(ends: tuple[float, float]) -> str:
    return f"uniform({ends[0]:g}s, {ends[1]:g}s)"


def pauses(rows: Rows) -> Pauses:
    """Return the pauses of all streams of a function, whose rows are in order of time.

    Of those that an environment survived, no more than the longest is told that is under a minute.
    """
    rows = rows.take((rows.stream >= 0) & (rows.time_ns != NO_TIME))
    starts, ends = rows.start_ns, rows.time_ns
    order = np.lexsort((ends, rows.stream))
    same = np.diff(rows.stream[order]) == 0
    idle_ns = np.where(same, starts[order[1:]] - ends[order[:-1]], 0)
    some = np.flatnonzero(same & (idle_ns >= min(SHORTEST_NS, idle_ns.max(initial=0))))
    begins, over = ends[order[some]], starts[order[some + 1]]
    last = np.append(~same, True) if len(order) else np.zeros(0, bool)
    last_end = np.sort(ends[order[last]])
    cold = np.sort(starts[rows.cold])
    del order, same, idle_ns  # of millions of rows
    following = np.searchsorted(cold, last_end, side="right")
    last_end, following = last_end[following < len(cold)], following[following < len(cold)]
    rests = _rests(starts, ends)
    return Pauses(
        np.maximum(over - begins, 0) / 1e9,
        _longest_within(rests, begins, over),
        (cold[following] - last_end) / 1e9,
        _longest_within(rests, last_end, cold[following]),
    )


def _rests(starts: Int64, ends: Int64) -> tuple[Int64, Int64]:
    """Return when a function rested, from and to: nothing ran."""
    order = np.argsort(starts, kind="stable")
    busy_until = np.maximum.accumulate(ends[order])[:-1] if len(order) else ends
    begins = starts[order][1:]
    resting = begins > busy_until
    return busy_until[resting], begins[resting]


def _longest_within(rests: tuple[Int64, Int64], begins: Int64, over: Int64) -> Floats:
    """Return the longest rest in s within each of some spans, which begin and end with an invocation."""
    if not len(rests[0]) or not len(begins):
        return np.zeros(len(begins))
    lengths = np.append(rests[1] - rests[0], 0)
    low = np.searchsorted(rests[0], begins, side="left")
    high = np.searchsorted(rests[1], over, side="right")
    some = low < high
    result = np.zeros(len(begins))
    pairs = np.stack((low[some], high[some]), axis=1).ravel()
    if len(pairs):
        result[some] = np.maximum.reduceat(lengths, pairs)[::2] / 1e9
    return result


def idle(seen: Pauses) -> Idle:
    """Return the law of idle timeouts that makes what was seen most likely; of two that do by less than BIC asks for,
    the simpler one.
    """
    longest = float(np.round(seen.survived_s.max(initial=0), 1))
    some = seen.long()
    survived, ended = len(some.survived_s), len(some.ended_s)
    if survived < FEWEST_PAUSES or ended < FEWEST_PAUSES:
        return Idle(None, None, longest, survived, ended)
    each, own = _most_likely(some, clock=False)
    both, (own_too, together) = _most_likely(some, clock=True)
    if both - each > math.log(survived + ended):
        return Idle(own_too, together, longest, survived, ended)
    return Idle(own[0], None, longest, survived, ended)


Range = tuple[float, float]


def _most_likely(seen: Pauses, clock: bool) -> tuple[float, tuple[Range, Range]]:
    """Return the largest log-likelihood, and the ranges of own timeouts and of the common clock that have it."""
    most = max(float(seen.survived_s.max()), float(seen.ended_s.max())) * 1.05
    steps = np.unique(np.round(np.geomspace(SHORTEST_NS / 1e9, most, _STEPS)))
    ranges = [(float(low), float(high)) for low in steps for high in steps if high > low]
    never = (1e9, 2e9)
    clocks = ranges if clock else [never]
    idle_s = np.concatenate((seen.survived_s, seen.ended_s))
    rest_s = np.concatenate((seen.survived_rest_s, seen.ended_rest_s))
    lived = np.arange(len(idle_s)) < len(seen.survived_s)

    def best_of(owns: list[Range], clocks: list[Range], shares: tuple[float, ...]) -> tuple[float, Range, Range]:
        together = np.stack([_alive(rest_s, *one) for one in clocks])
        found = (-math.inf, owns[0], clocks[0])
        for own in owns:
            alive = together * _alive(idle_s, *own)
            chance = np.where(lived, alive, 1 - alive)
            for share in shares:
                likelihood = np.log(chance * (1 - 2 * share) + share).sum(axis=1)
                place = int(np.argmax(likelihood))
                found = max(found, (float(likelihood[place]), own, clocks[place]))
        return found

    likelihood, own, together = best_of(ranges, clocks, _ELSEWISE[1:2])
    for factor in (1.15, 1.05, 1.02):
        near_own, near_clock = _around(own, factor), _around(together, factor) if clock else [never]
        likelihood, own, together = best_of(near_own, near_clock, _ELSEWISE)
    return likelihood, (_rounded(own), _rounded(together))


def _alive(times: Floats, low: float, high: float) -> Floats:
    return np.clip((high - times) / (high - low), 0.0, 1.0)


def _around(one: Range, factor: float) -> list[Range]:
    lows, highs = ([end / factor, end, end * factor] for end in one)
    return [(low, high) for low in lows for high in highs if high > low]


def _rounded(one: Range) -> Range:
    low, high = round(one[0]), round(one[1])
    return float(low), float(max(high, low + 1))


def reuse(rows: Rows) -> dict[str, Any]:
    """Return how often the idle environment that served last, or longest ago, was taken, of the choices seen."""
    rows = rows.take((rows.stream >= 0) & (rows.time_ns != NO_TIME))
    rows = rows.take(slice(0, MOST_CHOICES))
    starts, ends, stream = rows.start_ns, rows.time_ns, rows.stream
    last_use = dict(zip(stream.tolist(), ends.tolist(), strict=True))  # the last of each stream
    order = np.argsort(starts, kind="stable")
    free: dict[int, int] = {}
    """Since when each environment that will serve again is idle; in the order in which they became so."""
    ending = sorted(zip(ends.tolist(), stream.tolist(), strict=True))
    place = chosen = newest = oldest = 0
    for row in order.tolist():
        now, mine = int(starts[row]), int(stream[row])
        while place < len(ending) and ending[place][0] <= now:
            ended, who = ending[place]
            place += 1
            if ended < last_use[who]:
                free.pop(who, None)
                free[who] = ended
        if mine in free and len(free) > 1:
            chosen += 1
            newest += next(reversed(free)) == mine
            oldest += next(iter(free)) == mine
        free.pop(mine, None)
    shares: dict[str, Any] = {"choices": chosen, "most_recent": None, "least_recent": None, "law": None}
    if chosen >= FEWEST_CHOICES:
        most, least = newest / chosen, oldest / chosen
        law = "most-recent" if most > 0.6 else "least-recent" if least > 0.6 else "random"
        shares |= {"most_recent": round(most, 4), "least_recent": round(least, 4), "law": law}
    return shares
