"""What a handler that is held comes to: the end of its own work, and its own end."""

from lambdasim.engine.compiled import timers
from lambdasim.engine.compiled.holds import HAS_WORKED
from lambdasim.engine.compiled.invocation import decide
from lambdasim.engine.compiled.state import OF_HANDLER, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model.events import EventRank, Status

INVOKE_END, SUCCESS = int(EventRank.INVOKE_END), int(Status.SUCCESS)


@kernel
def ends(state: State, slot: int, duration_ns: int, status: int) -> int:
    """Decide that the handler takes so long and ends so."""
    decide(state, slot, duration_ns, status)
    return 1


@kernel
def works(state: State, slot: int, left_ns: int, status: int, now: int) -> int:
    """Let a handler work by itself for so long, before it makes its calls or ends so; say whether it is known when."""
    own, row = state.held[slot], state.held_rows[slot]
    function = state.functions[row.function]
    if status != SUCCESS or function.calls == 0:
        return ends(state, slot, now - own.began_ns + left_ns, status)
    own.call, own.left = function.first_call - 1, 0
    timers.arm(state, now + left_ns, INVOKE_END, row.environment, OF_HANDLER, slot, HAS_WORKED)
    return 0
