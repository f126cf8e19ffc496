"""The SimPy engine and a brute-force oracle tell the same story of a standard queue, message for message."""

from hypothesis import example, given, settings
from oracle_plans import examples
from queue_plans import PLANS, QueuePlan, S, queue_by_engine, queue_by_oracle

from lambdasim.model.polling import PollingSpec
from lambdasim.model.sqs import SqsSpec

SLOW = SqsSpec("jobs", 0, batch_size=3, window_ns=S, visibility_ns=2 * S, retention_ns=60 * S, receive_ns=S,
              polling=PollingSpec(initial=1, maximum=9, amount=4, every_ns=60 * S, floor=1))  # fmt: skip

GATHERS = SqsSpec("jobs", 0, batch_size=3, window_ns=50 * S)

GROWS = SqsSpec("jobs", 0, batch_size=1, visibility_ns=2 * S, retention_ns=60 * S, receive_ns=S,
               polling=PollingSpec(initial=2, maximum=6, every_ns=S, floor=2))  # fmt: skip


@settings(max_examples=examples(150), deadline=None)
@example(QueuePlan(SLOW, [0, 60], 1, [2], [0]))  # deleted while visible again, which leaves nothing to grow for
@example(QueuePlan(GROWS, [0, 0, 0], 1, [0], [0], ((2, 0), (130, 1))))  # enabled at rest, after a review was due
@example(QueuePlan(GATHERS, [0, 2, 2], 20, [2], [0], (), ((1, "batch_size", 10),)))  # full at the size it began by
@example(QueuePlan(GATHERS, [0, 2, 2], 20, [2], [0], (), ((1, "batch_size", 1), (1, "window_ns", 0))))
@given(PLANS)
def test_standard_queues(plan: QueuePlan) -> None:
    engine, oracle = queue_by_engine(plan), queue_by_oracle(plan)
    for table, rows in oracle.items():
        assert engine[table] == rows
