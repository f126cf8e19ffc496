"""Event sources in a simulation written by hand, in whole ms: every event, its time, and what each invocation does."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.aliases import Lead
from lambdasim.model.control import Change, in_order
from lambdasim.model.events import LOAD_SHIFT, NEVER_NS, DeliveryOutcome, Fate, Status, request_key
from lambdasim.model.spec import AccountSpec, FunctionSpec
from lambdasim.plan import PLAN_COLUMNS, Plan, PlanChunk
from lambdasim.records import RecordTable

MS = 1_000_000


def columns(takes: int, init: int = 0, outcome: int = Status.SUCCESS) -> dict[str, int]:
    """Return the drawn columns of a request that takes so many ms."""
    return {
        "duration_ns": takes * MS,
        "init_ns": init * MS,
        "placement_ns": 0,
        "outcome": int(outcome),
        "idle_timeout_ns": 900_000 * MS,
        "surplus_idle_timeout_ns": 900_000 * MS,
        "lifetime_ns": NEVER_NS,
        "pick": 0,
    }


@dataclass
class Hand:
    """What a source or link sends: the n-th request takes ``takes[n]`` ms (the last one is repeated), and ``slower``
    times as long at the second function that its mapping leads to."""

    load: int
    takes: Sequence[int] = (10,)
    outcomes: Sequence[int] = (Status.SUCCESS,)
    function: int = 0
    delay: int = 0
    keys: Mapping[str, int] = field(default_factory=dict)
    source: int = -1
    made_by: str = "load"
    alias: int = -1
    leads: tuple[Lead, ...] = ()
    slower: int = 3

    def open(self) -> "Hand":
        return self

    def row(self, sequence: int, version: int = 0) -> dict[str, int]:
        takes, outcome = (some[min(sequence, len(some) - 1)] for some in (self.takes, self.outcomes))
        function = next((lead.function for lead in self.leads if lead.first == version), self.function)
        own = {"request": request_key(self.load, sequence), "function": function, "delay_ns": self.delay * MS}
        return own | columns(takes * self.slower if version else takes, outcome=outcome)

    def block(self, number: int, size: int, version: int = 0) -> dict[str, np.ndarray]:
        rows = [self.row(sequence, version) for sequence in range(number * size, (number + 1) * size)]
        return {name: np.array([row[name] for row in rows]) for name in (*columns(0), "delay_ns")}

    def key(self, kind: str) -> int:
        return self.keys.get(kind, 0)


def plan_of(
    spec: AccountSpec,
    jitter_keys: Sequence[int] = (0,),
    drawn: Sequence[Hand] = (),
    followers: Sequence[tuple[Hand, int]] = (),
    called: Sequence[Hand] = (),
    control: Iterable[Change] = (),
    crowds: Sequence[Any] = (),
    **more: Any,
) -> Plan:
    """Return a plan with a series for each of ``jitter_keys``, the keys of their clients' jitter.

    ``drawn`` are those of the sources, ``followers`` those of links with the source they go to or -1, ``called`` those
    of calls, and ``crowds`` are closed loops that know their ``draws``; the rest are those of loads.
    """
    hands = {hand.load: replace(hand, made_by="source") for hand in drawn}
    hands |= {hand.load: replace(hand, made_by="link", source=source) for hand, source in followers}
    hands |= {hand.load: replace(hand, made_by="call") for hand in called}
    hands |= {crowd.load: crowd.draws for crowd in crowds}
    series = [
        replace(hand, keys={**hand.keys, "client-jitter": key})
        for load, key in enumerate(jitter_keys)
        for hand in [hands.get(load, Hand(load))]
    ]
    more = {"closed_loops": tuple(crowds)} | more
    return Plan(spec, tuple(series), control=in_order(control), **more)


@dataclass(frozen=True)
class Event:
    """An event of load 0 at ``at`` ms."""

    at: int
    takes: int = 10
    outcome: int = Status.SUCCESS
    source: int = 0
    function: int = 0
    delay: int = 0


@dataclass
class Log:
    """The records of a run, as dictionaries of integers."""

    invocations: list[dict[str, int]]
    deliveries: list[dict[str, int]]
    samples: list[dict[str, int]]
    ended: int

    def story(self) -> list[tuple[object, ...]]:
        """Return each delivery: (event, attempt, available, delivered, ended, outcome, fate), times in ms."""
        return [
            (
                row["event"] & (1 << LOAD_SHIFT) - 1,
                row["attempt"],
                *(_ms(row[name]) for name in ("available_ns", "delivered_ns", "ended_ns")),
                DeliveryOutcome(row["outcome"]).name,
                Fate(row["fate"]).name,
            )
            for row in sorted(self.deliveries, key=lambda row: (row["event"], row["attempt"], row["ended_ns"]))
        ]

    def runs(self) -> list[tuple[object, ...]]:
        """Return each attempt at the function: (load, sequence, attempt, arrival, end, status, final), times in ms."""
        return [
            (
                row["request"] >> LOAD_SHIFT,
                row["request"] & (1 << LOAD_SHIFT) - 1,
                row["attempt"],
                _ms(row["arrival_ns"]),
                _ms(row["end_ns"]),
                Status(row["status"]).name,
                row["final"],
            )
            for row in sorted(self.invocations, key=lambda row: (row["arrival_ns"], row["request"], row["attempt"]))
        ]


def _ms(ns: int) -> float:
    return -1 if ns == -1 else ns / MS


def simulate(
    spec: AccountSpec,
    events: Sequence[Event],
    *,
    drawn: Sequence[Hand] | None = None,
    followers: Sequence[tuple[Hand, int]] = (),
    called: Sequence[Hand] = (),
    horizon: int | None = None,
    chunk: int = 1_000_000,
    loads: int = 1,
    control: Sequence[Change] = (),
) -> Log:
    """Run events of load 0 and return the records; the sources' own loads come after ``loads``."""
    drawn = [Hand(loads + i) for i in range(len(spec.sources))] if drawn is None else drawn
    series = loads + len(drawn) + len(followers) + len(called)
    horizon_ns = NEVER_NS if horizon is None else horizon * MS
    plan = plan_of(spec, (0,) * series, drawn, followers, called, control, horizon_ns=horizon_ns)
    engine = ReferenceEngine(plan)
    ordered = sorted(enumerate(events), key=lambda pair: (pair[1].at, pair[0]))
    parts = [ordered[i : i + chunk] for i in range(0, len(ordered), chunk)]
    tables = []
    for number, part in enumerate(parts):
        until = parts[number + 1][0][1].at * MS if number + 1 < len(parts) else NEVER_NS
        rows = [
            {"request": request_key(0, i), "arrival_ns": e.at * MS, "function": e.function}
            | columns(e.takes, outcome=e.outcome)
            | {"source": e.source, "delay_ns": e.delay * MS}
            for i, e in part
        ]
        arrays = {name: np.array([r[name] for r in rows], np.int64) for name in (*PLAN_COLUMNS, "source", "delay_ns")}
        tables.append(engine.advance(PlanChunk(until_ns=until, **arrays)))
    tables.append(engine.finish(0))
    return Log(
        *(
            [row for table in tables for row in _rows(getattr(table, name))]
            for name in ("invocations", "deliveries", "samples")
        ),
        ended=engine.ended_ns,
    )


def _rows(table: RecordTable) -> list[dict[str, int]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows.tolist()]


def function(name: str = "f", timeout: int = 900_000, **more: object) -> FunctionSpec:
    """Return the law of a function, its timeout in ms."""
    return FunctionSpec(name=name, timeout_ns=timeout * MS, **more)  # type: ignore[arg-type]
