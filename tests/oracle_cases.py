"""Cases for the oracles of event sources, told to the SimPy engine and to an oracle; and the records of both."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from by_hand import plan_of
from oracles.agenda import plain
from oracles.world import Request, World

from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.aliases import Lead
from lambdasim.model.control import Change
from lambdasim.model.events import NEVER_NS
from lambdasim.model.spec import AccountSpec
from lambdasim.plan import PLAN_COLUMNS, Plan, PlanChunk

TABLES = ("invocations", "deliveries", "samples")


@dataclass(frozen=True)
class Draws:
    """What a source, link or call sends: request n has the n-th of each tuple, which are repeated; times in ns."""

    load: int
    function: int = 0
    takes: tuple[int, ...] = (0,)
    outcomes: tuple[int, ...] = (0,)
    inits: tuple[int, ...] = (0,)
    idle: int = NEVER_NS
    delays: tuple[int, ...] = (0,)
    keys: Mapping[str, int] = field(default_factory=dict)
    source: int = -1
    made_by: str = "load"
    alias: int = -1
    leads: tuple[Lead, ...] = ()
    """Of a source whose mapping leads to several functions, one version each: request n has the next of each tuple
    there, and all behind it."""

    def request(self, number: int, chain_depth: int = 0, lead: int = 0) -> Request:
        """Return a request as an oracle has it, of the function that the mapping led to at a time, by its number."""
        first, function = (self.leads[lead].first, self.leads[lead].function) if self.leads else (0, self.function)
        takes, outcome, init, delay = (
            some[(number + first) % len(some)] for some in (self.takes, self.outcomes, self.inits, self.delays)
        )
        return Request(
            self.load, number, function, takes, init, self.idle, outcome, self.source, delay, chain_depth, lead
        )

    def row(self, number: int, version: int = 0) -> dict[str, int]:
        """Return a request as the engine has it."""
        lead = next((place for place, own in enumerate(self.leads) if own.first == version), 0)
        return columns(self.request(number, 0, lead))

    def open(self) -> "Draws":
        """Return what reads the requests: itself."""
        return self

    def block(self, number: int, size: int, version: int = 0) -> dict[str, np.ndarray]:
        """Return the drawn columns of some requests."""
        rows = [self.row(sequence, version) for sequence in range(number * size, (number + 1) * size)]
        return {name: np.array([row[name] for row in rows]) for name in (*PLAN_COLUMNS[3:], "delay_ns")}

    def key(self, kind: str) -> int:
        """Return the key of a stream of draws."""
        return self.keys.get(kind, 0)


@dataclass(frozen=True)
class Crowd:
    """Virtual users, who think as long as the n-th of ``thinks`` after their load's n-th request; times in ns."""

    draws: Draws
    vus: int = 1
    start_ns: int = 0
    stop_ns: int = NEVER_NS
    thinks: tuple[int, ...] = (0,)

    @property
    def load(self) -> int:
        """Index of the series of their requests."""
        return self.draws.load

    def open(self, series: Any) -> "Crowd":
        """Return what reads their requests: itself."""
        return self

    def row(self, number: int, version: int = 0) -> dict[str, int]:
        """Return a request and the time after it."""
        think_ns = self.thinks[number % len(self.thinks)]
        return self.draws.row(number) | {"source": self.draws.source, "think_ns": think_ns}

    def columns(self, index: np.ndarray, version: int = 0) -> dict[str, np.ndarray]:
        """Return some requests."""
        rows = [self.row(int(number)) for number in index]
        names = (*PLAN_COLUMNS[3:], "delay_ns", "think_ns")
        return {name: np.array([row[name] for row in rows], np.int64) for name in names}


def columns(request: Request) -> dict[str, int]:
    """Return the drawn columns of a request."""
    return {
        "request": request.key,
        "function": request.function,
        "duration_ns": request.takes,
        "init_ns": request.init,
        "placement_ns": 0,
        "outcome": int(request.outcome),
        "idle_timeout_ns": request.idle,
        "surplus_idle_timeout_ns": request.idle,
        "lifetime_ns": NEVER_NS,
        "pick": 0,
        "delay_ns": request.delay,
    }


@dataclass(frozen=True)
class SourceCase:
    """An account, what arrives when, and what each part of the account sends by itself."""

    spec: AccountSpec
    events: tuple[tuple[int, Request], ...]
    """Times in ns, and what arrives."""
    draws: tuple[Draws, ...] = ()
    followers: tuple[Draws, ...] = ()
    """By link; their ``source`` is where the events go."""
    called: tuple[Draws, ...] = ()
    crowds: tuple[Crowd, ...] = ()
    control: tuple[Change, ...] = ()
    jitter_keys: tuple[int, ...] = (0,)
    horizon_ns: int = NEVER_NS
    cuts_ns: tuple[int, ...] = ()

    def plan(self) -> Plan:
        """Return what an engine needs beside the chunks."""
        followers = [(draws, draws.source) for draws in self.followers]
        more = {"control": self.control, "crowds": self.crowds, "horizon_ns": self.horizon_ns}
        return plan_of(self.spec, self.jitter_keys, self.draws, followers, self.called, **more)

    def chunks(self) -> Iterator[PlanChunk]:
        """Yield what arrives, cut where the case is."""
        ordered = sorted(self.events, key=lambda pair: (pair[0], pair[1].key))
        last, begin = max([time for time, _ in self.events], default=0), 0
        for until in [*sorted(cut for cut in set(self.cuts_ns) if cut <= last), NEVER_NS]:
            rows = [
                columns(request) | {"arrival_ns": time, "source": request.source}
                for time, request in ordered
                if begin <= time < until
            ]
            arrays = {
                name: np.array([row[name] for row in rows], np.int64) for name in (*PLAN_COLUMNS, "source", "delay_ns")
            }
            yield PlanChunk(until_ns=until, **arrays)
            begin = until


def numbered(events: list[tuple[int, Request]]) -> tuple[tuple[int, Request], ...]:
    """Return events in order of their times, with the requests of each load numbered so."""
    counts: dict[int, int] = {}
    result = []
    for time, request in sorted(events, key=lambda pair: pair[0]):
        number = counts[request.load] = counts.get(request.load, -1) + 1
        result.append((time, replace(request, number=number)))
    return tuple(result)


Rows = dict[str, Any]


def told_by_engine(case: SourceCase, engine_class: Any = ReferenceEngine) -> Rows:
    """Return all records of an engine, sorted, and the end of the simulation."""
    engine = engine_class(case.plan())
    chunks = [engine.advance(chunk) for chunk in case.chunks()]
    chunks.append(engine.finish(0))
    told: Rows = {
        table: sorted(tuple(row) for chunk in chunks for row in getattr(chunk, table).rows.tolist())
        for table in (*TABLES, "environments")
    }
    return told | {"ended": engine.ended_ns}


def told_by_oracle(case: SourceCase) -> Rows:
    """Return the same of the oracle, environments aside."""
    followers = [(draws, draws.source) for draws in case.followers]
    world = World(plain(case.spec), case.jitter_keys, case.draws, followers, case.called, case.crowds, case.horizon_ns)
    world.simulate(list(case.events), [(row.at_ns, row.kind.name, row.subject, row.value) for row in case.control])
    told: Rows = {table: sorted(tuple(map(int, row)) for row in getattr(world, table)) for table in TABLES}
    return told | {"ended": world.now if case.horizon_ns == NEVER_NS else case.horizon_ns}
