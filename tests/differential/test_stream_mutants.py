"""Would the differential tests of streams notice? Small errors in the flow that only the compiled engine has.

Python runs it, as for the other mutants.
"""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from interpreted import interpreter
from queue_cases import QueueCase, queue_cases, records, stream_specs

from lambdasim.engine.reference.engine import ReferenceEngine

MUTANTS = {
    "a batch that is full and waits": ("lanes", "lane.stage == GATHERS and is_full", "False and is_full"),
    "a batch that is sent twice": ("lanes", "timers.withdraw(state, lane.timer)", "pass"),
    "a lane that was free before": ("lanes", "lane.free_ns = now", "pass"),
    "a shard that was not read": ("lanes", "shard.polled_ns = now", "pass"),
    "a full batch without a poll": ("lanes", "if poll_ns > now", "if poll_ns < 0"),
    "a window that is over at once": ("lanes", "if lane.due_ns <= now", "if True"),
    "a batch while the last one is read": ("streams", "max(now, state.shards[lane.shard].busy_ns)", "now"),
    "a mapping that is never off": ("streams", "if not state.streams[lane.stream].is_disabled", "if True"),
    "a mapping that stays off": ("streams", "if lane.stage == IS_SWITCHED_OFF", "if False"),
    "an end of a pause without a poll": ("streams", "lane.free_ns = state.shards[lane.shard].polled_ns = now", "pass"),
    "a batch of all that waits": ("streams", "and state.records[slot].sent_ns <= last_ns", "and True"),
    "records that expire in batches alone": ("streams", "while lane.waiting > 0 and is_too", "while False and is_too"),
    "a batch that never ends": ("streams", "state.records[last].next = -1", "pass"),
    "the first record last": ("streams", "state.records[lane.last].next = slot", "lane.first = slot"),
    "the shard of all keys": ("streams", "stream.first_key + share_of", "stream.first_key + 0 * share_of"),
    "what waits is in flight": ("streams", "if lane.delivered_ns >= 0 else STILL_WAITING", ""),
    "a batch with records that expired": ("batches", "if lane.is_last:", "if False:"),
    "failures that are forgotten": (
        "batches",
        "after.first, tried + 1, now, after",
        "after.first, tried + 1, now, 0 * after",
    ),
    "failures of the second half": (
        "batches",
        "after.second, tried + 1, now, after",
        "after.second, tried + 1, now, 1 + after",
    ),
    "a batch that takes as long as a record": ("batches", "left * stream.per_record_ns", "stream.per_record_ns"),
    "attempts that count twice": ("batches", "lane.tries += 1", "lane.tries += 2"),
    "the age of the first record": ("batches", "now - last_sent_ns(state, lane)", "now - part.sent_ns"),
    "a retry in the place of a poll": (
        "batches",
        "start_ns, RETRY, lane.request",
        "start_ns, lanes.POLL, lane.request",
    ),
    "a poll in the place of a retry": ("batches", "elif lane.request < 0:", "elif lane.request < -9:"),
    "attempts that are all final": ("batches", "is_last or not spec.stays_whole(after, part.size)", "1"),
    "deliveries that are not counted": ("batches", "part.attempt += 1", "pass"),
    "a delivery that is available at once": ("batches", "part.available_ns = now", "pass"),
    "records behind the failure that failed": ("batches", "FAILED if place < untouched else SKIPPED", "FAILED"),
    "a throttle that is a failure": (
        "batches",
        "tried_again_ns(state, lane, True, now)",
        "tried_again_ns(state, lane, False, now)",
    ),
    "too few that expire": ("batches", "count < size and spec.is_too_old", "count < 1 and spec.is_too_old"),
    "a batch whose end nobody is told": ("families", "OF_LANE:\n        batches.ended", "99:\n        batches.ended"),
    "records that nobody takes in": ("families", "OF_LANE:\n        streams.arrive", "99:\n        streams.arrive"),
}


@pytest.fixture(scope="module")
def known() -> list[tuple[QueueCase, object]]:
    """Plans, with the SimPy engine's records of them."""
    found: list[QueueCase] = []

    @given(queue_cases(stream_specs))
    @settings(max_examples=400, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    def collect(case: QueueCase) -> None:
        found.append(case)

    collect()
    return [(case, records(ReferenceEngine, case)) for case in reversed(found)]  # the first ones are the smallest


@pytest.fixture
def interpreted(tmp_path) -> Iterator:
    with interpreter(tmp_path) as engine:
        yield engine


def test_the_loop_as_python_runs_it(interpreted, known) -> None:
    engine = interpreted()
    for case, expected in known[:200]:
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
