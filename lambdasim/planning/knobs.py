"""Searches over ordered candidates: along one knob by bisection, over two by a search within a search, over more by one
knob at a time.

Candidates are told apart by their places; what a place costs and by how much it misses each objective is asked of a
function. Where nothing passes, the sign of each miss says on which side to look: an objective that fails at the lower
end and holds at the upper one has a boundary between them, and so has one of which the reverse is true. Knows no
experiment.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

GOLDEN: Final = 0.6180339887498949
REL_TOL: Final = 1e-9
"""Costs that differ by a smaller share are the same."""
ALIKE: Final = 0.01
"""Where all that passes costs the same but for this share, no cheaper pair of values is sought."""
ENUMERATED: Final = 8
"""An outer knob of at most so many candidates is gone through one by one."""
ROUNDS: Final = 8
"""So often all knobs are gone through, one at a time, while that helps."""


@dataclass(frozen=True, slots=True)
class Score:
    """What is known of one candidate: by how much it misses each objective (at most 0: met), and what it costs."""

    misses: tuple[float, ...]
    cost: float
    refused: bool = False
    """Whether it cannot be at all."""

    @property
    def passes(self) -> bool:
        """Whether it meets every objective."""
        return not self.refused and all(miss <= 0 for miss in self.misses)

    @property
    def miss(self) -> float:
        """By how much it misses the objective that it misses by most; 0 when it passes."""
        return max((0.0, *self.misses))

    @property
    def miss_at_most(self) -> float:
        """The same of the objective nearest to its limit: the further below 0, the safer."""
        return max(self.misses, default=0.0)

    @property
    def rank(self) -> tuple[int, float, float]:
        """Lower is better: what passes by its cost, then what fails, by its misses, at last what is refused."""
        if self.passes:
            return (0, self.cost, 0.0)
        return (2 if self.refused else 1, self.miss, math.fsum(miss for miss in self.misses if miss > 0))


Places = tuple[int, ...]
Ask = Callable[[int], Score]


class Spent(Exception):
    """Raised by a function that is asked for more candidates than there is a budget for."""


def best_of_one(count: int, ask: Ask, *, valley: bool = False) -> int:
    """Return the best of ``count`` places, or the nearest to passing when none of those that were asked for passes.

    Exact when each objective holds from some place on or up to some place, and the cost rises or falls from place to
    place. With ``valley`` the cost may also fall and then rise; the search is then exact as long as no two neighbours
    cost the same, and finds a valley without it when a place that is asked for betrays it.
    """
    line = _Line(count, ask)
    region = line.region()
    if region is None:
        return line.best()
    low, high = region
    line.score((low + high) // 2)
    if valley or line.best() not in (low, high):
        line.descend(line.best(), low, high)
    return line.best()


class _Line:
    """Places along one knob, each asked for once."""

    def __init__(self, count: int, ask: Ask) -> None:
        self.count, self._ask = count, ask
        self.known: dict[int, Score] = {}

    def score(self, place: int) -> Score:
        """Return the score of a place."""
        if place not in self.known:
            self.known[place] = self._ask(place)
        return self.known[place]

    def best(self) -> int:
        """Return the best place that is known, of equals the first."""
        return min(self.known, key=lambda place: (self.known[place].rank, place))

    def region(self) -> tuple[int, int] | None:
        """Return the first and the last place between the boundaries of all objectives; None where they cross."""
        ends = self._possible()
        if ends is None:
            return None
        first, last = low, high = ends
        for number in range(len(self.score(first).misses)):
            fails = self.score(first).misses[number] > 0, self.score(last).misses[number] > 0
            if fails == (True, True):
                inner = self._inside(number, first, last)
                if inner is None:
                    return None
                low = max(low, self._boundary(number, inner, first))
                high = min(high, self._boundary(number, inner, last))
            elif fails == (True, False):
                low = max(low, self._boundary(number, last, first))
            elif fails == (False, True):
                high = min(high, self._boundary(number, first, last))
        if low > high:  # the boundaries cross; what lies between misses least
            self.score((low + high) // 2)
            return None
        self.score(low)
        self.score(high)
        return low, high

    def _possible(self) -> tuple[int, int] | None:
        """Return the first and the last place that is not refused; None when none of the ends and quarters is."""
        last = self.count - 1
        looked = dict.fromkeys((0, last, *(last * i // 4 for i in (2, 1, 3))))
        inner = next((place for place in looked if not self.score(place).refused), None)
        if inner is None:
            return None
        found = []
        for end in (0, last):
            possible, refused = inner, end
            while self.score(end).refused and abs(possible - refused) > 1:
                middle = (possible + refused) // 2
                possible, refused = (possible, middle) if self.score(middle).refused else (middle, refused)
            found.append(possible if self.score(end).refused else end)
        return found[0], found[1]

    def _boundary(self, number: int, holds: int, fails: int) -> int:
        """Return the place next to the last one towards ``fails`` at which an objective holds."""
        while abs(holds - fails) > 1:
            middle = (holds + fails) // 2
            if self.score(middle).misses[number] <= 0:
                holds = middle
            else:
                fails = middle
        return holds

    def _inside(self, number: int, low: int, high: int) -> int | None:
        """Return a place at which an objective holds that fails at both ends, sought where it misses least."""

        def miss(place: int) -> float:
            return self.score(place).misses[number]

        while high - low > 1:
            quarters = sorted({low + (high - low) * i // 4 for i in range(1, 4)} - {low, high})
            least = min(quarters, key=miss)
            if miss(least) <= 0:
                return least
            if miss(least) >= min(miss(low), miss(high)):
                return None  # it misses least at an end
            around = [low, *quarters, high]
            at = around.index(least)
            if (around[at - 1], around[at + 1]) == (low, high):
                return None
            low, high = around[at - 1], around[at + 1]
        return None

    def descend(self, best: int, first: int, last: int) -> None:
        """Seek the cheapest place around ``best``, between its neighbours that are known, by golden section."""
        low = max((place for place in self.known if place < best), default=first)
        high = min((place for place in self.known if place > best), default=last)
        low, high = max(low, first), min(high, last)
        while high - low > 2:
            left, right = round(high - GOLDEN * (high - low)), round(low + GOLDEN * (high - low))
            if left >= right:
                left = right - 1
            if self.score(left).rank <= self.score(right).rank:
                high = right
            else:
                low = left
        for place in range(low, high + 1):
            self.score(place)


def best_of_many(
    lengths: Sequence[int],
    ask: Callable[[Places], Score],
    *,
    valleys: Sequence[bool] | None = None,
) -> Places:
    """Return the best candidate of several knobs, sought along one knob at a time.

    It starts from the middle, and where that leads to nothing that passes from the largest values and the smallest.
    When no knob alone improves a candidate any more, pairs of knobs are moved against each other, by steps that halve:
    along a trade-off, what one knob gains the other has to give.
    """
    valleys = valleys or [False] * len(lengths)
    known: dict[Places, Score] = {}

    def score(places: Places) -> Score:
        if places not in known:
            known[places] = ask(places)
        return known[places]

    def along(places: Places, knob: int) -> Places:
        def moved(place: int) -> Places:
            return (*places[:knob], place, *places[knob + 1 :])

        best = best_of_one(lengths[knob], lambda place: score(moved(place)), valley=valleys[knob])
        return min(places, moved(best), key=lambda at: score(at).rank)

    def descended(places: Places) -> Places:
        for _ in range(ROUNDS):
            before = places
            for knob in range(len(lengths)):
                places = along(places, knob)
            if places == before:
                break
        return places

    ends = (tuple(length - 1 for length in lengths), tuple(0 for _ in lengths))
    for start in (tuple((length - 1) // 2 for length in lengths), *ends):
        if score(descended(start)).passes:
            break
    best = min(known, key=lambda places: (known[places].rank, places))
    costs = [one.cost for one in known.values() if one.passes]
    if costs and max(costs) <= min(costs) * (1 + ALIKE):
        return best
    step = max(lengths) // 4 or 1
    while step:
        better = best
        for pushed, knob in _pushes(best, lengths, step):
            for other in range(len(lengths)):
                if other != knob:
                    better = min(better, along(pushed, other), key=lambda at: (score(at).rank, at))
        if score(better).rank < score(best).rank:
            best = descended(better)
        else:
            step //= 2
    return min(known, key=lambda places: (known[places].rank, places))


def _pushes(places: Places, lengths: Sequence[int], step: int) -> Iterator[tuple[Places, int]]:
    """Yield the candidates a step away along one knob, and that knob."""
    for knob, length in enumerate(lengths):
        for place in (places[knob] - step, places[knob] + step):
            if 0 <= place < length:
                yield (*places[:knob], place, *places[knob + 1 :]), knob


def best_of_two(outer: int, inner: int, ask: Callable[[int, int], Score], *, valley: bool = False) -> tuple[int, int]:
    """Return the best pair of places: for each outer one, the best inner one.

    For an outer knob of few candidates, all of which are gone through.
    """
    scores: dict[tuple[int, int], Score] = {}

    def pair(at: int, place: int) -> Score:
        scores[at, place] = ask(at, place)
        return scores[at, place]

    for at in range(outer):
        best_of_one(inner, lambda place, at=at: pair(at, place), valley=valley)  # type: ignore[misc]
    return min(scores, key=lambda at: (scores[at].rank, at))
