"""Would the differential tests of events and queues notice? Small errors in what only the compiled engine has: timers,
families, slots. Python runs it, as for the other mutants.
"""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from interpreted import interpreter
from queue_cases import QueueCase, queue_cases, records

from lambdasim.engine.reference.engine import ReferenceEngine

MUTANTS = {
    "a timer that nobody awaits": ("timers", "state.timers[slot].stage = WITHDRAWN", "pass"),
    "a timer for what has gone": ("messages", "state.timers[queue.come_back].stage = timers.MOVED", "pass"),
    "a timer for what has gone that is the last": ("loop", "if timer.stage == timers.MOVED", "if timer.stage == 99"),
    "a timer after all of its instant": ("loop", "moments[0].at_ns <= at_ns and", "moments[0].at_ns < at_ns and"),
    "a timer before all of its instant": ("timers", "request < rank << RANK_SHIFT | subject", "request > 0"),
    "a batch that is fetched again": ("sqs", "if stage == IS_TRIED", "if stage == 99"),
    "a batch whose end nobody is told": (
        "families",
        "if kind == OF_POLLER:\n        sqs",
        "if kind == 99:\n        sqs",
    ),
    "a batch that is sent twice": ("pollers", "timers.withdraw(state, poller.timer)", "pass"),
    "growth at rest": ("pollers", "timers.withdraw(state, queue.growth)", "pass"),
    "reviews at rest": ("pollers", "timers.withdraw(state, queue.review)", "pass"),
    "a retry of an event as an arrival": (
        "events",
        "again(state, slot, now, next_ns, RETRY)",
        "again(state, slot, now, next_ns, ARRIVAL)",
    ),
    "an event's arrival as a retry": ("events", "dequeue_ns, ARRIVAL)", "dequeue_ns, RETRY)"),
    "no copy of an event": ("events", "    accept(state, copy, now)", "    pass"),
    "an event that is there at once": ("loop", "if delay_ns > 0", "if delay_ns > 2**62"),
    "the wrong receipt first": ("messages", "earlier].key > receipt.key", "earlier].key < receipt.key"),
    "a receipt nobody looks at": ("messages", "queue.come_back_ns > receipt.visible_ns\n", "False\n"),
    "rows drawn too late": ("sqs", "queue.made // DRAWN_AT_ONCE != queue.block", "False"),
}


@pytest.fixture(scope="module")
def known() -> list[tuple[QueueCase, object]]:
    """Plans, with the SimPy engine's records of them."""
    pairs = []

    @given(queue_cases())
    @settings(max_examples=400, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    def collect(case: QueueCase) -> None:
        pairs.append((case, records(ReferenceEngine, case)))

    collect()
    return pairs[::-1]  # the first ones are the smallest


@pytest.fixture
def interpreted(tmp_path) -> Iterator:
    with interpreter(tmp_path) as engine:
        yield engine


def test_the_loop_as_python_runs_it(interpreted, known) -> None:
    engine = interpreted()
    for case, expected in known[:100]:
        assert records(engine, case) == expected


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutant_is_caught(mutant: str, interpreted, known) -> None:
    engine = interpreted(MUTANTS[mutant])
    for case, expected in known:
        try:
            if records(engine, case) != expected:
                return
        except (IndexError, KeyError, OverflowError, RecursionError, ValueError):
            return
    pytest.fail(f"{mutant}: nobody notices")
