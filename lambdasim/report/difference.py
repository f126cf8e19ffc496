"""Differences in words: what falls or rises, by how much, and how sure that is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from lambdasim.report.verdict import TIMES, parts, spaced
from lambdasim.report.words import count, milliseconds, money, percent, printable, significant

RATE_NAMES: Final = {
    "throttle_rate": "throttle rate",
    "cold_start_rate": "cold start rate",
    "error_rate": "error rate",
    "timeout_rate": "timeout rate",
    "answers_4xx_rate": "share of 4xx answers",
    "answers_5xx_rate": "share of 5xx answers",
    "dead_lettered_rate": "share of dead-lettered events",
    "dropped_rate": "share of lost events",
}
LATENCIES: Final = ("latency.mean", "latency.p50", "latency.p99")
NOTABLE_RATE: Final = 0.001
"""Rates below are not worth a headline."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value of an experiment that is another in the other; None where it is not set."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One number of the summaries: its means before and after, their difference and the bounds of that.

    NaN for what is not known.
    """

    key: tuple[str, str, str]
    """Scope, name and metric."""
    before: float
    after: float
    difference: float
    low: float
    high: float
    sure: bool = False
    """Whether chance plays no part in it, so that it has no interval."""
    uncertain: bool = False
    """Whether it is a cost that is in part at uncertain prices, before or after."""

    @property
    def is_certain(self) -> bool:
        """Whether the interval leaves out 0, or it needs none and is not 0."""
        return self.low > 0 or self.high < 0 or (self.sure and abs(self.difference) > 0)

    @property
    def weight(self) -> float:
        """How much it is, as a share of the larger of the two."""
        least = NOTABLE_RATE if self.key[2] in RATE_NAMES else 1e-300
        known = self.difference if math.isfinite(self.difference) else 0.0
        return abs(known) / max(abs(self.before), abs(self.after), least)

    @property
    def path(self) -> str:
        """Its name and metric, as ``checkout.latency.p99``."""
        return f"{printable(self.key[1])}.{self.key[2]}"

    def value(self, number: float) -> str:
        """Return a value of it in its unit; amounts at uncertain prices begin with ``~``."""
        return f"{'~' if self.uncertain else ''}{_value(self.key[2], number)}"

    def change(self, number: float) -> str:
        """Return a difference of it in its unit: of rates in percentage points."""
        if self.key[2] in RATE_NAMES:
            return f"{significant(100 * number)} points"
        return self.value(number)

    def interval(self) -> str:
        """Return its bounds in the unit of the difference beside them, or nothing."""
        if not math.isfinite(self.low):
            return ""
        units = {self.change(number).partition(" ")[2] for number in (self.low, self.difference, self.high)}
        unit = f" {units.pop()}" if len(units) == 1 else ""
        return self.between(self.low, self.high).removesuffix(unit)

    def between(self, low: float, high: float) -> str:
        """Return two differences as ``100 to 140 ms``."""
        first, last = self.change(low), self.change(high)
        unit = f" {last.partition(' ')[2]}"
        return f"{first.removesuffix(unit)} to {last}"

    def to_json(self) -> dict[str, Any]:
        """Return it in plain values."""
        scope, name, metric = self.key
        numbers = {"before": self.before, "after": self.after, "difference": self.difference}
        plain = {key: value if math.isfinite(value) else None for key, value in numbers.items()}
        ci = [self.low, self.high] if math.isfinite(self.low) else None
        return {"scope": scope, "name": name, "metric": metric, **plain, "ci": ci}


class Compared(Protocol):
    """What is read of a comparison: see :class:`lambdasim.planning.compare.Comparison`."""

    @property
    def before(self) -> Any: ...
    @property
    def after(self) -> Any: ...
    @property
    def every(self) -> Sequence[Difference]: ...
    @property
    def changes(self) -> Sequence[Change]: ...
    @property
    def headlines(self) -> Sequence[Difference]: ...
    @property
    def cost(self) -> Difference: ...
    @property
    def verdict(self) -> str: ...
    @property
    def confidence(self) -> float: ...
    @property
    def count(self) -> int: ...
    @property
    def is_one_run(self) -> bool: ...
    @property
    def notes(self) -> Sequence[str]: ...
    def relative(self, difference: Difference) -> tuple[float, float, float] | None: ...


def verdict_of(compared: Compared) -> str:
    """Return what a change did: the greatest certain difference of the headlines, the cost, and objectives it turns.

    Where no headline differs for certain, the greatest certain difference of other metrics of weight comes first, and
    the headline after what is certain.
    """
    if all(difference.difference == 0 for difference in compared.every):
        return "Nothing differs: every number is the same before and after."
    headlines = sorted(compared.headlines, key=lambda difference: -difference.weight)
    unmoved = bool(headlines) and all(difference.difference == 0 for difference in headlines)
    certain = next((difference for difference in headlines if difference.is_certain), None)
    told = [certain] if certain is not None else []
    doubtful = ""
    if certain is None and headlines and not unmoved:
        if compared.count > 1:
            told = _certain_elsewhere(compared)
            doubtful = f" No difference to be sure of in {_subject(headlines[0])}: it {_moves(headlines[0], compared)}."
        else:
            told = headlines[:1]
    opening = f"{_subject(told[0])} {_moves(told[0], compared)}" if told else ""
    spent = compared.cost
    whose = "a month" if spent.key[2] == "cost.monthly" else "the run"
    cost = f"{whose} costs the same" if spent.difference == 0 else f"{whose}'s cost {_moves(spent, compared)}"
    words = f"{opening}; {cost}." if opening else f"{cost[0].upper()}{cost[1:]}."
    words += doubtful
    if unmoved:
        paths = [difference.path for difference in headlines[:4]]
        words += f" {', '.join(paths)} stay{'s' if len(paths) == 1 else ''} the same."
    if compared.is_one_run:
        words += f" All {compared.count:,} replications are the same run, for nothing is drawn by chance."
    if compared.count == 1:
        words += " One replication each has no interval: run more to be sure."
    return words + _turned(compared)


def _certain_elsewhere(compared: Compared) -> list[Difference]:
    """Return the greatest certain difference of a rate or a latency, if there is one."""
    certain = [
        difference
        for difference in compared.every
        if difference.is_certain and (difference.key[2] in RATE_NAMES or difference.key[2] in LATENCIES)
    ]
    certain.sort(key=lambda difference: (difference.key[0] != "function", -difference.weight))
    return certain[:1]


def _subject(difference: Difference) -> str:
    scope, name, metric = difference.key
    owner = "the account" if scope == "account" else printable(name)
    kind, _, statistic = metric.rpartition(".")
    if metric in RATE_NAMES:
        return f"{RATE_NAMES[metric]} of {owner}"
    if kind in TIMES:
        what = "" if kind == "latency" else f" {TIMES[kind]}"
        return f"{statistic}{what} of {owner}"
    return f"{metric.replace('_', ' ')} of {owner}"


def _moves(difference: Difference, compared: Compared) -> str:
    """Return ``falls by 120 ms (95 % CI 100 ms to 140 ms, from 731 ms to 611 ms)``."""
    by = difference.difference
    if not math.isfinite(by):
        return "was measured in one of the two only"
    span = f"from {difference.value(difference.before)} to {difference.value(difference.after)}"
    bounds = (difference.low, difference.high)
    if difference.is_certain or by == 0 or not math.isfinite(difference.low):
        low, high = sorted(map(abs, bounds))
        verb = "falls" if by < 0 else "rises"
        words = f"{verb} by {difference.change(abs(by))}" if by else "stays the same"
    else:
        low, high = bounds
        words = f"changes by {difference.change(by)}"
    if not math.isfinite(difference.low):
        return f"{words} ({span})"
    share = compared.relative(difference)
    relative = f"{abs(100 * share[0]):.3g} %, " if share is not None and difference.is_certain else ""
    level = significant(100 * compared.confidence)
    return f"{words} ({relative}{level} % CI {difference.between(low, high)}, {span})"


def _turned(compared: Compared) -> str:
    """Return which objectives are met now and were not, or the other way round, and which are not met either way."""
    before = {(slo["path"], slo["expression"]): slo["success"] for slo in compared.before.summary["slo"]}
    words = ""
    for slo in compared.after.summary["slo"]:
        was, now = before.get((slo["path"], slo["expression"]), True), slo["success"]
        if was == now and now is not None:
            how = "" if now else "is missed before and after"
        elif now is None:
            how = "is undecided before and after" if was is None else "is undecided now"
        else:
            how = "is met now" if now else "is no longer met" if was else "is missed now"
        if how:
            statistic, comparison, limit = parts(slo["expression"])
            words += f" {printable(slo['path'])} {statistic} {comparison} {spaced(limit)} {how}."
    return words


def _value(metric: str, number: float) -> str:
    if metric in RATE_NAMES:
        return percent(number)
    if metric.split(".")[0] in TIMES:
        return milliseconds(number)
    if metric.split(".")[0] == "cost":
        return money(number)
    return count(number)
