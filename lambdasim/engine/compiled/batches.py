"""A batch of records at its function: tried, tried again, split, given up. Twin of ``engine/reference/batches.py``.

A lane has one batch at a time, of which the sub-batches stand one behind the other; what is known of one stands in its
first record.
"""

from typing import Any

import numpy as np

from lambdasim.engine.compiled import capacity, deliveries, lanes, links, timers
from lambdasim.engine.compiled.api_requests import sample
from lambdasim.engine.compiled.deliveries import jitter
from lambdasim.engine.compiled.drawn import next_request
from lambdasim.engine.compiled.function import grant
from lambdasim.engine.compiled.invocation import begins, execute, throttled
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.shards import BEGINS, IS_TRIED
from lambdasim.engine.compiled.state import DELIVERIES, INVOCATIONS, OF_LANE, RECORDS, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model import batches as spec
from lambdasim.model.events import DeliveryOutcome, EventRank, Fate, Status
from lambdasim.model.rules import jitter24
from lambdasim.plan import Request
from lambdasim.records import SourceMetric

RETRY = int(EventRank.RETRY)
SUCCESS, ERROR = int(Status.SUCCESS), int(Status.ERROR)
SUCCEEDED, FAILED, SKIPPED = int(DeliveryOutcome.SUCCEEDED), int(DeliveryOutcome.FAILED), int(DeliveryOutcome.SKIPPED)
THROTTLED, REFUSED = int(DeliveryOutcome.THROTTLED), int(DeliveryOutcome.REFUSED)
STAYS, DONE, EXHAUSTED, AGED_OUT = int(Fate.STAYS), int(Fate.DONE), int(Fate.EXHAUSTED), int(Fate.AGED_OUT)
NOWHERE = 0
ITERATOR_AGE = SourceMetric.ITERATOR_AGE


@kernel
def resumes_ns(state: State, stream: Any, at_ns: int) -> int:
    """Return ``at_ns``, or when a stream's mapping that is paused then is enabled again."""
    return spec.resumes_ns(state.pauses[stream.first_pause : stream.first_pause + stream.pauses], at_ns)


@kernel
def becomes_part(record: Any, size: int, attempt: int, available_ns: int, failures: int) -> None:
    """Let a record be the first of a sub-batch."""
    record.size, record.attempt, record.available_ns, record.failures = size, attempt, available_ns, failures


@kernel
def row(
    state: State, lane: Any, record: Any, part: Any, delivered_ns: int, ended_ns: int, outcome: int, fate: int,
    destination: int, batch: int,
) -> None:  # fmt: skip
    """Write the row of a record's delivery, of a sub-batch or of what nobody has gathered."""
    available_ns = record.sent_ns if part.available_ns < 0 else part.available_ns
    written = deliveries.write(
        state, state.streams[lane.stream].source, record.event, part.attempt, record.sent_ns, available_ns,
        delivered_ns, ended_ns, outcome, fate, destination, batch,
    )  # fmt: skip
    written.partition = state.shards[lane.shard].number


@kernel
def leave(state: State, slot: int) -> None:
    """Let a record leave its stream, of which a row was written."""
    capacity.leave(state.records, state.rooms[RECORDS], slot)
    state.rooms[DELIVERIES].owed -= 1


@kernel
def expired(state: State, stream: Any, first: int, size: int, now: int) -> int:
    """Return how many records, from the first on, are too old."""
    count, slot = 0, first
    while count < size and spec.is_too_old(stream, state.records[slot].sent_ns, now):
        slot = state.records[slot].next
        count += 1
    return count


@kernel
def expire(state: State, lane: Any, count: int, now: int) -> None:
    """Let the first records of the sub-batch that is tried leave because they are too old."""
    if count == 0:
        return
    part = state.records[lane.part]
    size, attempt, available_ns, failures = part.size, part.attempt, part.available_ns, part.failures
    destination = spec.destination_of_expired(state.streams[lane.stream], attempt)
    sent_away(state, state.streams[lane.stream], lane.part, count, destination, now)
    slot = lane.part
    for _ in range(count):
        record = state.records[slot]
        becomes_part(record, size, attempt, available_ns, failures)
        following = record.next
        row(state, lane, record, record, -1, now, REFUSED, AGED_OUT, destination, -1)
        leave(state, slot)
        slot = following
    lane.part = slot
    if count < size:
        becomes_part(state.records[slot], size - count, attempt, available_ns, failures)


@kernel
def skipped(state: State, first: int, count: int) -> int:
    """Return the record behind so many."""
    slot = first
    for _ in range(count):
        slot = state.records[slot].next
    return slot


@kernel
def deepest(state: State, first: int, size: int) -> int:
    """Return the greatest depth of some records."""
    found, slot = 0, first
    for _ in range(size):
        found = max(found, state.records[slot].chain_depth)
        slot = state.records[slot].next
    return found


@kernel
def sent_away(state: State, stream: Any, first: int, size: int, destination: int, now: int) -> None:
    """Let links know of records that are given up and go somewhere: as one message."""
    if len(state.links) > 0 and size > 0 and destination != NOWHERE:
        links.dead_letter(state, stream.source, deepest(state, first, size), now)


@routine
def begin(state: State, number: int, now: int) -> None:
    """Begin with the first sub-batch that a lane has, or let it gather the next batch."""
    lane = state.lanes[number]
    stream = state.streams[lane.stream]
    lane.delivered_ns = lane.batch = -1
    if lane.part < 0:
        lanes.goes_round(state, number, now)
        return
    part = state.records[lane.part]
    start_ns = resumes_ns(state, stream, now)
    lane.expiring = expired(state, stream, lane.part, part.size, start_ns)
    lane.tries, lane.first_ns, lane.request = 0, start_ns, -1
    left = part.size - lane.expiring
    if left > 0:
        lane.request = next_request(state, stream.source, lane)
        lane.duration_ns += left * state.functions[lane.function].per_record_ns
        if len(state.links) > 0:
            lane.chain_depth = deepest(state, skipped(state, lane.part, lane.expiring), left)
    if part.attempt == 0 and start_ns == now:  # of which none is too old, for it was gathered now
        attempt(state, number, now)
    elif lane.request < 0:
        lanes.goes_on_at(state, number, start_ns, BEGINS)
    else:
        timers.arm(state, start_ns, RETRY, lane.request, OF_LANE, number, BEGINS)


@kernel
def begins_now(state: State, number: int, now: int) -> None:
    """Try a sub-batch without those of it that are too old by now."""
    lane = state.lanes[number]
    expire(state, lane, lane.expiring, now)
    if lane.request < 0:
        begin(state, number, now)
    else:
        attempt(state, number, now)


@kernel
def tries_again(state: State, number: int, now: int) -> None:
    """Try a batch again: with another request if it has changed."""
    lane = state.lanes[number]
    if lane.is_last:
        size = state.records[lane.part].size
        expire(state, lane, expired(state, state.streams[lane.stream], lane.part, size, now), now)
        begin(state, number, now)
    else:
        attempt(state, number, now)


@routine
def attempt(state: State, number: int, now: int) -> None:
    """Ask for an environment for the first sub-batch; then run, or wait for the next attempt."""
    lane = state.lanes[number]
    stream, part = state.streams[lane.stream], state.records[lane.part]
    lane.tries += 1
    lane.delivered_ns = now
    lane.max_retries, lane.bisects = stream.max_retries, stream.bisects
    lane.max_age_ns, lane.retention_ns = stream.max_age_ns, stream.retention_ns
    request = Request(
        lane.request, lane.first_ns, lane.function, lane.duration_ns, lane.init_ns, lane.placement_ns,
        lane.outcome, lane.idle_timeout_ns, lane.surplus_idle_timeout_ns, lane.lifetime_ns, lane.pick, stream.source,
        0, lane.chain_depth,
    )  # fmt: skip
    written = capacity.new_row(state.invocations, state.rooms[INVOCATIONS])
    granted = grant(state, request, lane.tries - 1, now, True)
    begins(state, written, request, lane.tries - 1, lane.first_ns, now)
    if granted < 0:
        throttled(written, -granted)
        again_ns = tried_again_ns(state, lane, True, now)
        written.final = spec.is_last(lane, part.sent_ns, again_ns, state.loop[0].horizon_ns, lane.moves_ns)
        slot = lane.part
        for _ in range(part.size):
            record = state.records[slot]
            row(state, lane, record, part, now, now, THROTTLED, STAYS, NOWHERE, -1)
            slot = record.next
        wait(state, number, again_ns, now)
        return
    lane.batch = lane.request
    lane.failing = first_failing(state, lane)
    if stream.has_iterator_age:
        sample(state, stream.source, ITERATOR_AGE, now, now - last_sent_ns(state, lane))
    function = state.functions[request.function]
    u24 = jitter(stream.outcome_key, lane.request, lane.tries)
    outcome = spec.attempt_outcome(lane.outcome, lane.tries, u24, function.errors_q24, function.crashes_q24)
    outcome = spec.batch_outcome(stream.reports, outcome, lane.failing >= 0)
    end_ns, status = execute(state, written, request, granted, now, outcome)
    environment = state.environments[granted]
    environment.tells, environment.actor, environment.answer = OF_LANE, number, status
    if end_ns < 0:
        state.held[status].kind, state.held[status].actor = OF_LANE, number
    elif end_ns < state.loop[0].horizon_ns:
        written.final = is_final(state, lane, end_ns, status)


@kernel
def is_final(state: State, lane: Any, end_ns: int, status: int) -> bool:
    """Say whether a batch is not tried again as it is after an execution that ends so."""
    part = state.records[lane.part]
    after = spec.ended(lane, part.size, part.failures, status, lane.failing)
    again_ns = tried_again_ns(state, lane, False, end_ns)
    is_last: bool = spec.is_last(lane, part.sent_ns, again_ns, state.loop[0].horizon_ns, lane.moves_ns)
    return is_last or not spec.stays_whole(after, part.size)


@routine
def known(state: State, slot: int, now: int) -> None:
    """Say in the last row whether it is final, as it is known now when the execution ends that was held."""
    held = state.held[slot]
    if held.end_ns < state.loop[0].horizon_ns:
        row = state.invocations[state.rooms[INVOCATIONS].used - 1]
        row.final = is_final(state, state.lanes[held.actor], held.end_ns, held.status)


@routine
def ended(state: State, number: int, status: int, now: int) -> None:
    """Let the records of a batch leave or be tried again whose invocation ended now."""
    lane = state.lanes[number]
    stream, part = state.streams[lane.stream], state.records[lane.part]
    size, tried, available_ns = part.size, part.attempt, part.available_ns
    after = spec.ended(lane, size, part.failures, status, lane.failing)
    done = after.processed
    untouched = spec.untouched_from(size, status, lane.failing) if done < size else size
    fate, destination = spec.fate(after), NOWHERE
    if done < size and fate == EXHAUSTED:
        destination = spec.destination_of_exhausted(stream)
    if len(state.links) > 0:
        follow_batch(state, number, status, done, untouched, now)
        sent_away(state, stream, skipped(state, lane.part, done), size - done, destination, now)
    first = second = -1
    slot = lane.part
    for place in range(size):
        record = state.records[slot]
        following = record.next
        becomes_part(record, size, tried, available_ns, 0)
        if place < done:
            row(state, lane, record, record, lane.delivered_ns, now, SUCCEEDED, DONE, NOWHERE, lane.batch)
            leave(state, slot)
        else:
            outcome = FAILED if place < untouched else SKIPPED
            row(state, lane, record, record, lane.delivered_ns, now, outcome, fate, destination, lane.batch)
            if fate != STAYS:
                leave(state, slot)
            elif place == done:
                first = slot
            elif place == done + after.first:
                second = slot
        slot = following
    lane.part = first if first >= 0 else slot
    if first >= 0:
        becomes_part(state.records[first], after.first, tried + 1, now, after.failures)
    if second >= 0:
        becomes_part(state.records[second], after.second, tried + 1, now, after.failures)
    if first >= 0 and spec.stays_whole(after, size):
        state.records[first].attempt = tried
        wait(state, number, tried_again_ns(state, lane, False, now), now)
    else:
        begin(state, number, now)


@kernel
def follow_batch(state: State, number: int, status: int, done: int, untouched: int, now: int) -> None:
    """Let links know of the end of a batch, and of each of its records but those that are untouched."""
    links.lane_ended(state, number, status, now)
    slot = state.lanes[number].part
    for place in range(untouched):
        links.record_ended(state, slot, SUCCESS if place < done else ERROR, now)
        slot = state.records[slot].next


@kernel
def wait(state: State, number: int, again_ns: int, now: int) -> None:
    """Let a batch wait for its next attempt."""
    lane = state.lanes[number]
    part = state.records[lane.part]
    lane.is_last = spec.is_last(lane, part.sent_ns, again_ns, state.loop[0].horizon_ns, lane.moves_ns)
    part.attempt += 1
    part.available_ns = now
    lane.delivered_ns = lane.batch = -1
    timers.arm(state, again_ns, RETRY, lane.request, OF_LANE, number, IS_TRIED)


@kernel
def tried_again_ns(state: State, lane: Any, is_throttle: bool, now: int) -> int:
    """Return when a batch is tried again after an attempt that was in vain, now."""
    stream = state.streams[lane.stream]
    delay_ns = spec.delay_ns(stream, lane.tries, is_throttle, jitter(stream.backoff_key, lane.request, lane.tries))
    return resumes_ns(state, stream, now + delay_ns)


@kernel
def first_failing(state: State, lane: Any) -> int:
    """Return the place of the first record that the function cannot process this time, -1 if all are well."""
    stream, part = state.streams[lane.stream], state.records[lane.part]
    if stream.poison_q24 == 0 and stream.record_errors_q24 == 0:
        return -1
    slot = lane.part
    for place in range(part.size):
        record = state.records[slot]
        index: Any = np.uint64(record.event)
        poison = int(jitter24(stream.poison_key, index))
        if spec.is_failing(stream, poison, jitter(stream.error_key, record.event, part.attempt)):
            return place
        slot = record.next
    return -1


@kernel
def last_sent_ns(state: State, lane: Any) -> int:
    """Return when the last record of the first sub-batch came."""
    slot = lane.part
    for _ in range(state.records[lane.part].size - 1):
        slot = state.records[slot].next
    result: int = state.records[slot].sent_ns
    return result
