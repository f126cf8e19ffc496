"""A database as it is: a pool before it whose connections are borrowed, connections that take time to open, and a
response that is slower the more is asked at once.

Plain functions of integers; who waits for whom, the engine tells.
"""

from lambdasim.model.downstream import DownstreamSpec


def pool_size(spec: DownstreamSpec) -> int:
    """Return how many connections a pool holds to its database at most: its own number of them, or its share of what
    the database takes, rounded down (API rds, MaxConnectionsPercent, 2026-11-27)."""
    if spec.pool_connections:
        return spec.pool_connections
    return spec.connections * spec.pool_share_ppm // 1_000_000


def is_pinned(spec: DownstreamSpec, u24: int) -> bool:
    """Say whether a session holds its connection as long as it lasts; ``u24`` is uniform on 0 .. 2**24 - 1."""
    return u24 < spec.pinned_q24


def opens_ns(spec: DownstreamSpec, free_ns: int, now: int) -> int:
    """Return when a connection that is asked for now is open; the one before it was, or nobody waits, at ``free_ns``.

    Where they are limited they are opened one after the other.
    """
    if spec.connect_per_ns == 0:
        return now
    return max(now, free_ns)


def contended_ns(spec: DownstreamSpec, connections: int, busy: int, time_ns: int) -> int:
    """Return what takes ``time_ns`` alone while ``busy`` of so many connections are at work, its own among them."""
    if spec.contention_permille == 0 or connections == 0:
        return time_ns
    return time_ns + time_ns * (spec.contention_permille * min(busy, connections) // connections) // 1_000
