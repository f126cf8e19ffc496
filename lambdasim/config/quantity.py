"""Kinds of values in the experiment file: how each is read from TOML, written back, and described to editors."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, ClassVar, Final, Literal, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import core_schema

from lambdasim.config.call import Call, shortened
from lambdasim.config.distribution import Distribution
from lambdasim.config.families import EXAMPLES, parse_distribution, parse_time
from lambdasim.errors import InputError, Problem
from lambdasim.units import (
    NS_PER_MIN,
    NS_PER_MS,
    NS_PER_S,
    format_duration,
    format_memory,
    format_rate,
    format_size,
    parse_fraction,
    parse_memory,
    parse_rate,
    parse_size,
)

MAX_RATE: Final = 1e6
"""Largest rate of a load, in requests per second (our limit: a thousand times AWS's default quota of account
concurrency; an hour of it is 3.6 billion requests)."""


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """How one kind of value is read (raising ``ValueError``), written, and described to an editor."""

    parse: Callable[[Any], Any]
    write: Callable[[Any], Any]
    json: dict[str, Any] = field(default_factory=dict)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.parse)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(self.json)

    @property
    def examples(self) -> tuple[str, ...]:
        """Well-formed texts, if its values are written as texts."""
        text = next((kind for kind in self.json.get("anyOf", ()) if "examples" in kind), self.json)
        return tuple(text.get("examples", ()))


def quantity_of(annotation: Any, metadata: Any = ()) -> Quantity | None:
    """Return the ``Quantity`` that a field's annotation carries, looking into ``X | None`` and ``tuple[X, ...]``."""
    for mark in metadata or getattr(annotation, "__metadata__", ()):
        if isinstance(mark, Quantity):
            return mark
    found = (quantity_of(part) for part in get_args(annotation))
    return next((mark for mark in found if mark is not None), None)


PLAIN: Final = frozenset({int, float, bool, str, type(None)})
"""Types of most values: to look here first is faster than to ask whether a value is an instance of a model."""


class ConfigTable(BaseModel):
    """A table of the experiment file: immutable, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    decided_by: ClassVar[str] = ""
    """The key that decides which others mean something, if there is one."""

    def __init__(self, **values: Any) -> None:
        """Read the values, which are as in a file; raises ``InputError`` with every problem of this table."""
        try:
            super().__init__(**values)
        except ValidationError as error:
            from lambdasim.config.reading import problems_of

            raise InputError([Problem(None, None, *found) for found in problems_of(type(self), error)]) from None

    # Pydantic then reads nested tables as its own constructor would, so that their problems keep their paths.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    def unused_keys(self) -> frozenset[str]:
        """Return the keys that mean nothing beside the values of the others; giving one is an error."""
        return frozenset()

    def reason_unused(self) -> str:
        """Return why they mean nothing, as in "has no effect ... "."""
        return ""


@cache
def rich_keys(kind: type[ConfigTable]) -> tuple[str, ...]:
    """Return the keys of a kind of table that may hold something else than :data:`PLAIN` values."""
    return tuple(name for name, field in kind.model_fields.items() if not _is_plain(field.annotation))


def _is_plain(annotation: Any) -> bool:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _is_plain(parts[0])
    if origin in (Union, UnionType):
        return all(map(_is_plain, parts))
    return origin is Literal or any(annotation is plain for plain in PLAIN)


@dataclass(frozen=True, slots=True)
class AlreadyRead:
    """Marks a table inside a table that is read by itself before: here it is only looked at.

    Pydantic would build its schema once more, which takes longer than reading most files.
    """

    model: Any
    """Class of the table, or a union of classes."""
    discriminator: str | None = None
    """The key that tells the classes of a union apart, for the JSON schema."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def _read(self, value: Any) -> Any:
        if isinstance(value, get_args(self.model) or self.model):
            return value
        return TypeAdapter(self.annotation).validate_python(value)

    @property
    def annotation(self) -> Any:
        """What stands for the table where a schema is wanted."""
        if self.discriminator is None:
            return self.model
        return Annotated[self.model, Field(discriminator=self.discriminator)]


def whole(low: int, high: int, rule: str = "") -> Quantity:
    """Return the kind of whole numbers from ``low`` to ``high``; ``rule`` says whose limit that is."""

    def parse(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"{shortened(repr(value))} is not a whole number")
        if not low <= value <= high:
            raise ValueError(f"{shortened(str(value))} is outside {low} to {high}{rule and f' ({rule})'}")
        return value

    return Quantity(parse, int, {"type": "integer", "minimum": low, "maximum": high})


def number(low: float, high: float, rule: str = "") -> Quantity:
    """Return the kind of plain numbers from ``low`` to ``high``."""

    def parse(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            raise ValueError(f"{shortened(repr(value))} is not a number")
        if not low <= value <= high:
            raise ValueError(f"{shortened(str(value))} is outside {low:g} to {high:g}{rule and f' ({rule})'}")
        return float(value)

    return Quantity(parse, float, {"type": "number", "minimum": low, "maximum": high})


def duration(low_ns: int = 0, high_ns: int | None = None, rule: str = "", step_ns: int = 1) -> Quantity:
    """Return the kind of times in ns from ``low_ns`` to ``high_ns`` that are multiples of ``step_ns``."""

    def parse(value: object) -> int:
        ns = parse_time(value)
        if ns < low_ns:
            raise ValueError(f"'{value}' is too short; the shortest is {format_duration(low_ns)}")
        if high_ns is not None and ns > high_ns:
            raise ValueError(f"'{value}' is above {format_duration(high_ns)}{rule and f' ({rule})'}")
        if ns % step_ns:
            unit = {NS_PER_MS: "milliseconds", NS_PER_S: "seconds", NS_PER_MIN: "minutes"}.get(step_ns, "hours")
            raise ValueError(f"'{value}' is not a whole number of {unit}{rule and f' ({rule})'}")
        return ns

    return Quantity(
        parse, format_duration, _text_schema(_DURATION_PATTERN, "Time with its unit", "80ms", "10min", "1h30m")
    )


def memory(low_mb: int, high_mb: int, rule: str) -> Quantity:
    """Return the kind of memory sizes in MB from ``low_mb`` to ``high_mb``."""

    def parse(value: object) -> int:
        mb = parse_memory(value)
        if not low_mb <= mb <= high_mb:
            raise ValueError(f"'{value}' is outside {low_mb} MB to {high_mb} MB ({rule})")
        return mb

    return Quantity(parse, format_memory, _text_schema(_MEMORY_PATTERN, "Memory with its unit", "512 MB", "2 GB"))


def size(low: int, high: int, rule: str) -> Quantity:
    """Return the kind of sizes in bytes from ``low`` to ``high``."""

    def parse(value: object) -> int:
        found = parse_size(value)
        if not low <= found <= high:
            raise ValueError(f"'{value}' is outside {format_size(low)} to {format_size(high)} ({rule})")
        return found

    return Quantity(parse, format_size, _text_schema(_SIZE_PATTERN, "Size with its unit", "2 KB", "1 MB"))


def _rate(value: object) -> float:
    rate = parse_rate(value)
    if rate > MAX_RATE:
        raise ValueError(
            f"'{value}' is above {format_rate(MAX_RATE)}, the highest rate this simulator accepts (its own limit: "
            "AWS's quota is 10 requests per second for each of the account's concurrency, 10000/s by default)"
        )
    return rate


def parse_instant(value: object) -> datetime:
    """Return an aware datetime; one without an offset is UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"'{shortened(str(value))}' is not a date and time such as 2026-11-27T08:00:00Z") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        raise ValueError(f"{shortened(repr(value))} is not a date and time such as 2026-11-27T08:00:00Z")
    if not 2000 <= value.year < 2200:
        raise ValueError(f"{value.isoformat()} is outside the years 2000 to 2199")
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Wait before retry i (0 is the first): ``min(base x 2^i, max)``, all of it random with ``full`` jitter."""

    base: int
    max: int
    jitter: str
    """``full``: uniform from 0 to that time; ``none``: exactly that time."""
    text: str

    @classmethod
    def parse(cls, value: object) -> "Backoff":
        """Return the backoff of ``"exponential(base=100ms, max=2s, jitter=full)"``; raises ``ValueError``."""
        if isinstance(value, Backoff):
            return value
        example = "'exponential(base=100ms, max=2s, jitter=full)'"
        call = Call.parse(value) if isinstance(value, str) else None
        if call is None or call.name != "exponential":
            raise ValueError(f"{shortened(repr(value))} is not a backoff such as {example}")
        bound = call.bind("base", "max", "jitter")
        if "base" not in bound or "max" not in bound:
            raise ValueError(f"a backoff needs base and max, such as {example}")
        base, longest, jitter = parse_time(bound["base"]), parse_time(bound["max"]), bound.get("jitter", "full")
        if longest < base:
            raise ValueError(f"backoff: max ({bound['max']}) is below base ({bound['base']})")
        if jitter not in {"full", "none"}:
            raise ValueError(f"backoff: jitter={shortened(jitter)} is not 'full' or 'none'")
        written = f"exponential(base={format_duration(base)}, max={format_duration(longest)}, jitter={jitter})"
        return cls(base, longest, jitter, written)


def _distribution_schema(what: str, *examples: str) -> dict[str, Any]:
    text = {"type": "string", "pattern": r"^\s*[a-z-]+\s*\(", "description": what, "examples": list(examples)}
    keys = {key: {"type": "string"} for key in ("dist", "file", "column", "unit")}
    table = {"type": "object", "properties": keys, "required": list(keys), "additionalProperties": False}
    return {"description": what, "anyOf": [text, table]}


def _text_schema(pattern: str, what: str, *examples: str) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern, "description": what, "examples": list(examples)}


_DURATION_PATTERN: Final = r"^\s*([0-9]+(\.[0-9]+)?\s*(ns|us|µs|ms|s|m|min|h|d)\s*)+$"
_MEMORY_PATTERN: Final = r"^\s*[0-9]+(\.[0-9]+)?\s*(MB|MiB|GB|GiB)\s*$"
_SIZE_PATTERN: Final = r"^\s*[0-9]+(\.[0-9]+)?\s*(B|KB|KiB|MB|MiB|GB|GiB)\s*$"
_RATE_PATTERN: Final = r"^\s*[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?\s*/\s*(s|min|h|d)\s*$"
_TIME_SCHEMA: Final = _distribution_schema(
    "Distribution of a time", EXAMPLES["lognormal"], *(text for name, text in EXAMPLES.items() if name != "lognormal")
)

Duration = Annotated[int, duration()]
"""A time in ns, at most five years."""
PositiveDuration = Annotated[int, duration(1)]
Rate = Annotated[
    float, Quantity(_rate, format_rate, _text_schema(_RATE_PATTERN, "Rate with its unit", "300/s", "5/min"))
]
"""Events per second, at most ``MAX_RATE``."""
Fraction = Annotated[
    float,
    Quantity(
        parse_fraction,
        float,
        {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": "^[0-9.]+%$"}]},
    ),
]
Instant = Annotated[
    datetime, Quantity(parse_instant, lambda instant: instant, {"type": "string", "format": "date-time"})
]
TimeDistribution = Annotated[Distribution, Quantity(parse_distribution, Distribution.to_raw, _TIME_SCHEMA)]
MemoryDistribution = Annotated[
    Distribution,
    Quantity(
        lambda value: parse_distribution(value, "memory"),
        Distribution.to_raw,
        _distribution_schema("Distribution of a memory size", "lognormal(p50=90 MB, p99=200 MB)"),
    ),
]
BackoffText = Annotated[
    Backoff,
    Quantity(
        Backoff.parse,
        lambda backoff: backoff.text,
        _text_schema(r"^\s*exponential\(", "Wait before a retry", "exponential(base=100ms, max=2s, jitter=full)"),
    ),
]
