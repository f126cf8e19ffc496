"""The search for a limit along one axis: where what passes ends.

First it looks for the place where observations turn, with few replications: it doubles or halves from where the
experiment stands until one value leans to passing and one to failing, and bisects. A value without enough requests to
decide leans to passing, so the search goes on to what is harder. Then the answer is made sure of: the hardest value
that leans to passing is judged again on fresh seeds, and if that does not pass, easier ones in growing steps; beyond
it, a value is sought that is shown to fail. What lies between the two is undecided, and is told as a range.
"""

from typing import Final

from lambdasim.planning.axis import Axis, significant3
from lambdasim.planning.race import Race, Tried

ATTEMPTS: Final = 8
"""So often a value is judged again, and so often one that fails is sought."""
CURVE: Final = 8
"""Points of the curve besides those of the search."""


class Boundary:
    """The points along one axis, and what is known of the limit."""

    def __init__(self, axis: Axis, race: Race) -> None:
        self.axis, self.race = axis, race
        self.found: dict[float, Tried] = {}
        """What is known of each value: its last judgement."""
        self.passes: float | None = None
        """The hardest value that passes on fresh seeds."""
        self.fails: float | None = None
        """The easiest value beyond it that is shown to fail."""
        self._leaning: float | None = None
        self._beyond: float | None = None

    def seek(self) -> None:
        """Find the limit, and make sure of it."""
        self._bracket()
        self._bisect()
        self._confirm()
        self._refute()

    def draw_curve(self) -> None:
        """Add evenly spaced points around the limit, each from the first look."""
        at = next(one for one in (self.passes, self.fails, self._leaning, self._beyond) if one is not None)
        axis = self.axis
        low, high = (at / 4, at * 1.5) if axis.is_scale else (at / 2, at * 2)
        low, high = max(low, axis.low), min(high, axis.high)
        spaced = [low + (high - low) * i / (CURVE - 1) for i in range(CURVE)]
        numbers = [significant3(one) if axis.is_scale else float(round(one)) for one in spaced]
        wanted = [one for one in dict.fromkeys(numbers) if one not in self.found]
        tried = self.race.judge_all([axis.point(one) for one in wanted], decide=False)
        self.found |= dict(zip(wanted, tried, strict=True))
        self.settle()

    def settle(self) -> None:
        """Take what fails as far as it is known."""
        self.fails = self._failing()

    @property
    def leaning(self) -> float | None:
        """The hardest value that leans to passing, which is not sure yet."""
        return self._leaning

    @property
    def best_known(self) -> float:
        """The value that says most where nothing passes: the easiest that was tried."""
        return min(self.found, key=lambda number: abs(number - self.axis.easiest))

    def _bracket(self) -> None:
        """Go from the start, twice as hard or half as hard each time, until observations turn."""
        axis, at = self.axis, self.axis.start
        if self._try(at):
            while self._beyond is None and at != axis.hardest:
                at = axis.harder(at)
                self._try(at)
        else:
            while self._leaning is None and at != axis.easiest:
                at = axis.easier(at)
                self._try(at)

    def _bisect(self) -> None:
        """Halve what lies between, until it is small enough."""
        while self._leaning is not None and self._beyond is not None:
            middle = self.axis.between(self._leaning, self._beyond)
            if middle is None:
                return
            self._try(middle)

    def _confirm(self) -> None:
        """Judge the hardest value that leans to passing on fresh seeds, then easier ones until one passes."""
        at, step = self._leaning, 1
        for _ in range(ATTEMPTS):
            if at is None:
                return
            self.found[at] = self.race.confirm(self.axis.point(at))
            if self.found[at].passes:
                self.passes = at
                self._tell()
                return
            at, step = self.axis.eased(at, step), 2 * step

    def _refute(self) -> None:
        """Find a value beyond what passes that is shown to fail."""
        at, step = self._beyond, 1
        if self.passes is None and self._leaning is None:
            at = self.best_known  # nothing leans to passing: does the easiest fail for sure?
        for _ in range(ATTEMPTS):
            if at is None or not self._is_before_failing(at):
                break
            if self.found.get(at) is None or self.found[at].verdict == "undecided":
                self.found[at] = self.race.decide(self.axis.point(at))
            at, step = self.axis.hardened(at, step), 2 * step
        self.fails = self._failing()
        self._tell()

    def _is_before_failing(self, number: float) -> bool:
        """Return whether a value is easier than all that are shown to fail."""
        failing = self._failing()
        return failing is None or (number < failing if self.axis.is_scale else number > failing)

    def _failing(self) -> float | None:
        """Return the easiest value that fails, of those harder than what passes."""
        harder = 1 if self.axis.is_scale else -1
        failing = [number for number, tried in self.found.items() if tried.verdict == "fails"]
        if self.passes is not None:
            failing = [number for number in failing if harder * (number - self.passes) > 0]
        return min(failing, key=lambda number: harder * number, default=None)

    def _try(self, number: float) -> bool:
        self.found[number] = self.race.judge(self.axis.point(number))
        leans = self.found[number].leans
        if leans:
            self._leaning = number
        else:
            self._beyond = number
        self._tell()
        return leans

    def _tell(self) -> None:
        axis = self.axis
        known = ((self.passes or self._leaning, "passes"), (self.fails or self._beyond, "fails"))
        told = [f"{axis.told(limit)} {word}" for limit, word in known if limit is not None]
        self.race.points.best = "; ".join(told)
