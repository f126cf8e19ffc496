"""Downstreams: what functions use and Lambda does not scale, such as a database with so many connections.

A downstream knows who is connected and how many calls it has let pass; what a refusal does to an invocation is told
by the engine.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from lambdasim.model import rules
from lambdasim.model.bucket import Bucket, taken
from lambdasim.model.control import Control


@dataclass(frozen=True, slots=True)
class Slowdown:
    """A window in which a downstream takes longer."""

    from_ns: int
    until_ns: int
    permille: int
    """How long what takes 1,000 takes then."""


@dataclass(frozen=True, slots=True)
class DownstreamSpec:
    """One downstream; with 0 for a limit it has none."""

    name: str
    connections: int = 0
    """Each environment that uses it holds one, from its first use until it ends or is reset."""
    calls: int = 0
    per_ns: int = rules.NS_PER_S
    burst: int = 0
    """So many calls per ``per_ns``, from a bucket of ``burst``, filled continuously."""
    fail_ns: int = 0
    """How long it takes until an invocation that is refused fails."""
    has_pool: bool = False
    """Whether connections are borrowed from a pool, for each transaction."""
    pool_connections: int = 0
    """Of the pool; 0: ``pool_share_ppm`` of ``connections``."""
    pool_share_ppm: int = 0
    """In millionths."""
    borrow_ns: int = 0
    """How long a transaction waits for one of the pool's connections."""
    pinned_q24: int = 0
    """Share of the sessions that keep their connection."""
    pin_key: int = 0
    """Of the draws which those are."""
    connect_per_ns: int = 0
    """Time from one new connection to the next; 0 for none."""
    contention_permille: int = 0
    """How much longer what takes 1,000 takes when all connections are at work."""
    slowdowns: tuple[Slowdown, ...] = ()

    @property
    def takes_turns(self) -> bool:
        """Whether what a handler takes in it depends on others who use it meanwhile."""
        return self.has_pool or self.connect_per_ns > 0 or self.contention_permille > 0


@dataclass(frozen=True, slots=True)
class UseSpec:
    """How a function uses a downstream."""

    downstream: int
    """Index of the downstream."""
    calls: int = 1
    """Calls in each invocation."""
    permille: int = 1_000
    """Part of the handler's time that the downstream takes."""
    connects_in_init: bool = False
    """Whether an environment connects at the end of its init, and not when a handler first uses the downstream."""


class DownstreamState:
    """One downstream, now."""

    __slots__ = ("_connected", "bucket", "is_down", "permille", "spec")

    def __init__(self, spec: DownstreamSpec) -> None:
        self.spec = spec
        self._connected: set[int] = set()
        self.bucket = Bucket(spec.burst, spec.per_ns)
        self.is_down = False
        self.permille = 1_000  # how long what takes 1,000 takes now, beside its windows

    @property
    def connections(self) -> int:
        """Connections that are held."""
        return len(self._connected)

    def connect(self, environment: int) -> bool:
        """Give an environment, by its number, a connection unless it has one; say whether it has one now."""
        if self.spec.connections and environment not in self._connected:
            if not may_connect(self.spec, len(self._connected)):
                return False
            self._connected.add(environment)
        return True

    def disconnect(self, environment: int) -> bool:
        """Take back an environment's connection; say whether it had one."""
        held = len(self._connected)
        self._connected.discard(environment)
        return len(self._connected) < held

    def call(self, now: int, calls: int) -> bool:
        """Let all of so many calls pass, or none; say which."""
        return passes(self.spec, self.bucket, now, calls)

    def change_rate(self, kind: int, value: int, now: int) -> None:
        """Let the limit of calls be another from now on."""
        catch_up(self.spec, self.bucket, now)
        self.spec = adjusted(self.spec, kind, value)


def may_connect(spec: DownstreamSpec, held: int) -> bool:
    """Say whether one more connection can be had while so many are held; those that are too many stay."""
    return held < spec.connections


def passes(spec: DownstreamSpec, bucket: Bucket, now: int, calls: int) -> bool:
    """Say whether a limit lets all of so many calls pass; then they count."""
    return spec.calls == 0 or taken(bucket, now, calls, spec.burst, spec.calls, spec.per_ns)


RATES: Final = {Control.DOWNSTREAM_RATE: "calls", Control.DOWNSTREAM_BURST: "burst"}
"""What rows of the control table change of a limit of calls."""


def adjusted(spec: DownstreamSpec, kind: int, value: int) -> DownstreamSpec:
    """Return a downstream whose limit of calls a row of the control table changes."""
    changed: dict[str, Any] = {RATES[Control(kind)]: value}
    return replace(spec, **changed)


def catch_up(spec: DownstreamSpec, bucket: Bucket, now: int) -> None:
    """Let a bucket have what came back until now, at which its limit changes; what was used stays used."""
    if spec.calls > 0:
        taken(bucket, now, 0, spec.burst, spec.calls, spec.per_ns)


def slowed_ns(slowdowns: tuple[Slowdown, ...], permille: int, now: int, time_ns: int) -> int:
    """Return how long something takes that begins now and usually takes ``time_ns`` in a downstream.

    ``permille`` is how long what takes 1,000 takes there beside its windows.
    """
    for window in slowdowns:
        if window.from_ns <= now < window.until_ns:
            time_ns = time_ns * window.permille // 1_000
    return time_ns * permille // 1_000


def spent_in(use: UseSpec, duration_ns: int) -> int:
    """Return what part of ``duration_ns`` a handler spends in a downstream."""
    return duration_ns * use.permille // 1_000


def used_ns(use: UseSpec, slowdowns: tuple[Slowdown, ...], permille: int, now: int, duration_ns: int) -> int:
    """Return what a handler takes that begins now, uses a downstream and would take ``duration_ns`` without any
    slowness; ``permille`` as above."""
    spent_ns = spent_in(use, duration_ns)
    return duration_ns + slowed_ns(slowdowns, permille, now, spent_ns) - spent_ns
