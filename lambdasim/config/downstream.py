"""The ``[downstream.NAME]`` tables: what functions use and Lambda does not scale, and how a function uses it."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StrictBool, model_validator

from lambdasim.config.client import Client
from lambdasim.config.evidence import NEUTRAL, official
from lambdasim.config.quantity import ConfigTable, Duration, Fraction, PositiveDuration, Rate, duration, number, whole
from lambdasim.units import NS_PER_S


class Slowdown(ConfigTable):
    """A window in which a downstream is slow."""

    model_config = ConfigDict(populate_by_name=True)

    from_: Duration = Field(alias="from")
    """When it begins."""
    until: PositiveDuration
    """When it ends."""
    factor: Annotated[float, number(0, 10_000)]
    """How many times as long everything takes that begins in it."""


class Pool(ConfigTable):
    """``pool = {...}`` of a database: connections that all environments share, such as RDS Proxy's."""

    connections: Annotated[int, whole(1, 10_000_000)] | None = None
    """Connections it holds to the database at most; None: ``share`` of those that the database takes."""
    share: Annotated[Fraction, official("AWS, API rds ConnectionPoolConfiguration, 2026-11-27")] = 1.0
    """Part of ``max_connections`` that it may open (MaxConnectionsPercent), rounded down."""
    borrow_timeout: Annotated[
        int,
        duration(0, 300 * NS_PER_S, "AWS's longest ConnectionBorrowTimeout: API rds ConnectionPoolConfiguration"),
        official("AWS, API rds ConnectionPoolConfiguration, 2026-11-27"),
    ] = 120 * NS_PER_S
    """How long a transaction waits for a connection before it fails, and its handler with it."""
    pinned: Annotated[Fraction, NEUTRAL] = 0.0
    """Share of the sessions that hold their connection as long as they last: those of environments that set something
    on it, or prepare statements (RDS Proxy, pinning)."""


class Downstream(ConfigTable):
    """``[downstream.NAME]``: a database, or an API with a limited rate."""

    type: Literal["database", "api"]
    """``database``: each environment holds a connection. ``api``: calls are limited by rate."""
    max_connections: Annotated[int, whole(1, 10_000_000)] | None = None
    """Connections it takes; None: any number."""
    rate: Rate | None = None
    """Calls it takes; None: any number."""
    burst: Annotated[int, whole(1, 10_000_000)] | None = None
    """Calls it takes at once; by default those of a second."""
    error_after: Annotated[Duration, NEUTRAL] = 0
    """How long a handler runs that is refused a connection or a call, before it returns an error."""
    slowdowns: Annotated[tuple[Slowdown, ...], NEUTRAL] = ()
    """Windows in which it is slow."""

    pool: Pool | None = None
    """A pool or proxy before the database."""
    connection_rate: Rate | None = None
    """New connections that the database takes; others wait for their turn. None: any number."""
    contention: Annotated[float, number(0, 1_000), NEUTRAL] = 0.0
    """How many times longer everything takes when all connections are busy; in proportion when fewer are."""

    decided_by = "type"

    @model_validator(mode="after")
    def _fill(self) -> "Downstream":
        if self.burst is None and self.rate is not None:
            object.__setattr__(self, "burst", max(1, round(self.rate)))
        return self

    def unused_keys(self) -> frozenset[str]:
        """Return the keys of the other type."""
        of_databases = {"max_connections", "pool", "connection_rate", "contention"}
        return frozenset({"rate", "burst"} if self.type == "database" else of_databases)

    def reason_unused(self) -> str:
        """Return why."""
        return f"with the type '{self.type}'"


class Use(ConfigTable):
    """``uses = [{...}]`` of a function: a downstream that each invocation uses as its handler begins."""

    downstream: str
    """Name of the downstream."""
    calls: Annotated[int, whole(0, 10_000), NEUTRAL] = 1
    """Calls of an API in each invocation."""
    share: Annotated[Fraction, NEUTRAL] = 1.0
    """Part of the duration that is spent in the downstream, and so grows with its slowness."""
    connects: Annotated[Literal["handler", "init"], NEUTRAL] = "handler"
    """When an environment connects to a database: as its handler first uses it, or at the end of its init, as clients
    do that init code opens; refused then, it tries again in the handler. Provisioned environments so hold connections
    before any request."""


class Call(ConfigTable):
    """``calls = [{...}]`` of a function: another one that it invokes and waits for, after its own work."""

    function: str
    """Name of the function that is called."""
    count: Annotated[float, number(0, 1_000), NEUTRAL] = 1.0
    """Calls in each invocation, one after the other; a fraction is the chance of one more."""
    client: Client | None = None
    """How the caller retries a throttled call; None: not at all."""
    must_succeed: Annotated[StrictBool, NEUTRAL] = True
    """Whether the caller returns an error when the call does not succeed."""
