"""What a capacity is sought along: the scale of the load, or a quota; which way is harder, and how far to look."""

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from lambdasim.config.amount import Amount, Kind, same_kind
from lambdasim.config.load import LoadedExperiment
from lambdasim.config.overrides import split_path
from lambdasim.config.points import with_point
from lambdasim.config.reference import explained
from lambdasim.config.sweep import LOAD_SCALE
from lambdasim.errors import InputError

WIDEST: Final = 1024
"""A scale is sought up to so many times the load, and down to that part of it."""
ROUNDS: Final = 60
REMEDY: Final = f"seek a capacity over {LOAD_SCALE}, a whole number such as account.concurrency, or memory"
HIGHEST: Final = 1_000_000
"""A quota is sought up to here, an experiment's largest concurrency."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Values of one path, from ``low`` to ``high``, as numbers in base units."""

    path: str
    kind: Kind
    low: float
    high: float
    start: float
    tolerance: float
    """A scale is known when what passes and what fails differ by at most this share."""
    refusal: str = ""
    """Why the experiment cannot be what is harder than the hardest number; empty when it can."""

    @property
    def is_scale(self) -> bool:
        """Whether it is the load that grows, so that more is harder; more of a quota is easier."""
        return self.path == LOAD_SCALE

    @property
    def easiest(self) -> float:
        """The end where most is hoped for."""
        return self.low if self.is_scale else self.high

    @property
    def hardest(self) -> float:
        """The other end."""
        return self.high if self.is_scale else self.low

    def point(self, number: float) -> Mapping[str, Any]:
        """Return the values of the point at ``number``."""
        return {self.path: number if self.is_scale else Amount(self.kind, number).written()}

    def harder(self, number: float) -> float:
        """Return a number twice as hard, within the range."""
        return min(self.high, number * 2) if self.is_scale else max(self.low, number // 2)

    def easier(self, number: float) -> float:
        """Return a number half as hard, within the range."""
        return max(self.low, number / 2) if self.is_scale else min(self.high, max(1, number * 2))

    def eased(self, number: float, steps: int) -> float | None:
        """Return a number easier by so many steps, each of the tolerance; None at the easiest."""
        return self._moved(number, -steps if self.is_scale else steps)

    def hardened(self, number: float, steps: int) -> float | None:
        """Return a number harder by so many steps; None at the hardest."""
        return self._moved(number, steps if self.is_scale else -steps)

    def _moved(self, number: float, steps: int) -> float | None:
        if self.is_scale:
            moved = significant3(number * (1 + self.tolerance) ** steps)
        else:
            moved = float(number + steps * max(1, round(number * self.tolerance)))
        moved = min(max(moved, self.low), self.high)
        return None if moved == number else moved

    def told(self, number: float) -> str:
        """Return a number as a sentence has it: ``2.1 times``, or the quota's value."""
        value = self.point(number)[self.path]
        return f"{value:g} times" if self.is_scale else f"{value}"

    def between(self, passes: float, fails: float) -> float | None:
        """Return the number to try next between the two; None when they are near enough."""
        if not self.is_scale:
            middle = (passes + fails) // 2
            return middle if abs(passes - fails) > 1 else None
        if fails / passes <= 1 + self.tolerance:
            return None
        middle = significant3(math.sqrt(passes * fails))
        return middle if passes < middle < fails else None


def axis_of(
    experiment: LoadedExperiment, path: str, low: object = None, high: object = None, tolerance: float = 0.02
) -> Axis:
    """Return the axis of ``path``; ``low`` and ``high`` are values as in a file, by default the widest that make sense.

    Raises ``InputError`` for a path that is not there, holds no whole number, or for an empty range.
    """
    if path == LOAD_SCALE:
        first, last = _ends(path, low, high, 1 / WIDEST, float(WIDEST))
        with_point(experiment, {path: first.number})  # which refuses what is no factor
        start = min(max(1.0, first.number), last.number)
        return _possible(experiment, Axis(path, "number", first.number, last.number, start, tolerance))
    current = _current(experiment, path)
    example = next((value for value in (current, low, high) if value is not None), None)
    kind = _kind(experiment, path, example)
    smallest, largest = (128, 10_240) if kind == "memory size" else (1, HIGHEST)
    if path.endswith("provisioned.concurrency"):
        smallest = 0
    first, last = _ends(path, low, high, Amount(kind, smallest).written(), Amount(kind, largest).written())
    start = _amount(path, current).number if current is not None else first.number
    start = min(max(start, first.number), last.number)
    return _possible(experiment, Axis(path, kind, first.number, last.number, start, tolerance))


def _kind(experiment: LoadedExperiment, path: str, example: object) -> Kind:
    """Return what kind of number a key holds; raises ``InputError`` where a capacity is none of that kind."""
    found = "no whole number"
    if example is not None:
        with suppress(ValueError):
            kind = Amount.parse(example).kind
            if kind in ("whole number", "memory size"):
                return kind
            found = f"a {kind}"
    elif not _refuses_numbers(experiment, path):
        return "whole number"
    raise InputError.single(f"is {found}; {REMEDY}", path=path)


def _refuses_numbers(experiment: LoadedExperiment, path: str) -> bool:
    """Return whether a key, which there is, holds no whole numbers."""
    try:
        with_point(experiment, {path: 1})
    except InputError as error:
        if not error.problems[0].message.startswith("1 "):  # of the value, and not of another key or of none
            return False
        return not any(key.type.startswith("whole number") for key in explained(path))
    return False


def _possible(experiment: LoadedExperiment, axis: Axis) -> Axis:
    """Return the axis without the ends that the experiment cannot be; raises ``InputError`` when it has no start."""
    with_point(experiment, axis.point(axis.start))
    easiest = _reach(experiment, axis, axis.easiest)[0]
    hardest, refusal = _reach(experiment, axis, axis.hardest)
    low, high = (easiest, hardest) if axis.is_scale else (hardest, easiest)
    return replace(axis, low=low, high=high, refusal=refusal)


def _reach(experiment: LoadedExperiment, axis: Axis, end: float) -> tuple[float, str]:
    """Return the number nearest to ``end`` that the experiment can be, and why it cannot be the next."""
    refused, refusal = end, _refusal(experiment, axis, end)
    if not refusal:
        return end, ""
    possible = axis.start
    for _ in range(ROUNDS):
        middle = significant3((possible + refused) / 2) if axis.is_scale else float((possible + refused) // 2)
        if middle in (possible, refused):
            break
        if why := _refusal(experiment, axis, middle):
            refused, refusal = middle, why
        else:
            possible = middle
    return possible, refusal


def _refusal(experiment: LoadedExperiment, axis: Axis, number: float) -> str:
    try:
        with_point(experiment, axis.point(number))
    except InputError as error:
        return error.problems[0].message
    return ""


def _ends(path: str, low: object, high: object, smallest: object, largest: object) -> tuple[Amount, Amount]:
    given = [_amount(path, smallest if low is None else low), _amount(path, largest if high is None else high)]
    try:
        first, last = same_kind(*given)
    except ValueError as error:
        raise InputError.single(str(error), path=path) from None
    if first.number >= last.number:
        raise InputError.single(f"is an empty range: {first.written()} to {last.written()}", path=path)
    return first, last


def _amount(path: str, value: object) -> Amount:
    try:
        return Amount.parse(value)
    except ValueError as error:
        raise InputError.single(str(error), path=path) from None


def _current(experiment: LoadedExperiment, path: str) -> Any:
    """Return the value at ``path`` as in a file, defaults included; None when it is not set."""
    import tomllib

    from lambdasim.config.resolved import resolved_toml

    place: Any = tomllib.loads(resolved_toml(experiment.config))
    for key in split_path(path):
        if isinstance(place, list) and key.isdecimal() and int(key) < len(place):
            place = place[int(key)]
        else:
            place = place.get(key) if isinstance(place, dict) else None
    return place


def significant3(number: float) -> float:
    """Return ``number`` to three significant digits, as a factor is told."""
    return float(f"{number:.3g}")
