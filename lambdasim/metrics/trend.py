"""Whether a run kept up with its loads: steady, falling behind or overloaded, by tests over its periods.

*Falling behind*: what waits grows while the loads last. The growth from period to period has a mean above 0 by
Student's one-sided test; where a queue is stable such differences take each other back, so the test errs rarely. What
waits also grows with its load, where that is kept up with too. So it has to grow, besides, in a stretch in which the
loads are level: in one of several by the same test, whose probability is then multiplied by their number (Bonferroni).
Where no stretch is level nothing is shown.
*Overloaded*: callers are refused, by a function, a gateway or what a function uses, or events given up, in more than
half of the periods, by the sign test (exact binomial). *Steady*: neither is shown. Fewer than five periods show
nothing, for the sign test then cannot. Of several runs, each is judged, and the word is what more than half show.
"""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from typing import Any, Final, Literal

import numpy as np

from lambdasim.metrics.happened import WAITING, by_owner, throttled
from lambdasim.metrics.ledger import Floats
from lambdasim.metrics.level import Stretch
from lambdasim.metrics.series import SeriesTable

LEAST: Final = 5
"""Periods: five of five have a probability of 1/32 where a half is expected."""
GIVEN_UP: Final = ("AsyncEventsDropped", "DroppedEventCount")
REFUSED: Final = ("Refusals", "4XXError")
"""Of what functions use, and of API Gateway, whose rate limit answers so."""

GROWTH: Final = "t test of its growth"

Word = Literal["steady", "falling behind", "overloaded"]


@dataclass(frozen=True, slots=True)
class Trend:
    """A plain word for a run."""

    word: Word | None
    """None where nothing came, the loads last too few periods to say, or what waits grows and they are never level."""
    of: str = ""
    """The function, source or downstream that does not keep up."""
    how: str = ""
    """What shows it: ``throttled``, ``refuses``, ``gives up`` or ``waits``."""
    test: str = ""
    p: float | None = None
    """The probability of what was seen, or more, where it kept up; of several runs that show it, the median."""
    runs: int | None = None
    """How many of several runs show it."""

    def to_json(self) -> dict[str, Any]:
        """Return the object of ``summary.json``."""
        return {
            "word": self.word,
            "of": self.of or None,
            "how": self.how or None,
            "test": self.test or None,
            "p": self.p,
            **({} if self.runs is None else {"runs": self.runs}),
        }


def of_runs(words: Sequence[Trend]) -> Trend:
    """Return the word for one or more runs of an experiment."""
    if len(words) == 1:
        return words[0]
    shown = Counter((one.word, one.of, one.how, one.test) for one in words)
    most, runs = max(shown.items(), key=lambda item: (item[1], item[0][0] is not None))
    if 2 * runs <= len(words):  # no run's word is that of most
        return Trend("steady")
    known = [one.p for one in words if (one.word, one.of, one.how, one.test) == most and one.p is not None]
    return Trend(*most, median(known), runs) if known else Trend(*most)


def trend(
    series: SeriesTable,
    loads_end_ns: int,
    called: Collection[str],
    confidence: float,
    level: Sequence[Stretch],
) -> Trend:
    """Return the word for a run whose loads end at ``loads_end_ns``, and do not change in the stretches ``level``.

    ``called`` are functions that callers wait for.
    """
    periods = min(loads_end_ns // series.period_ns, series.periods)
    if periods < LEAST:
        return Trend(None)
    doubt = 1 - confidence
    refused, seen = throttled(series, periods)
    rows = zip(series.functions, refused.tolist(), seen.tolist(), strict=True)
    found = [(_tail(periods, few), name, "throttled") for name, some, few in rows if some and name in called]
    others = {"refuses": by_owner(series, dict.fromkeys(REFUSED, "Sum"))}
    others["gives up"] = by_owner(series, dict.fromkeys(GIVEN_UP, "Sum"))
    found += [(_signs(values[:periods]), name, how) for how, of in others.items() for name, values in of.items()]
    if found and min(found)[0] <= doubt:
        p, name, how = min(found)
        return Trend("overloaded", name, how, "sign test", p)
    waiting = by_owner(series, dict.fromkeys(WAITING, "Average"))
    grown = [(p, name) for name, values in waiting.items() if (p := _growth(values[:periods])) <= doubt]
    stretches = _whole(level, series.period_ns, periods)
    if grown and not stretches:
        p, name = min(grown)
        return Trend(None, name, "waits", GROWTH, p)
    again = [(max(p, _most(waiting[name], stretches)), name) for p, name in grown]
    if again and min(again)[0] <= doubt:
        p, name = min(again)
        return Trend("falling behind", name, "waits", GROWTH, p)
    anything = refused.any() or any((*others.values(), waiting)) or by_owner(series, {"Invocations": "Sum"})
    return Trend("steady" if anything else None)


def _whole(level: Sequence[Stretch], period_ns: int, periods: int) -> list[slice]:
    """Return the whole periods of stretches that have enough of them."""
    found = [slice(-(-begin // period_ns), min(end // period_ns, periods)) for begin, end in level]
    return [own for own in found if own.stop - own.start >= LEAST]


def _most(values: Floats, stretches: Sequence[slice]) -> float:
    """Return how probable growth as in one of some stretches is, where there is none in any."""
    return min(1.0, len(stretches) * min(_growth(values[own]) for own in stretches))


def _signs(values: Floats) -> float:
    """Return how probable so many periods with any are, where at most half of them should have some."""
    return _tail(len(values), int(np.count_nonzero(values > 0)))


@lru_cache(4_096)  # of a thousand functions most have seen as many
def _tail(count: int, seen: int) -> float:
    return float(sum(math.comb(count, k) for k in range(seen, count + 1)) / 2**count)


def _growth(values: Floats) -> float:
    """Return how probable it is that a level that does not grow grows by as much from period to period."""
    steps = np.diff(values)
    mean, spread = float(steps.mean()), float(steps.std(ddof=1))
    if mean <= 0:
        return 1.0
    if not spread:
        return 0.0
    return above(mean / spread * math.sqrt(len(steps)), len(steps) - 1)


def above(t: float, degrees: int) -> float:
    """Return the probability that Student's t of so many degrees of freedom is above ``t``, which is positive.

    Abramowitz and Stegun, 26.7.3 and 26.7.4; exact to about 1e-15, and without scipy, which takes longer to load than
    many runs.
    """
    angle = math.atan(t / math.sqrt(degrees))
    sine, square = math.sin(angle), math.cos(angle) ** 2
    odd = degrees % 2
    term = total = 0.0 if degrees == 1 else math.cos(angle) if odd else 1.0
    for k in range(2 + odd, degrees - 1, 2):
        term *= square * (k - 1) / k
        total += term
    within = 2 / math.pi * (angle + sine * total) if odd else sine * total
    return max((1 - within) / 2, 0.0)
