"""Time series as columns: what each metric was in each period, for each owner, a function, the account or a source.

Kept as they were counted, one part for each statistic of a metric, and put in order a stretch of owners at a time: in
a long run of many functions the ordered rows are larger than all else. Knows no rule of any metric.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np

from lambdasim.config.qualifier import qualifier_of
from lambdasim.metrics.cells import Int64, Integers
from lambdasim.metrics.ledger import Floats
from lambdasim.metrics.sources.cloudwatch import EVERY_METRIC
from lambdasim.units import NS_PER_S

if TYPE_CHECKING:
    import pandas as pd

METRICS: Final = tuple(EVERY_METRIC)
STATISTICS: Final = tuple(dict.fromkeys(s for metric in EVERY_METRIC.values() for s in metric.statistics))
"""In the order of rows."""

ROWS: Final = 2**17
"""About so many rows are put in order at a time."""
FEW: Final = 32
"""So many functions or fewer are asked for by name."""
OWNERS: Final = 2**16
"""At most so many owners are, for 16-bit integers are sorted fastest."""


class Series(NamedTuple):
    """One statistic of one metric: its value by key, where the key is ``owner * periods + period``, ascending.

    The account is the owner after the last function; event sources and downstreams follow it.
    """

    metric: str
    statistic: str
    keys: Int64
    values: Floats | Integers
    """Many counts may be integers."""
    spread: Mapping[str, Floats | Int64] | None = None
    """Of means over replications: ``low``, ``high`` and ``n``."""


class Piece(NamedTuple):
    """The rows of a stretch of owners."""

    first: int
    """The number of the first owner, as keys have it."""
    parts: Sequence[Series]
    """Statistics of metrics in the order of rows; in each, owners one after another."""
    bounds: Int64
    """By part and owner: where the owner's rows begin, and at the end where the last one's end."""


class LaterSeries(Protocol):
    """Series of functions that are made when they are asked for, of metrics that the account has too."""

    @property
    def metrics(self) -> Collection[str]:
        """Those of the series."""

    @property
    def last_period(self) -> int:
        """The last period that has any row."""

    def bounds(self) -> Sequence[tuple[int, int]]:
        """Return stretches of functions, as first and the one after the last, which are all of them together."""

    def between(self, first: int, last: int) -> Sequence[Series]:
        """Return the series of a stretch of functions."""

    def of(self, functions: Sequence[int]) -> Sequence[Series]:
        """Return the series of a few functions."""


@dataclass(frozen=True, eq=False)
class SeriesTable:
    """All time series of a run; a statistic of a metric of an owner stands in one part."""

    kept: Sequence[Series]
    functions: Sequence[str]
    others: Sequence[str]
    """The owners after the account."""
    periods: int
    period_ns: int
    later: LaterSeries | None = None
    """Those of functions that are not kept, as they are many."""

    @property
    def parts(self) -> Iterator[Series]:
        """All series; those that are not kept a stretch of functions at a time."""
        return self.parts_of(None)

    def parts_of(self, metrics: Collection[str] | None) -> Iterator[Series]:
        """Yield the series of some metrics (None: of all)."""
        yield from (part for part in self.kept if metrics is None or part.metric in metrics)
        if self.later is not None and (metrics is None or not set(metrics).isdisjoint(self.later.metrics)):
            for stretch in self.later.bounds():
                yield from (p for p in self.later.between(*stretch) if metrics is None or p.metric in metrics)

    @cached_property
    def versions(self) -> tuple[str, ...]:
        """Names of the versions among the functions."""
        return tuple(name for name in self.functions if qualifier_of(name))

    @property
    def owners(self) -> tuple[str, ...]:
        """Names by the owner of a row: the account's is empty, and first."""
        return ("", *self.functions, *self.others)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """Owners' numbers, as keys have them, by name."""
        return {name: i for i, name in enumerate((*self.functions, "", *self.others))}

    @property
    def metrics(self) -> set[str]:
        """The metrics of which there are rows."""
        return {part.metric for part in self.kept if len(part.keys)}

    def of_account(self) -> "SeriesTable":
        """Return the account's own series."""
        first = len(self.functions) * self.periods
        return replace(self, kept=[_cut(part, first, first + self.periods) for part in self.kept], later=None)

    @property
    def has_spread(self) -> bool:
        """Whether values are means that come with ``low`` and ``high``."""
        return any(part.spread is not None for part in self.kept)

    @property
    def last_s(self) -> float:
        """When the last period begins that has any row, in seconds from the start."""
        last = max((int((part.keys % self.periods).max()) for part in self.kept if len(part.keys)), default=0)
        last = max(last, self.later.last_period if self.later is not None else 0)
        return last * self.period_ns / NS_PER_S

    def points_of(
        self, metric: str, statistic: str, owners: Sequence[str], column: str = "value"
    ) -> tuple[Int64, Floats, Floats]:
        """Return one statistic of a metric, of some owners: the place of each point's owner among ``owners``, when its
        period begins (s), and its value, or ``low`` or ``high`` of that.
        """
        owner = np.array([self._numbers.get(name, -1) for name in owners], np.int64)
        found: list[tuple[Int64, Floats, Floats]] = [(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))]
        for part in self._asked(metric, owner):
            if part.statistic == statistic:
                first, end = np.searchsorted(part.keys, (owner * self.periods, (owner + 1) * self.periods))
                place = np.repeat(np.arange(len(owner)), end - first)
                row = np.arange(len(place)) - np.repeat(np.cumsum(end - first) - end, end - first)
                period = part.keys[row] - owner[place] * self.periods
                values = part.values if column == "value" else (part.spread or {})[column]
                found.append((place, period * self.period_ns / NS_PER_S, values[row]))
        places, seconds, amounts = zip(*found, strict=True)
        return np.concatenate(places), np.concatenate(seconds), np.concatenate(amounts)

    def _asked(self, metric: str, owners: Int64) -> Iterator[Series]:
        """Yield the series of a metric that some owners may have."""
        functions = [owner for owner in owners.tolist() if 0 <= owner < len(self.functions)]
        if self.later is None or metric not in self.later.metrics or len(functions) > FEW:
            yield from self.parts_of((metric,))
            return
        yield from (part for part in (*self.kept, *self.later.of(functions)) if part.metric == metric)

    def peaks(self, metrics: Collection[str]) -> dict[str, float]:
        """Return the greatest value of some metrics by owner, the account left out, in the order of their names."""
        owners, greatest = self.owners, dict[str, float]()
        for part in self.parts_of(metrics):
            if len(part.keys):
                owner = part.keys // self.periods
                first = np.flatnonzero(np.diff(owner, prepend=-1))
                for number, value in zip(owner[first], np.fmax.reduceat(part.values, first), strict=True):
                    if number != len(self.functions):
                        name = owners[number + 1 if number < len(self.functions) else number]
                        greatest[name] = max(float(value), greatest.get(name, float(value)))
        return dict(sorted(greatest.items()))

    def rows(self, spread: bool = False) -> Iterator[dict[str, Any]]:
        """Yield all rows in order of owner (the account first), metric, statistic and time, some at a time.

        Columns: ``owner``, ``metric``, ``statistic``, ``period`` (numbers of those), ``value``, and with ``spread``
        those of :attr:`Series.spread`.
        """
        for first, parts, bounds in self.pieces(ROWS):
            size = bounds[:, -1]
            owner, period = np.divmod(np.concatenate([part.keys for part in parts]), self.periods)
            order = np.argsort((owner - first).astype(np.uint16), kind="stable")
            row = {
                "owner": (self.place_of(first) + owner - first)[order],
                "metric": np.repeat(np.array([METRICS.index(part.metric) for part in parts]), size)[order],
                "statistic": np.repeat(np.array([STATISTICS.index(part.statistic) for part in parts]), size)[order],
                "period": period[order],
                "value": np.concatenate([part.values for part in parts], dtype=np.float64)[order],
            }
            if spread:
                row |= {name: np.concatenate([(p.spread or {})[name] for p in parts])[order] for name in SPREAD}
            yield row

    def place_of(self, owner: int) -> int:
        """Return the place in :attr:`owners` of an owner whose number keys have."""
        count = len(self.functions)
        return owner if owner > count else (owner + 1) % (count + 1)

    def pieces(self, size: int) -> Iterator[Piece]:
        """Yield all rows in stretches of owners, of about ``size`` rows each, the account first; functions, too, are in
        stretches of their own.
        """
        count, every = len(self.functions), len(self.functions) + 1 + len(self.others)
        yield from self._pieces(self.kept, count, count + 1, size)
        for first, last in self.later.bounds() if self.later is not None else [(0, count)]:
            later = self.later.between(first, last) if self.later is not None else ()
            yield from self._pieces([*self.kept, *later], first, last, size)
        yield from self._pieces(self.kept, count + 1, every, size)

    def _pieces(self, parts: Sequence[Series], begin: int, end: int, size: int) -> Iterator[Piece]:
        """Yield the rows of owners from ``begin`` to before ``end``, about ``size`` at a time."""
        ranked = sorted(
            (METRICS.index(part.metric), STATISTICS.index(part.statistic), number)
            for number, part in enumerate(parts)
            if len(part.keys)
        )
        ordered = [parts[number] for *_, number in ranked]
        keys = np.arange(begin, end + 1) * self.periods
        different = {id(part.keys): part.keys for part in ordered}  # many have the same
        places = {number: np.searchsorted(own, keys) for number, own in different.items()}
        bounds = np.array([places[id(part.keys)] for part in ordered], np.int64).reshape(-1, len(keys))
        rows = bounds.sum(axis=0)
        first = 0
        while first < end - begin:
            last = int(np.searchsorted(rows, rows[first] + size, side="right")) - 1
            last = min(max(last, first + 1), first + OWNERS, end - begin)
            own = bounds[:, first : last + 1]
            some = own[:, 0] < own[:, -1]
            if some.any():
                rows_of = zip(ordered, own[:, 0].tolist(), own[:, -1].tolist(), strict=True)
                cuts = [_between(part, low, high) for part, low, high in rows_of if low < high]
                yield Piece(begin + first, cuts, own[some] - own[some, :1])
            first = last

    def frame(self, spread: bool = False) -> "pd.DataFrame":
        """Return the rows as a table: ``time`` (seconds), ``function`` (the owner's name), ``metric``, ``statistic``
        and ``value``; with ``spread`` its columns too.

        ``function``, ``metric`` and ``statistic`` are categorical columns: long series repeat few words.
        """
        import pandas as pd

        some = list(self.rows(spread))
        names = {"owner": np.int64, "metric": np.int64, "statistic": np.int64, "period": np.int64, "value": np.float64}
        names |= dict.fromkeys(SPREAD, np.float64) if spread else {}
        row = {
            name: np.concatenate([one[name] for one in some]) if some else np.zeros(0, kind)
            for name, kind in names.items()
        }

        def words(codes: Int64, categories: Sequence[str]) -> "pd.Categorical[str]":
            return pd.Categorical.from_codes(codes, pd.Index(categories))

        return pd.DataFrame(
            {
                "time": row.pop("period") * self.period_ns / NS_PER_S,
                "function": words(row.pop("owner"), self.owners),
                "metric": words(row.pop("metric"), METRICS),
                "statistic": words(row.pop("statistic"), STATISTICS),
                **row,
            }
        )


SPREAD: Final = ("low", "high", "n")


def _cut(part: Series, first: int, last: int) -> Series:
    """Return the rows of keys from ``first`` to before ``last``."""
    return _between(part, *np.searchsorted(part.keys, (first, last)))


def _between(part: Series, low: int, high: int) -> Series:
    """Return the rows from one to before another."""
    spread = None if part.spread is None else {name: column[low:high] for name, column in part.spread.items()}
    return Series(part.metric, part.statistic, part.keys[low:high], part.values[low:high], spread)
