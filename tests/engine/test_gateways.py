"""Gateways and impatient clients, event by event: what each attempt does at the function, and what its client sees."""

import pytest
from by_hand import MS, Event, Hand, Log, function, simulate
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdasim.model.asynchronous import AsynchronousSource
from lambdasim.model.bucket import Bucket
from lambdasim.model.client import ClientState, retry_cost
from lambdasim.model.events import NEVER_NS, DeliveryOutcome, Fate, RetryCause, Status
from lambdasim.model.gateway import ANSWERS, Answers, GatewayKind, GatewaySource, RateSpec, passes, trouble
from lambdasim.model.spec import (
    LEGACY_CLIENT,
    NO_CLIENT,
    NO_RETRY,
    STANDARD_2020_CLIENT,
    STANDARD_CLIENT,
    AccountSpec,
    ClientSpec,
    FunctionSpec,
)

S = 1_000
FAILED, MEMORY, CRASH = Status.ERROR, Status.OUT_OF_MEMORY, Status.CRASH
REST, HTTP, ALB, URL, INVOKE = GatewayKind.REST, GatewayKind.HTTP, GatewayKind.ALB, GatewayKind.URL, GatewayKind.INVOKE


def gateway(kind: GatewayKind = REST, timeout: int | None = None, **more: object) -> GatewaySource:
    """A gateway of function 0, its integration timeout in ms."""
    timeout_ns = NEVER_NS if timeout is None else timeout * MS
    return GatewaySource("g", 0, kind, **{"answers": ANSWERS[kind], "timeout_ns": timeout_ns} | more)  # type: ignore[arg-type]


def client(retries: int = 0, base: int = 100, timeout: int | None = None, **more: object) -> ClientSpec:
    """A client that waits ``base`` ms, doubled each time, without jitter."""
    timeout_ns = NEVER_NS if timeout is None else timeout * MS
    return ClientSpec(retries + 1, base * MS, full_jitter=False, timeout_ns=timeout_ns, **more)  # type: ignore[arg-type]


def run(
    source: GatewaySource,
    *events: Event,
    by: ClientSpec = NO_RETRY,
    f: FunctionSpec | None = None,
    limit: int = 100,
    api_gateway: RateSpec = RateSpec(1_000, 1_000 * MS, 1_000),  # noqa: B008 (frozen)
    **more: object,
) -> Log:
    spec = AccountSpec(limit, (f or function(),), clients=(by,), sources=(source,), api_gateway=api_gateway)
    return simulate(spec, events, **more)  # type: ignore[arg-type]


def seen(log: Log) -> list[tuple[object, ...]]:
    """Return each attempt as its client saw it: (event, attempt, sent, ended, outcome, fate, answer), times in ms."""
    answers = {(row["event"], row["attempt"]): row["answer"] for row in log.deliveries}
    return [(e, n, sent, end, *rest, answers[e, n]) for e, n, sent, _, end, *rest in log.story()]


def test_an_answer_in_time() -> None:
    log = run(gateway(timeout=29 * S), Event(5, takes=80))
    assert log.story() == [(0, 0, 5, 5, 85, "SUCCEEDED", "DONE")]
    assert seen(log) == [(0, 0, 5, 85, "SUCCEEDED", "DONE", 200)]
    assert log.runs() == [(0, 0, 0, 5, 85, "SUCCESS", 1)]
    assert log.deliveries[0]["batch"] == log.invocations[0]["request"]
    assert log.ended == 85 * MS, "the simulation does not wait for a timeout that nobody awaits"


def test_504_after_29_seconds_while_the_function_runs_on_and_holds_concurrency() -> None:
    """API Gateway gives up after 29 s; the function ends after 35 s, is billed for them, and is in the way until then.

    The next request finds the only concurrency taken at 30 s, and free at 35 s.
    """
    log = run(gateway(timeout=29 * S), Event(0, takes=35 * S), Event(30 * S), Event(35 * S), limit=1)
    assert seen(log) == [
        (0, 0, 0, 29_000, "TIMED_OUT", "EXHAUSTED", 504),
        (1, 0, 30_000, 30_000, "THROTTLED", "EXHAUSTED", 500),
        (2, 0, 35_000, 35_010, "SUCCEEDED", "DONE", 200),
    ]
    assert log.runs() == [
        (0, 0, 0, 0, 35_000, "SUCCESS", 1),
        (0, 1, 0, 30_000, -1, "THROTTLED", 1),
        (0, 2, 0, 35_000, 35_010, "SUCCESS", 1),
    ]
    [billed] = [row for row in log.invocations if row["request"] == 0]
    assert billed["duration_ns"] == 35 * S * MS


def test_an_answer_at_the_instant_of_the_timeout_counts() -> None:
    assert seen(run(gateway(timeout=29 * S), Event(0, takes=29 * S)))[0][3:] == (29_000, "SUCCEEDED", "DONE", 200)
    late = run(gateway(timeout=29 * S), Event(0, takes=29 * S + 1))
    assert seen(late)[0][3:] == (29_000, "TIMED_OUT", "EXHAUSTED", 504)


@pytest.mark.parametrize(
    ("kind", "throttled", "failed", "overdue"),
    [(INVOKE, 429, 200, 0), (REST, 500, 502, 504), (HTTP, 503, 500, 504), (ALB, 502, 502, None), (URL, 429, 502, None)],
)
def test_status_of_each_outcome(kind: GatewayKind, throttled: int, failed: int, overdue: int | None) -> None:
    """Facts 3.2: what each source tells its client; a function's own timeout is a function error."""
    f = function(timeout=500)
    blocked = function(reserved=0)
    assert seen(run(gateway(kind), Event(0), f=blocked))[0][4:] == ("THROTTLED", "EXHAUSTED", throttled)
    fate = "DONE" if failed < 400 else "EXHAUSTED"
    for outcome, takes in ((FAILED, 10), (CRASH, 10), (MEMORY, 10), (Status.SUCCESS, 900)):
        log = run(gateway(kind), Event(0, takes=takes, outcome=outcome), f=f)
        assert seen(log)[0][3:] == (min(takes, 500), "FAILED", fate, failed)
    if overdue is not None:
        source = gateway(kind, read_timeout_ns=100 * MS) if kind is INVOKE else gateway(kind, timeout=100)
        assert seen(run(source, Event(0, takes=300)))[0][3:] == (100, "TIMED_OUT", "EXHAUSTED", overdue)


def test_what_is_configured_is_answered() -> None:
    source = gateway(answers=Answers(throttled=429, failed=599, overdue=503), timeout=100)
    events = [Event(0, takes=300), Event(1), Event(400, outcome=FAILED)]
    assert [row[-1] for row in seen(run(source, *events, limit=1))] == [503, 429, 599]


def test_the_rate_of_api_gateway_refuses_requests_that_never_reach_lambda() -> None:
    """A bucket of 3 with 2 more each second: a fourth request at once has a 429, the next passes after 500 ms."""
    events = [*[Event(0)] * 4, Event(499), Event(500), Event(501), Event(3_000), Event(3_000), Event(3_000)]
    log = run(gateway(), *events, Event(3_000), api_gateway=RateSpec(2, S * MS, 3))
    refused = [(row[0], row[4], row[5], row[6]) for row in seen(log) if row[4] == "REFUSED"]
    assert refused == [(n, "REFUSED", "EXHAUSTED", 429) for n in (3, 4, 6, 10)]
    assert [row[1] for row in log.runs()] == [0, 1, 2, 5, 7, 8, 9]
    assert {row["delivered_ns"] for row in log.deliveries if row["outcome"] == DeliveryOutcome.REFUSED} == {-1}


def test_the_default_rate_is_10_000_per_second_and_a_burst_of_5_000() -> None:
    spec = AccountSpec(1, ()).api_gateway

    def let_pass(bucket: Bucket, *times_ns: int) -> list[bool]:
        return [passes(spec, bucket, now) for now in times_ns]

    bucket = Bucket(spec.burst, spec.per_ns)
    assert sum(let_pass(bucket, *[0] * 6_000)) == 5_000
    assert let_pass(bucket, 99_999, 100_000, 100_000) == [False, True, False]
    assert sum(let_pass(bucket, *[10**9 + 100_000] * 11_000)) == 5_000
    assert sum(let_pass(Bucket(spec.burst, spec.per_ns), *range(0, 10**9, 20_000))) == 5_000 + 9_999


def test_all_apis_of_an_account_share_its_rate_and_other_sources_do_not() -> None:
    sources = (gateway(REST), gateway(HTTP), gateway(ALB), gateway(URL), gateway(INVOKE), gateway(REST))
    spec = AccountSpec(100, (function(),), sources=sources, api_gateway=RateSpec(1, S * MS, 2))
    events = [Event(0, source=source) for source in (0, 1, 5, 2, 3, 4)]
    outcomes = {row["source"]: row["outcome"] for row in simulate(spec, events).deliveries}
    assert {source for source, outcome in outcomes.items() if outcome == DeliveryOutcome.REFUSED} == {5}


def test_a_stage_has_its_own_rate_below_the_account() -> None:
    source = gateway(stage=RateSpec(1, S * MS, 1))
    log = run(source, Event(0), Event(0), Event(999), Event(1_000))
    assert [row[-1] for row in seen(log)] == [200, 429, 429, 200]


@pytest.mark.parametrize(
    ("whole_seconds", "answers"),
    [
        (True, [200] * 1_000 + [429] * 1_000 + [200]),
        # a full bucket lasts for nearly a second of twice its quota; then every other one passes
        (False, [200] * 1_998 + [200, 429] * 51),
    ],
)
def test_a_function_url_lets_ten_requests_per_second_pass_for_each_reserved_concurrency(
    whole_seconds: bool, answers: list[int]
) -> None:
    """Facts GS-23: reserved 100 -> at most 1,000 requests per second, then HTTP 429 (Developer Guide 2022,
    urls-configuration). How the second is metered AWS does not say: both readings."""
    events = [Event(i // 2, takes=1) for i in range(len(answers))]
    spec = AccountSpec(1_000, (function(reserved=100),), sources=(gateway(URL),), whole_seconds=whole_seconds)
    assert [row[-1] for row in seen(simulate(spec, events))] == answers


def test_a_client_tries_again_after_each_kind_of_trouble() -> None:
    """100 ms after a 504, 200 ms after a 500 of a throttle, 400 ms after a 502; then it succeeds."""
    f = function(reserved=1, errors_q24=0)
    source = gateway(timeout=100)
    log = run(source, Event(0, takes=150), by=client(2), f=f)
    assert seen(log) == [
        (0, 0, 0, 100, "TIMED_OUT", "STAYS", 504),
        (0, 1, 200, 300, "TIMED_OUT", "STAYS", 504),
        (0, 2, 500, 600, "TIMED_OUT", "EXHAUSTED", 504),
    ]
    assert log.runs() == [
        (0, 0, 0, 0, 150, "SUCCESS", 1),
        (1, 0, 0, 200, 350, "SUCCESS", 1),
        (1, 1, 0, 500, 650, "SUCCESS", 1),
    ]
    log = run(gateway(), Event(0, outcome=FAILED), by=client(2))
    assert [row[4:] for row in seen(log)] == [("FAILED", "STAYS", 502), ("SUCCEEDED", "DONE", 200)]


def test_retries_double_the_load() -> None:
    """A storm: the function takes 300 ms and its clients wait for 200 ms, so every request runs twice, at once."""
    events = [Event(100 * i, takes=300) for i in range(10)]
    calm = run(gateway(), *events, by=client(timeout=200))
    storm = run(gateway(), *events, by=client(1, base=50, timeout=200))
    assert (len(calm.runs()), len(storm.runs())) == (10, 20)
    assert max(row["function_concurrency"] for row in calm.invocations) == 3
    assert max(row["function_concurrency"] for row in storm.invocations) == 6
    assert [row[2:5] for row in seen(storm)[:2]] == [(0, 200, "TIMED_OUT"), (250, 450, "TIMED_OUT")]


def test_a_direct_call_that_is_late_runs_twice() -> None:
    """boto3's read timeout of 60 s and a call of 70 s: the second attempt starts beside the first."""
    log = run(gateway(INVOKE, read_timeout_ns=60 * S * MS), Event(0, takes=70 * S), by=client(1, base=1_000))
    assert seen(log) == [
        (0, 0, 0, 60_000, "TIMED_OUT", "STAYS", 0),
        (0, 1, 61_000, 121_000, "TIMED_OUT", "EXHAUSTED", 0),
    ]
    assert log.runs() == [(0, 0, 0, 0, 70_000, "SUCCESS", 1), (1, 0, 0, 61_000, 131_000, "SUCCESS", 1)]


def test_the_shorter_of_two_timeouts_counts_and_the_gateway_answers_first() -> None:
    for timeout, expected in ((50, (50, 0)), (100, (100, 504)), (200, (100, 504))):
        log = run(gateway(timeout=100), Event(0, takes=300), by=client(timeout=timeout))
        assert (seen(log)[0][3], seen(log)[0][-1]) == expected


def test_latency_passes_before_the_function_and_only_for_the_client() -> None:
    """20 ms to the gateway, whose 100 ms begin there; each attempt takes that way."""
    log = run(gateway(timeout=100), Event(0, takes=90, delay=20))
    assert log.story() == [(0, 0, 0, 20, 110, "SUCCEEDED", "DONE")]
    log = run(gateway(timeout=100), Event(0, takes=110, delay=20), by=client(1))
    assert [row[2:5] for row in log.story()] == [(0, 20, 120), (220, 240, 340)]
    assert [row[3:5] for row in log.runs()] == [(20, 130), (240, 350)]


def test_a_client_that_gives_up_before_its_request_arrives_does_not_stop_it() -> None:
    log = run(gateway(), Event(0, takes=30, delay=20), by=client(timeout=10))
    assert log.story() == [(0, 0, 0, -1, 10, "TIMED_OUT", "EXHAUSTED")]
    assert log.runs() == [(0, 0, 0, 20, 50, "SUCCESS", 1)]


def test_the_end_of_the_simulation_leaves_clients_waiting() -> None:
    log = run(gateway(), Event(0, takes=100), Event(0, takes=10, outcome=FAILED), by=client(3), horizon=50)
    assert seen(log) == [
        (0, 0, 0, -1, "IN_FLIGHT", "REMAINS", 0),
        (1, 0, 0, 10, "FAILED", "STAYS", 502),
        (1, 1, 110, -1, "WAITING", "REMAINS", 0),
    ]


@pytest.mark.parametrize(
    ("spec", "waits", "costs"),
    [
        (LEGACY_CLIENT, [500, 500, 500], [0, 0, 0]),
        (STANDARD_2020_CLIENT, [500, 500, 500], [5, 5, 10]),
        (STANDARD_CLIENT, [500, 25, 25], [5, 14, 14]),
    ],
)
def test_sdk_modes_after_throttles_errors_and_timeouts(spec: ClientSpec, waits: list[int], costs: list[int]) -> None:
    """botocore 1.43 and 1.44 source, read 2026-11 (facts 3.1): jitter at half, the first retry, in ms; tokens."""
    assert [ClientState(spec).retry_delay_ns(0, 0, 1 << 23, kind) for kind in RetryCause] == [
        wait * MS for wait in waits
    ]
    assert [retry_cost(spec, ClientState(spec), kind) for kind in RetryCause] == costs


def test_the_quota_runs_out_sooner_after_errors() -> None:
    """500 tokens: 100 retries after throttles, 35 after server errors; a success gives the last cost back."""
    for kind, retries in ((RetryCause.THROTTLE, 100), (RetryCause.SERVER_ERROR, 35), (RetryCause.TIMEOUT, 35)):
        state = ClientState(STANDARD_CLIENT)
        assert sum(state.retry_delay_ns(i, 0, 0, kind) is not None for i in range(200)) == retries
        state.answered(0, 1, kind)
        assert state.retry_delay_ns(0, 0, 0, kind) is not None


def test_retry_on() -> None:
    events = (Event(0, outcome=MEMORY), Event(0, takes=200), Event(1_000, takes=1), Event(1_000))
    for retried in ((), (RetryCause.SERVER_ERROR,), (RetryCause.TIMEOUT,), (RetryCause.THROTTLE,)):
        by = client(1, timeout=100, retry_on=retried)
        log = run(gateway(stage=RateSpec(1, S * MS, 2)), *events, Event(1_000), by=by)
        again = {trouble(row["answer"]) for row in log.deliveries if row["fate"] == Fate.STAYS}
        assert again == set(retried)


def test_what_a_client_takes_a_status_for() -> None:
    found = {answer: trouble(answer) for answer in (0, 200, 404, 429, 500, 502, 503, 504)}
    assert found == {0: RetryCause.TIMEOUT, 200: -1, 404: -1, 429: RetryCause.THROTTLE} | dict.fromkeys(
        (500, 502, 503, 504), RetryCause.SERVER_ERROR
    )


def test_a_retry_draws_its_own_outcome_and_keeps_its_duration() -> None:
    f = function(errors_q24=1 << 24)
    log = run(gateway(), Event(0, takes=7, outcome=FAILED), by=client(2), f=f)
    assert [row[5] for row in log.runs()] == ["ERROR"] * 3
    assert [row["duration_ns"] for row in log.invocations] == [7 * MS] * 3


def test_mixed_with_an_asynchronous_source_and_a_direct_call() -> None:
    spec = AccountSpec(10, (function(),), sources=(AsynchronousSource("a", 0), gateway(timeout=100)))
    log = simulate(spec, [Event(0), Event(0, source=1), Event(0, source=-1)], drawn=[Hand(1), Hand(2)])
    assert [row[:2] for row in log.runs()] == [(0, 0), (0, 1), (0, 2)]
    assert sorted((row["source"], row["answer"]) for row in log.deliveries) == [(0, 0), (1, 200)]


EVENTS = st.lists(
    st.builds(
        Event,
        at=st.integers(0, 300),
        takes=st.integers(0, 120),
        outcome=st.sampled_from([Status.SUCCESS, FAILED, MEMORY]),
        delay=st.sampled_from([0, 0, 5]),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(
    EVENTS,
    st.sampled_from([NO_RETRY, client(2, 10), client(3, 5, 40), STANDARD_CLIENT]),
    st.sampled_from([gateway(), gateway(timeout=50), gateway(URL), gateway(stage=RateSpec(20, S * MS, 2))]),
    st.sampled_from([None, 200]),
)
def test_every_request_is_accounted_for_once_and_chunks_change_nothing(
    events: list[Event], by: ClientSpec, source: GatewaySource, horizon: int | None
) -> None:
    log = run(source, *events, by=by, limit=3, horizon=horizon)
    arrived = [e for e in events if horizon is None or e.at < horizon]
    left = [row["event"] for row in log.deliveries if row["fate"] != Fate.STAYS]
    assert sorted(left) == sorted(set(left))
    assert len(left) == len(arrived)
    keys = [row["request"] for row in log.invocations]
    assert len(keys) == len(set(keys))
    by_attempt = {(row["event"], row["attempt"]): row for row in log.deliveries}
    for (event, attempt), row in by_attempt.items():
        times = [row[name] for name in ("sent_ns", "available_ns", "delivered_ns", "ended_ns") if row[name] >= 0]
        assert times == sorted(times)
        if attempt:
            assert row["available_ns"] >= by_attempt[event, attempt - 1]["ended_ns"]
    cut = run(source, *events, by=by, limit=3, horizon=horizon, chunk=2) if events else log
    assert (cut.invocations, cut.deliveries) == (log.invocations, log.deliveries)


def test_a_success_gives_the_quota_of_its_last_retry_back() -> None:
    """5 tokens and 5 for a retry: without the refund of the first request, the second could not try again."""
    by = client(1, quota=5, retry_cost=5)
    log = run(gateway(), Event(0, outcome=FAILED), Event(1_000, outcome=FAILED), by=by)
    assert [row[-1] for row in seen(log)] == [502, 200, 502, 200]
    log = run(gateway(), Event(0, outcome=MEMORY), Event(1_000, outcome=FAILED), by=by)
    assert [row[-1] for row in seen(log)] == [502, 502, 502]


def test_a_load_that_says_nothing_has_the_client_of_the_source() -> None:
    """Requests of a trace that names the source itself, or of a load that follows others."""
    for first, attempts in ((NO_CLIENT, 3), (NO_RETRY, 1), (client(1), 2)):
        spec = AccountSpec(10, (function(),), clients=(first, client(2)), sources=(gateway(),))
        assert len(simulate(spec, [Event(0, outcome=MEMORY)]).deliveries) == attempts
