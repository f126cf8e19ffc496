"""Two results of the same random numbers, compared: what changed in the files, and what that did.

Replication i of both had the same arrivals and the same luck, so what differs between the two of a pair is what the
change did; the interval is of the mean of those differences and much narrower than what two separate runs would give
(common random numbers: A. M. Law, *Simulation Modeling and Analysis*, section 11.2).
"""

import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lambdasim.config.origins import ARRAYS, PLAIN_NAME
from lambdasim.config.qualifier import function_of, qualified
from lambdasim.config.resolved import resolved_toml
from lambdasim.config.schema import ExperimentConfig
from lambdasim.config.slo import place
from lambdasim.errors import InputError
from lambdasim.metrics.inference.bootstrap import bootstrap_interval
from lambdasim.metrics.inference.intervals import student
from lambdasim.metrics.inference.merging import RATES, has_whole, is_number, whole_of
from lambdasim.metrics.one_run import is_one_run
from lambdasim.planning.answers.case import Answered
from lambdasim.planning.answers.comparing import compared
from lambdasim.planning.columns import COST
from lambdasim.planning.repetition import compared_by, month_notes, period_s
from lambdasim.planning.store import Measurements
from lambdasim.report.comparison import comparison_html, comparison_markdown, comparison_text
from lambdasim.report.difference import Change, Difference, verdict_of
from lambdasim.result import Result

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[str, str, str]
"""Scope (``account``, ``function`` or ``source``), name, and metric such as ``latency.p99``."""

MONTHLY: Final = ("cost.monthly", "cost.uncertain_monthly")
PARTS: Final = {"cost.total": "cost.uncertain", "cost.monthly": "cost.uncertain_monthly"}
"""What of a cost is at uncertain prices."""
UNTOUCHED: Final = ("name", "question", "answer", "output")
"""What is said of an experiment, not simulated."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What lies between two results: ``after`` minus ``before``."""

    before: Result
    after: Result

    @cached_property
    def every(self) -> list[Difference]:
        """The difference of each number of the summaries, in their order; of months where these may be compared."""
        monthly = compared_by(self._decided, self._measured) == COST
        found = (one for one in _differences(self.before, self.after) if monthly or one.key[2] not in MONTHLY)
        every = [replace(one, low=math.nan, high=math.nan, sure=True) if self.is_one_run else one for one in found]
        unsure = {one.key for one in every if one.key[2] in PARTS.values() and (one.before > 0 or one.after > 0)}
        return [
            replace(one, uncertain=True) if (*one.key[:2], PARTS.get(one.key[2], "")) in unsure else one
            for one in every
        ]

    @cached_property
    def changes(self) -> list[Change]:
        """What differs between the two experiments, defaults included: dotted path, before and after."""
        return list(_changes(self.before.config, self.after.config))

    @cached_property
    def verdict(self) -> str:
        """The answer that the first experiment asks for, and what the change did, in sentences with numbers."""
        return verdict_of(self) if self.answer is None else f"{self.answer.sentence} {verdict_of(self)}"

    @cached_property
    def answer(self) -> Answered | None:
        """What the first experiment asks for, if two results can answer it."""
        return compared(self)

    @cached_property
    def headlines(self) -> list[Difference]:
        """The differences that matter most: of what has an objective; else of latency, throttles and cold starts."""
        wanted = self._objectives() or [
            (scope, name, metric)
            for scope, name, metric in (d.key for d in self.every)
            if scope == "function" and metric in ("latency.p99", "throttle_rate", "error_rate")
        ]
        known = {difference.key: difference for difference in self.every}
        return [
            known[key] for key in dict.fromkeys(wanted) if key in known and key[2] not in ("cost.monthly", "cost.total")
        ]

    def _objectives(self) -> list[Key]:
        """Return what either experiment has an objective for."""
        keys: list[Key] = []
        for result in (self.before, self.after):
            for path, expressions in result.config.slo.items():
                name = path.partition(".")[0]
                scope = "account" if name == "account" else "function"
                scope = scope if name == "account" or function_of(name) in result.summary["functions"] else "source"
                for expression in expressions:
                    inner = place(path, expression.statistic, result.replications[0])[1]
                    keys.append((scope, name, ".".join(inner)))
        return keys

    @property
    def cost(self) -> Difference:
        """The difference of what a month costs; of what the run costs where months are not to be compared."""
        known = {difference.key[2]: difference for difference in self.every if difference.key[0] == "account"}
        return known.get("cost.monthly") or known["cost.total"]

    @cached_property
    def period_s(self) -> float | None:
        """How often months of both hold the run, as the time from one to the next; None where that is not the same."""
        return period_s(self._decided, self._measured)

    @cached_property
    def notes(self) -> list[str]:
        """What a month of both consists of, or why months are not compared."""
        return month_notes(self._decided, self._measured)

    @cached_property
    def is_one_run(self) -> bool:
        """Whether all replications of each are the same run, for nothing is drawn by chance."""
        sides = zip((self.before, self.after), self._measured, strict=True)
        return all(is_one_run(result.config, measured) for result, measured in sides)

    @property
    def _measured(self) -> tuple[list[Measurements], list[Measurements]]:
        return self.before.replications, self.after.replications

    @property
    def _decided(self) -> ExperimentConfig:
        """The one of the two experiments that says less of how often the run happens."""
        return self.before.config if self.before.config.billing.repeats is None else self.after.config

    @property
    def confidence(self) -> float:
        """Of the intervals, from 0 to 1."""
        return self.before.config.simulation.confidence

    @property
    def count(self) -> int:
        """How many pairs of replications there are."""
        return len(self.before.seeds)

    def relative(self, difference: Difference) -> tuple[float, float, float] | None:
        """Return the change as a share of what it was before, and its bounds by the bootstrap over the pairs.

        None with fewer than two pairs that have both values, or of 0.
        """
        pairs = [
            (was[difference.key], now[difference.key])
            for was, now in zip(_flat(self.before), _flat(self.after), strict=True)
            if difference.key in was and difference.key in now
        ]
        values = np.array(pairs, np.float64).reshape(-1, 2)
        if len(values) < 2 or not (values[:, 0] > 0).all():
            return None
        found = bootstrap_interval(
            values,
            lambda sample: sample[..., 1].mean(axis=1) / sample[..., 0].mean(axis=1) - 1,
            self.confidence,
            seed=self.before.config.simulation.seed,
            name=f"compare {'.'.join(difference.key)}",
        )
        return found.mean, found.low, found.high

    @cached_property
    def differences(self) -> "pd.DataFrame":
        """Columns ``scope``, ``name``, ``metric``, ``before``, ``after`` (means), ``difference``, ``low``, ``high``.

        In the units of ``summary.json``. Without two pairs that have both values the bounds are NaN.
        """
        import pandas as pd

        rows = [(*d.key, d.before, d.after, d.difference, d.low, d.high) for d in self.every]
        columns = ["scope", "name", "metric", "before", "after", "difference", "low", "high"]
        return pd.DataFrame(rows, columns=columns)

    def to_json(self) -> dict[str, Any]:
        """Return all of it in plain values, None for what is not a number."""
        sides = {
            side: {key: result.summary[key] for key in ("name", "question", "verdict", "success", "slo")}
            for side, result in (("before", self.before), ("after", self.after))
        }
        return {
            "verdict": self.verdict,
            **({"answer": self.answer.document} if self.answer is not None else {}),
            "seed": self.before.summary["seed"],
            "replications": self.count,
            "confidence": self.confidence,
            **sides,
            "changes": [{"path": c.path, "before": c.before, "after": c.after} for c in self.changes],
            "period_s": self.period_s,
            "notes": self.notes,
            "differences": [d.to_json() for d in self.every],
        }

    def to_markdown(self) -> str:
        """Return it in Markdown, with tables."""
        return comparison_markdown(self)

    def to_text(self, width: int = 80, encoding: str = "utf-8") -> str:
        """Return it for a terminal of so many columns."""
        return comparison_text(self, width, encoding)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return f"<Comparison: {self.verdict}>"

    def _repr_html_(self) -> str:
        return comparison_html(self)


def compare(before: Result, after: Result) -> Comparison:
    """Return what lies between two results with the same seed and number of replications.

    Raises :class:`lambdasim.InputError` for results that share no random numbers.
    """
    if before.summary["seed"] != after.summary["seed"]:
        raise InputError.single(
            f"seeds {before.summary['seed']} and {after.summary['seed']} have no random numbers in common; "
            "run both experiments with one seed (--seed)"
        )
    if before.seeds != after.seeds:
        raise InputError.single(
            f"{len(before.seeds)} and {len(after.seeds)} replications cannot be paired; "
            "run both experiments with as many (--replications)"
        )
    return Comparison(before, after)


def _flat(result: Result) -> list[dict[Key, float]]:
    """Return the numbers of each replication by their keys."""
    return [dict(_numbers(one)) for one in result.replications]


def _numbers(measured: Mapping[str, Any]) -> Iterator[tuple[Key, float]]:
    yield from _leaves(("account", "account"), "", measured["account"])
    for name, table in measured["functions"].items():
        parts = {
            qualified(name, key): own for kind in ("versions", "aliases") for key, own in table.get(kind, {}).items()
        }
        for owner, own in {name: {k: v for k, v in table.items() if k not in ("versions", "aliases")}, **parts}.items():
            yield from _leaves(("function", owner), "", own)
    for name, table in measured["sources"].items():
        yield from _leaves(("source", name), "", table)


def _leaves(owner: tuple[str, str], path: str, table: Mapping[str, Any]) -> Iterator[tuple[Key, float]]:
    for key, value in table.items():
        if key in RATES and has_whole(key, table) and not whole_of(key, table):
            continue  # a rate of nothing is none, not 0
        if isinstance(value, Mapping):
            yield from _leaves(owner, f"{path}{key}.", value)
        elif is_number(value):
            yield (*owner, path + key), float(value)


def _differences(before: Result, after: Result) -> Iterator[Difference]:
    sides = [_flat(before), _flat(after)]
    keys = list(dict.fromkeys(key for side in sides for one in side for key in one))
    was, now = (np.array([[one.get(key, np.nan) for key in keys] for one in side], np.float64) for side in sides)
    gap = now - was
    pairs = np.isfinite(gap).sum(axis=0)
    mean, spread = _moments(gap)
    confidence = before.config.simulation.confidence
    reach = np.array([student(confidence, int(n) - 1) / np.sqrt(n) if n > 1 else np.nan for n in pairs])
    half = reach * spread
    columns = (_moments(was)[0], _moments(now)[0], mean, mean - half, mean + half)
    for key, *values in zip(keys, *(column.tolist() for column in columns), strict=True):
        yield Difference(key, *values)


def _moments(values: "np.typing.NDArray[np.float64]") -> tuple[Any, Any]:
    """Return mean and standard deviation of each column, over its finite values."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    mean = np.where(known, values, 0.0).sum(axis=0) / np.where(count, count, np.nan)
    squares = np.where(known, (values - mean) ** 2, 0.0).sum(axis=0)
    return mean, np.sqrt(squares / np.where(count > 1, count - 1, np.nan))


def _changes(before: ExperimentConfig, after: ExperimentConfig) -> Iterator[Change]:
    was, now = (dict(_settings("", _tree(config))) for config in (before, after))
    for path in dict.fromkeys((*was, *now)):
        if was.get(path) != now.get(path):
            yield Change(path, was.get(path), now.get(path))


def _tree(config: ExperimentConfig) -> dict[str, Any]:
    tree = tomllib.loads(resolved_toml(config))
    return {key: value for key, value in tree.items() if key not in UNTOUCHED}


def _settings(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield every value of a tree with its dotted path; small lists are values."""
    entries: Sequence[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        entries = list(value.items())
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        entries = [(_called(number, value) if path in ARRAYS else number, item) for number, item in enumerate(value)]
    if not entries:
        yield path, value
    for key, inner in entries:
        key = f'"{key}"' if "." in str(key) else key
        yield from _settings(f"{path}.{key}" if path else str(key), inner)


def _called(number: int, tables: Sequence[Mapping[str, Any]]) -> str | int:
    """Return the name of one of some loads or changes where it has a name of its own, as paths call it."""
    name = tables[number]["name"]
    return name if PLAIN_NAME.fullmatch(name) and [one["name"] for one in tables].count(name) == 1 else number
