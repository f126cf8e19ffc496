"""What a policy of one's own looks like, and what it is shown: idle timeout, reuse, eviction, admission and arrivals.

A policy gets the state that it may see and keyed draws, returns a value, and changes nothing: the same policy, seed and
state give the same value. Times are integer nanoseconds from the start of the experiment. What a policy needs to know
of the past is in the state. A controller has its protocol in :mod:`lambdasim.control.controller`.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from lambdasim.model.rules import jitter24


@dataclass(frozen=True, slots=True)
class Draw:
    """Random numbers of one decision: the same for the same seed, function and running number of the decision."""

    key: int
    index: int

    def uniform(self, name: str = "") -> float:
        """Return a number from 0 (included) to 1 (excluded); each ``name`` has one of its own."""
        return jitter24(self.key ^ zlib.crc32(name.encode()), self.index) / 2**24


@dataclass(frozen=True, slots=True)
class EnvironmentSeen:
    """An execution environment on demand, as a policy sees it."""

    number: int
    """Environments are numbered from 0, as they are made."""
    function: str
    memory_mb: int
    created_ns: int
    idle_since_ns: int
    """-1 while it is busy."""
    invocations: int
    """That it has served, the one that it serves included."""
    init_ns: int
    """What its init took."""


@dataclass(frozen=True, slots=True)
class FunctionSeen:
    """A function at a decision, as a policy sees it."""

    now_ns: int
    function: str
    memory_mb: int
    alive: int
    """Its environments on demand, busy and idle."""
    idle: int
    concurrency: int
    """Its executions, those on provisioned concurrency included."""
    invocations: int
    """That have been admitted by now."""
    gaps_ns: Sequence[int]
    """The latest times from the end of an execution that left it without any to its next request, oldest first."""
    environment: EnvironmentSeen | None = None
    """The one that falls idle, where that is decided about."""


@runtime_checkable
class IdleTimeout(Protocol):
    """How long an environment is kept that falls idle."""

    def idle_timeout(self, state: FunctionSeen, draw: Draw) -> int:
        """Return the time in ns, from 0 on, after which ``state.environment`` ends unless it is used before."""


@runtime_checkable
class Reuse(Protocol):
    """Which idle environment serves a request."""

    def reuse(self, state: FunctionSeen, idle: Sequence[EnvironmentSeen], draw: Draw) -> int:
        """Return the ``number`` of one of ``idle``, of which there is at least one, in order of their numbers."""


@runtime_checkable
class Eviction(Protocol):
    """Which idle environments end at once, when one falls idle."""

    def evict(self, state: FunctionSeen, idle: Sequence[EnvironmentSeen], alive_mb: int, draw: Draw) -> Iterable[int]:
        """Return the numbers of those of ``idle`` that end now.

        ``idle`` are those of the whole account, in order of their numbers, ``alive_mb`` is the memory of all of its
        environments on demand, busy ones included.
        """


@runtime_checkable
class Admission(Protocol):
    """Whether a request may be served, before Lambda's own quotas are asked."""

    def admit(self, state: FunctionSeen, draw: Draw) -> bool:
        """Return True to go on to the quotas, False to throttle (FunctionInvocationRateLimitExceeded)."""


@runtime_checkable
class Arrivals(Protocol):
    """When the requests of a load arrive, in the place of its executor."""

    def arrivals(self, start_ns: int, end_ns: int, draw: Draw) -> Iterable[int]:
        """Yield times from ``start_ns`` (included) to ``end_ns`` (excluded), none before the one before it.

        ``draw.uniform(f"{n}")`` gives the n-th request a number of its own.
        """
