"""What the control table has left behind: levels of functions, each from the instant of a change to the next.

Claimed concurrency grows only at such an instant, of which a sample tells, and when an attempt is admitted, of which
its record does. Claimed = unreserved + all reserved + provisioned of functions without reserved (Developer Guide,
monitoring-concurrency, 2026).
"""

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from lambdasim.metrics.cells import Int64, Mask
from lambdasim.metrics.metered import MeteredFunction
from lambdasim.records import LevelMetric, RecordTable
from lambdasim.usage import Span

_ADDED = (LevelMetric.CONFIGURED, LevelMetric.ALLOCATED)
"""Levels of versions that add up to those of their function."""


class ControlMeter:
    """Accumulates the samples of changes, and the ends of provisioned environments that were given up."""

    __slots__ = ("_first", "_gone", "_reserved", "_samples")

    def __init__(self, functions: Sequence[MeteredFunction]) -> None:
        self._first = np.array([i if f.version_of < 0 else f.version_of for i, f in enumerate(functions)], np.int64)
        self._reserved = np.array([-1 if f.reserved is None else f.reserved for f in functions], np.int64)
        self._samples: list[Int64] = []
        self._gone: list[Int64] = []

    def consume(self, samples: RecordTable) -> None:
        """Take samples of functions, in order of time."""
        self._samples.append(np.stack([samples[name] for name in ("source", "metric", "time_ns", "value")]))

    def gone(self, function: Int64, at_ns: Int64) -> None:
        """Take provisioned environments that have ended, in any order."""
        if len(function):
            self._gone.append(np.stack([function, at_ns]))

    def levels(self) -> "ControlLevels":
        """Return the levels of all changes so far."""
        none = np.zeros((4, 0), np.int64)
        function, metric, time_ns, value = np.concatenate([none, *self._samples], axis=1)
        gone = np.concatenate([none[:2], *self._gone], axis=1)
        gone = gone[:, np.lexsort(gone[::-1])]
        return ControlLevels(self._first, self._reserved, _Steps.of(function, metric, time_ns, value), gone)


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """Samples, and where those of each metric of each function are among them."""

    time_ns: Int64
    value: Int64
    where: dict[tuple[int, int], slice]

    @classmethod
    def of(cls, function: Int64, metric: Int64, time_ns: Int64, value: Int64) -> "_Steps":
        order = np.lexsort((metric, function))  # stable: what is later at one instant stays later
        owner = np.stack([metric[order], function[order]])
        begin = np.flatnonzero(np.any(owner[:, 1:] != owner[:, :-1], axis=0)) + 1
        bounds = [0, *begin.tolist(), len(order)]
        where = {
            (int(owner[0, first]), int(owner[1, first])): slice(first, last)
            for first, last in pairwise(bounds)
            if last > first
        }
        return cls(time_ns[order], value[order], where)


@dataclass(frozen=True, slots=True, eq=False)
class ControlLevels:
    """The levels of functions over time; what changes at an instant counts for that instant already."""

    first: Int64
    """By function: the first version of it, which tells of what all versions share."""
    initial_reserved: Int64
    _steps: _Steps
    _gone: Int64

    def grouped(self, of: Int64, count: int, whole: bool) -> "ControlLevels":
        """Return the levels of ``count`` groups, given that of each function: whole functions, or versions of them."""
        environments = (LevelMetric.ENVIRONMENTS, LevelMetric.FUNCTION_ENVIRONMENTS)
        versions = np.bincount(of, minlength=count)
        members: dict[tuple[int, int], list[int]] = {}
        for metric, function in self._steps.where:
            own = environments[int(whole and versions[of[function]] > 1)]
            if metric == own or metric not in environments:
                members.setdefault((metric, int(of[function])), []).append(function)
        columns = [np.zeros((4, 0), np.int64)]
        for (metric, group), functions in members.items():
            times = np.unique(np.concatenate([self.of(metric, function)[0] for function in functions]))
            if len(functions) == 1 or metric not in _ADDED:
                parts = [self.of(metric, function) for function in functions]
                times, values = (np.concatenate(part) for part in zip(*parts, strict=True))
                order = np.argsort(times, kind="stable")
                times, values = times[order], values[order]
            else:
                values = np.sum([self.at(metric, function, times) for function in functions], axis=0)
            kind = LevelMetric.ENVIRONMENTS if metric in environments else metric
            columns.append(np.stack([np.full_like(times, group), np.full_like(times, kind), times, values]))
        first = np.full(count, count, np.int64)
        np.minimum.at(first, of, of[self.first])
        reserved = np.full(count, -1, np.int64)
        np.maximum.at(reserved, of, self.initial_reserved)
        gone = np.stack([of[self._gone[0]], self._gone[1]])
        gone = gone[:, np.lexsort(gone[::-1])]
        return ControlLevels(first, reserved, _Steps.of(*np.concatenate(columns, axis=1)), gone)

    def changed(self, metric: int) -> list[int]:
        """Return the functions of which a level has changed, in order."""
        return sorted(function for own, function in self._steps.where if own == metric)

    def of_functions(self, wanted: Container[int]) -> "ControlLevels":
        """Return the changes of some functions alone."""
        where = {key: own for key, own in self._steps.where.items() if key[1] in wanted}
        return replace(self, _steps=replace(self._steps, where=where))

    def of(self, metric: int, function: int) -> tuple[Int64, Int64]:
        """Return the times of a function's changes, in order, and the level after each."""
        where = self._steps.where.get((metric, function), slice(0))
        return self._steps.time_ns[where], self._steps.value[where]

    def at(self, metric: int, function: int, times_ns: Int64) -> Int64:
        """Return a level of a function at each time."""
        times, values = self.of(metric, function)
        before = self.initial_reserved[function] if metric == LevelMetric.RESERVED else 0
        level: Int64 = np.concatenate(([before], values))[np.searchsorted(times, times_ns, side="right")]
        return level

    def at_each(self, metric: int, function: Int64, times_ns: Int64) -> Int64:
        """Return a level of each function, which are in order, at its time."""
        shared = metric == LevelMetric.RESERVED
        levels = self.initial_reserved[self.first[function]] if shared else np.zeros_like(function)
        for own, number in self._steps.where:
            if own == metric:
                for version in np.flatnonzero(self.first == number).tolist() if shared else (number,):
                    begin, end = np.searchsorted(function, (version, version + 1))
                    levels[begin:end] = self.at(metric, number, times_ns[begin:end])
        return levels

    def samples(self, metric: int) -> tuple[Int64, Int64, Int64]:
        """Return function, time and value of all samples of a metric."""
        parts = [(number, where) for (own, number), where in self._steps.where.items() if own == metric]
        rows = np.concatenate([np.arange(where.start, where.stop) for _, where in parts] or [np.zeros(0, np.int64)])
        function = np.repeat([number for number, _ in parts], [where.stop - where.start for _, where in parts])
        return function.astype(np.int64), self._steps.time_ns[rows], self._steps.value[rows]

    def unoccupied(self, times_ns: Int64) -> Int64:
        """Return what of the account's concurrency is claimed at each time without any execution."""
        changed = {function for metric, function in self._steps.where if metric == LevelMetric.RESERVED}
        constant = self.first == np.arange(len(self.first))
        constant[list(changed)] = False
        claimed = np.full(len(times_ns), np.maximum(self.initial_reserved[constant], 0).sum())
        for function in changed:
            reserved = self.at(LevelMetric.RESERVED, function, times_ns)
            versions = np.flatnonzero(self.first == function).tolist()
            provisioned = sum(self._provisioned(version, times_ns) for version in versions)
            claimed += np.where(reserved >= 0, reserved, provisioned)
        return claimed

    def is_unreserved(self, function: Int64, times_ns: Int64) -> Mask:
        """Say of each function, which are in order, whether it has no reserved concurrency at its time."""
        unreserved: Mask = self.at_each(LevelMetric.RESERVED, function, times_ns) < 0
        return unreserved

    def _provisioned(self, function: int, times_ns: Int64) -> Int64:
        """Return the provisioned concurrency that is configured, or given up by environments still at work."""
        configured = self.at(LevelMetric.CONFIGURED, function, times_ns)
        times, allocated = self.of(LevelMetric.ALLOCATED, function)
        given_up = np.cumsum([0, *np.maximum(-np.diff(allocated, prepend=0), 0)])
        first, last = np.searchsorted(self._gone[0], (function, function + 1))
        gone = np.searchsorted(self._gone[1, first:last], times_ns, side="right")
        result: Int64 = configured + given_up[np.searchsorted(times, times_ns, side="right")] - gone
        return result

    def integral_ns(self, metric: int, function: int, begin_ns: Int64, end_ns: Int64) -> Int64:
        """Return the integral of a level of a function, which begins at 0, over each span of time."""
        times, values = self.of(metric, function)
        if not len(times):
            return np.zeros(len(begin_ns), np.int64)
        before = np.cumsum([0, *(values[:-1] * np.diff(times))])  # may wrap around; the difference below does not

        def until(at_ns: Int64) -> Int64:
            place = np.maximum(np.searchsorted(times, at_ns, side="right") - 1, 0)
            integral: Int64 = before[place] + values[place] * np.maximum(at_ns - times[place], 0)
            return integral

        return until(end_ns) - until(begin_ns)

    def spans(self, function: int, end_ns: int) -> tuple[Span, ...]:
        """Return for how long without a break each part of a function's provisioned concurrency was configured.

        What is added last is given up first.
        """
        layers: list[tuple[int, int]] = []  # since when, how many
        spans: Counter[tuple[int, bool]] = Counter()
        level = 0
        times, values = self.of(LevelMetric.CONFIGURED, function)
        for at_ns, value in zip(times.tolist(), values.tolist(), strict=True):
            if value > level:
                layers.append((at_ns, value - level))
            while value < level:
                since_ns, count = layers.pop()
                given_up = min(count, level - value)
                spans[at_ns - since_ns, False] += given_up
                level -= given_up
                if count > given_up:
                    layers.append((since_ns, count - given_up))
            level = value
        for number, (since_ns, count) in enumerate(layers):
            spans[end_ns - since_ns, number == 0] += count
        return tuple(Span(count, lasted_ns, stays) for (lasted_ns, stays), count in sorted(spans.items()) if lasted_ns)
