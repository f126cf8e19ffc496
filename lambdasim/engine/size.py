"""About how many requests a run has: those of its loads and users, and what these lead to.

It decides whether a compiled engine that is still to be compiled is worth its time, and about no result.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.model.events import LOAD_SHIFT, NEVER_NS
from lambdasim.model.links import After, LinkSpec, Trigger

if TYPE_CHECKING:
    from lambdasim.plan import Plan, PlanChunk

MOST_ROUNDS: Final = 64
"""What follows from what has followed so often counts no more."""

Q24: Final = 1 << 24
SELDOM: Final = (Trigger.DEAD_LETTER, Trigger.ASYNC_FAILURE)
"""What happens to few events counts as if it never did."""


class Size:
    """About how many requests there are so far, and what all of them lead to if all goes well: a batch of events leads
    to as much as if each came alone.
    """

    def __init__(self, plan: "Plan", known: Mapping[int, int]) -> None:
        """``known`` has, by load, how many are known beforehand."""
        leads = list(_leads(plan)) or [(0, 0, 0.0, 0)]
        self._from, self._to, self._count, self._rounds = (np.array(column) for column in zip(*leads, strict=True))
        self._series = len(plan.series)
        self.requests = 0.0
        """So many, about."""
        self._add(np.array([known.get(load, 0) for load in range(self._series)], np.float64))

    def add(self, chunk: "PlanChunk") -> None:
        """Count the requests of a chunk."""
        self._add(np.bincount(chunk.request >> LOAD_SHIFT, minlength=self._series).astype(np.float64))

    def _add(self, requests: NDArray[np.float64]) -> None:
        for passed in range(MOST_ROUNDS):
            self.requests += float(requests.sum())
            sent = requests[self._from] * self._count * (self._rounds > passed)
            if sent.sum() < 1:
                return
            requests = np.bincount(self._to, sent, self._series).astype(np.float64)


def _leads(plan: "Plan") -> Iterator[tuple[int, int, float, int]]:
    """Yield what a request of a series leads to: that series, another one, how many of its requests, and how often
    something may have followed before."""
    functions = np.array([own.function for own in plan.series], np.int64)
    sources = np.array([own.source for own in plan.series], np.int64)
    for link in plan.account.links:
        if link.trigger in SELDOM or link.after == After.FAILURE:
            continue
        for subject in link.subjects:
            of = {Trigger.LOAD: np.arange(len(functions)), Trigger.SOURCE: sources}.get(link.trigger, functions)
            count = link.base_count + link.extra_probability_q24 / Q24
            yield from ((int(number), link.load, count, _rounds(link)) for number in np.flatnonzero(of == subject))
    called = [number for number, own in enumerate(plan.series) if own.made_by == "call"]
    for index, function in enumerate(plan.account.functions):
        for call in function.calls:
            count = call.base_count + call.extra_probability_q24 / Q24
            yield from ((int(n), called[call.number], count, MOST_ROUNDS) for n in np.flatnonzero(functions == index))


def _rounds(link: LinkSpec) -> int:
    return min(link.most_hops, link.longest_loop or NEVER_NS, MOST_ROUNDS) if link.loops else MOST_ROUNDS
