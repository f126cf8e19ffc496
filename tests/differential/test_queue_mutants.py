"""Would the differential tests of events and queues notice? Small errors in what only the compiled engine has: timers,
families, slots. Python runs it, as for the other mutants.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from event_cases import EventCase, a_retry_meets_a_request, an_event_meets_a_request, event_cases
from event_cases import records as event_cases_of
from hypothesis import HealthCheck, given, settings
from interpreted import TIGHT, interpreter, without_a_place
from queue_cases import QueueCase, S, a_redrive_count_falls, plan, queue_cases
from queue_cases import records as queue_cases_of

from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.polling import PollingSpec
from lambdasim.model.sqs import SqsSpec

MUTANTS = {
    "a timer that nobody awaits": ("timers", "state.timers[slot].stage = WITHDRAWN", "pass"),
    "a timer for what has gone": ("messages", "state.timers[queue.come_back].stage = timers.MOVED", "pass"),
    "a timer for what has gone that is the last": (
        "families",
        "if timer.stage == timers.MOVED",
        "if timer.stage == 99",
    ),
    "a timer after all of its instant": ("loop", "timer_heap[0].at_ns <= at_ns and", "timer_heap[0].at_ns < at_ns and"),
    "a timer that nobody expects": ("timers", "quiet.expect(state, at_ns)", "pass"),
    "quiet beyond a timer": ("quiet", "min(timer_ns, expiry_ns)", "expiry_ns"),
    "a timer before all of its instant": ("timers", "request < rank << RANK_SHIFT | subject", "request > 0"),
    "a batch that is fetched again": ("sqs", "elif stage == IS_TRIED", "elif stage == 99"),
    "a batch that stays with who throttled it": ("sqs", "and is_elsewhere(state", "and False and is_elsewhere(state"),
    "a request that is not its last attempt": ("sqs", "is_elsewhere(poller.moves_ns, again_ns) or ", ""),
    "a redrive count that stays": ("sqs", "queue.max_receives = value", "pass"),
    "a destination of after an end": ("events", "request, end_ns - 1)", "request, end_ns)"),
    "a destination of later": ("deliveries", "from_ns <= at_ns", "from_ns <= at_ns + 1"),
    "the first destinations for ever": ("deliveries", "if state.outlets[number].from_ns <= at_ns", "if False"),
    "a mapping that leads where it did": ("control", "lead(state, index, value)", "pass"),
    "rows of the function before": ("drawn", "place += source.first_place", "pass"),
    "a mapping that moves once": ("routing", "if value + 1 < source.leads", "if False"),
    "a batch whose end nobody is told": (
        "families",
        "OF_POLLER:\n        sqs.ended",
        "99:\n        sqs.ended",
    ),
    "a batch that is sent twice": ("pollers", "timers.withdraw(state, poller.timer)", "pass"),
    "growth at rest": ("pollers", "timers.withdraw(state, queue.growth)", "pass"),
    "reviews at rest": ("pollers", "timers.withdraw(state, queue.review)", "pass"),
    "a retry of an event as an arrival": (
        "events",
        "retry_delay_ns(event.failures), RETRY)",
        "retry_delay_ns(event.failures), ARRIVAL)",
    ),
    "an event's arrival as a retry": ("events", "dequeue_ns, ARRIVAL)", "dequeue_ns, RETRY)"),
    "no copy of an event": ("events", "    accept(state, copy, now)", "    pass"),
    "an event that is there at once": ("families", "elif event.delay_ns > 0", "elif event.delay_ns > 2**62"),
    "the wrong receipt first": ("messages", "other.key > receipt.key", "other.key < receipt.key"),
    "a queue at rest whose messages are delayed": ("messages", "and queue.delayed == 0", ""),
    "no room for the rows of messages that are too old": (
        "messages",
        "state.rooms[DELIVERIES].owed += count",
        "pass",
    ),
    "rows drawn too late": ("drawn", "source.made // DRAWN_AT_ONCE != source.block", "False"),
}


def rare() -> list[QueueCase]:
    """Return plans for what is rare."""
    pollers = PollingSpec(initial=1, maximum=9, amount=4, every_ns=5 * S, floor=1)
    return [
        # a minute without work in which messages are delayed
        plan(SqsSpec("q", 0, batch_size=1, delay_ns=90 * S, polling=pollers), *[0] * 6, *[95] * 6, takes=10),
        # twenty messages that are found to be too old at once
        plan(SqsSpec("q", 0, batch_size=1, retention_ns=5 * S), *[0] * 20, enabled_s=((0, 0), (9, 1))),
    ]


@pytest.fixture(scope="module")
def known() -> list[tuple[Callable[[Any], object], object]]:
    """What runs an engine class on a plan, with what the SimPy engine records of it."""
    found: list[Callable[[Any], object]] = []

    @given(queue_cases(), event_cases())
    @settings(max_examples=300, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    def collect(queues: QueueCase, events: EventCase) -> None:
        found.append(lambda engine: queue_cases_of(engine, queues))
        found.append(lambda engine: event_cases_of(engine, events))

    collect()
    found.extend(
        partial(event_cases_of, events=case) for case in (a_retry_meets_a_request(), an_event_meets_a_request())
    )
    found.extend(partial(queue_cases_of, case=case) for case in (*rare(), a_redrive_count_falls()))
    return [(run, run(ReferenceEngine)) for run in reversed(found)]  # the first ones are the smallest


@pytest.fixture
def interpreted(tmp_path) -> Iterator:
    with interpreter(tmp_path) as engine:
        yield engine


def test_every_mutant_has_its_place() -> None:
    """Those too that a run of the suite leaves out."""
    assert without_a_place(MUTANTS) == []


def test_the_loop_as_python_runs_it(interpreted, known) -> None:
    engine = interpreted(*TIGHT)
    for run, expected in known[:200]:
        assert run(engine) == expected


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_is_caught(mutant: str, interpreted, known) -> None:
    engine = interpreted(*TIGHT, MUTANTS[mutant])
    for run, expected in known:
        try:
            if run(engine) != expected:
                return
        except (IndexError, KeyError, OverflowError, RecursionError, ValueError):
            return
    pytest.fail(f"{mutant}: nobody notices")
