"""Executions whose end nobody knows when they begin: with the same end they leave the same records.

The interpreted loop gets a family that holds each execution, and decides about it when it is half over or has ended.
"""

from dataclasses import replace

import pytest
from by_hand import plan_of
from crowds import crowd, rush
from hypothesis import HealthCheck, given, settings
from interpreted import interpreter
from strategies import Case, cases

from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.records import INVOCATION_COLUMNS

RUNS = "end_ns, status = execute(state, row, request, slot, now, request.outcome)"
HOLDS = """state.rooms[INVOCATIONS].used -= 1
    from .invocation import hold
    from .timers import INVOKE_END, arm
    held = hold(state, request, slot, attempt, first_ns, now)
    row, number = state.held_rows[held], state.environments[slot].number
    taken = row.placement_ns + row.init_ns + row.duration_ns
    arm(state, now + {when}, INVOKE_END, number, 99, held, 1)
    end_ns, status = now + taken, row.status"""
"""In ``asking.ask``: an actor of kind 99 is armed in the place of the end."""

DECIDES = """if kind == 99:
        from .invocation import decide
        decide(state, actor, state.held_rows[actor].duration_ns, state.held_rows[actor].status)
    elif stage == ARRIVES:"""
CUT_NS = 2_000_000_000
END, ENVIRONMENT = INVOCATION_COLUMNS.index("end_ns"), INVOCATION_COLUMNS.index("environment")
MOST = 'rooms["most"][[INVOCATIONS,'


def records(engine_class, case: Case):
    keys = range(7, 7 + case.loads)
    engine = engine_class(plan_of(case.spec, jitter_keys=tuple(keys), horizon_ns=case.horizon_ns))
    chunks = [engine.advance(chunk) for chunk in case.chunks()]
    chunks.append(engine.finish(case.ends_ns))
    return [
        sorted(row for chunk in chunks for row in getattr(chunk, table).rows.tolist())
        for table in ("invocations", "environments")
    ]


@pytest.mark.parametrize("when", ["taken // 2", "taken"])
def test_an_execution_that_is_decided_later(tmp_path, when: str) -> None:
    with interpreter(tmp_path) as engine:
        holding = engine(
            ("asking", RUNS, HOLDS.format(when=when)),
            ("families", "if stage == ARRIVES:", DECIDES),
            ("beginning", "    HEAP_MARGIN,\n", "    HEAP_MARGIN,\n    HELD,\n"),
            ("beginning", MOST, MOST.replace("[[", "[[HELD, ")),
            ("beginning", "1 if len(timers) else 0", "1"),
        )

        @given(cases())
        @settings(max_examples=60, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        def alike(case: Case) -> None:
            assert records(holding, case) == records(ReferenceEngine, case)

        alike()
        for seed in range(3):
            for case in (rush(seed), crowd(seed, rows=300, functions=3, concurrency=40, attempts=12)):
                assert records(holding, case) == records(ReferenceEngine, case)
        cut = replace(crowd(1, rows=300, functions=3, concurrency=40), horizon_ns=CUT_NS)
        expected = records(ReferenceEngine, cut)
        assert records(holding, cut) == expected
    assert any(row[END] < 0 <= row[ENVIRONMENT] for row in expected[0]), "nothing is in flight at the cut"
