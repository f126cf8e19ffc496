"""Numbers of SQS event source mappings beside AWS's pages; each row is (value, what the page says, page, date)."""

import pytest

from lambdasim.config import quotas
from lambdasim.model import polling, rules, sqs
from lambdasim.model.polling import PollingLaw, PollingState
from lambdasim.model.sqs import SqsLaw

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
    law = PollingLaw()
    state = PollingState(law.initial)
    for _ in range(minute * rules.MINUTE_NS // law.every_ns):
        state.target = polling.grown(law, state)
    assert state.target == concurrency


def reviewed(law: PollingLaw, target: int, peak: int, has_failed: bool, has_backlog: bool) -> int:
    state = PollingState(law.initial)
    state.target, state.peak, state.has_failed = target, peak, has_failed
    return polling.reviewed(law, state, 0, has_backlog)


def test_a_review_shrinks_keeps_or_lets_fall_back() -> None:
    law = PollingLaw(shrink_permille=700)
    assert reviewed(law, 100, 100, has_failed=True, has_backlog=True) == 70
    assert reviewed(law, 6, 6, has_failed=True, has_backlog=True) == 5
    assert reviewed(law, 100, 40, has_failed=False, has_backlog=True) == 100
    assert reviewed(law, 100, 40, has_failed=False, has_backlog=False) == 40
    assert reviewed(law, 100, 1, has_failed=False, has_backlog=False) == 5
    pollers = PollingLaw(initial=20, maximum=100, amount=10, unit=10, floor=20)
    assert reviewed(pollers, 90, 41, has_failed=False, has_backlog=False) == 50
    assert reviewed(pollers, 90, 90, has_failed=True, has_backlog=True) == 40


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
    law = SqsLaw("jobs", 0, payload=payload)
    assert sqs.receives(messages) == receives
    assert sqs.receive_requests(law, messages) == receive_requests
    assert law.send_requests == sends
    assert law.batch_limit == limit
