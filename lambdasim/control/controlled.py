"""A run with controllers: the engine stops at their exact times, and what they decide goes into the control table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lambdasim.control.activity import Activity
from lambdasim.control.controller import Actions, Controller, Provision, Replacing, Seen, Steps
from lambdasim.control.settings import Settings
from lambdasim.engine import Engine
from lambdasim.model.events import NEVER_NS, Status
from lambdasim.plan import Plan, PlanChunk
from lambdasim.records import (
    ENVIRONMENT_COLUMNS,
    INVOCATION_COLUMNS,
    SAMPLE_COLUMNS,
    Int64,
    LevelMetric,
    RecordChunk,
    RecordTable,
)

TABLES: Final = ("invocations", "environments", "deliveries", "samples")
ENDS: Final = {"invocations": "end_ns", "environments": "destroyed_ns", "deliveries": "ended_ns", "samples": "time_ns"}
"""The column of each table that says when a row can be seen."""

CHUNK_COLUMNS: Final = tuple(field.name for field in fields(PlanChunk) if field.name not in ("until_ns", "cold"))

Reroute = Callable[[PlanChunk, Mapping[str, Steps]], PlanChunk]
"""Returns a chunk of the same requests, where some names lead elsewhere from now on."""

NOTHING_SEEN: Final = RecordChunk(
    RecordTable(INVOCATION_COLUMNS, np.zeros((0, len(INVOCATION_COLUMNS)), np.int64)),
    RecordTable(ENVIRONMENT_COLUMNS, np.zeros((0, len(ENVIRONMENT_COLUMNS)), np.int64)),
)


@runtime_checkable
class Keeping(Protocol):
    """An engine that can show samples before it hands over all else."""

    def keep(self, chunk: PlanChunk, to_come: int) -> RecordTable:
        """Let everything happen that happens before ``chunk.until_ns``; return the samples that became known by it,
        which the next advance returns again, with all else; so many requests are ``to_come`` before that."""


class ControlledEngine:
    """An engine and the controllers of its run. Without controllers it does what the engine does."""

    def __init__(
        self,
        engine: Engine,
        plan: Plan,
        controllers: Sequence[Controller] = (),
        provision: Provision | None = None,
        replacements: Replacing | None = None,
        reroute: Reroute | None = None,
    ) -> None:
        """``replacements`` are of the environments that become ready by the plan or by a controller; None: there are
        none. ``reroute`` draws the requests of a chunk that go to other versions than was planned.
        """
        self._engine = engine
        self._plan = plan
        self._provision = provision or _no_provision
        self._watched = [_Watched(controller) for controller in controllers]
        see_samples = all(own.tables == ["samples"] for own in self._watched)
        self._keeping = engine if see_samples and isinstance(engine, Keeping) else None
        self._shown = 0
        """Samples that controllers have seen and nobody else."""
        self._settings = Settings(plan) if controllers else None
        self.activities: list[Activity] = []
        """What controllers told of by now."""
        self._replacements = replacements
        self._reroute, self._routes = reroute, dict[str, Steps]()
        if replacements is not None:
            replacements.add(plan.control)
        self._ends_ns = plan.loads_end_ns if plan.horizon_ns == NEVER_NS else plan.horizon_ns

    def advance(self, chunk: PlanChunk) -> Iterator[RecordChunk]:
        """Let everything happen that happens before ``chunk.until_ns``; yield what became known, stop by stop.

        Controllers act until the horizon, or without one until the loads end.
        """
        begin, chunk = 0, self._routed(chunk)
        for stop_ns in self._stops(min(chunk.until_ns, self._ends_ns)):
            end = int(np.searchsorted(chunk.arrival_ns, stop_ns))
            routes, part = dict(self._routes), _part(chunk, begin, end, stop_ns)
            if self._keeping is not None:
                self._pass(self._keeping, part, stop_ns, len(chunk) - end)
            else:
                yield self._step(part, stop_ns)
            begin = end
            if self._routes != routes:
                begin, chunk = 0, self._routed(_part(chunk, begin, len(chunk), chunk.until_ns))
        yield self._step(_part(chunk, begin, len(chunk), chunk.until_ns) if begin else chunk)

    def drain(self, loads_end_ns: int, seen: Callable[[RecordTable], None] | None = None) -> Iterator[RecordChunk]:
        """After the last chunk: let controllers act to the end; yield what is in flight as it ends, bit by bit.

        ``seen`` is as in :class:`~lambdasim.engine.Engine`.
        """
        if self._plan.horizon_ns == NEVER_NS:
            self._ends_ns = min(self._ends_ns, loads_end_ns)
        yield from (self._step(_nothing(stop_ns), stop_ns) for stop_ns in self._stops(self._ends_ns))
        self._replace(self._ends_ns)
        while (records := self._engine.drain(seen)) is not None:
            yield records

    def finish(self, loads_end_ns: int) -> RecordChunk:
        """Let everything that is left end, or stop at the horizon; return the rest."""
        return self._engine.finish(loads_end_ns)

    @property
    def ended_ns(self) -> int:
        """The end of the simulation, after :meth:`finish`."""
        return self._engine.ended_ns

    def _routed(self, chunk: PlanChunk) -> PlanChunk:
        """Return a chunk whose requests go where names lead by now."""
        return self._reroute(chunk, self._routes) if self._reroute is not None and self._routes else chunk

    def _stops(self, until_ns: int) -> Iterator[int]:
        """Yield the times at which a controller acts next, before ``until_ns``."""
        while (stop_ns := min((own.next_ns for own in self._watched), default=NEVER_NS)) < until_ns:
            yield stop_ns

    def _step(self, chunk: PlanChunk, stop_ns: int = -1) -> RecordChunk:
        self._replace(chunk.until_ns)
        records = new = self._engine.advance(chunk)
        if self._shown:
            new = replace(records, samples=RecordTable(SAMPLE_COLUMNS, records.samples.rows[self._shown :]))
            self._shown = 0
        for own in self._watched:
            own.take(new)
        if stop_ns >= 0:
            self._act(stop_ns)
        return records

    def _pass(self, engine: Keeping, chunk: PlanChunk, stop_ns: int, to_come: int) -> None:
        """Let controllers that look at samples alone act, and keep what became known for the next step."""
        self._replace(chunk.until_ns)
        samples = engine.keep(chunk, to_come)
        self._shown += len(samples)
        for own in self._watched:
            own.take(RecordChunk(NOTHING_SEEN.invocations, NOTHING_SEEN.environments, samples=samples))
        self._act(stop_ns)

    def _act(self, now_ns: int) -> None:
        for own in self._watched:
            if own.next_ns == now_ns:
                assert self._settings is not None
                self._settings.advance(now_ns)
                actions = Actions(self._plan, now_ns, self._provision, self._settings)
                own.act(now_ns, actions)
                self._engine.change(actions.changes)
                self._routes |= actions.routes
                self.activities += actions.activities
                if self._replacements is not None:
                    self._replacements.add(actions.changes)

    def _replace(self, until_ns: int) -> None:
        """Tell the engine which environments are replaced before ``until_ns`` or the end, whichever is sooner."""
        if self._replacements is not None and (rows := self._replacements.before(min(until_ns, self._ends_ns))):
            self._engine.change(rows)


class _Watched:
    """A controller, with the records that it has not seen yet."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._any_order = getattr(controller, "any_order", False)
        self.next_ns = controller.first_ns
        self._coming: dict[str, list[tuple[RecordTable, Int64]]] = {
            name: [] for name in getattr(controller, "watches", TABLES)
        }
        """With each table when its rows can be seen."""
        self._levels: dict[tuple[int, int], int] = {}

    @property
    def tables(self) -> list[str]:
        """The tables that it looks at."""
        return list(self._coming)

    def take(self, records: RecordChunk) -> None:
        """Keep records until they can be seen."""
        for name, tables in self._coming.items():
            table = getattr(records, name)
            at_ns = _ends(name, table)
            tables.append(_chosen(table, at_ns, at_ns >= 0))

    def act(self, now_ns: int, actions: Actions) -> None:
        """Ask the controller."""
        new = {name: self._seen(name, now_ns) for name in self._coming}
        seen = RecordChunk(**({name: getattr(NOTHING_SEEN, name) for name in TABLES} | new))
        for function, metric, _, value in seen.samples.rows.tolist():
            if metric >= LevelMetric.RESERVED:
                self._levels[metric, function] = value
        self.next_ns = self._controller.act(Seen(now_ns, seen, dict(self._levels)), actions)
        if self.next_ns <= now_ns:
            raise ValueError(f"{self._controller} is to be asked again at {self.next_ns} ns, which is not after now")

    def _seen(self, name: str, now_ns: int) -> RecordTable:
        tables = self._coming[name]
        parts = [_chosen(table, at_ns, at_ns < now_ns) for table, at_ns in tables]
        rest = [_chosen(table, at_ns, at_ns >= now_ns) for table, at_ns in tables if (at_ns >= now_ns).any()]
        self._coming[name] = rest
        rows = parts[0][0].rows if len(parts) == 1 else np.concatenate([table.rows for table, _ in parts])
        whole = RecordTable(tables[0][0].columns, rows)
        if self._any_order:
            return whole
        at_ns = np.concatenate([at for _, at in parts])
        if name == "samples":  # several of one level at one instant stay in their order
            return RecordTable(whole.columns, rows[np.lexsort((whole["source"], whole["metric"], at_ns))])
        return RecordTable(whole.columns, rows[np.lexsort((*rows.T[::-1], at_ns))])


def _chosen(table: RecordTable, at_ns: Int64, some: NDArray[np.bool_]) -> tuple[RecordTable, Int64]:
    """Return some of the rows of a table, itself where these are all, which spares the copy."""
    return (table, at_ns) if some.all() else (RecordTable(table.columns, table.rows[some]), at_ns[some])


def _ends(name: str, table: RecordTable) -> Int64:
    """Return when each row can be seen, -1 for never: what is in flight when the simulation ends."""
    at_ns = table[ENDS[name]]
    return np.where(table["status"] == Status.THROTTLED, table["arrival_ns"], at_ns) if name == "invocations" else at_ns


def _part(chunk: PlanChunk, begin: int, end: int, until_ns: int) -> PlanChunk:
    """Return some rows of a chunk, as one that goes until another time."""
    if chunk.cold is not None and not chunk.cold.is_drawn:
        chunk.cold.draw(0, len(chunk))
    columns = (getattr(chunk, name) for name in CHUNK_COLUMNS)
    part: list[Any] = [None if column is None else column[begin:end] for column in columns]
    return PlanChunk(until_ns, *part)


def _nothing(until_ns: int) -> PlanChunk:
    none: Any = np.zeros(0, np.int64)
    optional = ("until_ns", "source", "delay_ns", "unrouted", "cold")
    return PlanChunk(until_ns, **{field.name: none for field in fields(PlanChunk) if field.name not in optional})


def _no_provision(function: int, at_ns: int, count: int) -> tuple[()]:
    raise ValueError(f"nobody says how long {count} environments of function {function} take at {at_ns} ns")
