"""Service level objectives: ``"checkout.latency" = ["p99 < 800ms"]``, read from the file and judged on a summary."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated, Any, Final

from lambdasim.config import source_kinds as kinds
from lambdasim.config.call import shortened
from lambdasim.config.families import parse_time
from lambdasim.config.measurable import EVENT_METRICS, OF_KINDS, SCOPES, Metric, answer_of
from lambdasim.config.qualifier import function_of, is_version, qualifier_of
from lambdasim.config.quantity import Quantity
from lambdasim.config.suggest import few, hint
from lambdasim.units import NS_PER_MS, parse_fraction

OF_EACH_RUN: Final = ("max", "count")
"""Statistics that every run is to keep, not the mean of all runs."""
DEFAULT_SHARE: Final = 0.9
"""The share of runs that is to keep them where an objective does not say: 29 runs that all do show it at 95 %."""
LEAST_SHARE: Final = 0.5
MOST_SHARE: Final = 0.999
"""The largest share that can be asked for; 2,995 runs show it at 95 %, if all of them keep the objective."""

INSTEAD: Final = {"iterator_age": "age", "offset_lag": "backlog", "age": "latency"}
"""What to ask instead of a metric that a source does not have, if it has that."""

_SHARE: Final = re.compile(r"\s*P\s*\(([^()]+)\)\s*>=\s*(\S(?:.{0,30}\S)?)\s*", re.ASCII)
_SHAPE: Final = re.compile(r"\s*([a-z][a-z0-9.]*)\s*(<=|>=|==|<|>)\s*(.+?)\s*", re.ASCII)
_NUMBER: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)\s*(USD)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class SloExpression:
    """``p99 < 800ms`` taken apart, or ``P(max < 10min) >= 99%``."""

    statistic: str
    operator: str
    """``<``, ``<=``, ``>``, ``>=`` or ``==``."""
    threshold: float
    """In the unit of ``summary.json``: ms, a fraction from 0 to 1, USD, or a plain number."""
    text: str
    probability: float | None = None
    """Which share of all runs is to keep it, where the expression says so."""

    @classmethod
    def parse(cls, value: object, metric: Metric) -> "SloExpression":
        """Return the expression of a text such as ``"p99 < 800ms"`` for a metric; raises ``ValueError``."""
        if isinstance(value, str) and len(value) <= 200 and (share := _SHARE.fullmatch(value)):
            inner, probability = cls.parse(share[1], metric), parse_fraction(share[2])
            if not LEAST_SHARE <= probability <= MOST_SHARE:
                raise ValueError(f"{share[2]} of all runs is outside {LEAST_SHARE:.0%} to {MOST_SHARE:.1%}")
            return replace(inner, text=f"P({inner.text}) >= {share[2]}", probability=probability)
        example = f"'{_EXAMPLES[metric.kind]}'"
        match = _SHAPE.fullmatch(value) if isinstance(value, str) and len(value) <= 200 else None
        if match is None:
            raise ValueError(f"{shortened(repr(value))} is not an objective such as {example}")
        statistic, operator, threshold = match.groups()
        if statistic not in metric.where:
            raise ValueError(f"no statistic '{statistic}' here; {hint(statistic, metric.where, 'there are')}")
        return cls(
            statistic, operator, _threshold(threshold, statistic, metric.kind), f"{statistic} {operator} {threshold}"
        )

    @property
    def share_of_runs(self) -> float | None:
        """Which share of all runs is to keep it; None where the mean over runs, or a rate, is what is judged.

        A maximum and a count are of each run; the mean of several says nothing of how often it is kept.
        """
        if self.probability is None and self.statistic in OF_EACH_RUN:
            return DEFAULT_SHARE
        return self.probability

    def holds(self, observed: float) -> bool:
        """Return whether an observed value, in the threshold's unit, meets the objective."""
        match self.operator:
            case "<":
                return observed < self.threshold
            case "<=":
                return observed <= self.threshold
            case ">":
                return observed > self.threshold
            case ">=":
                return observed >= self.threshold
        return observed == self.threshold


_EXAMPLES: Final = {
    "time": "p99 < 800ms",
    "events": "rate < 0.1%",
    "level": "max < 900",
    "count": "count > 1000",
    "money": "mean < 2500 USD",
}


def _threshold(text: str, statistic: str, kind: str) -> float:
    if kind == "time":
        return parse_time(text) / NS_PER_MS
    if statistic == "rate":
        return parse_fraction(float(text) if re.fullmatch(r"[0-9.]{1,20}", text) and text.count(".") < 2 else text)
    match = _NUMBER.fullmatch(text)
    if match is None or (match[2] is None) == (kind == "money"):
        raise ValueError(
            f"'{shortened(text)}' is not {'an amount' if kind == 'money' else 'a number'} as in '{_EXAMPLES[kind]}'"
        )
    return float(match[1])


def _already_read(value: object) -> SloExpression:
    if not isinstance(value, SloExpression):
        raise ValueError("an objective is read together with its path")
    return value


SloText = Annotated[
    SloExpression,
    Quantity(
        _already_read,
        lambda expression: expression.text,
        {
            "type": "string",
            "pattern": r"^\s*(P\s*\(\s*)?[a-z][a-z0-9.]*\s*(<=|>=|==|<|>)",
            "examples": [*_EXAMPLES.values(), "P(max < 10min) >= 99%"],
        },
    ),
]


def find_metric(
    path: str, functions: Collection[str], others: Collection[str], types: Mapping[str, str] = MappingProxyType({})
) -> Metric:
    """Return the metric that ``name.metric`` means, where ``name`` is a function, a source, a load or ``account``.

    ``types`` are those of the sources, by name: what can be asked of a source depends on its kind.

    A name that is both a function and a load means the function. When ``functions`` holds the template ``"*"``,
    an unknown name is taken to be a function of a trace. Raises ``ValueError`` with a suggestion.
    """
    name, _, metric = path.partition(".")
    if name == "account":
        scope = "account"
    elif name in functions or ("*" in functions and name not in others):
        scope = _scope(name)
    elif name in others:
        scope = "source"
    else:
        names = [known for known in dict.fromkeys((*functions, *others, "account")) if known != "*"]
        raise ValueError(f"no function, source or load is named '{shortened(name)}'; {hint(name, names, 'there are')}")
    if scope == "source" and name in types:
        return _of_source(metric, kinds.KINDS.get(types[name]))
    if metric not in SCOPES[scope]:
        who = "the account" if scope == "account" else f"an {scope}" if scope == "alias" else f"a {scope}"
        raise ValueError(f"{who} has no metric '{shortened(metric)}'; {few(metric, SCOPES[scope])}")
    return SCOPES[scope][metric]


def _scope(function: str) -> str:
    """Return what a function's name, or one with a qualifier, is of."""
    qualifier = qualifier_of(function)
    return "function" if not qualifier else "version" if is_version(qualifier) else "alias"


def _of_source(metric: str, kind: str | None) -> Metric:
    """Return a metric of a source of some kind; None: its type is wrong, so that nothing follows from it."""
    known = SCOPES["source"] | (EVENT_METRICS if kind is None else OF_KINDS.get(kind, {}))
    if kind == kinds.DOWNSTREAM:
        known = OF_KINDS[kind]
    if metric in known:
        return known[metric]
    if kind in kinds.GATEWAYS and (status := answer_of(metric)) is not None:
        return status
    who = "a source" if kind is None else f"{'an' if kind[0] in 'aA' else 'a'} {kind}"
    if metric in EVENT_METRICS:
        near = INSTEAD.get(metric)
        hinted = f"did you mean '{near}'?" if near in known else few(metric, known)
        raise ValueError(f"{who} has no '{metric}'; {hinted}")
    raise ValueError(f"{who} has no metric '{shortened(metric)}'; {few(metric, known)}")


def find_statistic(
    path: str, functions: Collection[str], others: Collection[str], types: Mapping[str, str] = MappingProxyType({})
) -> tuple[str, str]:
    """Return the metric and the statistic of ``name.metric.statistic``, as ``("api.latency", "p99.9")``.

    Names and ``types`` are as in :func:`find_metric`. Raises ``ValueError`` with a suggestion when nothing measures
    that.
    """
    parts = path.split(".")
    for length in range(len(parts) - 1, 1, -1):  # the longest metric first: cost.monthly before cost
        metric, statistic = ".".join(parts[:length]), ".".join(parts[length:])
        try:
            found = find_metric(metric, functions, others, types)
        except ValueError:
            continue
        if statistic not in found.where:
            wanted = hint(statistic, found.where, "there are")
            raise ValueError(f"'{shortened(metric)}' has no statistic '{shortened(statistic)}'; {wanted}")
        return metric, statistic
    known = find_metric(".".join(parts[:-1]) if len(parts) > 2 else path, functions, others, types)
    raise ValueError(f"'{shortened(path)}' names no statistic; add one, such as '.{next(iter(known.where))}'")


def function_table(summary: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """Return the object of a function, a version or an alias in a summary; None where it has none."""
    function: Mapping[str, Any] | None = summary.get("functions", {}).get(function_of(name))
    qualifier = qualifier_of(name)
    if function is None or not qualifier:
        return function
    found: Mapping[str, Any] | None = function.get("versions" if is_version(qualifier) else "aliases", {}).get(
        qualifier
    )
    return found


def place(path: str, statistic: str, summary: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Return the object of a summary that holds a statistic, and the keys that lead to it from there.

    ``path`` and ``statistic`` are as :func:`find_statistic` returns them.
    """
    name, _, metric = path.partition(".")
    sources = summary.get("sources", {})
    own = function_table(summary, name)
    if name == "account":
        scope, found = "account", summary.get("account", {})
    elif own is not None:
        scope, found = _scope(name), own
    elif name in sources or metric in SCOPES["source"] | EVENT_METRICS or answer_of(metric) is not None:
        scope, found = "source", sources.get(name) or summary.get("downstreams", {}).get(name, {})
    else:
        scope, found = "function", {}  # one that only a trace could have named
    known = SCOPES[scope] | EVENT_METRICS if scope == "source" else SCOPES[scope]
    return found, (answer_of(metric) or known[metric]).where[statistic]


def observe(path: str, statistic: str, summary: Mapping[str, Any]) -> float | None:
    """Return a statistic of a summary, the mean where it has an interval; None when nothing was observed."""
    found: Any
    found, keys = place(path, statistic, summary)
    for key in keys:
        if not isinstance(found, Mapping) or key not in found:
            # a status that was never answered is no key of the table of answers
            return 0.0 if keys[0] == "answers" and key != "answers" and isinstance(found, Mapping) else None
        found = found[key]
    return _number(found)


def _number(value: Any) -> float | None:
    """Return a metric's number: itself, or the mean over replications."""
    number = value.get("mean") if isinstance(value, Mapping) else value
    return None if number is None else float(number)
