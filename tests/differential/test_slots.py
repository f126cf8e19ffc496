"""Does the compiled engine's memory follow what is in flight? Whatever took a slot has left it when all is over, once.

Python runs the loop, with arrays that are no longer than what it asks for; a slot that is never left is a mutant here.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from interpreted import TIGHT, interpreter, without_a_place
from mixed_cases import mixed_cases
from oracle_plans import FAMILIES
from queue_cases import fifo_specs, queue_cases, stream_specs

from lambdasim.engine.compiled import supports
from lambdasim.model.control import Control
from lambdasim.model.events import NEVER_NS

SLOTS = {
    "waiting": "WAITING", "messages": "MESSAGES", "receipts": "RECEIPTS", "groups": "GROUPS", "calls": "CALLS",
    "held": "HELD", "called": "MADE", "awaited": "AWAITED", "records": "RECORDS", "timers": "TIMERS",
}  # fmt: skip
"""Arrays of slots, and their rooms."""

MUTANTS = {
    "a record": ("batches", "capacity.leave(state.records, state.rooms[RECORDS], slot)", "pass"),
    "an event that is over": ("events", "capacity.leave(state.waiting, state.rooms[WAITING], slot)", "pass"),
    "a handler that is over": ("families", "capacity.leave(state.held, state.rooms[HELD], actor)", "pass"),
    "a message of a group": ("fifo", "capacity.leave(state.waiting, state.rooms[WAITING], waiting)", "pass"),
    "a group": ("fifo", "capacity.leave(state.groups, state.rooms[GROUPS], number)", "pass"),
    "an end that is followed": ("following", "capacity.leave(state.awaited, state.rooms[AWAITED], slot)", "pass"),
    "a call of a gateway": ("gateways", "capacity.leave(state.waiting, state.rooms[WAITING], slot)", "pass"),
    "a call that is answered": ("gateways", "capacity.leave(state.calls, state.rooms[CALLS], place)", "pass"),
    "a call of a handler": ("handlers", "capacity.leave(state.called, state.rooms[MADE], slot)", "pass"),
    "an end that leads on": ("links", "capacity.leave(state.awaited, state.rooms[AWAITED], slot)", "pass"),
    "a retry": ("asking", "capacity.leave(state.waiting, state.rooms[WAITING], slot)", "pass"),
    "a message": ("messages", "capacity.leave(state.messages, state.rooms[MESSAGES], slot)", "pass"),
    "a receipt": ("messages", "capacity.leave(state.receipts, state.rooms[RECEIPTS], slot)", "pass"),
    "what a batch still had": ("messages", ".next\n        forget(state, at)\n        at", ".next\n        at"),
    "a message that is sent": ("sqs", "capacity.leave(state.waiting, state.rooms[WAITING], slot)", "pass"),
    "a record that is sent": ("streams", "capacity.leave(state.waiting, state.rooms[WAITING], waiting)", "pass"),
    "room for a row of a record": ("batches", "state.rooms[DELIVERIES].owed -= 1", "pass"),
    "room for a row of a message": ("messages", "    owe(state, queue, -1)\n", "    pass\n"),
    "room for a row of a message of a group": ("fifo", "messages.owe(state, queue, -1)", "pass"),
    "a timer": ("timers", "capacity.leave(state.timers, state.rooms[TIMERS], slot)", "pass"),
}


@pytest.fixture(scope="module")
def plans() -> list[Any]:
    """Plans that come to an end by themselves, with nothing left.

    Hypothesis draws some values from what the loaded modules name, so which plans these are depends on what ran before:
    there are so many that what one in ten of its kind notices is noticed.
    """
    found: list[Any] = []
    families = [
        *(FAMILIES[name] for name in FAMILIES if name != "kafka"),
        queue_cases(), queue_cases(fifo_specs), queue_cases(stream_specs),
        mixed_cases(with_handlers=True, least_links=1),
    ]  # fmt: skip

    @given(st.tuples(*families))
    @settings(max_examples=30, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    def collect(cases: tuple[Any, ...]) -> None:
        found.extend(cases)

    collect()
    return [case for case in reversed(found) if comes_to_an_end(case.plan())]


def comes_to_an_end(plan: Any) -> bool:
    """Say whether the compiled engine runs a plan until nothing is in flight, nor waits for a mapping."""
    switches = any(change.kind == Control.MAPPING_ENABLED for change in plan.control)
    return plan.horizon_ns == NEVER_NS and not switches and supports(plan)[0]


def kept(engine_class: Any, case: Any) -> dict[str, int]:
    """Run a plan; return how many slots of each array are still taken, below 0 if some were left twice, and how many
    rows may still have to be written.
    """
    engine = engine_class(case.plan())
    for chunk in case.chunks():
        engine.advance(chunk)
    engine.finish(0)
    rooms = import_module(engine_class.__module__.replace(".engine", ".state"))
    found = {"owed": int(engine._state.rooms["owed"].sum())}
    for name, room in SLOTS.items():
        own, array = engine._state.rooms[getattr(rooms, room)], getattr(engine._state, name)
        count, slot = int(own["used"]), int(own["free"])
        while slot >= 0 and count >= 0:
            count, slot = count - 1, int(array[slot]["next"])
        found[name] = count
    return found


@pytest.fixture
def interpreted(tmp_path) -> Iterator[Any]:
    with interpreter(tmp_path) as engine:
        yield engine


def test_every_mutant_has_its_place() -> None:
    assert without_a_place(MUTANTS) == []


def test_all_slots_are_left_once(interpreted, plans) -> None:
    engine = interpreted(*TIGHT)
    assert [case for case in plans if any(kept(engine, case).values())] == []


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_is_caught(mutant: str, interpreted, plans) -> None:
    engine = interpreted(*TIGHT, MUTANTS[mutant])
    assert any(any(kept(engine, case).values()) for case in plans), f"{mutant}: nobody notices"
