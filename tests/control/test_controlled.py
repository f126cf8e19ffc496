"""Controllers see the same and decide the same in both engines, wherever the chunks of a plan are cut."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from by_hand import function, plan_of
from hypothesis import given, settings
from opinion import JITTER_KEYS
from strategies import Case, cases

from lambdasim.control.controlled import ControlledEngine
from lambdasim.control.controller import Actions, Seen
from lambdasim.engine.compiled.engine import CompiledEngine
from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.control import Change, Control, provisioned
from lambdasim.model.events import NEVER_NS, Status
from lambdasim.model.spec import AccountSpec
from lambdasim.records import LevelMetric

pytest.importorskip("numba")
TABLES = ("invocations", "environments", "samples")


@dataclass
class Witness:
    """Writes down all it sees, and does something of every kind that depends on it."""

    first_ns: int
    every_ns: int
    watches: tuple[str, ...] = (*TABLES, "deliveries")
    log: list[object] = field(default_factory=list)

    def act(self, seen: Seen, actions: Actions) -> int:
        rows = {table: getattr(seen.since, table).rows.tolist() for table in TABLES}
        self.log.append((seen.now_ns, rows, dict(seen.levels)))
        ended = seen.since.invocations
        throttled = int((ended["status"] == Status.THROTTLED).sum())
        if throttled:
            actions.change(Control.ACCOUNT_CONCURRENCY, 0, 1 + throttled)
            actions.provision(0, 1)
        elif seen.level(LevelMetric.ALLOCATED, 0):
            actions.change(Control.PROVISIONED_DECREASED, 0, 1, seen.now_ns + self.every_ns)
        if count := (len(ended) or len(seen.since.samples)) % 4:
            actions.change(Control.RESERVED_CONCURRENCY, 0, count - 1)
        return seen.now_ns + self.every_ns


def run(engine_class: type, case: Case, *watches: str) -> object:
    """Return what two controllers saw, who look at some tables alone or at all, and the records."""
    tick = case.ends_ns // 22
    witnesses = [Witness(0, 3 * tick), Witness(2 * tick, 2 * tick)]
    if watches:
        witnesses = [replace(one, watches=watches) for one in witnesses]
    plan = plan_of(
        case.spec,
        JITTER_KEYS[: case.loads],
        control=case.control,
        horizon_ns=case.horizon_ns,
        loads_end_ns=case.ends_ns,
    )

    def provision(function: int, at_ns: int, count: int) -> tuple[Change, ...]:
        return provisioned(function, at_ns, at_ns + tick, (5,) * count)

    engine = ControlledEngine(engine_class(plan), plan, witnesses, provision)

    def parts() -> Iterator[object]:
        for chunk in case.chunks():
            yield from engine.advance(chunk)
        yield from engine.drain(case.ends_ns)
        yield engine.finish(case.ends_ns)

    records = list(parts())
    rows = [sorted(row for part in records for row in getattr(part, table).rows.tolist()) for table in TABLES]
    return [own.log for own in witnesses], rows, engine.ended_ns


@pytest.mark.parametrize("watches", [(), ("samples",)])
@given(cases())
@settings(max_examples=120, deadline=None)
def test_both_engines_and_all_borders_give_the_same_decisions(watches: tuple[str, ...], case: Case) -> None:
    expected = run(ReferenceEngine, case, *watches)
    assert run(CompiledEngine, case, *watches) == expected
    everywhere = replace(case, cuts_ns=sorted({row["arrival_ns"] + more for row in case.rows for more in (0, 1)}))
    nowhere = replace(case, cuts_ns=[])
    for moved in (everywhere, nowhere):
        assert run(ReferenceEngine, moved, *watches) == expected
        assert run(CompiledEngine, moved, *watches) == expected


@pytest.mark.parametrize("engine_class", [ReferenceEngine, CompiledEngine])
@given(cases())
@settings(max_examples=30, deadline=None)
def test_nothing_is_seen_before_it_has_ended(engine_class: type, case: Case) -> None:
    logs, _, _ = run(engine_class, case)
    for log in logs:
        before = -1
        for now, rows, _ in log:
            ended = [row[14] if row[5] != Status.THROTTLED else row[4] for row in rows["invocations"]]
            ended += [row[2] for row in rows["samples"]] + [row[5] for row in rows["environments"]]
            assert all(before <= at < now for at in ended)
            before = now


@pytest.mark.parametrize("engine_class", [ReferenceEngine, CompiledEngine])
def test_a_change_in_the_past_is_our_error(engine_class: type) -> None:
    case = Case(AccountSpec(10, (function(),)), [], (), 1, NEVER_NS, [10], 22)
    engine = engine_class(plan_of(case.spec))
    engine.advance(next(case.chunks()))
    engine.change([Change(10, Control.ACCOUNT_CONCURRENCY, 0, 3)])
    with pytest.raises(ValueError, match="all until 9 ns has happened"):
        engine.change([Change(9, Control.ACCOUNT_CONCURRENCY, 0, 3)])
