"""The plan: all that an engine is told, before the run.

A :class:`Plan` is a value. The requests of open loads come beside it, as :class:`PlanChunk` objects in time order, with
everything that chance decides about each. A workload yields them and an engine consumes them; neither knows the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from lambdasim.model.aliases import Lead
from lambdasim.model.control import Change
from lambdasim.model.events import NEVER_NS
from lambdasim.model.spec import AccountSpec

Int64 = NDArray[np.int64]

CHUNK_ROWS: Final = 131_072
"""About how many requests a chunk holds: small enough for the cache, large enough to vectorise."""


@dataclass(frozen=True, slots=True, eq=False)
class PlanChunk:
    """Requests in order of ``(arrival_ns, request)``, one row each, all columns of equal length.

    Every column is ``int64``; times are nanoseconds from the start of the experiment. A column that is the same
    for all rows may be a broadcast view. The split of a plan into chunks carries no meaning.
    """

    until_ns: int
    """No later chunk holds an arrival before this time, and this one holds none at or after it."""
    request: Int64
    """``model.events.request_key(load, sequence)``."""
    arrival_ns: Int64
    function: Int64
    """Index into the account's functions."""
    duration_ns: Int64
    """What the handler takes in a warm environment, if nothing stops it (for out-of-memory: until it is killed)."""
    init_ns: Int64
    """Init Duration of the environment this request would create, and of a repeated init."""
    placement_ns: Int64
    """Time to place and download before an init, which no REPORT line shows."""
    outcome: Int64
    """``Status.SUCCESS``, ``ERROR``, ``CRASH`` or ``OUT_OF_MEMORY``: how the handler ends if the timeout does not."""
    idle_timeout_ns: Int64
    """How long the environment may stay idle after this invocation when it is the function's only one."""
    surplus_idle_timeout_ns: Int64
    """The same when the function has other environments."""
    lifetime_ns: Int64
    """How long the environment this request would create may live."""
    pick: Int64
    """0 .. 2**31 - 1: chooses among idle environments under random reuse."""
    source: Int64 | None = None
    """Index into the account's sources, -1 for a request that goes straight to its function; None when all do."""
    delay_ns: Int64 | None = None
    """Time from the arrival until the source has the event; None when it is 0 throughout."""
    unrouted: Any = None
    """For whoever drew them: the same requests before their versions were chosen; None where nobody chose any."""
    cold: "ColdRows | None" = None
    """Who draws the columns :data:`COLD_COLUMNS`, which a cold start alone needs; None where they are drawn."""

    def __len__(self) -> int:
        return len(self.arrival_ns)


class Request(NamedTuple):
    """One row of a plan; the fields are columns of :class:`PlanChunk`, and how the request came to be."""

    request: int
    arrival_ns: int
    function: int
    duration_ns: int
    init_ns: int
    placement_ns: int
    outcome: int
    idle_timeout_ns: int
    surplus_idle_timeout_ns: int
    lifetime_ns: int
    pick: int
    source: int = -1
    delay_ns: int = 0
    chain_depth: int = 0
    """Invocations that led to this request, one after the other."""


PLAN_COLUMNS: Final = Request._fields[: Request._fields.index("source")]
"""What every request has; only events have the rest."""


COLD_COLUMNS: Final = ("init_ns", "placement_ns", "lifetime_ns")
"""What only requests need for which an environment is created or begins anew."""


class ColdRows(Protocol):
    """Draws :data:`COLD_COLUMNS` of a chunk, in place. What has not been drawn has any content."""

    is_drawn: bool
    """Whether all of it is."""

    def draw(self, begin: int, end: int) -> None:
        """Draw rows from ``begin`` to below ``end``."""

    def tell(self, times: int) -> None:
        """Say how many of the requests needed it: where they are few, later chunks are not drawn."""


class Rows(Protocol):
    """Reads the requests of one series or closed loop."""

    def row(self, sequence: int, version: int = 0) -> Mapping[str, int]:
        """Return the fields of :class:`Request` number ``sequence`` but its arrival and hop, if it goes to a version.

        Without ``source`` too, unless it is one of a closed loop, which has ``think_ns``, the pause after it, as well.
        """


class Drawn(Rows, Protocol):
    """Reads the requests of one series."""

    def block(self, number: int, size: int, version: int = 0) -> Mapping[str, Int64]:
        """Return the drawn columns of request ``number * size`` and the ``size - 1`` after it, and their ``delay_ns``,
        each (size,)."""


class Series(Protocol):
    """Requests with running numbers; a value."""

    @property
    def load(self) -> int:
        """Index among the series of the plan, which is the load of request keys."""

    @property
    def made_by(self) -> str:
        """``load``, ``schedule``, ``source``, ``link``, ``call`` or ``warmer``."""

    @property
    def function(self) -> int:
        """Index of the function they all go to; -1 when a chunk says so of each."""

    @property
    def source(self) -> int:
        """Index of the source through which they go there; -1 for none."""

    @property
    def alias(self) -> int:
        """Index of the alias of the account through which they go to one of several versions; -1 for none."""

    @property
    def leads(self) -> Sequence[Lead]:
        """Where they go from a time on, where the mapping of their source leads to another function at times."""

    def key(self, kind: str) -> int:
        """Return the key of a stream of draws, for ``model.rules.jitter24``."""

    def open(self) -> Drawn:
        """Return what reads its requests."""


class UserRows(Rows, Protocol):
    """Reads the requests of virtual users."""

    def columns(self, index: Int64, version: int = 0) -> Mapping[str, Int64]:
        """Return the drawn columns, ``delay_ns`` and ``think_ns`` of requests by their numbers (n,), each (n,)."""


class ClosedLoop(Protocol):
    """A load of virtual users, who wait for an answer before they ask again; a value."""

    @property
    def load(self) -> int:
        """Index of the series of their requests."""

    @property
    def vus(self) -> int:
        """How many they are: user v sends the requests v, v + vus, and so on."""

    @property
    def start_ns(self) -> int:
        """When they begin to send."""

    @property
    def stop_ns(self) -> int:
        """From then on they send no more."""

    def open(self, series: Series) -> UserRows:
        """Return what reads their requests."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an engine needs for one simulation, beside the chunks of open loads."""

    account: AccountSpec
    series: tuple[Series, ...] = ()
    """By load of request keys; those of the account's sources and of its calls are in the order of these."""
    closed_loops: tuple[ClosedLoop, ...] = ()
    control: tuple[Change, ...] = ()
    """In their order."""
    horizon_ns: int = NEVER_NS
    """Nothing ends at or after it."""
    loads_end_ns: int = 0
    """When the last request may arrive."""
    policies: tuple[str, ...] = ()
    """Kinds and names of policies that are Python's own, which only the SimPy engine asks."""

    def made_by(self, maker: str) -> tuple[Series, ...]:
        """Return the series of all sources (``source``) or of all calls that handlers make (``call``)."""
        return tuple(series for series in self.series if series.made_by == maker)

    def __str__(self) -> str:
        """Return a line for each part, with what is not the default there."""
        spec = self.account
        groups = {
            "function": spec.functions, "source": spec.sources, "link": spec.links, "downstream": spec.downstreams,
            "series": self.series, "client of series": spec.clients, "closed loop": self.closed_loops,
        }  # fmt: skip
        lines = [
            f"a plan of {spec.concurrency:,} concurrent executions; loads end at {_time(self.loads_end_ns)}, "
            f"it ends at {_time(self.horizon_ns)}",
            f"scaling: {_text(spec.scaling)}",
        ]
        lines += [f"{what} {n}: {_text(one)}" for what, group in groups.items() for n, one in enumerate(group) if one]
        lines += [f"policy of {name}" for name in self.policies]
        lines += [f"at {_time(c.at_ns)}: {c.kind.name.lower()} of {c.subject}: {c.value}" for c in self.control]
        return "\n".join(lines)


def has_fields(value: Any) -> bool:
    """Say whether it is a dataclass or a named tuple, or the class of one."""
    return is_dataclass(value) or hasattr(value, "_fields")


def stated(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass or a named tuple that are not the default."""
    if isinstance(value, tuple):
        every: dict[str, Any] = value._asdict()  # type: ignore[attr-defined]
        left = value._field_defaults  # type: ignore[attr-defined]
        return {name: own for name, own in every.items() if name not in left or own != left[name]}
    found = {}
    for field in fields(value):
        own = getattr(value, field.name)
        if own != (field.default if field.default_factory is MISSING else field.default_factory()):
            found[field.name] = own
    return found


def _time(ns: int) -> str:
    return "the last event" if ns == NEVER_NS else f"{ns / 1e9:g} s"


def _text(value: Any) -> str:
    """Return what ``repr`` does, without what is the default; a distribution is as it was written."""
    if isinstance(value, tuple) and not has_fields(value):
        return f"({', '.join(map(_text, value))})"
    if isinstance(value, Enum):
        return value.name
    if not has_fields(value):
        return repr(value)
    parts = (f"{name}={_text(own)}" for name, own in stated(value).items())
    return getattr(value, "text", "") or f"{type(value).__name__}({', '.join(parts)})"
