"""Streams: records wait in the lanes of their shards, are read, gathered into batches, and processed in order. Twin of
``engine/reference/streams.py``.
"""

from lambdasim.engine.compiled import batches, capacity, lanes
from lambdasim.engine.compiled.drawn import draws
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.shards import (
    BEGINS,
    BUSY,
    IDLE,
    IS_ENABLED,
    IS_SWITCHED_OFF,
    IS_TRIED,
    RESUMES,
)
from lambdasim.engine.compiled.state import DELIVERIES, RECORDS, WAITING, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model import streams as spec
from lambdasim.model.batches import destination_of_expired
from lambdasim.model.control import Control
from lambdasim.model.events import DeliveryOutcome, Fate

REFUSED, IN_FLIGHT, STILL_WAITING = (
    int(DeliveryOutcome.REFUSED), int(DeliveryOutcome.IN_FLIGHT), int(DeliveryOutcome.WAITING)
)  # fmt: skip
EXHAUSTED, AGED_OUT, REMAINS = int(Fate.EXHAUSTED), int(Fate.AGED_OUT), int(Fate.REMAINS)
BATCH_SIZE, BATCHING_WINDOW = int(Control.BATCH_SIZE), int(Control.BATCHING_WINDOW)
REPORTS, TUMBLING_WINDOW = int(Control.REPORTS), int(Control.TUMBLING_WINDOW)
RETRY_ATTEMPTS, RECORD_AGE, BISECTS = int(Control.RETRY_ATTEMPTS), int(Control.RECORD_AGE), int(Control.BISECTS)
PARALLELIZATION, DESTINATION = int(Control.PARALLELIZATION), int(Control.DESTINATION)
NOWHERE = batches.NOWHERE


@routine
def arrive(state: State, waiting: int, now: int) -> None:
    """Take in the record in a slot of `waiting`."""
    event, depth = state.waiting[waiting].request, state.waiting[waiting].chain_depth
    stream_number = state.number_of[state.waiting[waiting].source]
    capacity.leave(state.waiting, state.rooms[WAITING], waiting)
    stream = state.streams[stream_number]
    number = lanes.lane_of(state, stream, event)
    lane = state.lanes[number]
    slot = capacity.taken(state.records, state.rooms[RECORDS])
    record = state.records[slot]
    record.event, record.sent_ns, record.chain_depth, record.next = event, now, depth, -1
    batches.becomes_part(record, 1, 0, -1, 0)
    state.rooms[DELIVERIES].owed += 1
    if not spec.takes(stream, state.shards[lane.shard], now):
        batches.row(state, lane, record, record, -1, now, REFUSED, EXHAUSTED, NOWHERE, -1)
        batches.leave(state, slot)
        return
    lanes.append(state, number, slot)
    lanes.look(state, number, now)
    draws(state, stream.source)


@routine
def on_timer(state: State, number: int, stage: int, now: int) -> None:
    """Let happen what a lane's timer is for."""
    if stage == IS_TRIED:
        batches.tries_again(state, number, now)
    elif stage == BEGINS:
        batches.begins_now(state, number, now)
    elif stage in (RESUMES, IS_ENABLED):
        lane = state.lanes[number]
        if stage == IS_ENABLED and is_off(state, number):
            return
        lane.free_ns = state.shards[lane.shard].polled_ns = now
        if not is_off(state, number):
            take(state, number, now)
    elif lanes.is_due(state, number, stage, now):
        hold(state, number, now)


@kernel
def hold(state: State, number: int, now: int) -> None:
    """Take a batch, or wait while the mapping is disabled or the last batch is still being read."""
    lane = state.lanes[number]
    lane.stage = BUSY
    busy_ns = state.shards[lane.shard].busy_ns
    go_ns = batches.resumes_ns(state, state.streams[lane.stream], max(now, busy_ns))
    if go_ns > now:
        lanes.goes_on_at(state, number, go_ns, RESUMES)
    elif not is_off(state, number):
        take(state, number, now)


@kernel
def is_off(state: State, number: int) -> bool:
    """Say whether the mapping is disabled; then the lane waits until it is enabled."""
    lane = state.lanes[number]
    if not state.streams[lane.stream].is_disabled:
        return False
    lane.stage = IS_SWITCHED_OFF
    return True


@kernel
def take(state: State, number: int, now: int) -> None:
    """Take the records of a batch out of a lane, and those before them that are too old, unless its shard waits until
    its records are divided anew.
    """
    lane = state.lanes[number]
    stream, shard = state.streams[lane.stream], state.shards[lane.shard]
    if shard.is_changing:
        lane.stage = IDLE
        return
    shard.in_flight += 1
    expired = batches.expired(state, stream, lane.first, lane.waiting, now)
    batches.sent_away(state, stream, lane.first, expired, destination_of_expired(stream, 0), now)
    for _ in range(expired):
        slot = lane.first
        record = state.records[slot]
        lane.first = record.next
        lane.waiting -= 1
        batches.row(state, lane, record, record, -1, now, REFUSED, AGED_OUT, destination_of_expired(stream, 0), -1)
        batches.leave(state, slot)
    lane.part = -1
    if lane.waiting > 0:
        last_ns = spec.batch_until_ns(stream, shard, now, state.records[lane.first].sent_ns)
        slot, last, count = lane.first, -1, 0
        while count < lane.waiting and count < stream.size and state.records[slot].sent_ns <= last_ns:
            last, slot = slot, state.records[slot].next
            count += 1
        shard.busy_ns = spec.busy_until_ns(stream, shard.busy_ns, now, count)
        if count > 0:
            lane.part = lane.first
            batches.becomes_part(state.records[lane.first], count, 0, -1, 0)
            state.records[last].next = -1
            lane.first = slot
            lane.waiting -= count
    batches.begin(state, number, now)


@routine
def enable(state: State, index: int, enabled: int, now: int) -> None:
    """Enable or disable a mapping; lanes that wait for it poll at once."""
    stream = state.streams[index]
    stream.is_disabled = not enabled
    if not enabled:
        return
    for number in range(stream.first_lane, lanes.first_of(stream, stream.shards)):
        lane = state.lanes[number]
        if lane.stage == IS_SWITCHED_OFF:
            lane.stage = BUSY
            lanes.goes_on_at(state, number, now, IS_ENABLED)


@routine
def adjust(state: State, index: int, kind: int, value: int, now: int) -> None:
    """Let a setting of a mapping be another from now on."""
    stream = state.streams[index]
    if kind == BATCH_SIZE:
        stream.size = min(value, stream.largest)
    elif kind == BATCHING_WINDOW:
        stream.window_ns = value
    elif kind == REPORTS:
        stream.reports = value
    elif kind == TUMBLING_WINDOW:
        stream.tumbling_ns = value
    elif kind == RETRY_ATTEMPTS:
        stream.max_retries = value
    elif kind == RECORD_AGE:
        stream.max_age_ns = value
    elif kind == BISECTS:
        stream.bisects = value
    elif kind == DESTINATION:
        stream.has_destination = value
    elif kind == PARALLELIZATION:
        stream.lanes = value
        for number in range(stream.first_shard, stream.first_shard + stream.shards):
            state.shards[number].is_changing = 1
            lanes.divide(state, index, number, now)


@routine
def close(state: State, now: int) -> None:
    """Write the rows of all records that remain when the simulation ends: there is room for those."""
    for number in range(len(state.lanes)):
        lane = state.lanes[number]
        slot = lane.part
        while slot >= 0:
            part = state.records[slot]
            outcome = IN_FLIGHT if lane.delivered_ns >= 0 else STILL_WAITING
            for _ in range(part.size):
                record = state.records[slot]
                batches.row(state, lane, record, part, lane.delivered_ns, -1, outcome, REMAINS, NOWHERE, lane.batch)
                slot = record.next
            lane.delivered_ns = lane.batch = -1
        slot = lane.first
        for _ in range(lane.waiting):
            record = state.records[slot]
            batches.row(state, lane, record, record, -1, -1, STILL_WAITING, REMAINS, NOWHERE, -1)
            slot = record.next
