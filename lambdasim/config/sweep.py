"""The ``[sweep]`` and ``[optimize]`` tables: which values are tried, and what is sought among them.

What is wrong with one knob is found here; whether an experiment can take its values is asked in ``points``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from lambdasim.config.amount import Amount, same_kind, stepped
from lambdasim.config.call import shortened
from lambdasim.config.evidence import NEUTRAL
from lambdasim.config.quantity import ConfigTable, Quantity, whole
from lambdasim.config.suggest import hint

MAX_POINTS: Final = 100_000
"""Most points of a design (our limit)."""
LOAD_SCALE: Final = "load.scale"
"""The one path that is no key: a factor on the rate, the trace or the virtual users of every load."""

Design = Literal["grid", "list", "sobol", "lhs"]
Strategy = Literal["cost", "speed", "balanced"]
SPACE_FILLING: Final = ("sobol", "lhs")

_STEPS: Final = '{ from = "512 MB", to = "2 GB", step = "256 MB" }'
_SPAN: Final = '{ min = "512 MB", max = "2 GB" }'


@dataclass(frozen=True, slots=True)
class Knob:
    """What one path is given: listed values, or everything from ``low`` to ``high``."""

    listed: tuple[Any, ...] = ()
    """In the order to try them; empty for a span."""
    low: Amount | None = None
    high: Amount | None = None
    raw: Any = None
    """How it is written in a file."""

    @classmethod
    def parse(cls, value: object) -> "Knob":
        """Return the knob of a list, ``{ from, to, step }`` or ``{ min, max }``; raises ``ValueError``."""
        if isinstance(value, Knob):
            return value
        if isinstance(value, Mapping):
            return _range(value)
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            return _list(value)
        raise ValueError(f"{shortened(repr(value))} is not a list of values, nor {_STEPS}, nor {_SPAN}")

    @property
    def is_span(self) -> bool:
        """Whether its values are still to be chosen between two ends."""
        return not self.listed

    @property
    def ends(self) -> tuple[Any, Any]:
        """The first and the last value."""
        if self.low is not None and self.high is not None:
            return self.low.written(), self.high.written()
        return self.listed[0], self.listed[-1]


def _list(values: Sequence[Any]) -> Knob:
    if not values:
        raise ValueError("is an empty list; give the values to try")
    if len(values) > MAX_POINTS:
        raise ValueError(f"holds {len(values)} values, more than this simulator's {MAX_POINTS}")
    return Knob(tuple(values), raw=list(values))


def _range(table: Mapping[str, Any]) -> Knob:
    keys = set(table)
    if keys == {"from", "to", "step"}:
        low, high, step = same_kind(*(Amount.parse(table[key]) for key in ("from", "to", "step")))
        if step.number <= 0:
            raise ValueError(f"step = {table['step']!r} is not above zero")
        if high.number < low.number:
            raise ValueError(f"is an empty range: to = {table['to']!r} is below from = {table['from']!r}")
        if (high.number - low.number) / step.number >= MAX_POINTS:
            raise ValueError(f"is a range of more than {MAX_POINTS} values (our limit); give a larger step")
        return Knob(tuple(amount.written() for amount in stepped(low, high, step)), raw=dict(table))
    if keys == {"min", "max"}:
        low, high = same_kind(Amount.parse(table["min"]), Amount.parse(table["max"]))
        if high.number <= low.number:
            raise ValueError(f"is an empty range: max = {table['max']!r} is not above min = {table['min']!r}")
        return Knob(low=low, high=high, raw=dict(table))
    if any(isinstance(value, list | Mapping) for value in table.values()):
        inner = next(iter(table))
        raise ValueError(f'is a table of tables; write the whole path in quotes: "PATH.{inner}" = [...]')
    known = ("from", "to", "step", "min", "max")
    for key in table:
        if key not in known:
            raise ValueError(f"unknown key '{shortened(str(key))}'; {hint(str(key), known, 'a range takes')}")
    raise ValueError(f"is no range; write a list, {_STEPS} or {_SPAN}")


KnobValues = Annotated[
    Knob,
    Quantity(
        Knob.parse,
        lambda knob: knob.raw,
        {
            "anyOf": [
                {"type": "array", "minItems": 1},
                {"type": "object", "properties": {"from": {}, "to": {}, "step": {}}, "required": ["from", "to"]},
                {"type": "object", "properties": {"min": {}, "max": {}}, "required": ["min", "max"]},
            ]
        },
    ),
]


class Sweep(ConfigTable):
    """``[sweep]``: the points of a design over some paths."""

    design: Annotated[Design, NEUTRAL] = "grid"
    """``grid``: every combination; ``list``: the first values together, then the second, and so on; ``sobol`` and
    ``lhs`` (Latin hypercube): ``points`` spread over the space between ``min`` and ``max``."""
    points: Annotated[int, whole(1, MAX_POINTS, "this simulator's own limit")] | None = None
    """How many points ``sobol`` and ``lhs`` spread."""
    over: dict[str, KnobValues] = Field(min_length=1, examples=[{"function.api.memory": ["512 MB", "1024 MB"]}])
    """Values by path."""

    decided_by = "design"

    @property
    def size(self) -> int:
        """How many points the design has."""
        if self.design in SPACE_FILLING:
            return self.points or 0
        lengths = [len(knob.listed) for knob in self.over.values()]
        if self.design == "list":
            return lengths[0]
        product = 1
        for length in lengths:
            product *= length
        return product

    def unused_keys(self) -> frozenset[str]:
        """Return ``points`` where the values say how many there are."""
        return frozenset(() if self.design in SPACE_FILLING else {"points"})

    def reason_unused(self) -> str:
        """Return why."""
        return f"with the design '{self.design}'"


def disagreement(sweep: Sweep) -> tuple[tuple[str, ...], str] | None:
    """Return where the keys of a sweep contradict each other, and how; None when they agree."""
    spaced = sweep.design in SPACE_FILLING
    for path, knob in sweep.over.items():
        if spaced != knob.is_span:
            needs = _SPAN if spaced else f"a list or {_STEPS}"
            return ("over", path), f"the design '{sweep.design}' needs {needs}"
        if sweep.design == "grid" and (double := _double(knob.listed)) is not None:
            return ("over", path), f"holds {double} twice"
    if spaced and sweep.points is None:
        return ("points",), f"is missing; the design '{sweep.design}' needs it, as in points = 64"
    lengths = {path: len(knob.listed) for path, knob in sweep.over.items()}
    if sweep.design == "list" and len(set(lengths.values())) > 1:
        told = ", ".join(f"{path} has {length}" for path, length in lengths.items())
        return ("over",), f"the design 'list' needs as many values for each path; {told}"
    if sweep.size > MAX_POINTS:
        return ("over",), f"has {sweep.size:,} points, more than this simulator's {MAX_POINTS:,}"
    return None


def _double(values: Sequence[Any]) -> str | None:
    written = [repr(value) for value in values]
    return next((shortened(value) for i, value in enumerate(written) if value in written[:i]), None)


class Optimize(ConfigTable):
    """``[optimize]``: the best of some candidates."""

    minimize: Annotated[str, NEUTRAL] = "account.cost.monthly"
    """The metric to make small, such as ``account.cost.monthly`` or ``checkout.latency.p99``; by default the cost of a
    month or, for loads that have no month, of the run."""
    subject_to: Annotated[Literal["slo", "none"], NEUTRAL] = "slo"
    """``slo``: only among candidates that meet every objective."""
    over: dict[str, KnobValues] = Field(min_length=1, examples=[{"function.api.provisioned.concurrency": [0, 100]}])
    """Candidates by path; a list of two numbers is everything from the first to the second."""
    strategy: Annotated[Strategy, NEUTRAL] = "cost"
    """As in aws-lambda-power-tuning: ``cost`` minimizes ``minimize``, ``speed`` the mean latency, ``balanced`` half of
    each, either divided by its largest value."""


def candidates(knob: Knob) -> tuple[Any, ...]:
    """Return a knob's candidates in ascending order; two numbers stand for the range between them.

    Two quantities such as ``"512 MB"`` are a list of two; a range of them is said as ``{ from, to, step }`` or, of
    whole MB, ``{ min, max }``.

    Raises ``ValueError`` for an empty range and for values that have no order.
    """
    if knob.low is not None and knob.high is not None:
        ends = (knob.low, knob.high)
        listed: tuple[Any, ...] = ()
    else:
        listed = knob.listed
        if (double := _double(listed)) is not None:
            raise ValueError(f"holds {double} twice")
        if any(isinstance(value, bool) or not isinstance(value, int | float | str) for value in listed):
            return listed
        try:
            amounts = same_kind(*(Amount.parse(value) for value in listed))
        except ValueError:
            return listed
        if len(amounts) != 2 or any(isinstance(value, str) for value in listed):
            return listed if "from" in (knob.raw or ()) else tuple(a.written() for a in sorted(amounts, key=_number))
        ends = (amounts[0], amounts[1])
    low, high = ends
    if high.number < low.number:
        raise ValueError(f"is an empty range: {high.written()!r} is below {low.written()!r}")
    if low.kind == "time":
        if not listed:
            raise ValueError("is a range of times without a step; write { from = ..., to = ..., step = ... }")
        return listed
    if low.kind in ("whole number", "memory size"):
        if high.number - low.number >= MAX_POINTS:
            raise ValueError(f"is a range of more than {MAX_POINTS:,} values (our limit); give a step")
        return tuple(amount.written() for amount in stepped(low, high, Amount(low.kind, 1)))
    if not listed:
        raise ValueError("is a range without a step; write { from = ..., to = ..., step = ... }")
    return listed


def _number(amount: Amount) -> float:
    return amount.number
