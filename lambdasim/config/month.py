"""How often a month holds a run, as far as a file says it: ``billing.repeats``, or that its loads last long enough.

A month is the run repeated. Loads of a second can be repeated without pause, but nobody means that; so what lasts less
than a minute has a month only where the file says how often it happens.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lambdasim.config.call import shortened
from lambdasim.errors import InputError, Problem
from lambdasim.units import NS_PER_D, NS_PER_H, NS_PER_MIN, NS_PER_MONTH, format_duration

if TYPE_CHECKING:
    from lambdasim.config.schema import ExperimentConfig
    from lambdasim.config.traffic import LoadConfig

SHORTEST_NS: Final = NS_PER_MIN
"""Loads that span less have no month by themselves."""

REMEDY: Final = 'say how often they happen, such as billing.repeats = "3/day"'

_UNITS: Final = {
    "min": NS_PER_MIN,
    "h": NS_PER_H,
    "d": NS_PER_D,
    "day": NS_PER_D,
    "week": 7 * NS_PER_D,
    "month": NS_PER_MONTH,
}
_SHAPE: Final = re.compile(rf"\s*([0-9]{{1,9}}(?:\.[0-9]{{1,9}})?)\s*/\s*({'|'.join(_UNITS)})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Repeats:
    """How often the run happens, such as ``"3/day"``."""

    text: str
    period_ns: int
    """From one run to the next, on average."""

    @classmethod
    def parse(cls, value: object) -> "Repeats":
        """Return what a text says; raises ``ValueError``."""
        if isinstance(value, Repeats):
            return value
        match = _SHAPE.fullmatch(value) if isinstance(value, str) else None
        if match is None or not float(match[1]):
            known = ", ".join(f"/{unit}" for unit in _UNITS)
            raise ValueError(f"{shortened(repr(value))} does not say how often, as '3/day' does (with {known})")
        return cls(f"{match[1]}/{match[2]}", max(round(_UNITS[match[2]] / float(match[1])), 1))


def loads_span_ns(config: "ExperimentConfig") -> int | None:
    """Return how long it is from the beginning of the first load to the end of the last one, in ns.

    What follows others has no span of its own. None where only a trace knows.
    """
    ends = [end_ns(load) for load in config.load if load.per is None]
    begins = [load.start_time for load in config.load if load.per is None]
    if None in ends:
        return None
    cut_ns = config.simulation.duration
    latest = max((end for end in ends if end is not None), default=0)
    if any(not source.takes_loads for source in config.source.values()):  # schedules last as long as there is anything
        begins, latest = [*begins, 0], cut_ns or latest
    return max(min(latest, cut_ns or latest) - min(begins, default=0), 0)


def end_ns(load: "LoadConfig") -> int | None:
    """Return when a load ends, in ns; None when only its trace knows."""
    if load.trace is not None:
        return None
    return load.start_time + (load.duration or sum(stage.duration for stage in load.stages or ()))


def monthly_paths(slo: Mapping[str, Any]) -> Iterator[str]:
    """Yield the objectives on the cost of a month."""
    yield from (path for path in slo if is_monthly(path))


def is_monthly(metric: str) -> bool:
    """Say whether a metric such as ``account.cost.monthly`` is the cost of a month."""
    return ".cost.monthly" in metric


def why_none(config: "ExperimentConfig", span_ns: int) -> str | None:
    """Return why there is no month for loads that span so long, and what to do; None where there is one."""
    if config.billing.repeats is not None or span_ns >= SHORTEST_NS:
        return None
    return f"loads that last {format_duration(span_ns)} do not make a month; {REMEDY}"


def require_month(config: "ExperimentConfig", span_ns: int, paths: Sequence[str] | None = None) -> None:
    """Raise ``InputError`` where the cost of a month is asked for and there is none.

    ``paths`` ask for it; None: the objectives that do.
    """
    if paths is None:
        paths = [f"slo.{path}" for path in monthly_paths(config.slo)]
    why = why_none(config, span_ns)
    if paths and why is not None:
        raise InputError([Problem(None, None, path, why) for path in paths])
