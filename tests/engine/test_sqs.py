"""SQS standard queues, event by event, beside the Developer Guide's pages services-sqs-scaling and -errorhandling."""

import pytest
from by_hand import MS, Event, Hand, Log, function, simulate

from lambdasim.model.events import LOAD_SHIFT, Destination, Status
from lambdasim.model.polling import PollingSpec
from lambdasim.model.spec import AccountSpec
from lambdasim.model.sqs import SqsSpec
from lambdasim.records import SourceMetric

S, MIN = 1_000, 60_000
ALL = 1 << 24


def run(*events: Event, limit: int = 1_000, takes: object = (10,), outcomes: object = (0,), **more: object) -> Log:
    """Run messages of one queue; ``more`` goes to the law of the queue and its mapping, times in ms."""
    horizon, chunk, per_record = (more.pop(name, None) for name in ("horizon", "chunk", "per_record"))
    times = {name: int(value) * MS for name, value in more.items() if name.endswith("_ns")}  # type: ignore[call-overload]
    f = function(per_record_ns=(per_record or 0) * MS)  # type: ignore[operator]
    spec = AccountSpec(concurrency=limit, functions=(f,), sources=(SqsSpec("jobs", 0, **(more | times)),))
    hand = Hand(1, takes=takes, outcomes=outcomes)  # type: ignore[arg-type]
    return simulate(spec, events, drawn=[hand], horizon=horizon, chunk=chunk or 1_000_000)  # type: ignore[arg-type]


def samples(log: Log, metric: int) -> list[tuple[float, int]]:
    """Return the samples of a metric: (time in ms, value)."""
    return [(row["time_ns"] / MS, row["value"]) for row in log.samples if row["metric"] == metric]


def batches(log: Log) -> list[list[int]]:
    """Return the messages of each batch."""
    found: dict[int, list[int]] = {}
    for row in log.deliveries:
        found.setdefault(row["batch"], []).append(row["event"] & (1 << LOAD_SHIFT) - 1)
    return [sorted(found[batch]) for batch in sorted(found) if batch >= 0]


def test_messages_of_one_instant_are_one_batch_and_are_deleted() -> None:
    log = run(*[Event(5)] * 3)
    assert log.story() == [(n, 0, 5, 5, 15, "SUCCEEDED", "DONE") for n in range(3)]
    assert log.runs() == [(1, 0, 0, 5, 15, "SUCCESS", 1)]
    assert log.ended == 15 * MS


def test_a_batch_is_full_at_its_size_and_each_record_takes_its_time() -> None:
    log = run(*[Event(0)] * 25, per_record=2)
    assert [len(batch) for batch in batches(log)] == [10, 10, 5]
    assert [row[3:5] for row in log.runs()] == [(0, 30), (0, 30), (0, 20)]


def test_a_batch_holds_no_more_than_six_megabytes() -> None:
    log = run(*[Event(0)] * 9, payload=1 << 20)
    assert [len(batch) for batch in batches(log)] == [6, 3]


def test_a_message_can_be_received_after_its_delay() -> None:
    log = run(Event(5), Event(7), delay_ns=S)
    assert log.story() == [
        (0, 0, 1_005, 1_005, 1_015, "SUCCEEDED", "DONE"),
        (1, 0, 1_007, 1_007, 1_017, "SUCCEEDED", "DONE"),
    ]
    assert [row["sent_ns"] for row in log.deliveries] == [5 * MS, 7 * MS]


def test_a_poller_takes_its_time_to_receive() -> None:
    log = run(Event(0), Event(30), takes=(100,), receive_ns=20)
    assert [row[2:5] for row in log.story()] == [(0, 20, 120), (30, 50, 150)]


def test_the_batching_window_begins_with_the_first_message() -> None:
    log = run(Event(0), Event(500), Event(1_500), window_ns=S, shares_window=True, batch_size=100)
    assert batches(log) == [[0, 1], [2]]
    assert [row[3] for row in log.runs()] == [S, 2_500]
    assert [row[3] for row in log.story()] == [0, 500, 1_500]  # each is received when it is sent


def test_a_full_batch_does_not_wait_for_its_window() -> None:
    log = run(*[Event(at) for at in (0, 100, 200, 300)], window_ns=S, shares_window=True, batch_size=3)
    assert batches(log) == [[0, 1, 2], [3]]
    assert [row[3] for row in log.runs()] == [200, 1_300]


def test_each_poller_gathers_a_batch_of_its_own() -> None:
    """The pollers that have nothing to do receive first, then those that gather, in turn."""
    spec = PollingSpec(initial=2, maximum=2)
    log = run(*[Event(100 * n) for n in range(7)], window_ns=S, batch_size=3, polling=spec)
    assert batches(log) == [[0, 2, 4], [1, 3, 6], [5]]
    assert [row[3] for row in log.runs()] == [400, 600, 500 + S]


def test_the_function_fails_and_the_messages_reappear_at_the_visibility_timeout() -> None:
    log = run(Event(0), Event(0), outcomes=(Status.ERROR, 0))
    assert log.story() == [
        (0, 0, 0, 0, 10, "FAILED", "STAYS"),
        (0, 1, 30 * S, 30 * S, 30 * S + 10, "SUCCEEDED", "DONE"),
        (1, 0, 0, 0, 10, "FAILED", "STAYS"),
        (1, 1, 30 * S, 30 * S, 30 * S + 10, "SUCCEEDED", "DONE"),
    ]


def test_a_poison_message_is_dead_lettered_at_the_receive_after_the_last_one_allowed() -> None:
    log = run(Event(0), poison_q24=ALL, max_receives=2)
    assert log.story() == [
        (0, 0, 0, 0, 10, "FAILED", "STAYS"),
        (0, 1, 30 * S, 30 * S, 30 * S + 10, "FAILED", "STAYS"),
        (0, 2, 60 * S, -1, 60 * S, "REFUSED", "EXHAUSTED"),
    ]
    assert [row["destination"] for row in log.deliveries] == [0, 0, Destination.DELIVERED]
    assert [row[5] for row in log.runs()] == ["ERROR", "ERROR"]


def test_without_a_dead_letter_queue_a_poison_message_comes_back_until_it_is_too_old() -> None:
    log = run(Event(0), poison_q24=ALL, retention_ns=70 * S)
    assert [row[2] for row in log.story()] == [0, 30 * S, 60 * S, 90 * S]
    assert log.story()[-1] == (0, 3, 90 * S, -1, 90 * S, "REFUSED", "AGED_OUT")


def test_a_message_that_waits_too_long_expires() -> None:
    log = run(Event(0), Event(1), takes=(100 * S,), polling=PollingSpec(initial=1, maximum=1), batch_size=1,
              retention_ns=60 * S, visibility_ns=900 * S)  # fmt: skip
    assert log.story()[1] == (1, 0, 1, -1, 60 * S + 1, "REFUSED", "AGED_OUT")


def test_partial_batch_response_deletes_only_what_succeeded() -> None:
    """Facts GS-22: a batch of five of which two fail; those come back, the others are deleted."""
    events = [Event(0) for _ in range(5)]
    spec = SqsSpec("jobs", 0, partial=True, record_errors_q24=ALL * 2 // 5)
    account = AccountSpec(concurrency=10, functions=(function(),), sources=(spec,))
    log = simulate(account, events, drawn=[Hand(1, keys={"sqs-record": 8})])
    first = [row for row in log.story() if row[1] == 0]
    failed = [row[0] for row in first if row[5] == "FAILED"]
    assert 0 < len(failed) < 5
    assert [row[0] for row in first if row[-1] == "DONE"] == [n for n in range(5) if n not in failed]
    assert [row[0] for row in log.story() if row[1] == 1] == failed
    assert {row[2] for row in log.story() if row[1] == 1} == {30 * S}
    assert {row[5] for row in log.runs()} == {"SUCCESS"}


def test_without_it_one_record_fails_the_batch() -> None:
    events = [Event(0) for _ in range(5)]
    spec = SqsSpec("jobs", 0, record_errors_q24=ALL * 2 // 5, max_receives=1)
    account = AccountSpec(concurrency=10, functions=(function(),), sources=(spec,))
    log = simulate(account, events, drawn=[Hand(1, keys={"sqs-record": 8})])
    assert {row[-2:] for row in log.story() if row[1] == 0} == {("FAILED", "STAYS")}
    assert [row[5] for row in log.runs()] == ["ERROR"]


def test_processing_that_outlives_the_visibility_timeout_runs_twice() -> None:
    log = run(Event(0), takes=(40 * S, 10))
    assert log.story() == [
        (0, 0, 0, 0, 30 * S, "TIMED_OUT", "STAYS"),
        (0, 1, 30 * S, 30 * S, 30 * S + 10, "SUCCEEDED", "DONE"),
    ]
    assert [row[3:5] for row in log.runs()] == [(0, 40 * S), (30 * S, 30 * S + 10)]


def test_a_deletion_at_the_visibility_timeout_is_in_time() -> None:
    assert run(Event(0), takes=(30 * S,)).story() == [(0, 0, 0, 0, 30 * S, "SUCCEEDED", "DONE")]


def test_a_late_deletion_counts_if_the_message_was_not_received_again() -> None:
    log = run(Event(0), takes=(40 * S,), polling=PollingSpec(initial=1, maximum=1))
    assert log.story() == [
        (0, 0, 0, 0, 30 * S, "TIMED_OUT", "STAYS"),
        (0, 1, 30 * S, -1, 40 * S, "SUCCEEDED", "DONE"),
    ]
    assert len(log.runs()) == 1


def test_a_throttled_batch_is_tried_again_until_its_visibility_timeout() -> None:
    """The visibility-timeout trap: throttles use up receives, and a good message ends in the dead-letter queue."""
    log = run(Event(0, takes=0), Event(0), batch_size=1, takes=(100 * S, 10), limit=1, max_receives=2,
              visibility_ns=20 * S, backoff_jitter=False)  # fmt: skip
    waits = [row[3] for row in log.runs() if row[1] == 1]
    assert waits == [0, S, 3 * S, 7 * S, 15 * S]
    assert [row[-1] for row in log.runs() if row[1] == 1] == [0, 0, 0, 0, 1]
    of_second = [row for row in log.story() if row[0] == 1]
    assert of_second == [
        (1, 0, 0, 0, 20 * S, "THROTTLED", "STAYS"),
        (1, 1, 20 * S, 20 * S, 40 * S, "THROTTLED", "STAYS"),
        (1, 2, 40 * S, -1, 40 * S, "REFUSED", "EXHAUSTED"),
    ]


def test_a_throttled_batch_that_gets_through_is_one_request() -> None:
    log = run(Event(0), Event(0), batch_size=1, takes=(2 * S, 10), limit=1, backoff_jitter=False)
    assert [row for row in log.runs() if row[1] == 1] == [
        (1, 1, 0, 0, -1, "THROTTLED", 0),
        (1, 1, 1, S, -1, "THROTTLED", 0),
        (1, 1, 2, 3 * S, 3 * S + 10, "SUCCESS", 1),
    ]


def test_the_concurrency_grows_one_by_one_while_messages_wait() -> None:
    """Five batches at once, then 300 more a minute: one each 200 ms."""
    log = run(*[Event(0)] * 100, takes=(S,), batch_size=1)
    assert [row[3] for row in log.runs()][:10] == [0] * 5 + [200, 400, 600, 800, S]
    assert samples(log, SourceMetric.POLLERS)[:3] == [(0, 5), (200, 6), (400, 7)]


def test_the_concurrency_can_grow_once_a_minute() -> None:
    log = run(*[Event(0)] * 500, takes=(S,), batch_size=1, polling=PollingSpec(amount=60, every_ns=MIN * MS))
    assert samples(log, SourceMetric.POLLERS)[:2] == [(0, 5), (MIN, 65)]
    assert sum(row[3] == MIN for row in log.runs()) == 65


def test_maximum_concurrency_is_never_exceeded() -> None:
    log = run(*[Event(0)] * 200, takes=(S,), batch_size=1, polling=PollingSpec(initial=5, maximum=7))
    starts = [row[3] for row in log.runs()]
    assert max(sum(start <= at < start + S for start in starts) for at in starts) == 7


def test_the_concurrency_falls_back_when_it_is_not_used() -> None:
    burst = [Event(0)] * 100
    log = run(*burst, Event(5 * MIN), takes=(S,), batch_size=1)
    levels = samples(log, SourceMetric.POLLERS)
    assert levels == sorted(levels)
    assert levels[-1][1] == 5
    assert MIN < levels[-1][0] < 3 * MIN
    assert log.ended == (5 * MIN + S) * MS


def test_each_error_shrinks_the_concurrency_down_to_five() -> None:
    spec = PollingSpec(initial=20, maximum=20, every_ns=MIN * MS, decrease_ppm=50_000)
    log = run(*[Event(0)] * 2_000, takes=(S,), outcomes=(Status.ERROR,), batch_size=1, polling=spec, horizon=50 * S)
    levels = samples(log, SourceMetric.POLLERS)
    assert [value for _, value in levels] == list(range(20, 4, -1))
    assert [time for time, value in levels if value in (20, 19, 11, 10)] == [0, S, S, 2 * S]
    assert levels[-1][0] == 7 * S  # each takes a twentieth of what is above 5


def test_growth_goes_on_between_errors() -> None:
    """Where a share of the batches fails, the concurrency settles where it loses as much as it gains."""
    spec = PollingSpec(decrease_ppm=40_000)
    outcomes = (Status.ERROR, *[0] * 99) * 400
    log = run(*[Event(0)] * 40_000, takes=(100,), outcomes=outcomes, batch_size=1, polling=spec, horizon=2 * MIN)
    settled = [value for time, value in samples(log, SourceMetric.POLLERS) if time > MIN]
    # it gains 5 a second, and loses 4 % of what is above 5 at 1 % of the ten batches a second of each
    expected = 2.5 + (2.5**2 + 5 / (0.04 * 0.01 * 10)) ** 0.5
    assert abs(sum(settled) / len(settled) - expected) < 0.1 * expected


def test_named_record_failures_do_not() -> None:
    spec = PollingSpec(initial=20, maximum=20)
    log = run(*[Event(0)] * 500, takes=(S,), record_errors_q24=ALL // 2, batch_size=1, polling=spec, partial=True,
              horizon=3 * MIN)  # fmt: skip
    assert samples(log, SourceMetric.POLLERS)[0] == (0, 20)
    assert min(value for time, value in samples(log, SourceMetric.POLLERS) if time < 2 * MIN) == 20


def test_a_provisioned_poller_invokes_ten_times_at_once_and_receives_ten_times_a_second() -> None:
    spec = PollingSpec(initial=20, maximum=20, amount=10, unit=10, floor=20)
    log = run(*[Event(0)] * 100, takes=(10 * S,), batch_size=1, polling=spec, per_poller=10, visibility_ns=900 * S)
    starts = [row[3] for row in log.runs()]
    assert starts[:6] == [0, 0, 100, 100, 200, 200]
    assert max(sum(start <= at < start + 10 * S for start in starts) for at in starts) == 20
    assert samples(log, SourceMetric.POLLERS) == [(0, 2)]


def test_a_provisioned_poller_receives_a_megabyte_a_second() -> None:
    spec = PollingSpec(initial=10, maximum=10, amount=10, unit=10, floor=10)
    log = run(*[Event(0)] * 9, takes=(10 * S,), batch_size=1, payload=500_000, polling=spec, per_poller=10)
    assert [row[3] for row in log.runs()] == pytest.approx([500 * n for n in range(9)])


def test_duplicates_are_messages_of_their_own() -> None:
    log = run(*[Event(0)] * 4, duplicates_q24=ALL)
    assert len(log.deliveries) == 8
    assert len({row["event"] for row in log.deliveries}) == 8


def test_five_long_polls_are_three_empty_receives_a_minute_each() -> None:
    """Facts 4.2.8: 15 empty receives a minute. One send, receive and deletion are 3 more requests."""
    log = run(Event(0), horizon=10 * MIN)
    assert sum(value for _, value in samples(log, SourceMetric.EMPTY_RECEIVES)) == 5 * 3 * 10 - 5
    assert sum(value for _, value in samples(log, SourceMetric.REQUESTS)) == 5 * 3 * 10 - 5 + 3


def test_large_messages_are_billed_by_64_kilobytes() -> None:
    log = run(*[Event(0)] * 10, payload=100 << 10)
    assert sum(value for _, value in samples(log, SourceMetric.REQUESTS)) == 10 * 2 + 16 + 1


def test_what_remains_is_written_down() -> None:
    log = run(Event(0), Event(0), Event(90), takes=(100,), outcomes=(Status.ERROR, 0), horizon=150)
    assert log.story() == [
        (0, 0, 0, 0, 100, "FAILED", "STAYS"),
        (0, 1, 30 * S, -1, -1, "WAITING", "REMAINS"),
        (1, 0, 0, 0, 100, "FAILED", "STAYS"),
        (1, 1, 30 * S, -1, -1, "WAITING", "REMAINS"),
        (2, 0, 90, 90, -1, "IN_FLIGHT", "REMAINS"),
    ]
