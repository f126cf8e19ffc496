"""The families of what happens besides requests that go straight to their functions: the place to register one.

The loop knows none of them. A family has kinds of actors (in :mod:`state`, with its arrays), whose handlers are
routines, in a program of its own: who does not use it does not compile it.
"""

from lambdasim.engine.compiled import batches, events, sqs, streams
from lambdasim.engine.compiled.state import ENOUGH, OF_LANE, OF_POLLER, OF_QUEUE, State
from lambdasim.engine.compiled.timers import ARRIVES
from lambdasim.machine_code.jit import kernel


@kernel
def arrive(state: State, kind: int, slot: int, now: int) -> None:
    """Let a source of a kind take in the event in a slot of `waiting`."""
    if kind == OF_QUEUE:
        sqs.arrive(state, slot, now)
    elif kind == OF_LANE:
        streams.arrive(state, slot, now)
    else:
        events.arrive(state, slot, now)


@kernel
def on_timer(state: State, kind: int, actor: int, stage: int, now: int) -> None:
    """Let happen what a timer is for."""
    if stage == ARRIVES:
        arrive(state, kind, actor, now)
    elif kind == OF_POLLER:
        sqs.resume(state, actor, stage, now)
    elif kind == OF_QUEUE:
        sqs.on_timer(state, actor, stage, now)
    elif kind == OF_LANE:
        streams.on_timer(state, actor, stage, now)
    else:
        events.attempt(state, actor, now)


@kernel
def ended(state: State, kind: int, actor: int, status: int, now: int) -> None:
    """Tell who waits for the end of an invocation."""
    if kind == OF_POLLER:
        sqs.ended(state, actor, status, now)
    elif kind == OF_LANE:
        batches.ended(state, actor, status, now)


@kernel
def enable(state: State, source: int, enabled: int, now: int) -> None:
    """Enable or disable a source's mapping, if it has one."""
    kind = state.sources[source].kind
    if kind == OF_QUEUE:
        sqs.enable(state, state.number_of[source], enabled, now)
    elif kind == OF_LANE:
        streams.enable(state, state.number_of[source], enabled, now)


@kernel
def close(state: State, now: int) -> int:
    """Count what families have not counted when the simulation ends, which is now; return what there is no room for."""
    if len(state.queues) > 0:
        lacking: int = sqs.close(state, now)
        if lacking != ENOUGH:
            return lacking
    if len(state.streams) > 0:
        streams.close(state, now)
    return ENOUGH
