"""Exact searches over ordered candidates: one knob by bisection, two by a search within a search.

Candidates are told apart by their place in their list; what a place costs and whether it passes is asked of a function,
once for each place. Knows no experiment.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

GOLDEN: Final = 0.6180339887498949
TINY: Final = 1e-9
"""Costs that differ by a smaller share are the same."""
ENUMERATED: Final = 8
"""An outer knob of at most so many candidates is gone through one by one."""


@dataclass(frozen=True, slots=True)
class Score:
    """What is known of one candidate: whether it passes, what it costs, and by how much it misses."""

    passes: bool
    cost: float
    miss: float

    @property
    def rank(self) -> tuple[bool, float]:
        """Lower is better: what passes by its cost, after all of which comes what fails, by its miss."""
        return (not self.passes, self.cost if self.passes else self.miss)


Ask = Callable[[int], Score]


def best_of_one(count: int, ask: Ask, *, valley: bool = False) -> int:
    """Return the best of ``count`` places, or the nearest to passing when none passes.

    Exact when candidates pass from some place on and cost more from place to place; it then asks for at most
    log2(count) + 2 of them. When what passes turns out to cost less further on, the cheapest is sought by golden
    section. So that it turns out, the neighbour of where they begin to pass is asked too, if there is one to spare, or
    in any case with ``valley``, which says that the cost may fall and then rise: the search is then exact for that as
    well, as long as no two neighbours cost the same. When the last place fails and the first passes, it is the same
    with the order turned round.
    """
    known: dict[int, Score] = {}

    def score(place: int) -> Score:
        if place not in known:
            known[place] = ask(place)
        return known[place]

    def boundary(passes: int, fails: int) -> int:
        """Return the place next to the last one towards ``fails`` that passes."""
        while abs(passes - fails) > 1:
            middle = (passes + fails) // 2
            if score(middle).passes:
                passes = middle
            else:
                fails = middle
        return passes

    last, middle = count - 1, (count - 1) // 2
    if score(last).passes:
        edge = boundary(last, -1)
        region = (edge, last)
    elif score(0).passes:
        more_is_cheaper = score(0).cost > score(last).cost
        edge = boundary(0, last) if more_is_cheaper else 0
        region = (0, edge) if more_is_cheaper else (0, last)
    elif count > 2 and score(middle).passes:
        edge = boundary(middle, 0)
        region = (edge, last)
    else:
        return _best(known)
    if region[0] < region[1] and (valley or len(known) + 1 <= math.log2(count) + 2):
        score(edge + 1 if edge < region[1] else edge - 1)
    best = _best(known)
    if known[best].cost >= known[edge].cost * (1 - TINY):
        return edge
    return _golden(known, best, region, score)


def _best(known: dict[int, Score]) -> int:
    """Return the best place that is known, of equals the first."""
    return min(known, key=lambda place: (known[place].rank, place))


def _golden(known: dict[int, Score], best: int, region: tuple[int, int], score: Ask) -> int:
    """Return the cheapest place around ``best``, between its cheapest neighbours that are known."""
    low = max((place for place in known if place < best), default=region[0])
    high = min((place for place in known if place > best), default=region[1])
    low, high = max(low, region[0]), min(high, region[1])
    while high - low > 2:
        left, right = round(high - GOLDEN * (high - low)), round(low + GOLDEN * (high - low))
        if left >= right:
            left = right - 1
        if score(left).rank <= score(right).rank:
            high = right
        else:
            low = left
    for place in range(low, high + 1):
        score(place)
    return _best(known)


def best_of_two(outer: int, inner: int, ask: Callable[[int, int], Score], *, valley: bool = False) -> tuple[int, int]:
    """Return the best pair of places: for each outer one that is looked at, the best inner one.

    An outer knob of few candidates is gone through; of more, the best is sought by golden section, which is exact when
    the best cost falls and then rises along it.
    """
    inners: dict[int, int] = {}
    scores: dict[tuple[int, int], Score] = {}

    def pair(at: int, place: int) -> Score:
        if (at, place) not in scores:
            scores[at, place] = ask(at, place)
        return scores[at, place]

    def along(at: int) -> Score:
        if at not in inners:
            inners[at] = best_of_one(inner, lambda place: pair(at, place), valley=valley)
        return pair(at, inners[at])

    if outer <= ENUMERATED:
        for at in range(outer):
            along(at)
    else:
        known = {at: along(at) for at in (0, (outer - 1) // 2, outer - 1)}
        best = _best(known)

        def score(at: int) -> Score:
            known[at] = along(at)
            return known[at]

        _golden(known, best, (0, outer - 1), score)
    return min(scores, key=lambda at: (scores[at].rank, at))
