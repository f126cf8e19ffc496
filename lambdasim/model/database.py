"""A database as it is: a pool before it whose connections are borrowed, connections that take time to open, and a
response that is slower the more is asked at once.

Plain functions of integers; who waits for whom, the engine tells.
"""

from dataclasses import dataclass

from lambdasim.model.downstream import DownstreamSpec
from lambdasim.model.events import NEVER_NS


@dataclass(slots=True)
class DatabaseState:
    """What is at work in a database, now."""

    borrowed: int = 0
    """Connections of the pool that somebody has."""
    opened: int = 0
    """The most that ever were, which stay open."""
    free_ns: int = 0
    """When the next connection can be opened."""
    busy: int = 0
    """Transactions that are at work."""


def pool_size(spec: DownstreamSpec) -> int:
    """Return how many connections a pool holds to its database at most: its own number of them, or its share of what
    the database takes, rounded down (API rds, MaxConnectionsPercent, 2026-11-27)."""
    if spec.pool_connections:
        return spec.pool_connections
    return spec.connections * spec.pool_share_ppm // 1_000_000


def may_borrow(spec: DownstreamSpec, state: DatabaseState) -> bool:
    """Say whether one more connection of the pool can be had; those that are too many stay."""
    return state.borrowed < pool_size(spec)


def is_pinned(spec: DownstreamSpec, u24: int) -> bool:
    """Say whether a session holds its connection as long as it lasts; ``u24`` is uniform on 0 .. 2**24 - 1."""
    return u24 < spec.pinned_q24


def borrowed_ns(spec: DownstreamSpec, state: DatabaseState, now: int) -> int:
    """Return how long a connection takes to open that has just been borrowed; 0 for one that is open."""
    if state.borrowed <= state.opened:
        return 0
    state.opened = state.borrowed
    return connect_ns(spec, state, now)


def connect_ns(spec: DownstreamSpec, state: DatabaseState, now: int) -> int:
    """Return how long a connection takes to open that is asked for now. Where they are limited they are opened one
    after the other."""
    if spec.connect_per_ns == 0:
        return 0
    open_ns = max(now, state.free_ns)
    state.free_ns = min(open_ns + spec.connect_per_ns, NEVER_NS)
    return open_ns - now


def begin(spec: DownstreamSpec, state: DatabaseState, time_ns: int) -> int:
    """Let a transaction begin that takes ``time_ns`` alone; return what it takes now."""
    state.busy += 1
    return contended_ns(spec, pool_size(spec) if spec.has_pool else spec.connections, state.busy, time_ns)


def contended_ns(spec: DownstreamSpec, connections: int, busy: int, time_ns: int) -> int:
    """Return what takes ``time_ns`` alone while ``busy`` of so many connections are at work, its own among them."""
    if spec.contention_permille == 0 or connections == 0:
        return time_ns
    return time_ns + time_ns * (spec.contention_permille * min(busy, connections) // connections) // 1_000
