"""Asynchronous events, from their acceptance until they are processed or given up. Twin of
``engine/reference/asynchronous.py``; what is decided, ``model/asynchronous.py`` decides.

What an attempt takes is known when it is admitted, so its rows are written then, and only attempts are events.
"""

from typing import Any

import numpy as np

from lambdasim.engine.compiled import heap
from lambdasim.engine.compiled.invocation import kept
from lambdasim.engine.compiled.state import State
from lambdasim.machine_code.jit import kernel
from lambdasim.model.asynchronous import (
    destination,
    is_doubled,
    is_refused,
    is_taken,
    is_too_old,
    leaves_ns,
    retry_delay_ns,
    throttle_delay_ns,
)
from lambdasim.model.asynchronous import fate as fate_of
from lambdasim.model.asynchronous import outcome as outcome_of
from lambdasim.model.events import Destination, Fate, Outcome
from lambdasim.model.rules import jitter24, jitter_index
from lambdasim.plan import Request

ARRIVES, IS_TRIED = 1, 2
"""Stages of a waiting event; 0 is a synchronous request."""

SUCCEEDED, FAILED, THROTTLED = int(Outcome.SUCCEEDED), int(Outcome.FAILED), int(Outcome.THROTTLED)
REFUSED, IN_FLIGHT, WAITING = int(Outcome.REFUSED), int(Outcome.IN_FLIGHT), int(Outcome.WAITING)
STAYS, DONE, EXHAUSTED = int(Fate.STAYS), int(Fate.DONE), int(Fate.EXHAUSTED)
AGED_OUT, REMAINS = int(Fate.AGED_OUT), int(Fate.REMAINS)
NOWHERE = int(Destination.NONE)


@kernel
def jitter(key: Any, event: int, attempt: int) -> int:
    """Return the 24 bits of jitter of an attempt."""
    index: Any = np.uint64(jitter_index(event, attempt & 127))  # with a signed one Numba would turn to floats
    return int(jitter24(key, index))


@kernel
def arrive(state: State, request: Request, source: int, now: int) -> None:
    """Accept an event, unless its caller is throttled."""
    law = state.sources[source]
    if not is_taken(law, law, now):
        delivery(state, source, request.request, 0, now, now, -1, now, THROTTLED, EXHAUSTED, NOWHERE, -1)
        return
    accept(state, request, source, now)
    index: Any = np.uint64(request.request)
    if is_doubled(law, int(jitter24(law.duplicate_key, index))):
        copy = Request(
            law.first_key + law.made, request.arrival_ns, request.function, request.duration_ns, request.init_ns,
            request.placement_ns, request.outcome, request.idle_timeout_ns, request.surplus_idle_timeout_ns,
            request.lifetime_ns, request.pick,
        )  # fmt: skip
        law.made += 1
        accept(state, copy, source, now)


@kernel
def accept(state: State, request: Request, source: int, now: int) -> None:
    """Let an event wait for its first attempt, or send it away at once."""
    law = state.sources[source]
    if is_refused(state.functions[state.functions[law.function].first].reserved):
        gone = sent_away(law, request.request)
        delivery(state, source, request.request, 0, now, now, -1, now, REFUSED, EXHAUSTED, gone, -1)
    else:
        again(state, request, source, now, 0, 0, now, now + law.dequeue_ns, True)


@kernel
def again(
    state: State, request: Request, source: int, sent_ns: int, failures: int, throttles: int, now: int, next_ns: int,
    first: bool,
) -> None:  # fmt: skip
    """Let an event wait for its next attempt, unless it would be too old by then."""
    loop, law = state.loop[0], state.sources[source]
    event, attempt = request.request, failures + throttles
    if not is_too_old(law, sent_ns, next_ns):
        if next_ns >= loop.horizon_ns:
            delivery(state, source, event, attempt, sent_ns, next_ns, -1, -1, WAITING, REMAINS, NOWHERE, -1)
            return
        waits(state, request, source, IS_TRIED, sent_ns, failures, throttles, next_ns, first)
        return
    ended_ns = leaves_ns(law, sent_ns, now)
    if ended_ns >= loop.horizon_ns:
        delivery(state, source, event, attempt, sent_ns, now, -1, -1, WAITING, REMAINS, NOWHERE, -1)
        return
    gone = sent_away(law, event)
    delivery(state, source, event, attempt, sent_ns, now, -1, ended_ns, REFUSED, AGED_OUT, gone, -1)
    loop.last_ns = max(loop.last_ns, ended_ns)


@kernel
def after_throttle_ns(state: State, source: int, event: int, attempt: int, throttles: int, now: int) -> int:
    """Return when to try again after the ``throttles``-th throttle, which was of this attempt and came now."""
    law = state.sources[source]
    delay_ns: int = throttle_delay_ns(law, throttles, jitter(law.backoff_key, event, attempt))
    return now + delay_ns


@kernel
def tried_outcome(state: State, source: int, request: Request, failures: int, attempt: int) -> int:
    """Return how the handler of an attempt ends if the timeout does not."""
    law, function = state.sources[source], state.functions[request.function]
    u24 = jitter(law.outcome_key, request.request, attempt)
    return outcome_of(request.outcome, failures, u24, function.errors_24, function.crashes_24)


@kernel
def ended(
    state: State, request: Request, source: int, sent_ns: int, failures: int, throttles: int, began_ns: int,
    end_ns: int, status: int,
) -> None:  # fmt: skip
    """Take note of how an attempt ends that began now; ``failures`` and ``throttles`` are those before it."""
    law, event = state.sources[source], request.request
    attempt = failures + throttles
    if end_ns >= state.loop[0].horizon_ns:
        delivery(state, source, event, attempt, sent_ns, began_ns, began_ns, -1, IN_FLIGHT, REMAINS, NOWHERE, event)
        return
    fate = fate_of(law, status, failures + 1)
    outcome = SUCCEEDED if fate == DONE else FAILED
    gone = sent_away(law, event) if fate == EXHAUSTED else NOWHERE
    delivery(state, source, event, attempt, sent_ns, began_ns, began_ns, end_ns, outcome, fate, gone, event)
    if fate == STAYS:
        next_ns = end_ns + retry_delay_ns(failures + 1)
        again(state, request, source, sent_ns, failures + 1, throttles, end_ns, next_ns, False)


@kernel
def sent_away(law: Any, event: int) -> int:
    """Return what becomes of an event that was not processed."""
    index: Any = np.uint64(event)
    return destination(law, int(jitter24(law.destination_key, index)))


@kernel
def waits(
    state: State, request: Request, source: int, stage: int, sent_ns: int, failures: int, throttles: int, at_ns: int,
    first: bool,
) -> None:  # fmt: skip
    """Keep an event until ``at_ns``; ``first`` if it comes then as an arrival does, else as a retry."""
    loop = state.loop[0]
    slot = kept(state, request, failures + throttles)
    waiting = state.waiting[slot]
    waiting.source, waiting.stage, waiting.sent_ns, waiting.failures = source, stage, sent_ns, failures
    if first:
        heap.push(state.firsts, loop.firsts, at_ns, slot, state.waiting)
        loop.firsts += 1
    else:
        heap.push(state.retries, loop.retries, at_ns, slot, state.waiting)
        loop.retries += 1


@kernel
def delivery(
    state: State, source: int, event: int, attempt: int, sent_ns: int, available_ns: int, delivered_ns: int,
    ended_ns: int, outcome: int, fate: int, destination: int, batch: int,
) -> None:  # fmt: skip
    """Write the row of a delivery."""
    loop = state.loop[0]
    row = state.deliveries[loop.deliveries]
    loop.deliveries += 1
    row.source, row.event, row.attempt, row.partition = source, event, attempt, -1
    row.sent_ns, row.available_ns, row.delivered_ns, row.ended_ns = sent_ns, available_ns, delivered_ns, ended_ns
    row.outcome, row.fate, row.destination, row.answer, row.batch = outcome, fate, destination, 0, batch
