"""Versions taken together: the ledger of a run by function, and by version, from one by whatever an engine ran.

What an engine ran is a version of a function, or what it was updated to in place. Levels of a whole function are exact,
as records tell of them; those of a version that was updated meanwhile are the highest of either code.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from lambdasim.config.qualifier import function_of
from lambdasim.metrics.cells import Int64, Mask, Totals
from lambdasim.metrics.control import ControlLevels
from lambdasim.metrics.ledger import KIND_BITS, Ledger
from lambdasim.metrics.metered import MeteredFunction
from lambdasim.metrics.occupancy import Levels
from lambdasim.metrics.series import Series


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Which functions or versions there are, and to which each of an engine's belongs."""

    names: tuple[str, ...]
    of: Int64
    """By an engine's index: the number of its group."""

    @classmethod
    def by(cls, names: Sequence[str]) -> "Groups":
        """Put together what has the same name."""
        number = {name: place for place, name in enumerate(dict.fromkeys(names))}
        return cls(tuple(number), np.array([number[name] for name in names], np.int64))


class Versions:
    """The versions of a run's functions."""

    def __init__(self, functions: Sequence[MeteredFunction]) -> None:
        self.functions = Groups.by([one.of for one in functions])
        self.labels = self.functions
        if any(one.version for one in functions):
            self.labels = Groups.by([one.label for one in functions])
        self.is_plain = len(self.functions.names) == len(functions)
        """Whether each function is one throughout, so that there is nothing to put together."""
        self.versioned = tuple(dict.fromkeys(one.label for one in functions if one.version))
        """Names of the versions of all functions that have any."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The owners of series that functions are: those, then the versions of all."""
        return (*self.functions.names, *self.versioned)

    @cached_property
    def is_version(self) -> Mask:
        """By label: whether it is a version, and not all of a function."""
        return np.array([label in self.versioned for label in self.labels.names], bool)

    @cached_property
    def function_of_label(self) -> Int64:
        """By label: the place of its function among :attr:`names`."""
        return np.array([self.names.index(function_of(label)) for label in self.labels.names], np.int64)

    @cached_property
    def places(self) -> Int64:
        """By label: the place of it, or of the function that it is all of, among :attr:`names`."""
        return np.array([self.names.index(label) for label in self.labels.names], np.int64)


def by_function(ledger: Ledger, groups: Groups) -> Ledger:
    """Return the ledger of whole functions."""
    columns = {"function_concurrency": "function_concurrency", "environments": "function_environments"}
    return _grouped(ledger, groups, columns, ledger.control.grouped(groups.of, len(groups.names), whole=True))


def by_version(ledger: Ledger, groups: Groups) -> Ledger:
    """Return the ledger of versions."""
    columns = {"function_concurrency": "version_concurrency", "environments": "environments"}
    return _grouped(ledger, groups, columns, ledger.control.grouped(groups.of, len(groups.names), whole=False))


def _grouped(ledger: Ledger, groups: Groups, columns: dict[str, str], control: ControlLevels) -> Ledger:
    count, before, loads = len(groups.names), len(ledger.functions), max(len(ledger.loads), 1)
    first = [int(np.flatnonzero(groups.of == number)[0]) for number in range(count)]

    members: list[list[MeteredFunction]] = [[] for _ in range(count)]
    for group, function in zip(groups.of.tolist(), ledger.functions, strict=True):
        members[group].append(function)

    def cells(cell: Int64) -> Int64:
        rest, load = np.divmod(cell, loads)
        period, function = np.divmod(rest, before)
        return (period * count + groups.of[function]) * loads + load

    def keys(key: Int64) -> Int64:
        period, function = np.divmod(key, before)
        return period * count + groups.of[function]

    place = ledger.samples.groups >> KIND_BITS + 1
    rest = ledger.samples.groups & (1 << KIND_BITS + 1) - 1
    everything = np.ones(len(place), bool)
    work = ledger.work
    maxima = {name: work.maxima[columns.get(name, name)] for name in work.maxima}
    created = np.zeros(count, np.int64)
    np.add.at(created, groups.of, ledger.created)
    return replace(
        ledger,
        functions=tuple(
            ledger.functions[own]._replace(
                name=name,
                snapstart=next((one.snapstart for one in members[group] if one.snapstart), ""),
                ahead=any(one.ahead for one in members[group]),
            )
            for group, (own, name) in enumerate(zip(first, groups.names, strict=True))
        ),
        counts=replace(ledger.counts, cell=cells(ledger.counts.cell)),
        samples=ledger.samples_by(cells(place) << KIND_BITS + 1 | rest, everything),
        work=Totals(work.keys, work.sums, maxima).regroup(keys(work.keys >> 1) << 1 | work.keys & 1),
        executing=_levels(ledger.executing, groups),
        executing_provisioned=_levels(ledger.executing_provisioned, groups),
        alive=_levels(ledger.alive, groups),
        initialising=_levels(ledger.initialising, groups),
        control=control,
        created=created,
        provisioned_init=ledger.provisioned_init.regroup(keys(ledger.provisioned_init.keys)),
    )


def _levels(levels: Levels, groups: Groups) -> Levels:
    count, periods = len(groups.names), int(levels.period.max(initial=0)) + 1
    keys = groups.of[levels.function] * periods + levels.period
    sums = {"start": levels.start, "integral_ns": levels.integral_ns}
    totals = Totals(keys, sums, {}).regroup(keys)
    sides = []
    for side in (levels.at_warmup, levels.before_ns, levels.after_ns):
        sides.append(np.zeros(count, np.int64))
        np.add.at(sides[-1], groups.of, side)
    return Levels.of(totals.keys // periods, totals.keys % periods, totals["start"], totals["integral_ns"], *sides)


def owned(parts: Iterable[Series], places: Int64, periods: int) -> Iterable[Series]:
    """Yield series whose owners have other numbers; those without one (-1) are left out."""
    for part in parts:
        owner, period = np.divmod(part.keys, periods)
        kept = places[owner] >= 0
        keys = places[owner[kept]] * periods + period[kept]
        order = np.argsort(keys, kind="stable")
        yield Series(part.metric, part.statistic, keys[order], part.values[kept][order])
