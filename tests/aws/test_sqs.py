"""Numbers of SQS event source mappings beside AWS's pages; each row is (value, what the page says, page, date)."""

from typing import Any

import pytest

import lambdasim as ls
from lambdasim.config import quotas
from lambdasim.config.sources.sqs import SqsSource
from lambdasim.model import polling, rules, sqs
from lambdasim.model.polling import PollingSpec, PollingState
from lambdasim.model.sqs import SqsSpec
from lambdasim.scenario.sqs import queue_source

S = 10**9
READ = "2026-11-23"


@pytest.mark.parametrize(
    ("ours", "published", "page"),
    [
        (rules.SQS_INITIAL, 5, "DG:services-sqs-scaling: five concurrent batches"),
        (rules.SQS_PER_MINUTE, 300, "DG:services-sqs-scaling: up to 300 more per minute"),
        (rules.SQS_MAXIMUM, 1_250, "DG:services-sqs-scaling: 1,250 concurrent invocations"),
        (rules.SQS_LEGACY_PER_MINUTE, 60, "DG22:with-sqs: up to 60 more per minute"),
        (rules.SQS_LEGACY_MAXIMUM, 1_000, "DG22:with-sqs: 1,000 batches"),
        (rules.BATCH_PAYLOAD, 6 * 1024**2, "DG:invocation-eventsourcemapping: 6 MB"),
        (rules.POLLER_CONCURRENCY, 10, "DG:services-sqs-scaling: ten concurrent invokes for each poller"),
        (S // rules.POLLER_RECEIVE_NS, 10, "DG:services-sqs-scaling: ten polling calls a second"),
        (rules.POLLER_GROWTH_PER_MINUTE, 1_000, "DG:services-sqs-scaling: 1,000 concurrent invokes a minute"),
        (quotas.SQS_BATCH.value, 10_000, "API CreateEventSourceMapping"),
        (quotas.BATCHING_WINDOW.value, 300 * S, "API CreateEventSourceMapping"),
        (quotas.ESM_CONCURRENCY.value, 1_000, "API ScalingConfig"),
        (quotas.SQS_VISIBILITY_MAX.value, 12 * 3_600 * S, "API of SQS"),
        (quotas.SQS_RETENTION_MAX.value, 14 * 86_400 * S, "API of SQS"),
    ],
)
def test_published_numbers(ours: int, published: int, page: str) -> None:
    assert ours == published, (page, READ)


@pytest.mark.parametrize(("minute", "concurrency"), [(0, 5), (1, 305), (2, 605), (5, 1_250)])
def test_the_ramp_by_the_minute(minute: int, concurrency: int) -> None:
    spec = PollingSpec()
    state = PollingState.of(spec)
    for _ in range(minute * rules.MINUTE_NS // spec.every_ns):
        state.target = polling.grown(spec, state)
    assert state.target == concurrency


def reviewed(spec: PollingSpec, target: int, peak: int, has_backlog: bool) -> int:
    state = PollingState.of(spec)
    state.target, state.peak = target, peak
    return polling.reviewed(spec, state, 0, has_backlog)


def test_a_review_keeps_or_lets_fall_back() -> None:
    spec = PollingSpec()
    assert reviewed(spec, 100, 40, has_backlog=True) == 100
    assert reviewed(spec, 100, 40, has_backlog=False) == 40
    assert reviewed(spec, 100, 1, has_backlog=False) == 5
    pollers = PollingSpec(initial=20, maximum=100, amount=10, unit=10, floor=20)
    assert reviewed(pollers, 90, 41, has_backlog=False) == 50


def after(spec: PollingSpec, target: int, failures: int) -> int:
    state = PollingState(target)
    for _ in range(failures):
        state.target = polling.failed(spec, state)
    return state.target


def test_each_failure_takes_its_share() -> None:
    spec = PollingSpec(decrease_ppm=100_000)
    assert [after(spec, 100, failures) for failures in range(4)] == [100, 91, 82, 75]
    assert after(spec, 100, 1_000) == 5
    assert after(spec, 2, 1_000) == 2
    pollers = PollingSpec(initial=20, maximum=100, amount=10, unit=10, floor=20, decrease_ppm=40_000)
    assert [after(pollers, 100, failures) for failures in range(5)] == [100, 100, 100, 100, 90]


MEASURED = [(0.01, 25), (0.1, 13)]
"""Share of batches that fail, and the concurrency that is left of 60 (rehanvdm.com, 2026-03-31; handler of 50 ms)."""


def settled(share: float) -> float:
    """Return the concurrency at which growth, and what the failures of batches of 55 ms take, are the same."""
    spec = PollingSpec()
    lost = spec.amount * S / spec.every_ns / (spec.decrease_ppm / 1e6 * share / 0.055)  # settled * (settled - floor)
    return float(spec.floor / 2 + (spec.floor**2 / 4 + lost) ** 0.5)


def test_the_share_that_a_failure_takes_is_fitted_to_what_was_measured() -> None:
    ratios = [settled(share) / seen for share, seen in MEASURED]
    assert all(0.85 < ratio < 1.16 for ratio in ratios)
    assert abs(ratios[0] * ratios[1] - 1) < 0.02
    assert settled(0.001) > 60  # one error in a thousand holds nothing up


@pytest.mark.parametrize(
    ("payload", "messages", "receives", "receive_requests", "sends", "limit"),
    [
        (1_024, 0, 1, 1, 1, 10),
        (1_024, 10, 1, 1, 1, 10),
        (64 << 10, 10, 1, 10, 1, 10),
        (100 << 10, 10, 1, 16, 2, 10),
        (1 << 20, 6, 1, 96, 16, 6),
    ],
)
def test_requests_are_billed_by_64_kilobytes(
    payload: int, messages: int, receives: int, receive_requests: int, sends: int, limit: int
) -> None:
    spec = SqsSpec("jobs", 0, payload=payload)
    assert sqs.receives(messages) == receives
    assert sqs.receive_requests(spec, messages) == receive_requests
    assert spec.send_requests == sends
    assert spec.batch_limit == limit


@pytest.mark.parametrize(
    ("keys", "processed", "dead_lettered", "last_s"),
    [({}, 4, 0, None), ({"on_throttle": "give-up"}, 3, 1, 270)],
    ids=["as AWS's page has it (DG:services-sqs-errorhandling)", "as a user reports (r/aws, 2025-11: about 5 min)"],
)
def test_messages_that_are_throttled(
    keys: dict[str, Any], processed: int, dead_lettered: int, last_s: int | None
) -> None:
    """Four messages at once, a reserved concurrency of 1 and 3 s of work each."""
    queue = {
        "type": "sqs", "function": "f", "batch_size": 1, "visibility_timeout": "90s", "max_receive_count": 3,
        "dead_letter_queue": "dlq", **keys,
    }  # fmt: skip
    function = {"duration": "constant(3s)", "init": "constant(300ms)", "timeout": "15s", "reserved_concurrency": 1}
    load = {
        "target": "q", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "1000/s",
        "duration": "4ms",
    }  # fmt: skip
    result = ls.Experiment(functions={"f": function}, sources={"q": queue}, loads=[load]).run()
    of = result.summary["sources"]["q"]
    assert (of["processed"], of["dead_lettered"]) == (processed, dead_lettered)
    assert of["age"]["max"] == last_s * 1_000 if last_s else of["age"]["max"] < 90_000
    assert "is not certain: see on_throttle" in result.summary["verdict"]


def test_a_few_throttles_cost_no_concurrency() -> None:
    """56 in a minute left a mapping limited to 60 at 60 (rehanvdm.com, 2026-03-31)."""
    spec = PollingSpec(maximum=60)
    state = PollingState(60, maximum_now=60)
    lowest = 60
    for second in range(60):
        if second % 15:  # 56 of them
            state.target = polling.failed(spec, state)
        lowest = min(lowest, state.target)
        for _ in range(S // spec.every_ns):
            state.target = polling.grown(spec, state)
    assert lowest >= 57
    assert state.target == 60


@pytest.mark.parametrize(
    ("visibility_s", "window_s", "effective_s"),
    [(40, 60, 120), (120, 60, 120), (89, 60, 120), (90, 60, 90), (40, 0, 40)],
)
def test_a_window_lengthens_the_visibility_timeout(visibility_s: int, window_s: int, effective_s: int) -> None:
    """DG22:with-sqs: window + function timeout + 30 s, where window and function timeout are longer; timeout 30 s."""
    table = SqsSource(type="sqs", function="f", visibility_timeout=f"{visibility_s}s", batching_window=f"{window_s}s")
    assert queue_source("q", table, 0, 30 * S).visibility_ns == effective_s * S
    as_set = table.model_copy(update={"extends_visibility": False})
    assert queue_source("q", as_set, 0, 30 * S).visibility_ns == visibility_s * S


@pytest.mark.parametrize(("windows", "batches"), [("per-poller", 5), ("shared", 1)])
def test_a_few_messages_are_several_batches(windows: str, batches: int) -> None:
    """DG22:with-sqs: five workers gather at first; a user saw several invocations with one or two messages (2021)."""
    function = {"duration": "constant(200ms)", "init": "constant(300ms)", "timeout": "30s"}
    load = {
        "target": "q", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "100/s",
        "duration": "100ms",
    }  # fmt: skip
    queue = {
        "type": "sqs", "function": "f", "batch_size": 100, "batching_window": "2min", "visibility_timeout": "6min",
        "windows": windows,
    }  # fmt: skip
    result = ls.Experiment(functions={"f": function}, sources={"q": queue}, loads=[load]).run()
    of = result.summary["sources"]["q"]
    assert (of["processed"], of["invocations"]) == (10, batches)
