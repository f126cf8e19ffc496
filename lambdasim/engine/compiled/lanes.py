"""A lane of a shard: it waits until its records are read and a batch of them is due. Twin of ``Streams._gather`` of
``engine/reference/streams.py``.
"""

from lambdasim.engine.compiled import timers
from lambdasim.engine.compiled.shards import (
    BUSY,
    GATHERS,
    IDLE,
    IS_DUE,
    IS_FULL,
    IS_POLLED,
    IS_READ,
    WAS_READ,
)
from lambdasim.engine.compiled.state import OF_LANE, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model import streams as spec
from lambdasim.model.batches import is_full
from lambdasim.model.events import EventRank, poller_key

POLL = int(EventRank.POLL)


@kernel
def goes_on_at(state: State, number: int, at_ns: int, stage: int) -> None:
    """Let a lane go on at ``at_ns``, in the place of its poller."""
    lane = state.lanes[number]
    subject = poller_key(state.streams[lane.stream].source, lane.number)
    lane.timer = timers.arm(state, at_ns, POLL, subject, OF_LANE, number, stage)


@kernel
def goes_round(state: State, number: int, now: int) -> None:
    """Let a lane whose batch is over gather the next one, if there is anything to gather."""
    lane = state.lanes[number]
    lane.free_ns = now
    if lane.waiting > 0:
        gather(state, number, now)
    else:
        lane.stage = IDLE


@kernel
def gather(state: State, number: int, now: int) -> None:
    """Wait until the first record that waits is read."""
    lane = state.lanes[number]
    lane.stage = BUSY
    sent_ns = state.records[lane.first].sent_ns
    read_ns = spec.read_ns(state.streams[lane.stream], state.shards[lane.shard], now, sent_ns, lane.free_ns)
    if read_ns >= 0:
        goes_on_at(state, number, read_ns, IS_READ)
    else:
        goes_on_at(state, number, now, WAS_READ)


@kernel
def is_due(state: State, number: int, stage: int, now: int) -> bool:
    """Let a lane go on that gathers, at one of its timers; say whether its batch is due now."""
    lane = state.lanes[number]
    stream, shard = state.streams[lane.stream], state.shards[lane.shard]
    if stage in (IS_READ, WAS_READ):
        if stage == IS_READ:
            shard.polled_ns = now
        lane.size = stream.size
        if stream.window_ns == 0 or is_full(lane, lane.waiting):
            return True
        lane.due_ns = spec.due_ns(stream, stream, lane.free_ns, now, state.records[lane.first].sent_ns)
        if lane.due_ns <= now:
            return True
        lane.stage = GATHERS
        goes_on_at(state, number, lane.due_ns, IS_DUE)
        return False
    if stage == IS_FULL:
        poll_ns = min(spec.seen_ns(stream, now, shard.phase_ns), lane.due_ns)
        if poll_ns > now:
            goes_on_at(state, number, poll_ns, IS_POLLED)
            return False
    return True


@kernel
def look(state: State, number: int, now: int) -> None:
    """Let a lane see that it has one record more."""
    lane = state.lanes[number]
    if lane.stage == IDLE:
        gather(state, number, now)
    elif lane.stage == GATHERS and is_full(lane, lane.waiting):
        lane.stage = BUSY
        timers.withdraw(state, lane.timer)
        goes_on_at(state, number, now, IS_FULL)
