"""What a report reads of a result, and its time series as tables of one row per period and one column per function.

Knows the names of metrics and statistics in ``timeseries.csv``; does not know what is drawn from them.
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from lambdasim.config.qualifier import function_of
from lambdasim.report.style import SHOWN, colours
from lambdasim.report.table import Table
from lambdasim.report.verdict import currency
from lambdasim.report.words import money, number
from lambdasim.units import NS_PER_S

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
T = TypeVar("T")

ACCOUNT: Final = ""
"""The account's name in the column ``function`` of a time series."""
MAX_COLOURED: Final = 18
"""Up to so many functions, each has a colour of its own by its place in the file."""


Points = tuple[NDArray[np.int64], Floats, Floats]


class Recorded(Protocol):
    """What reports read of time series: as ``timeseries.csv`` has them, those that are asked for.

    ``points_of`` returns one statistic of a metric, of some owners: the place of each point's owner among those, when
    its period begins (s), and the value, or an end of its interval (``low``, ``high``). ``peaks`` returns the greatest
    value of some metrics by owner, the account left out, in the order of their names.
    """

    @property
    def metrics(self) -> Collection[str]: ...
    @property
    def has_spread(self) -> bool: ...
    @property
    def last_s(self) -> float: ...
    def points_of(self, metric: str, statistic: str, owners: Sequence[str], column: str) -> Points: ...
    def peaks(self, metrics: Collection[str]) -> dict[str, float]: ...


@dataclass(frozen=True)
class RecordedFrame:
    """Time series that are all in one table."""

    frame: "pd.DataFrame"

    @property
    def metrics(self) -> Collection[str]:
        """The metrics of which there are rows."""
        return set(self.frame["metric"].unique())

    @property
    def has_spread(self) -> bool:
        """Whether values are means that come with ``low`` and ``high``."""
        return "low" in self.frame

    @property
    def last_s(self) -> float:
        """When the last period begins that has any row, in seconds from the start."""
        return float(self.frame["time"].max()) if len(self.frame) else 0.0

    def points_of(self, metric: str, statistic: str, owners: Sequence[str], column: str) -> Points:
        """Return one statistic of a metric, of some owners, as :class:`Recorded` has it."""
        import pandas as pd

        rows = self.frame[(self.frame["metric"] == metric) & (self.frame["statistic"] == statistic)]
        place = pd.Index(list(owners)).get_indexer(pd.Index(rows["function"]))  # -1 for those not asked for
        asked = place >= 0
        return place[asked].astype(np.int64), rows["time"].to_numpy()[asked], rows[column].to_numpy()[asked]

    def peaks(self, metrics: Collection[str]) -> dict[str, float]:
        """Return the greatest value by owner, as :class:`Recorded` has it."""
        rows = self.frame[self.frame["metric"].isin(metrics) & (self.frame["function"] != ACCOUNT)]
        greatest = rows.groupby(rows["function"].astype(str))["value"].max()
        return {str(name): float(value) for name, value in greatest.items()}


class Reported(Protocol):
    """The part of a ``Result`` that reports read; every figure, text and notebook view takes one."""

    @property
    def config(self) -> Any: ...
    @property
    def summary(self) -> Mapping[str, Any]: ...
    @property
    def series(self) -> "Recorded": ...
    @property
    def stages(self) -> Sequence[tuple[int, int, str]]: ...
    @property
    def waits(self) -> Table: ...
    @property
    def lives(self) -> "tuple[pd.DataFrame, pd.DataFrame] | None": ...


@dataclass(frozen=True, eq=False)
class Series:
    """A result's time series on the grid of its periods."""

    result: Reported

    @classmethod
    def of(cls, result: Reported) -> "Series":
        """Return those of a result; while somebody holds them they are the same for all, with what was worked out."""
        known = _HELD.get(id(result))
        if known is None:
            known = _HELD[id(result)] = cls(result)
        return known

    def once(self, work: "Callable[[Series], T]") -> T:
        """Return what ``work`` returns of these series, which it is asked once."""
        if work not in self._worked_out:
            self._worked_out[work] = work(self)
        found: T = self._worked_out[work]
        return found

    @cached_property
    def _worked_out(self) -> dict[Hashable, Any]:
        return {}

    @cached_property
    def period(self) -> float:
        """Seconds of a period."""
        return float(self.result.config.output.period / NS_PER_S)

    @cached_property
    def end(self) -> float:
        """Seconds from the experiment's start to its end, at least one period."""
        return max(float(self.result.summary["simulated_s"]), self.period)

    @cached_property
    def edges(self) -> Floats:
        """The periods' edges in seconds; the last period ends with the experiment, and may be that instant."""
        last = round(self.result.series.last_s / self.period)
        grid = np.arange(max(int(np.ceil(self.end / self.period - 1e-9)), last + 1)) * self.period
        return np.append(grid, max(self.end, float(grid[-1])))

    @cached_property
    def functions(self) -> list[str]:
        """All functions, in the order of the summary: as in the file, then those only a trace names."""
        return list(self.result.summary["functions"])

    def table(
        self,
        metric: str,
        statistic: str,
        functions: Sequence[str] = (),
        absent: float = np.nan,
        column: str = "value",
    ) -> Table:
        """Return one metric: a row per period, a column per function; ``absent`` where nothing was emitted.

        ``column`` may be ``low`` or ``high`` where the values are means over replications.
        """
        place, seconds, found = self.result.series.points_of(metric, statistic, functions, column)
        values = np.full((len(functions), len(self.edges) - 1), absent)
        values[place, np.rint(seconds / self.period).astype(np.int64)] = found
        return self.over_time(dict(zip(functions, values, strict=True)))

    def over_time(self, columns: Mapping[str, Floats]) -> Table:
        """Return columns of a value per period as a table."""
        return Table(self.edges[:-1], columns)

    def band(self, metric: str, statistic: str, functions: Sequence[str] = ()) -> tuple[Table, Table] | None:
        """Return the ends of a metric's interval over replications, each as :meth:`table` does; None without any."""
        if not self.result.series.has_spread:
            return None
        low, high = (self.table(metric, statistic, functions, np.nan, end) for end in ("low", "high"))
        return low, high

    def account(self, metric: str, statistic: str, absent: float = np.nan) -> Floats:
        """Return one metric of the account, a value per period."""
        return self.table(metric, statistic, [ACCOUNT], absent)[ACCOUNT]

    def stacked(self, metric: str, statistic: str, shown: Sequence[str] | None = None) -> Table:
        """Return a metric that adds up over functions: ``shown`` or the largest, then all others as one column."""
        table = self.table(metric, statistic, self.functions, absent=0.0)
        if shown is None:
            shown = largest({name: float(values.sum()) for name, values in table.columns.items()})
        columns = {name: table[name] for name in shown}
        rest = table.only(table.columns.keys() - set(shown)).across()
        return self.over_time(columns | ({self.others(shown): rest} if rest.any() else {}))

    def emitters(self, metrics: Collection[str], most: int = SHOWN) -> list[str]:
        """Return who emitted any of ``metrics``: of many, those with the greatest values; in the summary's order."""
        peaks = self.result.series.peaks(metrics)
        known = [name for name in self.result.summary.get("sources", {}) if name in peaks]
        names = [*known, *(name for name in peaks if name not in known)]
        ranked = sorted(names, key=lambda name: -peaks[name])[:most]
        return [name for name in names if name in ranked]

    def others(self, shown: Sequence[str]) -> str:
        """Return the name of all functions but those shown, together."""
        return f"({len(self.functions) - len(shown):,} others)"

    def leaders(self, *keys: str) -> list[str]:
        """Return the functions with most of a quantity of the summary, such as ``("concurrency", "max")``."""
        if keys not in self._worked_out:
            functions = self.result.summary["functions"]
            self._worked_out[keys] = largest({name: _at(of, keys) for name, of in functions.items()})
        return list(self._worked_out[keys])

    @cached_property
    def costs(self) -> Mapping[str, float]:
        """What each function costs with all of its versions, in USD."""
        costs = dict.fromkeys(self.functions, 0.0)
        for row in self.result.summary["cost"]["lines"]:
            if (name := function_of(row["function"])) in costs:
                costs[name] += number(row["usd"])
        return costs

    def money(self, value: float) -> str:
        """Return an amount in the bill's currency."""
        return money(value, currency(self.result.summary))

    @cached_property
    def colours(self) -> dict[str, str]:
        """One colour per function for all figures: by its place in the file, or, of many, among those that lead."""
        leading = {n for keys in LEADING for n in self.leaders(*keys)} | set(largest(self.costs))
        few = [n for n in self.functions if n in leading] if len(self.functions) > MAX_COLOURED else self.functions
        return colours(self.functions) | colours(few)


_HELD: "WeakValueDictionary[int, Series]" = WeakValueDictionary()
"""Series that somebody holds, by the identity of their results, which they hold."""

LEADING: Final = (("concurrency", "max"), ("requests",), ("environments", "max"), ("throttles",), ("cold_starts",))


def _at(value: Any, keys: Sequence[str]) -> float:
    for key in keys:
        value = value.get(key, 0.0)
    return number(value)


def largest(totals: Mapping[str, float], most: int = SHOWN) -> list[str]:
    """Return the names with the greatest totals above 0 (all names, if they are few), in the order they came."""
    names = list(totals)
    if len(names) <= most:
        return names
    ranked = sorted((n for n in names if totals[n] > 0), key=lambda name: -totals[name])[:most]
    return [n for n in names if n in ranked]


def thin(x: Floats, y: Floats, points: int) -> tuple[Floats, Floats]:
    """Return at most ``points`` of a line's points: the least and greatest of each stretch, in their order.

    Gaps (NaN) wider than a stretch stay gaps.
    """
    if len(x) <= points:
        return x, y
    stretch = -(-len(x) // max(points // 2, 1))
    padded = np.append(y, np.full(-len(y) % stretch, np.nan)).reshape(-1, stretch)
    lows, highs = np.where(np.isnan(padded), np.inf, padded), np.where(np.isnan(padded), -np.inf, padded)
    first = np.arange(len(padded)) * stretch
    picked = np.sort(np.column_stack([first + lows.argmin(axis=1), first + highs.argmax(axis=1)]), axis=1).ravel()
    picked = np.minimum(picked, len(x) - 1)
    return x[picked], y[picked]


def coarse(edges: Floats, table: Table, bars: int, mean: bool = False) -> tuple[Floats, Table]:
    """Join neighbouring periods into at most ``bars``: their sum, or their ``mean``."""
    together = -(-len(table) // bars)
    if together == 1:
        return edges, table
    first = np.arange(0, len(table), together)
    size = np.diff(first, append=len(table)) if mean else 1.0
    starts = edges[:-1][first]
    joined = {name: np.add.reduceat(values, first) / size for name, values in table.columns.items()}
    return np.append(starts, edges[-1]), Table(starts, joined)
