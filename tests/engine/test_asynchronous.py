"""Asynchronous invocation, event by event, beside the Developer Guide's page invocation-async-error-handling."""

import pytest
from by_hand import MS, Event, Hand, Log, function, simulate

from lambdasim.model import rules
from lambdasim.model.asynchronous import AsynchronousSource, AsynchronousSpec, throttle_delay_ns
from lambdasim.model.events import DeliveryOutcome, Destination, Fate, Status
from lambdasim.model.links import LinkSpec, Trigger
from lambdasim.model.spec import AccountSpec

S, MIN = 1_000, 60_000


def run(*events: Event, limit: int = 10, reserved: int | None = None, **more: object) -> Log:
    """Run events of one source that invokes one function; ``more`` goes to the law of asynchronous invocation."""
    horizon, chunk = more.pop("horizon", None), more.pop("chunk", 1_000_000)
    f = function(asynchronous=AsynchronousSpec(**more), reserved=reserved)  # type: ignore[arg-type]
    spec = AccountSpec(concurrency=limit, functions=(f,), sources=(AsynchronousSource("s", 0),))
    return simulate(spec, events, horizon=horizon, chunk=chunk)  # type: ignore[arg-type]


def test_an_event_is_accepted_dequeued_and_processed() -> None:
    log = run(Event(5, takes=20), dequeue_ns=45 * MS)
    assert log.story() == [(0, 0, 50, 50, 70, "SUCCEEDED", "DONE")]
    assert log.runs() == [(0, 0, 0, 50, 70, "SUCCESS", 1)]
    assert log.deliveries[0]["sent_ns"] == 5 * MS
    assert log.invocations[0]["first_arrival_ns"] == 5 * MS


def test_function_errors_are_retried_after_one_and_two_minutes() -> None:
    """Facts GS-25: attempts at t, t + 60 s, t + 180 s (and durations), then exhausted after three."""
    log = run(Event(0, takes=100, outcome=Status.ERROR), destinations=1, dequeue_ns=0)
    assert log.story()[0] == (0, 0, 0, 0, 100, "FAILED", "STAYS")
    assert log.story()[1][2:5] == (60 * S + 100, 60 * S + 100, 60 * S + 200)
    # by default no error is drawn for retries: the second attempt succeeds
    assert log.story()[1][5:] == ("SUCCEEDED", "DONE")
    # a handler that runs out of memory always does
    log = run(Event(0, takes=100, outcome=Status.OUT_OF_MEMORY), destinations=1)
    assert log.story() == [
        (0, 0, 0, 0, 100, "FAILED", "STAYS"),
        (0, 1, 60_100, 60_100, 60_200, "FAILED", "STAYS"),
        (0, 2, 180_200, 180_200, 180_300, "FAILED", "EXHAUSTED"),
    ]
    assert [run[-1] for run in log.runs()] == [0, 0, 1]
    assert [row["destination"] for row in log.deliveries] == [0, 0, Destination.DELIVERED]


@pytest.mark.parametrize(("retries", "attempts"), [(0, [0]), (1, [0, 60_010]), (2, [0, 60_010, 180_020])])
def test_maximum_retry_attempts(retries: int, attempts: list[int]) -> None:
    log = run(Event(0, outcome=Status.OUT_OF_MEMORY), max_retries=retries)
    assert [row[3] for row in log.story()] == attempts
    assert log.story()[-1][-2:] == ("FAILED", "EXHAUSTED")
    assert log.deliveries[-1]["destination"] == Destination.NONE


def test_a_timeout_is_an_error_each_time() -> None:
    f = function(timeout=50, asynchronous=AsynchronousSpec(max_retries=1))
    spec = AccountSpec(concurrency=1, functions=(f,), sources=(AsynchronousSource("s", 0),))
    log = simulate(spec, [Event(0, takes=80)])
    assert [(row[3], row[4], row[5]) for row in log.runs()] == [(0, 50, "TIMEOUT"), (60_050, 60_100, "TIMEOUT")]


def test_throttles_back_off_from_one_second_to_five_minutes_and_use_up_no_retry() -> None:
    """The wait doubles and is scattered by half to either side: between 0.5 and 1.5 times 1, 2, 4 ... 300 s."""
    log = run(Event(0, takes=900_000, function=0), Event(1), limit=1)
    waits = [b[3] - a[3] for a, b in zip(log.runs()[1:], log.runs()[2:], strict=False) if b[1] == 1]
    nominal = [min(2**n, 300) * S for n in range(len(waits))]
    assert len(waits) >= 9
    assert all(0.5 * n <= wait < 1.5 * n for wait, n in zip(waits, nominal, strict=True))
    assert log.story()[-1][-2:] == ("SUCCEEDED", "DONE")
    assert {row[-2] for row in log.story()[1:-1]} == {"THROTTLED"}


def test_the_back_off_is_a_pure_function_of_event_and_attempt() -> None:
    spec = AsynchronousSpec()
    assert [throttle_delay_ns(spec, n, 1 << 23) for n in (1, 2, 3, 9, 10, 80)] == [
        n * S * MS for n in (1, 2, 4, 256, 300, 300)
    ]
    assert throttle_delay_ns(spec, 1, 0) == 500 * MS
    assert throttle_delay_ns(spec, 1, (1 << 24) - 1) == pytest.approx(1_500 * MS, abs=100)


def test_an_event_that_is_too_old_is_given_up() -> None:
    """MaximumEventAgeInSeconds: the event leaves the queue at that age, and its last attempt was the last."""
    log = run(Event(0, takes=900_000), Event(0), limit=1, max_age_ns=60 * S * MS, destinations=1)
    last = log.story()[-1]
    assert last[3:] == (-1, 60_000, "REFUSED", "AGED_OUT")
    assert [row for row in log.runs() if row[1] == 1][-1][-1] == 1
    assert log.deliveries[-1]["destination"] in (Destination.NONE, Destination.DELIVERED)
    given_up = [row for row in log.deliveries if row["fate"] == Fate.AGED_OUT]
    assert [row["destination"] for row in given_up] == [Destination.DELIVERED]


def test_a_retry_beyond_the_maximum_age_does_not_happen() -> None:
    log = run(Event(0, outcome=Status.OUT_OF_MEMORY), max_age_ns=60 * S * MS)
    assert log.story() == [
        (0, 0, 0, 0, 10, "FAILED", "STAYS"),
        (0, 1, 10, -1, 60_000, "REFUSED", "AGED_OUT"),
    ]
    assert log.runs() == [(0, 0, 0, 0, 10, "OUT_OF_MEMORY", 1)]


def test_reserved_concurrency_of_zero_sends_events_straight_to_the_dead_letter_queue() -> None:
    log = run(Event(7), reserved=0, destinations=1)
    assert log.story() == [(0, 0, 7, -1, 7, "REFUSED", "EXHAUSTED")]
    assert log.deliveries[0]["destination"] == Destination.DELIVERED
    assert log.runs() == []


def test_a_destination_can_fail() -> None:
    log = run(Event(0), reserved=0, destinations=1, delivery_failures_q24=1 << 24)
    assert log.deliveries[0]["destination"] == Destination.FAILED


def test_asynchronous_invocations_have_no_quota_of_requests_per_second() -> None:
    """Facts 2.1.8: 10 x concurrency is of synchronous invocations; 1,000 events at once at a quota of 100/s."""
    log = run(*(Event(i, takes=0) for i in range(1_000)), limit=10)
    assert {row[5] for row in log.runs()} == {"SUCCESS"}


def test_duplicates_are_processed_beside_the_original() -> None:
    log = run(Event(0), duplicates_q24=1 << 24)
    assert [(row["event"], row["outcome"]) for row in log.deliveries] == [
        (0, DeliveryOutcome.SUCCEEDED),
        (1 << 44, DeliveryOutcome.SUCCEEDED),
    ]
    assert len(log.runs()) == 2


def test_what_remains_at_the_horizon() -> None:
    log = run(Event(0, takes=500), Event(0, takes=10), Event(5, takes=10), limit=1, horizon=400)
    assert [row[2:] for row in log.story() if row[-1] == "REMAINS"] == [
        (0, 0, -1, "IN_FLIGHT", "REMAINS"),
        (pytest.approx(1_000, abs=500), -1, -1, "WAITING", "REMAINS"),
        (pytest.approx(1_000, abs=500), -1, -1, "WAITING", "REMAINS"),
    ]
    assert {row[-1] for row in log.runs()} == {1}, "no attempt follows before the horizon"


def test_chunks_change_nothing() -> None:
    events = [Event(3 * i, takes=40, outcome=Status.OUT_OF_MEMORY if i % 7 == 0 else 0) for i in range(50)]
    whole = run(*events, limit=3)
    parts = run(*events, limit=3, chunk=4)
    assert whole.deliveries == parts.deliveries
    assert whole.invocations == parts.invocations


def test_outcomes_of_retries_are_drawn_by_event_and_attempt() -> None:
    f = function(asynchronous=AsynchronousSpec(), errors_q24=1 << 23)
    spec = AccountSpec(concurrency=100, functions=(f,), sources=(AsynchronousSource("s", 0),))
    events = [Event(i, outcome=Status.ERROR) for i in range(400)]
    log = simulate(spec, events, drawn=[Hand(1, keys={"async-outcome": 77})])
    second = [row for row in log.runs() if row[2] == 1]
    failed = sum(row[5] == "ERROR" for row in second)
    # binomial with 400 trials of 1/2: a standard error is 10
    assert abs(failed - 200) < 4 * 10
    expected = {
        i: rules.outcome(rules.jitter24(77, rules.jitter_index(i, 1)), 1 << 23, 0) == Status.ERROR for i in range(400)
    }
    assert {row[1]: row[5] == "ERROR" for row in second} == expected


def test_destinations_lead_on() -> None:
    functions = (function("f", asynchronous=AsynchronousSpec(max_retries=0, destinations=1)), function("g"))
    spec = AccountSpec(
        concurrency=10,
        functions=functions,
        sources=(AsynchronousSource("s", 0),),
        links=(LinkSpec(2, Trigger.ASYNC_FAILURE, (0,)), LinkSpec(3, Trigger.ASYNC_SUCCESS, (0,))),
    )
    log = simulate(
        spec,
        [Event(0, outcome=Status.ERROR), Event(100)],
        drawn=[Hand(1)],
        followers=[(Hand(2, takes=[7], function=1), -1), (Hand(3, takes=[9], function=1), -1)],
    )
    assert [row for row in log.runs() if row[0] > 0] == [
        (2, 0, 0, 10, 17, "SUCCESS", 1),
        (3, 0, 0, 110, 119, "SUCCESS", 1),
    ]
