"""What a search over experiments leaves (a sweep, a capacity, an optimum, a sensitivity), as reports read it.

Knows the columns of ``points.csv`` and the keys of the searches' ``summary.json``, and nothing of how points are found.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from lambdasim.report.content import Json
from lambdasim.report.verdict import COSTS, TIMES
from lambdasim.report.words import MISSING, count, milliseconds, money, number, percent, shortest, significant

if TYPE_CHECKING:
    import pandas as pd

COST: Final = "account.cost.monthly"
RUN_COST: Final = "account.cost"
LOAD_SCALE: Final = "load.scale"
Kind = Literal["time", "rate", "money", "count", "number"]


@dataclass(frozen=True, slots=True)
class SearchFiles:
    """The files of a search.

    ``points`` has a row per point, as ``points.csv``: ``point`` (its number), ``verdict`` (``passes``, ``fails``,
    ``undecided`` or ``refused``), the values it changes by their paths, for each metric its mean and ``METRIC.lo``,
    ``METRIC.hi``, and for each objective, as ``api.latency p99 < 800ms``, its own verdict.
    """

    summary: Json
    config: Any
    manifest: Json
    resolved: str
    experiment: str
    points: "pd.DataFrame"

    @property
    def command(self) -> str:
        """Which search it was: ``sweep``, ``capacity``, ``optimize`` or ``sensitivity``."""
        return str(self.summary["command"])

    @property
    def paths(self) -> list[str]:
        """The paths whose values the points change; none for a sensitivity, which changes assumptions."""
        over = self.summary.get("over", ())
        paths = [over] if isinstance(over, str) else [str(path) for path in over]
        return [path for path in paths if path in self.points.columns]

    @property
    def metrics(self) -> list[str]:
        """The columns of most weight: what the objectives are on, then the cost of a month, or of a run without one."""
        wanted = []
        for slo in self.summary["slo"]:
            statistic = slo["expression"].split()[0]
            names = (f"{slo['path']}.{statistic}", slo["path"])  # a cost goes without its statistic
            wanted += [name for name in names if name in self.points.columns][:1]
        own = [str(self.summary[key]) for key in ("curve", "latency", "metric") if self.summary.get(key)]
        costs = [name for name in (COST, RUN_COST) if name in self.points.columns and self.points[name].notna().any()]
        return list(dict.fromkeys(name for name in (*wanted, *own, *costs[:1]) if name in self.points.columns))

    @property
    def chosen(self) -> int | None:
        """The number of the point that is recommended."""
        best = self.summary.get("best")
        return None if best is None else int(best["point"])


def kind_of(metric: str) -> Kind:
    """Return what a metric such as ``api.latency.p99`` is: ``time`` in ms, ``rate`` of 0..1, ``money``, ``count``."""
    parts = metric.split(".")
    if any(metric.endswith(f".{cost}") for cost in (*COSTS, "cost.total")):
        return "money"
    if (len(parts) > 2 and parts[-1] == "rate") or parts[-1].endswith("_rate"):
        return "rate"
    if any(f".{name}." in f"{metric}." for name in TIMES):
        return "time"
    return "number" if parts[-1] == "mean" else "count"


def quantity(value: Any, kind: Kind, *, signed: bool = False) -> str:
    """Return a number with its unit; ``signed`` for differences, whose rates are percentage points."""
    amount = number(value)
    if amount != amount:
        return MISSING
    sign = "\N{MINUS SIGN}" if amount < 0 else "+" if signed and amount > 0 else ""
    words = _IN_WORDS[kind](abs(amount))
    return sign + (words.removesuffix("%") + "points" if signed and kind == "rate" else words)


_IN_WORDS: Final[Mapping[Kind, Callable[[float], str]]] = {
    "time": milliseconds,
    "rate": percent,
    "money": money,
    "count": count,
    "number": significant,
}


def values_in_words(files: SearchFiles, row: Mapping[Any, Any]) -> str:
    """Return what a point changes, as ``reserved_concurrency 80, memory 512 MB``."""
    short = shortest(files.paths)
    return ", ".join(f"{name} {row[path]}" for name, path in zip(short, files.paths, strict=True))
