"""SQS standard queues, event by event, beside the Developer Guide's pages services-sqs-scaling and -errorhandling."""

from by_hand import MS, Event, Hand, Log, function, simulate

from lambdasim.model.events import Status
from lambdasim.model.law import AccountLaw
from lambdasim.model.polling import PollingLaw
from lambdasim.model.sqs import SqsLaw

S = 1_000
CRASH = Status.CRASH


def run(*events: Event, limit: int = 1_000, takes: object = (10,), outcomes: object = (0,), **more: object) -> Log:
    """Run messages of one queue; ``more`` goes to the law of the queue and its mapping, times in ms."""
    horizon, chunk, per_record = (more.pop(name, None) for name in ("horizon", "chunk", "per_record"))
    times = {name: int(value) * MS for name, value in more.items() if name.endswith("_ns")}  # type: ignore[call-overload]
    f = function(per_record_ns=(per_record or 0) * MS)  # type: ignore[operator]
    law = AccountLaw(concurrency=limit, functions=(f,), sources=(SqsLaw("jobs", 0, **(more | times)),))
    hand = Hand(1, takes=takes, outcomes=outcomes)  # type: ignore[arg-type]
    return simulate(law, events, drawn=[hand], horizon=horizon, chunk=chunk or 1_000_000)  # type: ignore[arg-type]


def test_messages_of_one_instant_are_one_batch_and_are_deleted() -> None:
    log = run(*[Event(5)] * 3)
    assert log.story() == [(n, 0, 5, 5, 15, "SUCCEEDED", "DONE") for n in range(3)]
    assert log.runs() == [(1, 0, 0, 5, 15, "SUCCESS", 1)]
    assert log.ended == 15 * MS


def test_the_function_fails_and_the_messages_reappear_at_the_visibility_timeout() -> None:
    log = run(Event(0), Event(0), outcomes=(Status.ERROR, 0))
    assert log.story() == [
        (0, 0, 0, 0, 10, "FAILED", "STAYS"),
        (0, 1, 30 * S, 30 * S, 30 * S + 10, "SUCCEEDED", "DONE"),
        (1, 0, 0, 0, 10, "FAILED", "STAYS"),
        (1, 1, 30 * S, 30 * S, 30 * S + 10, "SUCCEEDED", "DONE"),
    ]


def test_a_poison_message_is_dead_lettered_at_the_receive_after_the_last_one_allowed() -> None:
    log = run(Event(0), poison_24=1 << 24, max_receives=2)
    assert log.story() == [
        (0, 0, 0, 0, 10, "FAILED", "STAYS"),
        (0, 1, 30 * S, 30 * S, 30 * S + 10, "FAILED", "STAYS"),
        (0, 2, 60 * S, -1, 60 * S, "REFUSED", "EXHAUSTED"),
    ]


def test_processing_that_outlives_the_visibility_timeout_runs_twice() -> None:
    log = run(Event(0), takes=(40 * S, 10))
    assert log.story() == [
        (0, 0, 0, 0, 30 * S, "TIMED_OUT", "STAYS"),
        (0, 1, 30 * S, 30 * S, 30 * S + 10, "SUCCEEDED", "DONE"),
    ]
    assert [row[3:5] for row in log.runs()] == [(0, 40 * S), (30 * S, 30 * S + 10)]


def test_the_ramp_adds_a_poller_at_a_time() -> None:
    log = run(*[Event(0)] * 100, takes=(1_000,), batch_size=1, polling=PollingLaw(every_ns=200 * MS))
    starts = [row[3] for row in log.runs()]
    assert starts[:10] == [0] * 5 + [200, 400, 600, 800, 1_000]
    assert len(log.story()) == 100
