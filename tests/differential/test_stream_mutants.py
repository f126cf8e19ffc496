"""Would the differential tests of streams and FIFO queues notice? Small errors in the flow of the compiled engine.

Python runs it, as for the other mutants.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from interpreted import TIGHT, interpreter, without_a_place
from oracles.agenda import ALL, bits24
from queue_cases import HALF, QueueCase, S, fifo_specs, plan, queue_cases, records, stream_specs

from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.batches import BatchSpec, Pause
from lambdasim.model.control import Change, Control
from lambdasim.model.sqs import SqsSpec
from lambdasim.model.sqs_fifo import FifoSpec
from lambdasim.model.streams import StreamSpec

STREAMS = {
    "a batch that is full and waits": ("lanes", "lane.stage == GATHERS and is_full", "False and is_full"),
    "a batch that is sent twice": ("lanes", "BUSY\n        timers.withdraw(state, lane.timer)", "BUSY"),
    "a lane that was free before": ("lanes", "lane.free_ns = now", "pass"),
    "a shard that is read too far": ("lanes", "shard.polled_ns = now", "shard.polled_ns = now + 10**10"),
    "a full batch without a poll": ("lanes", "if poll_ns > now", "if poll_ns < 0"),
    "a window that is over at once": ("lanes", "if lane.due_ns <= now", "if True"),
    "a batch while the last one is read": ("streams", "max(now, busy_ns)", "now"),
    "a mapping that is never off": ("streams", "if not state.streams[lane.stream].is_disabled", "if True"),
    "a mapping that stays off": ("streams", "if lane.stage == IS_SWITCHED_OFF", "if False"),
    "an end of a pause without a poll": ("streams", "lane.free_ns = state.shards[lane.shard].polled_ns = now", "pass"),
    "a shard that is divided in flight": ("lanes", "if not spec.is_drained(shard)", "if not shard.is_changing"),
    "a shard that goes on while it changes": ("streams", "    if shard.is_changing:", "    if False:"),
    "a batch of all that waits": ("streams", "and state.records[slot].sent_ns <= last_ns", "and True"),
    "records that expire in batches alone": (
        "streams",
        "batches.expired(state, stream, lane.first, lane.waiting, now)",
        "0",
    ),
    "the shard of all keys": ("lanes", "stream.first_key + share_of", "stream.first_key + 0 * share_of"),
    "what waits is in flight": ("streams", "if lane.delivered_ns >= 0 else STILL_WAITING", ""),
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
    "a batch that takes as long as a record": (
        "batches",
        "left * state.functions[lane.function]",
        "state.functions[lane.function]",
    ),
    "attempts that count twice": ("batches", "lane.tries += 1", "lane.tries += 2"),
    "the age of the first record": ("batches", "now - last_sent_ns(state, lane)", "now - part.sent_ns"),
    "a retry in the place of a poll": (
        "batches",
        "start_ns, RETRY, lane.request",
        "start_ns, lanes.POLL, lane.request",
    ),
    "a poll in the place of a retry": ("batches", "elif lane.request < 0:", "elif lane.request < -9:"),
    "a batch that goes where it went": ("batches", "lane.moves_ns)\n    part.attempt", "2**62)\n    part.attempt"),
    "a throttle that is not its last attempt": (
        "batches",
        "lane.moves_ns)\n        slot",
        "2**62)\n        slot",
    ),
    "an error that is not its last attempt": (
        "batches",
        "lane.moves_ns)\n    return is_last",
        "2**62)\n    return is_last",
    ),
    "a destination that stays": ("streams", "stream.has_destination = value", "pass"),
    "attempts that are all final": ("batches", "is_last or not spec.stays_whole(after, part.size)", "1"),
    "deliveries that are not counted": ("batches", "part.attempt += 1", "pass"),
    "a delivery that is available at once": ("batches", "part.available_ns = now", "pass"),
    "records behind the failure that failed": ("batches", "FAILED if place < untouched else SKIPPED", "FAILED"),
    "a throttle that is a failure": (
        "batches",
        "tried_again_ns(state, lane, True, now)",
        "tried_again_ns(state, lane, False, now)",
    ),
    "a batch whose end nobody is told": ("families", "OF_LANE:\n        batches.ended", "99:\n        batches.ended"),
    "no room for the rows of records that are too old": ("streams", "state.rooms[DELIVERIES].owed += 1", "pass"),
    "records that nobody takes in": ("families", "OF_LANE:\n        streams.arrive", "99:\n        streams.arrive"),
}


FIFO = {
    "a group that is offered twice": ("fifo", "and not group.is_ready", ""),
    "groups from the last on": ("fifo", "state.groups[queue.last_ready].next = number", "queue.first_ready = number"),
    "a message that blocks nothing": ("fifo", "group.taken += 1", "pass"),
    "a group that stays blocked": ("fifo", "group.taken -= count", "pass"),
    "messages that come back behind the others": ("fifo", "group.first = first", "group.first = group.first"),
    "one message of a group": ("fifo", "while group.waiting > 0 and received < limit", "if group.waiting > 0"),
    "all messages seen": ("fifo", "spec.sees(queue, queue.seen)", "True"),
    "messages that are seen for ever": ("fifo", "queue.seen -= 1", "pass"),
    "a failure that stops nothing": ("fifo", "group.stopped = receipt.batch", "pass"),
    "a failure that stops all": ("fifo", "group.stopped == receipt.batch", "receipt.batch >= 0 and kept >= 0"),
    "a late batch that deletes": ("fifo", "asked += message.is_failing == 0", "asked += 1"),
    "a message that fails again": ("fifo", "message.is_failing = 0", "pass"),
    "nobody looks again": ("fifo", "    see(state, index, now)\n    return deleted", "    return deleted"),
    "a group that is forgotten": ("fifo", "state.group_at[queue.first_group + group.number] = -1", "pass"),
    "one poller at a time": ("fifo", "sqs.is_wanted(queue.ready, queue.coming, 1)", "queue.ready > 9 * queue.coming"),
    "all pollers at rest in long polls": ("fifo", "spec.polls_at_rest(poller.number, not queue.is_disabled)", "True"),
    "errors that slow it": ("polling", "if queue.is_fifo", "if False"),
    "a row without its group": ("messages", "written.partition = state.groups[message.group].number", "pass"),
    "what remains without its group": ("remains", 'state.queues["groups"][messages["queue"]] > 0', "rows['batch'] > 0"),
}
CASES = {"streams": stream_specs, "fifo": fifo_specs}
Known = list[tuple[QueueCase, object]]


def rare() -> dict[str, list[QueueCase]]:
    """Return plans for what is rare."""
    half = HALF
    poison = next(key for key in range(99) if bits24(key, 0) < half <= bits24(key, 1))
    first = next(key for key in range(99) if bits24(key, 0) < half <= min(bits24(key, 1), bits24(key, 2)))
    once = next(key for key in range(99) if bits24(key, 0) < half <= bits24(key, 1))
    groups = next(key for key in range(99) if [bits24(key, n) * 2 // ALL for n in range(3)] == [0, 1, 0])
    failing = SqsSpec("q", 0, partial=True, poison_q24=half, retention_ns=90 * S, visibility_ns=20 * S)
    kept = plan(StreamSpec("s", 0, BatchSpec(size=1, max_retries=0, poison_q24=ALL)), 9)
    return {
        "streams": [
            # a batch that is full before its window ends, and still being processed then
            plan(StreamSpec("s", 0, BatchSpec(size=2, window_ns=10 * S)), 0, 1, 2, takes=20),
            # one that is full between two polls
            plan(StreamSpec("s", 0, BatchSpec(size=2, window_ns=100 * S), poll_ns=4 * S), 1, 9),
            # one that is sent while the mapping is disabled, and read as it is enabled
            plan(StreamSpec("s", 0, BatchSpec(size=1, pauses=(Pause(6 * S, 10 * S),)), poll_ns=10 * S,
                            least_poll_ns=2 * S), 3, 9, takes=0),
            # two lanes, of which one tries halves again as the other is polled
            plan(StreamSpec("s", 0, BatchSpec(size=2, retention_ns=9 * S, bisects=True, poison_q24=HALF,
                                              backoff_base_ns=S, backoff_cap_ns=2 * S, full_jitter=False), lanes=2),
                 0, 0, 0, 0, takes=0),
            # a shard that is divided anew once what is in flight is over, and not before another lane's window ends
            plan(StreamSpec("s", 0, BatchSpec(size=1), lanes=2), *range(8), takes=5, lanes_s=((2, 3),)),
            plan(StreamSpec("s", 0, BatchSpec(size=3, window_ns=10 * S), lanes=2), 0, 0, 0, 0, 0,
                 takes=40, lanes_s=((5, 1),)),
            # a batch that waits to be tried again as it is cut off
            plan(StreamSpec("s", 0, BatchSpec(size=1, poison_q24=ALL, backoff_base_ns=9 * S, backoff_cap_ns=9 * S,
                                              full_jitter=False)), 0, ends_s=5),
            # the first of three records fails, so those behind it are left untouched
            *(plan(StreamSpec("s", 0, BatchSpec(size=3, max_retries=0, reports=reports, poison_q24=half)), 0, 0, 0,
                   poison=first) for reports in (True, False)),
            # twenty records that are found to be too old at once
            plan(StreamSpec("s", 0, BatchSpec(size=1, retention_ns=5 * S)), *[0] * 20, enabled_s=((0, 0), (9, 1))),
            # a batch that ends while what it consists of is still being read
            plan(StreamSpec("s", 0, BatchSpec(size=1), read_bytes=1, payload=5), 0, 0),
            # a record that is given up once its mapping has a destination
            replace(kept, case=replace(kept.case, control=(Change(5 * S, Control.DESTINATION, 0, 1),))),
            # two records that fail each time, alone too, and take a second each
            plan(StreamSpec("s", 0, BatchSpec(size=2, max_retries=1, bisects=True, poison_q24=ALL)), 0, 0,
                 per_record_ns=S),
        ],
        "fifo": [
            # the first of two messages fails, of one group and of two
            plan(FifoSpec(failing, groups=1), 0, 0, **{"sqs-poison": poison}),
            plan(FifoSpec(failing), 0, 0, **{"sqs-poison": poison}),
            # a message that fails at its first delivery, and not at the second
            plan(FifoSpec(replace(failing, poison_q24=0, record_errors_q24=half)), 0, **{"sqs-record": once}),
            # a message that fails, in a batch that ends after its visibility timeout: nothing is to be deleted
            plan(FifoSpec(failing), 0, takes=40, **{"sqs-poison": poison}),
            plan(FifoSpec(failing), 0, 0, takes=40, **{"sqs-poison": poison}),
            # a message of a group that had left, while another one is there
            plan(FifoSpec(SqsSpec("q", 0), groups=2), 0, 5, 5, **{"sqs-group": groups}),
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def known() -> dict[str, Known]:
    """Plans of both, with the SimPy engine's records of them."""

    def collect(specs: Any) -> Known:
        found: list[QueueCase] = []

        @given(queue_cases(specs))
        @settings(
            max_examples=200, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
        )
        def add(case: QueueCase) -> None:
            found.append(case)

        add()
        return [(case, records(ReferenceEngine, case)) for case in reversed(found)]  # the first ones are the smallest

    found = {family: collect(specs) for family, specs in CASES.items()}
    return {
        family: [(case, records(ReferenceEngine, case)) for case in rare()[family]] + found[family] for family in CASES
    }


@pytest.fixture
def interpreted(tmp_path) -> Iterator:
    with interpreter(tmp_path) as engine:
        yield engine


def test_every_mutant_has_its_place() -> None:
    """Those too that a run of the suite leaves out."""
    assert without_a_place(STREAMS | FIFO) == []


@pytest.mark.parametrize("family", CASES)
def test_the_loop_as_python_runs_it(family: str, interpreted, known) -> None:
    engine = interpreted(*TIGHT)
    for case, expected in known[family][:100]:
        assert records(engine, case) == expected


@pytest.mark.parametrize(
    ("family", "mutant"), [("streams", mutant) for mutant in STREAMS] + [("fifo", mutant) for mutant in FIFO]
)
def test_mutant_is_caught(family: str, mutant: str, interpreted, known) -> None:
    engine = interpreted(*TIGHT, (STREAMS | FIFO)[mutant])
    for case, expected in known[family]:
        try:
            if records(engine, case) != expected:
                return
        except (IndexError, KeyError, OverflowError, RecursionError, ValueError):
            return
    pytest.fail(f"{mutant}: nobody notices")
