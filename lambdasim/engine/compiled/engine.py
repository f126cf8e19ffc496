"""The compiled engine behind the interface of the SimPy engine."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np

from lambdasim.engine.compiled import programs, refusal, room, supports
from lambdasim.engine.compiled.beginning import initial, with_changes
from lambdasim.engine.compiled.chains import LINK_COLUMNS, LINK_ROWS
from lambdasim.engine.compiled.crowds import draw_ahead
from lambdasim.engine.compiled.day_length import suited
from lambdasim.engine.compiled.holds import CALLED_ROWS
from lambdasim.engine.compiled.plain import programs_for
from lambdasim.engine.compiled.queues import DRAWN_AT_ONCE, DRAWN_COLUMNS
from lambdasim.engine.compiled.remains import remains
from lambdasim.engine.compiled.state import (
    COLUMNS,
    ENOUGH,
    ENVIRONMENTS,
    HELD,
    INVOCATIONS,
    LEAST,
    LIFE,
    SAMPLES,
    UNDRAWN,
    State,
)
from lambdasim.engine.compiled.structs import Records, declared
from lambdasim.machine_code.program import FOR_PLAIN, Program
from lambdasim.model.control import Change, to_come
from lambdasim.model.events import NEVER_NS, Status
from lambdasim.plan import COLD_COLUMNS, PLAN_COLUMNS, Drawn, Plan, PlanChunk
from lambdasim.records import (
    DELIVERY_COLUMNS,
    ENVIRONMENT_COLUMNS,
    INVOCATION_COLUMNS,
    SAMPLE_COLUMNS,
    EndReason,
    Int64,
    RecordChunk,
    RecordTable,
)

EMPTY: Final = np.empty(0, np.int64)
NO_ROWS: Final = declared(State)["invocations"].made(0)
COLD_ROWS: Final = 2_048
"""Of so many rows what a cold start needs is drawn when one comes; of twice as many when another one follows soon."""
DRAINED_ROWS: Final = 32_768
"""So many are written at a time once the loads have ended."""

NOTHING: Final = [EMPTY] * len(COLUMNS)

ROWS: Final = {
    "invocations": INVOCATION_COLUMNS,
    "ended": ENVIRONMENT_COLUMNS,
    "deliveries": DELIVERY_COLUMNS,
    "samples": SAMPLE_COLUMNS,
}
"""Arrays of rows, in the order of a chunk of records."""


class CompiledEngine:
    """One simulation of an account, with the methods of ``ReferenceEngine``, and its records.

    A row is written as soon as it is known, which for a synchronous attempt is when it arrives; so rows come in order
    of arrival. With a last chunk that has no end (``NEVER_NS``), :meth:`advance` lets everything in flight end, which
    ``ReferenceEngine`` leaves to :meth:`finish`.

    ``may_change`` says that :meth:`change` may be called: it is then no plan for the loop of plain plans. What lacks of
    programs ``besides`` is compiled with those of the loop.

    Raises :class:`~lambdasim.errors.InputError` with the reason when the compiled engine does not support the plan.
    """

    def __init__(self, plan: Plan, may_change: bool = False, besides: Sequence[Program] = ()) -> None:
        supported, reason = supports(plan)
        if not supported:
            raise refusal(reason)
        from lambdasim.engine.compiled import native  # comes with numba, which need not be installed

        self._state = initial(plan)
        self._loop = self._state.loop[0]
        self._drawn: list[Drawn] = [series.open() for series in plan.made_by("source")]
        self._followers = [plan.series[link.load].open() for link in plan.account.links]
        self._called = [series.open() for series in plan.made_by("call")]
        self._users = [loop.open(plan.series[loop.load]) for loop in plan.closed_loops]
        for crowd in range(len(self._users)):
            self._draw_users(crowd)
        self._rows = 0  # of invocations, in the chunk before
        self._handed = room.Handed()
        self._chunk: PlanChunk | None = None  # which the loop is in
        self._draws, self._cold_rows = 0, COLD_ROWS  # how often something was drawn for its cold starts, and how much
        self._same = dict.fromkeys(PLAN_COLUMNS, EMPTY)  # columns that had one value in the chunk before
        self._horizon_ns = plan.horizon_ns
        self._through_ns = -1  # all has happened that happens at this time or before
        self._any_loop = partial(native.event_loop, *programs(plan))
        own = programs_for(plan, self._state, may_change)
        native.prepare((*own, *besides))
        self._is_plain = own == FOR_PLAIN
        self._run = native.plain_loop_alone() if self._is_plain else self._any_loop()

    def advance(self, chunk: PlanChunk) -> RecordChunk:
        """Let everything happen that happens before ``chunk.until_ns``; return what became known."""
        self._let_happen(chunk)
        return self._take()

    def keep(self, chunk: PlanChunk, to_come: int) -> RecordTable:
        """Let everything happen that happens before ``chunk.until_ns``; return the samples that became known by it.

        They and all else that did are kept for the next :meth:`advance`, before which so many more requests are ``to
        come``. That spares whoever looks at nothing but samples to have all rows handed over for it.
        """
        before = int(self._state.rooms["used"][SAMPLES])
        self._let_happen(chunk, to_come)
        rows = self._state.samples[before : self._state.rooms["used"][SAMPLES]]
        return RecordTable(SAMPLE_COLUMNS, rows.view(np.int64).reshape(-1, len(SAMPLE_COLUMNS)))

    def change(self, changes: Iterable[Change]) -> None:
        """Let more rows of the control table happen, none of them before what has happened already."""
        self._run, self._is_plain = self._any_loop(), False
        changes = to_come(changes, self._through_ns)
        control, init_ns = self._state.control[self._loop["change"] :], self._state.provisioned_init_ns
        control, init_ns = with_changes(control, init_ns, changes)
        self._state = self._state._replace(control=control, provisioned_init_ns=init_ns)
        self._loop["change"] = 0

    def drain(self, seen: Callable[[RecordTable], None] | None = None) -> RecordChunk | None:
        """Let some of what is in flight end, until so many rows are written; None once there is no more of it."""
        self._write_to(DRAINED_ROWS)
        return self._take() if self._run_before(self._horizon_ns, NOTHING, INVOCATIONS) else None

    def finish(self, loads_end_ns: int) -> RecordChunk:
        """Let everything in flight end, or stop at the horizon; return the rest, with the surviving environments.

        Without a horizon the simulation ends with its loads (at ``loads_end_ns``, when the last request may arrive) or
        with its last event, whichever is later.
        """
        self._run_before(self._horizon_ns, NOTHING)
        if self._horizon_ns == NEVER_NS:
            over_ns = max(int(self._loop["now_ns"]), int(self._loop["last_ns"]), self._through_ns, loads_end_ns)
            self._run_before(over_ns + 1, NOTHING)
        if len(self._state.queues) or len(self._state.streams) or self._state.rooms["used"][HELD]:
            self._loop["is_over"] = 1
            self._run_before(self._through_ns + 1, NOTHING)
        left = remains(self._state, self._through_ns)
        return self._take(invocations=self._in_flight(), ended=self._survivors(), deliveries=left)

    @property
    def ended_ns(self) -> int:
        """The end of the simulation, after :meth:`finish`."""
        return self._through_ns if self._horizon_ns == NEVER_NS else self._horizon_ns

    def _run_before(self, until_ns: int, columns: list[Int64], enough: int = ENOUGH) -> bool:
        """Run the loop; say whether it stopped before that time, as there was no more room for ``enough``."""
        self._loop["row"] = 0
        while (lacking := self._run(self._state, until_ns, columns)) != ENOUGH:
            if lacking == enough:
                return True
            if lacking == UNDRAWN:
                self._draw(int(self._loop["undrawn"]))
            else:
                self._state = room.enlarged(self._state, lacking)
        if until_ns < NEVER_NS:
            self._through_ns = until_ns - 1
        return False

    def _draw(self, number: int) -> None:
        """Draw what the loop lacks: what a source makes by itself, virtual users send, a link sends or a call."""
        self._loop["undrawn"] = -1
        draws = (
            (len(self._state.sources), self._draw_made), (len(self._users), self._draw_users),
            (len(self._state.links), self._draw_events), (len(self._state.callees), self._draw_calls),
        )  # fmt: skip
        for count, draw in draws:
            if number < count:
                draw(number)
                return
            number -= count
        self._draw_cold()

    def _draw_cold(self) -> None:
        """Draw what some of the chunk's requests need for cold starts: the next one, or the last one, which waits."""
        loop, kept = self._loop, int(self._loop["kept"])
        chunk, begin = self._chunk, int(loop["row"]) - (kept >= 0)
        assert chunk is not None
        assert chunk.cold is not None
        follows = self._draws > 0 and begin - int(loop["drawn"]) < self._cold_rows
        self._cold_rows = 2 * self._cold_rows if follows else COLD_ROWS
        loop["drawn"] = min(begin + self._cold_rows, len(chunk))
        chunk.cold.draw(begin, int(loop["drawn"]))
        self._draws += 1
        if kept >= 0:
            for name in COLD_COLUMNS:
                self._state.waiting[name][kept] = getattr(chunk, name)[begin]
            loop["kept"] = -1

    def _draw_made(self, number: int) -> None:
        """Draw the next requests that a source makes by itself."""
        source = self._state.sources[number]
        block = int(source["made"]) // DRAWN_AT_ONCE
        for place in range(source["versions"]):
            columns = self._drawn[number].block(block, DRAWN_AT_ONCE, place)
            own = self._state.drawn[source["first_drawn"] + place * DRAWN_AT_ONCE :][:DRAWN_AT_ONCE]
            for name in DRAWN_COLUMNS:
                own[name] = columns[name]
        source["block"] = block

    def _draw_users(self, crowd: int) -> None:
        """Draw the next requests of virtual users."""
        state = self._state
        draw_ahead(state.crowds[crowd], state.users, state.ahead, self._users[crowd])

    def _draw_events(self, link: int) -> None:
        """Draw the next events of a link."""
        rows, drawn = self._state.link_rows, self._followers[link]
        _draw_arriving(self._state.links[link], rows, LINK_COLUMNS, drawn, LINK_ROWS)

    def _draw_calls(self, call: int) -> None:
        """Draw the next requests of a call."""
        rows, drawn = self._state.called_rows, self._called[call]
        _draw_arriving(self._state.callees[call], rows, DRAWN_COLUMNS, drawn, CALLED_ROWS)

    def _survivors(self) -> Records:
        """Return a row for each environment that is alive."""
        environments = self._state.environments[: self._state.rooms["used"][ENVIRONMENTS]]
        alive = environments[environments["number"] >= 0]
        rows = np.zeros(len(alive), LIFE)
        rows["environment"] = alive["number"]
        rows["function"] = alive["pool"] >> 1
        rows["provisioned"] = alive["pool"] & 1
        rows["destroyed_ns"] = -1
        rows["end_reason"] = EndReason.ALIVE
        for name in ("created_ns", "initialised_ns", "invocations", "init_ns"):
            rows[name] = alive[name]
        return rows

    def _in_flight(self) -> Records:
        """Return a row for each invocation of which nobody has decided when it ends."""
        used = self._state.rooms["used"][HELD]
        rows = self._state.held_rows[:used][self._state.held["environment"][:used] >= 0]
        rows["status"], rows["end_ns"] = Status.IN_FLIGHT, -1
        rows["placement_ns"] = rows["init_ns"] = rows["duration_ns"] = 0
        return rows

    def _take(self, **left: Records) -> RecordChunk:
        """Hand over all rows written so far and forget them, and what is ``left`` at the end."""
        self._rows = int(self._state.rooms["used"][INVOCATIONS])
        tables = []
        for name, columns in ROWS.items():
            rows = getattr(self._state, name)[: self._state.rooms["used"][declared(State)[name].room]]
            if len(left.get(name, ())):  # else all rows would be copied for nothing
                rows = np.concatenate((rows, left[name]))
            tables.append(RecordTable(columns, rows.view(np.int64).reshape(-1, len(columns))))
            if name != "invocations":
                self._state = room.emptied(self._state, name)
        self._state = room.given(self._state, "invocations", NO_ROWS)
        return RecordChunk(*tables)

    def _let_happen(self, chunk: PlanChunk, to_come: int = 0) -> None:
        until_ns = min(chunk.until_ns, self._horizon_ns)
        if self._through_ns >= until_ns - 1:
            return
        self._write_to(max(len(chunk) + to_come + LEAST, self._rows))
        self._state = suited(self._state, chunk.arrival_ns, chunk.duration_ns)
        drawn = chunk.cold is None or chunk.cold.is_drawn
        if chunk.cold is not None and not drawn and not self._is_plain:
            chunk.cold.draw(0, len(chunk))
        self._chunk, self._draws, self._loop["drawn"] = chunk, 0, len(chunk) if drawn else 0
        environments = int(self._state.account["environments"][0])
        columns = [self._contiguous(column, getattr(chunk, column)) for column in PLAN_COLUMNS]
        if chunk.source is not None:
            zeros = np.zeros(len(chunk), np.int64)
            columns.append(np.ascontiguousarray(chunk.source))
            columns.append(zeros if chunk.delay_ns is None else np.ascontiguousarray(chunk.delay_ns))
        else:
            columns += [EMPTY, EMPTY]
        self._run_before(until_ns, columns)
        self._chunk = None
        if chunk.cold is not None and self._is_plain:
            created = int(self._state.account["environments"][0]) - environments
            chunk.cold.tell(max(created, self._draws))

    def _write_to(self, rows: int) -> None:
        """Let invocations be written to room for so many, unless some are kept there already."""
        if self._state.rooms["used"][INVOCATIONS]:
            return
        self._state = room.given(self._state, "invocations", self._handed.rows(NO_ROWS.dtype, rows))

    def _contiguous(self, name: str, column: Int64) -> Int64:
        """Return a column of a chunk as the loop reads it: longer than the chunk, perhaps, but for ``arrival_ns``."""
        if column.strides[0] or not len(column) or name == "arrival_ns":
            return np.ascontiguousarray(column)
        same = self._same[name]
        if len(same) < len(column) or same[0] != column[0]:
            same = self._same[name] = np.full(len(column) + len(column) // room.SLACK, column[0])
        return same


def _draw_arriving(own: Any, all_rows: Records, columns: Sequence[str], drawn: Drawn, count: int) -> None:
    """Draw the next rows, for each version, of what knows how many have ``arrived``, into its part of all rows."""
    block = int(own["arrived"]) // count
    for place in range(own["versions"]):
        found = drawn.block(block, count, place)
        rows = all_rows[own["first_drawn"] + place * count :][:count]
        for name in columns:
            rows[name] = found[name]
    own["block"] = block
