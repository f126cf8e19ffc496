"""Room for what grows in the compiled engine."""

import numpy as np
import pytest
from by_hand import plan_of

from lambdasim.engine.compiled import room
from lambdasim.engine.compiled.beginning import FIRST, SURGE, initial
from lambdasim.engine.compiled.state import ENVIRONMENTS, EXPIRIES, HEAP_MARGIN, State
from lambdasim.model.events import NEVER_NS
from lambdasim.model.spec import AccountSpec, FunctionSpec


def state_of(concurrency: int) -> State:
    spec = AccountSpec(concurrency=concurrency, functions=(FunctionSpec("f", timeout_ns=1),))
    return initial(plan_of(spec))


@pytest.mark.parametrize(("concurrency", "first"), [(10, FIRST), (5_000, 5_000), (10 * SURGE, SURGE)])
def test_environments_have_room_for_the_concurrency_from_the_beginning(concurrency, first) -> None:
    state = room.enlarged(room.enlarged(state_of(concurrency), ENVIRONMENTS), EXPIRIES)
    assert len(state.environments) == first
    assert len(state.completions) == len(state.expiries) == first + HEAP_MARGIN


def test_more_of_them_are_kept_with_those_that_are_there() -> None:
    state = room.enlarged(state_of(5_000), ENVIRONMENTS)
    state.environments["number"] = range(5_000)
    state.completions[0] = 7, 3
    state.rooms["used"][ENVIRONMENTS] = 5_000
    state = room.enlarged(state, ENVIRONMENTS)
    assert len(state.environments) == 10_000
    assert state.environments["number"][:5_000].tolist() == list(range(5_000))
    assert state.completions[0].tolist() == (7, 3)
    assert (state.completions["at_ns"][1:] == NEVER_NS).all()


def test_memory_is_used_again_once_nobody_looks_at_its_rows() -> None:
    handed, record = room.Handed(), np.dtype([("number", np.int64)])
    rows = handed.rows(record, 100)
    rows["number"], place = 1, rows.ctypes.data
    column = rows["number"][:50].reshape(-1, 5)  # a view of a view
    del rows
    others = handed.rows(record, 100)
    others["number"] = 2
    assert column.tolist() == [[1] * 5] * 10
    del column
    assert handed.rows(record, 110).ctypes.data == place
    assert len(handed.rows(record, 1_000)) == 1_000
