"""What log streams tell of execution environments: one stream is one of them, so its pauses are its idle life.

An environment that served again after a pause lived at least that long. One whose stream ended had gone at the latest
when its function had to start another, for an idle one would have been taken. Which idle environment is taken can be
read off too, as long as all of them are known to live: those that serve again later.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.logs.rows import NO_TIME, Rows

Int64 = NDArray[np.int64]

FEWEST_PAUSES: Final = 20
"""Pauses of over ``SHORTEST_NS``, and ends that are known, without which nothing is said of idle life."""
SHORTEST_NS: Final = 60 * 10**9
_ELSEWISE: Final = 0.02
"""Environments that go for another reason: their longest life, a deployment."""
MOST_CHOICES: Final = 200_000
FEWEST_CHOICES: Final = 50


@dataclass(frozen=True, slots=True, eq=False)
class Pauses:
    """Idle times in ns: ``survived`` by environments that served again, ``ended`` at the latest after."""

    survived: Int64
    ended: Int64


@dataclass(frozen=True, slots=True)
class Idle:
    """An idle timeout between ``low_s`` and ``high_s``, and what it rests on; None where too little was seen."""

    low_s: float | None
    high_s: float | None
    longest_survived_s: float
    pauses: int
    ends: int

    @property
    def known(self) -> bool:
        """Whether enough was seen to say something."""
        return self.low_s is not None

    def to_json(self) -> dict[str, Any]:
        """Return the object of ``fit.json``."""
        text = f"uniform({self.low_s:g}s, {self.high_s:g}s)" if self.known else None
        return {
            "text": text,
            "longest_survived_s": self.longest_survived_s,
            "pauses": self.pauses,
            "ends": self.ends,
        }


def pauses(rows: Rows) -> Pauses:
    """Return the pauses of all streams of a function, whose rows are in order of time."""
    rows = rows.take((rows.stream >= 0) & (rows.time_ns != NO_TIME))
    starts, ends = rows.start_ns, rows.time_ns
    order = np.lexsort((ends, rows.stream))
    same = rows.stream[order][1:] == rows.stream[order][:-1]
    survived = (starts[order][1:] - ends[order][:-1])[same]
    last = np.append(~same, True) if len(order) else np.zeros(0, bool)
    last_end = np.sort(ends[order][last])
    cold = np.sort(starts[rows.cold])
    following = np.searchsorted(cold, last_end, side="right")
    known = following < len(cold)
    ended = cold[following[known]] - last_end[known]
    return Pauses(np.maximum(survived, 0), ended)


def idle(seen: Pauses) -> Idle:
    """Return the uniform law of idle timeouts that makes what was seen most likely."""
    survived = seen.survived[seen.survived >= SHORTEST_NS] / 1e9
    ended = seen.ended[seen.ended >= SHORTEST_NS] / 1e9
    longest = float(np.round(seen.survived.max(initial=0) / 1e9, 1))
    if len(survived) < FEWEST_PAUSES or len(ended) < FEWEST_PAUSES:
        return Idle(None, None, longest, len(survived), len(ended))
    grid = np.unique(np.round(np.quantile(np.concatenate((survived, ended)), np.linspace(0, 1, 80)), -1))
    best, low_s, high_s = -np.inf, 0.0, 0.0
    for low in grid:
        for high in grid[grid >= low]:
            width = max(high - low, 1.0)
            alive = np.clip((high - survived) / width, 0, 1) * (1 - 2 * _ELSEWISE) + _ELSEWISE
            gone = np.clip((ended - low) / width, 0, 1) * (1 - 2 * _ELSEWISE) + _ELSEWISE
            likelihood = float(np.log(alive).sum() + np.log(gone).sum())
            if likelihood > best:
                best, low_s, high_s = likelihood, float(low), float(max(high, low + 1))
    return Idle(low_s, high_s, longest, len(survived), len(ended))


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
