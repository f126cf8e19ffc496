"""What tells links of ends that they wait for, from within the families whose executions and events these are."""

from lambdasim.engine.compiled import capacity, timers
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.state import AWAITED, OF_END, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model.events import LOAD_SHIFT, EventRank
from lambdasim.model.links import Trigger
from lambdasim.plan import Request

INVOKE_END, VISIBLE = int(EventRank.INVOKE_END), int(EventRank.VISIBLE)
LOAD, SOURCE, FUNCTION = int(Trigger.LOAD), int(Trigger.SOURCE), int(Trigger.FUNCTION)
ASYNC_FAILURE, NOTHING = int(Trigger.ASYNC_FAILURE), -1


@kernel
def first_follower(state: State, trigger: int, subject: int) -> int:
    """Return the first of those that wait for this, -1 if there is none; there is none for a subject below 0."""
    if subject < 0:
        return -1
    result: int = state.first_followers[state.trigger_offsets[trigger] + subject]
    return result


@kernel
def follow(state: State, request: Request, granted: int, end_ns: int, status: int, trigger: int) -> None:
    """Let links know when an execution ends, and with ``trigger`` what becomes of its event then."""
    if len(state.links) == 0:
        return
    slot = capacity.taken(state.awaited, state.rooms[AWAITED])
    end = state.awaited[slot]
    end.load, end.source, end.function = request.request >> LOAD_SHIFT, request.source, request.function
    end.status, end.chain_depth, end.trigger = status, request.chain_depth, trigger
    await_end(state, slot, end_ns, state.environments[granted].number)


@kernel
def follow_held(state: State, held: int, trigger: int) -> None:
    """The same of an execution that was held."""
    if len(state.links) == 0:
        return
    slot = capacity.taken(state.awaited, state.rooms[AWAITED])
    end, own, row = state.awaited[slot], state.held[held], state.held_rows[held]
    end.load, end.source, end.function = row.request >> LOAD_SHIFT, own.source, row.function
    end.status, end.chain_depth, end.trigger = own.status, own.chain_depth, trigger
    await_end(state, slot, own.end_ns, row.environment)


@routine
def await_end(state: State, slot: int, end_ns: int, environment: int) -> None:
    """Have a timer in the place of an execution's end, if there is any link that waits for it."""
    end = state.awaited[slot]
    if (
        end.trigger >= 0
        or first_follower(state, LOAD, end.load) >= 0
        or first_follower(state, SOURCE, end.source) >= 0
        or first_follower(state, FUNCTION, end.function) >= 0
    ):
        timers.arm(state, end_ns, INVOKE_END, environment, OF_END, slot, 1)
    else:
        capacity.leave(state.awaited, state.rooms[AWAITED], slot)


@kernel
def follow_given_up(state: State, function: int, event: int, chain_depth: int, at_ns: int) -> None:
    """Let links know when an event is given up that invoked a function asynchronously."""
    if len(state.links) > 0:
        slot = capacity.taken(state.awaited, state.rooms[AWAITED])
        end = state.awaited[slot]
        end.load, end.source, end.function, end.status = -1, -1, function, -1
        end.chain_depth, end.trigger = chain_depth, ASYNC_FAILURE
        timers.arm(state, at_ns, VISIBLE, event, OF_END, slot, 1)
