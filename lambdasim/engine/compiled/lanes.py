"""A lane of a shard: it waits until its records are read and a batch of them is due; and how a shard's records are
divided among its lanes. Twin of ``Streams._gather`` and ``_divide`` of ``engine/reference/streams.py``.
"""

from typing import Any

import numpy as np

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
from lambdasim.model.rules import jitter24, share_of

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
    shard = state.shards[lane.shard]
    lane.free_ns = now
    shard.in_flight -= 1
    if lane.waiting > 0 and not shard.is_changing:
        gather(state, number, now)
    else:
        lane.stage = IDLE
        divide(state, lane.stream, lane.shard, now)


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
        if not state.shards[lane.shard].is_changing:
            gather(state, number, now)
    elif lane.stage == GATHERS and is_full(lane, lane.waiting):
        lane.stage = BUSY
        timers.withdraw(state, lane.timer)
        goes_on_at(state, number, now, IS_FULL)


@kernel
def lane_of(state: State, stream: Any, event: int) -> int:
    """Return where a record goes."""
    index: Any = np.uint64(event)
    u24: Any = np.int64(jitter24(stream.partition_key, index))
    if stream.keys > 0:
        bounds_q24: Any = state.bounds_q24[stream.first_key : stream.first_key + stream.keys]
        u24 = np.int64(state.hash_of_key[stream.first_key + share_of(bounds_q24, u24)])
    shard = spec.shard_of(stream, u24)
    lane: int = spec.lane_of(stream, state.shards[stream.first_shard + shard], u24)
    return first_of(stream, shard) + lane


@kernel
def first_of(stream: Any, shard: int) -> int:
    """Return the first lane of a shard of a stream, by the number of the shard there."""
    result: int = stream.first_lane + shard * stream.most_lanes
    return result


@kernel
def append(state: State, number: int, slot: int) -> None:
    """Let a record wait in a lane."""
    lane = state.lanes[number]
    state.records[slot].next = -1
    if lane.waiting > 0:
        state.records[lane.last].next = slot
    else:
        lane.first = slot
    lane.last = slot
    lane.waiting += 1


@kernel
def divide(state: State, stream_number: int, shard_number: int, now: int) -> None:
    """Divide the records of a shard that wait among as many lanes as there are to be, once no batch is in flight.

    A new poll follows at once, as after the mapping was disabled.
    """
    stream, shard = state.streams[stream_number], state.shards[shard_number]
    if not spec.is_drained(shard):
        return
    first = first_of(stream, shard.number)
    for number in range(first, first + shard.lanes):
        lane = state.lanes[number]
        if lane.stage in (BUSY, GATHERS):
            timers.withdraw(state, lane.timer)
        lane.stage = IDLE
    slot = taken_out(state, first, shard.lanes)
    shard.lanes, shard.is_changing, shard.polled_ns = stream.lanes, 0, now
    while slot >= 0:
        following = state.records[slot].next
        append(state, lane_of(state, stream, state.records[slot].event), slot)
        slot = following
    for number in range(first, first + shard.lanes):
        state.lanes[number].free_ns = now
        if state.lanes[number].waiting > 0:
            gather(state, number, now)


@kernel
def taken_out(state: State, first: int, lanes: int) -> int:
    """Take the records that wait out of lanes; return the first of all, which the others follow as they came."""
    head = tail = -1
    while True:
        earliest = -1
        for number in range(first, first + lanes):
            lane = state.lanes[number]
            if lane.waiting > 0 and (earliest < 0 or is_before(state, lane.first, state.lanes[earliest].first)):
                earliest = number
        if earliest < 0:
            return head
        lane = state.lanes[earliest]
        slot = lane.first
        lane.first = state.records[slot].next
        lane.waiting -= 1
        state.records[slot].next = -1
        if tail >= 0:
            state.records[tail].next = slot
        else:
            head = slot
        tail = slot


@kernel
def is_before(state: State, slot: int, other: int) -> bool:
    """Say whether a record came before another one to its shard."""
    one, two = state.records[slot], state.records[other]
    result: bool = one.sent_ns < two.sent_ns or (one.sent_ns == two.sent_ns and one.event < two.event)
    return result
