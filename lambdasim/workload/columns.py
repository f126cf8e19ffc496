"""The columns of a plan: what each function's distributions say about each request.

An *actor* is a function as one load calls it, and has one stream of draws per kind of column. A column that is the
same for all requests of all actors is never drawn. This module knows nothing of arrivals or of chunks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.config.distribution import Distribution
from lambdasim.config.schema import IdlePolicy
from lambdasim.model.cpu import duration_factor
from lambdasim.model.events import NEVER_NS, Status
from lambdasim.plan import PLAN_COLUMNS
from lambdasim.workload.arithmetic import PLAIN, Arithmetic
from lambdasim.workload.block import NOT_GIVEN
from lambdasim.workload.distributions import Sampler
from lambdasim.workload.functions import NOTHING, PlannedFunction
from lambdasim.workload.given import TraceOverrides, fill_missing
from lambdasim.workload.random_streams import Streams, UInt64, bits, stream_key, stream_keys

Int64 = NDArray[np.int64]

NO_KEYS: Final = np.array([], dtype=np.uint64)

DRAWN_COLUMNS: Final = PLAN_COLUMNS[PLAN_COLUMNS.index("duration_ns") :]
"""The columns of a plan that chance decides."""


@dataclass(frozen=True, slots=True)
class Chances:
    """What chance decides about the requests of a function."""

    duration: Distribution
    init: Distribution
    placement: Distribution
    idle_timeout: Distribution
    lifetime: Distribution | None
    """None: it does not end."""
    memory_mb: int
    duration_factor: float = 1.0
    """What the function's memory makes of its duration."""
    memory_used: Distribution | None = None
    errors: float = 0.0
    crashes: float = 0.0
    surplus_idle_timeout: Distribution | None = None
    """Where it differs."""
    picks: bool = False
    """Whether chance chooses among idle environments."""

    @classmethod
    def of(cls, planned: PlannedFunction) -> "Chances":
        """Return those of a function of the experiment."""
        config = planned.config
        idle = config.idle_timeout
        measured_mb = config.duration_memory or config.memory
        return cls(
            duration=config.duration,
            duration_factor=duration_factor(config.memory, measured_mb, config.cpu_share, config.threads),
            init=planned.init,
            placement=planned.placement,
            memory_mb=config.memory,
            memory_used=config.memory_used,
            errors=config.errors,
            crashes=config.crashes,
            idle_timeout=idle.lone if isinstance(idle, IdlePolicy) else idle,
            surplus_idle_timeout=idle.surplus if isinstance(idle, IdlePolicy) else None,
            lifetime=None if isinstance(config.max_lifetime, str) else config.max_lifetime,
            picks=config.reuse == "random",
        )


class Actor(NamedTuple):
    """A function as one load calls it."""

    load: str
    function: str
    chances: Chances
    """Functions that are written alike share them."""
    delay: Distribution | None = None
    """Of the time from an event to its arrival at its source."""

    def key(self, seed: int, kind: str) -> int:
        """Return the key of its draws of one kind."""
        return stream_key(seed, kind, self.load, self.function)


class Columns:
    """Draws the columns of requests of several actors."""

    def __init__(self, seed: int, actors: Sequence[Actor]) -> None:
        """Prepare to draw; raises ``InputError`` when the file of an empirical distribution cannot be used."""
        names = [f"{actor.load}\0{actor.function}".encode() for actor in actors]
        distinct = {id(actor.chances): actor.chances for actor in actors}
        chances, place = [*distinct.values()], {number: place for place, number in enumerate(distinct)}
        own = np.array([place[id(actor.chances)] for actor in actors], np.int64)  # which of them each actor has

        def keys(kind: str) -> UInt64:
            return stream_keys(seed, kind, names)

        def sampler(kind: str, distributions: Sequence[Distribution], number: Int64 = own) -> Sampler:
            draws = any(distribution.family != "constant" for distribution in distributions)
            # a constant has no use for its key
            return Sampler(distributions, keys(kind) if draws else np.zeros(len(names), np.uint64), number)

        self._duration = sampler("duration", [one.duration for one in chances])
        self._factor = np.array([one.duration_factor for one in chances])[own]
        self._init = sampler("init", [one.init for one in chances])
        self._placement = sampler("placement", [one.placement for one in chances])

        self._errors = np.array([one.errors for one in chances])[own]
        self._crashes = np.array([one.crashes for one in chances])[own]
        self._fails = bool(self._errors.any() or self._crashes.any())
        self._outcome_key = keys("outcome") if self._fails else NO_KEYS

        self._memory_mb = np.array([float(one.memory_mb) for one in chances])[own]
        self._used = sampler("memory", [one.memory_used or NOTHING for one in chances])

        lone_keys = keys("idle")
        self._idle = Sampler([one.idle_timeout for one in chances], lone_keys, own)
        self._surplus = None
        differs = np.array([one.surplus_idle_timeout is not None for one in chances], np.bool_)
        if differs.any():
            surplus_keys = np.where(differs[own], keys("surplus-idle"), lone_keys)
            self._surplus = Sampler([s.surplus_idle_timeout or s.idle_timeout for s in chances], surplus_keys, own)

        self._immortal = np.array([one.lifetime is None for one in chances], np.bool_)[own]
        self._lifetime = sampler("lifetime", [one.lifetime or NOTHING for one in chances])
        self._delay = None
        if any(actor.delay is not None for actor in actors):
            self._delay = sampler("delay", [actor.delay or NOTHING for actor in actors], np.arange(len(actors)))
        self._picks = np.array([one.picks for one in chances], np.bool_)[own]
        self._pick_key = keys("pick") if self._picks.any() else NO_KEYS

    def draw(
        self, actor: int | Int64, index: Int64, given: TraceOverrides, arithmetic: Arithmetic = PLAIN
    ) -> dict[str, Int64]:
        """Return all columns of a plan that are drawn, by name, each (n,).

        ``actor`` is one for all rows or (n,); ``index`` (n,) is the running number of the request of its actor.
        """
        return self.warm(actor, index, given, arithmetic) | self.cold(actor, index, given, arithmetic)

    def warm(self, actor: int | Int64, index: Int64, given: TraceOverrides, arithmetic: Arithmetic) -> dict[str, Int64]:
        """Return those that every request needs."""
        duration, outcome = self._handled(arithmetic, actor, index, given)
        idle = self._whole(arithmetic, self._idle, actor, index)
        return {
            "duration_ns": duration,
            "outcome": outcome,
            "idle_timeout_ns": idle,
            "surplus_idle_timeout_ns": idle
            if self._surplus is None
            else self._whole(arithmetic, self._surplus, actor, index),
            "pick": self._picked(actor, index),
        }

    def cold(self, actor: int | Int64, index: Int64, given: TraceOverrides, arithmetic: Arithmetic) -> dict[str, Int64]:
        """Return those that only cold starts need: ``COLD_COLUMNS``."""
        return {
            "init_ns": fill_missing(given.init_ns, lambda: self._whole(arithmetic, self._init, actor, index)),
            "placement_ns": self._whole(arithmetic, self._placement, actor, index),
            "lifetime_ns": self._lifetimes(arithmetic, actor, index),
        }

    @property
    def delayed(self) -> bool:
        """Whether any event takes time to arrive at its source."""
        return self._delay is not None

    def delays(self, actor: int | Int64, index: Int64, arithmetic: Arithmetic = PLAIN) -> Int64:
        """Return the time from each event to its arrival at its source, in ns (n,)."""
        return _same(0, len(index)) if self._delay is None else self._whole(arithmetic, self._delay, actor, index)

    def _handled(
        self, arithmetic: Arithmetic, actor: int | Int64, index: Int64, given: TraceOverrides
    ) -> tuple[Int64, Int64]:
        """Return duration and outcome, which meet where memory runs out."""
        duration = self._durations(arithmetic, actor, index, given.duration_ns)
        # what a trace calls 0 and 1 are Status.SUCCESS and Status.ERROR
        outcome = fill_missing(given.error, lambda: self._outcomes(arithmetic, actor, index))
        if self._used.constant is not None and (self._memory_mb >= self._used.constant).all():
            return duration, outcome
        used, memory = self._used.values(actor, index, arithmetic), self._memory_mb[actor]
        killed = used > memory
        # memory is taken to grow in proportion to time, so the handler is killed after this part of its duration
        part = np.divide(memory, used, out=np.ones_like(used), where=killed)
        duration = np.where(killed, arithmetic.rounded(duration * part), duration)
        return duration, np.where(killed, np.int64(Status.OUT_OF_MEMORY), outcome)

    def _durations(self, arithmetic: Arithmetic, actor: int | Int64, index: Int64, given: Int64 | None) -> Int64:
        if (self._factor == 1.0).all():
            return fill_missing(given, lambda: self._whole(arithmetic, self._duration, actor, index))
        factor = self._factor[actor]
        scaled = None if given is None else np.where(given == NOT_GIVEN, given, arithmetic.rounded(given * factor))
        return fill_missing(
            scaled, lambda: arithmetic.rounded(self._duration.values(actor, index, arithmetic) * factor)
        )

    def _outcomes(self, arithmetic: Arithmetic, actor: int | Int64, index: Int64) -> Int64:
        if not self._fails:
            return _same(Status.SUCCESS, len(index))
        u = arithmetic.uniform(Streams(self._outcome_key, actor), index)
        failed = np.where(u < self._errors[actor], np.int64(Status.ERROR), np.int64(Status.SUCCESS))
        crashed = u > 1.0 - self._crashes[actor]  # from the other end, so that crashes leave errors as they are
        return np.where(crashed, np.int64(Status.CRASH), failed)

    def _lifetimes(self, arithmetic: Arithmetic, actor: int | Int64, index: Int64) -> Int64:
        if self._immortal.all():
            return _same(NEVER_NS, len(index))
        drawn = self._whole(arithmetic, self._lifetime, actor, index)
        return np.where(self._immortal[actor], np.int64(NEVER_NS), drawn) if self._immortal.any() else drawn

    def _picked(self, actor: int | Int64, index: Int64) -> Int64:
        if not self._picks.any():
            return _same(0, len(index))
        drawn: Int64 = (bits(self._pick_key[actor], index) >> np.uint64(33)).astype(np.int64)
        drawn *= self._picks[actor]
        return drawn

    def _whole(self, arithmetic: Arithmetic, sampler: Sampler, actor: int | Int64, index: Int64) -> Int64:
        if sampler.constant is not None:
            return _same(int(PLAIN.rounded(np.array(sampler.constant))), len(index))
        return sampler(actor, index, arithmetic)


def _same(value: int, rows: int) -> Int64:
    """Return a read-only column that holds one value in all rows and takes no memory."""
    return np.broadcast_to(np.int64(value), rows)
