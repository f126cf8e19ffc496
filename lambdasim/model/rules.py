"""The integer rules of AWS Lambda: every number of its behaviour and every formula both engines share.

Pure functions of integers, so that a compiled engine can be built from this very source. Those marked *array* also
accept ``int64`` arrays. Facts that AWS does not publish are arguments, never constants.
"""

from collections.abc import Sequence
from typing import Final

from lambdasim.model.events import NEVER_NS

NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000

INIT_LIMIT_NS: Final = 10 * NS_PER_S
"""An on-demand init that takes longer is stopped and run again inside the first invocation
(Developer Guide, lambda-runtime-environment, 2026)."""

PROVISIONED_INIT_LIMIT_NS: Final = 130 * NS_PER_S
"""Init limit of provisioned concurrency, unless the function timeout is longer (same page)."""

RESTORE_LIMIT_NS: Final = 10 * NS_PER_S
"""How long the runtime and the hooks of a restore may take (SnapStart; Developer Guide, lambda-runtime-environment,
2026)."""

FIRST_RESTORES: Final = 10
RESTORES_DECAY_Q24: Final = 15_958_982
"""The first restores of a version are slower alike; of each later one the excess is e**(-1/20) of that before, in units
of 2**-24 (our model of measurements of Java 21, 2025: 2.1 s for the first ten cold starts, 1.5 s later)."""

REQUESTS_PER_CONCURRENCY: Final = 10
"""Requests per second allowed per unit of account, reserved or provisioned concurrency
(Developer Guide, lambda-concurrency and gettingstarted-limits, 2026)."""

UNRESERVED_MINIMUM: Final = 100
"""Concurrency that an account always keeps unreserved (Developer Guide, configuration-concurrency, 2026)."""

PROVISIONED_PER_MINUTE: Final = 6_000
"""Environments of provisioned concurrency that a function is allocated per minute
(Developer Guide, lambda-concurrency, 2026)."""

SCALING_ENVIRONMENTS: Final = 1_000
SCALING_PERIOD_NS: Final = 10 * NS_PER_S
"""New on-demand environments a function may add per period (Developer Guide, scaling-behavior, since 2023-11-26)."""

LEGACY_PER_MINUTE: Final = 500
LEGACY_BURST: Final = {
    **dict.fromkeys(("us-west-2", "us-east-1", "eu-west-1"), 3_000),
    **dict.fromkeys(("ap-northeast-1", "eu-central-1", "us-east-2"), 1_000),
}
LEGACY_BURST_ELSEWHERE: Final = 500
"""Account-wide burst and growth per minute until November 2023 (Developer Guide, invocation-scaling, 2022)."""


RECURSION_LIMIT: Final = 16
"""How often a function is invoked in one loop before AWS stops it (Developer Guide, invocation-recursion, 2026)."""
API_GATEWAY_RATE: Final = 10_000
API_GATEWAY_BURST: Final = 5_000
"""Requests per second, and at once, to all APIs of API Gateway of an account in a Region, as a token bucket
(API Gateway Developer Guide, limits, 2026)."""

ASYNC_MAX_RETRIES: Final = 2
ASYNC_RETRY_NS: Final = (60 * NS_PER_S, 120 * NS_PER_S)
"""How often an asynchronous event is retried after function errors, at most and by default, and the wait before each
retry (Developer Guide, invocation-async-error-handling, 2026)."""

ASYNC_MAX_AGE_NS: Final = 21_600 * NS_PER_S
"""Default and largest MaximumEventAgeInSeconds (API PutFunctionEventInvokeConfig, 2026-11-17)."""

ASYNC_BACKOFF_BASE_NS: Final = NS_PER_S
ASYNC_BACKOFF_CAP_NS: Final = 300 * NS_PER_S
"""Wait after a throttle or a system error, doubling from 1 s to 5 min (Developer Guide, same page)."""

MINUTE_NS: Final = 60 * NS_PER_S

SQS_INITIAL: Final = 5
SQS_PER_MINUTE: Final = 300
SQS_MAXIMUM: Final = 1_250
"""Batches of a standard queue that are processed at once: at first, more per minute, and at most (Developer Guide,
services-sqs-scaling, 2026)."""

SQS_LEGACY_PER_MINUTE: Final = 60
SQS_LEGACY_MAXIMUM: Final = 1_000
"""The same until November 2023 (Developer Guide, with-sqs, 2022)."""

FIFO_LOOK_AHEAD: Final = 120_000
"""Messages of a FIFO queue among which SQS looks for message groups: the first ones, those in flight included (SQS
Developer Guide, avoid-backlog-with-the-same-message-group-id, 2026; 20,000 before November 2024)."""

SQS_WINDOW_MARGIN_NS: Final = 30 * NS_PER_S
"""What a visibility timeout is longer than batching window and function timeout at least (Developer Guide, with-sqs,
2022)."""

SQS_RECEIVE: Final = 10
SQS_LONG_POLL_NS: Final = 20 * NS_PER_S
SQS_CHUNK: Final = 64 << 10
"""Most messages of a ReceiveMessage or DeleteMessageBatch, the longest wait of a receive that finds nothing (API of
SQS), and the bytes that are billed as one request (SQS price page, 2026)."""

SQS_VISIBILITY_NS: Final = 30 * NS_PER_S
SQS_RETENTION_NS: Final = 4 * 86_400 * NS_PER_S
"""Defaults of VisibilityTimeout and MessageRetentionPeriod (API of SQS, SetQueueAttributes, 2026-11-17)."""

BATCH_PAYLOAD: Final = 6 << 20
"""Largest payload of a batch (Developer Guide, invocation-eventsourcemapping, 2026)."""

POLLER_CONCURRENCY: Final = 10
POLLER_RECEIVE_NS: Final = NS_PER_S // 10
POLLER_BYTES_PER_S: Final = 1_000_000
POLLER_GROWTH_PER_MINUTE: Final = 1_000
"""What a provisioned poller does at most: concurrent invocations, one receive in this time, and bytes; and the
concurrent invocations added per minute (Developer Guide, services-sqs-scaling, 2026)."""


BATCH_BYTES: Final = 6 << 20
"""Payload of a synchronous invocation, and so of a batch (Developer Guide, gettingstarted-limits, 2026)."""

BATCH_BACKOFF_BASE_NS: Final = 100 * NS_PER_MS
BATCH_BACKOFF_CAP_NS: Final = 60 * NS_PER_S
"""Wait before a batch of a stream or broker is tried again, after a first retry at once (our model: AWS is silent)."""

KINESIS_POLL_NS: Final = NS_PER_S
DYNAMODB_POLL_NS: Final = NS_PER_S // 4
"""Time between two reads of an idle shard (Developer Guide, with-kinesis and with-ddb, 2026)."""

KINESIS_LEAST_POLL_NS: Final = NS_PER_S // 5
"""Time between two reads of a shard that has more: 5 GetRecords in a second (Kinesis API, botocore 2026-11-17)."""

SHARD_WRITE_RECORDS: Final = 1_000
SHARD_WRITE_BYTES: Final = 1 << 20
SHARD_READ_BYTES: Final = 2 << 20
"""What a shard of Kinesis takes and gives in a second (Kinesis API, PutRecord and GetRecords, botocore 2026-11-17)."""

DYNAMODB_RETENTION_NS: Final = 24 * 3_600 * NS_PER_S
"""How long a stream of DynamoDB keeps records; Kinesis does too, by default (same source)."""

KAFKA_EVALUATION_NS: Final = 60 * NS_PER_S
KAFKA_SCALING_NS: Final = 180 * NS_PER_S
"""How often Lambda looks at the offset lag, and within what time it has added or removed pollers
(Developer Guide, kafka-scaling-modes, 2026)."""

KAFKA_POLLER_BYTES: Final = 5 << 20
KAFKA_POLLER_INVOKES: Final = 5
"""Throughput in a second, and concurrent invocations, of a poller in provisioned mode (same page)."""

ACTIVEMQ_CONCURRENCY: Final = 5
RABBITMQ_CONCURRENCY: Final = 1
"""Concurrency of a mapping of Amazon MQ (Developer Guide, with-mq, 2026)."""

DOCUMENTDB_CONCURRENCY: Final = 1
"""Concurrency of a mapping of DocumentDB (our model: AWS does not say)."""


def billed_ms(duration_ns, init_ns, init_billed, unit_ms):  # type: ignore[no-untyped-def]
    """Return the Billed Duration in whole ms (*array*): the ceiling of the *sum* of Duration and billed init.

    ``init_billed`` is 0 or 1. It is rounded up to ``unit_ms``: 1 since 2020-12-01, 100 before (AWS's price pages).
    AWS's own example: 250.06 ms + 100.77 ms bill 351 ms, not 352 (AWS Compute Blog on the billing of the init phase, in
    force since 2025-08-01).
    """
    unit_ns = unit_ms * NS_PER_MS
    return (duration_ns + init_ns * init_billed + unit_ns - 1) // unit_ns * unit_ms


def billed_restored_ms(duration_ns, restore_ns, billed_q24):  # type: ignore[no-untyped-def]
    """Return the Billed Duration in whole ms (*array*) of what began with a restore: Duration and the billed part of
    the restore, each rounded up.

    As on real REPORT lines: 306.34 ms and a Billed Restore Duration of 303 ms bill 610 ms.
    """
    billed_ns = part_ns(restore_ns, billed_q24)  # type: ignore[no-untyped-call]
    return (duration_ns + NS_PER_MS - 1) // NS_PER_MS + (billed_ns + NS_PER_MS - 1) // NS_PER_MS


def part_ns(time_ns, share_q24):  # type: ignore[no-untyped-def]
    """Return a share of a time (*array*), in units of 2**-24.

    It is ``time_ns * share_q24 >> 24``, in two parts so that it stays within 64 bits.
    """
    return (time_ns >> 24) * share_q24 + ((time_ns & 0xFFFFFF) * share_q24 >> 24)


def repeated_init_ns(init_ns: int, slowdown_permille: int) -> int:
    """Return how long an init takes when it runs inside an invocation, at the function's own CPU share."""
    if init_ns >= 1 << 32:  # what is longer still passes any timeout as surely, and could leave 64 bits
        init_ns = min(init_ns, NEVER_NS // max(slowdown_permille, 1))
    return init_ns * slowdown_permille // 1_000


def provisioned_allocation_ns(environments: int) -> int:
    """Return how long the allocation of that much provisioned concurrency takes after its preparation."""
    return environments * 60 * NS_PER_S // PROVISIONED_PER_MINUTE


def provisioned_wait_ns(preparation_ns: int, init_ns: Sequence[int]) -> int:
    """Return how long a request for provisioned concurrency takes: it is ready when the slowest init is over."""
    return preparation_ns + provisioned_allocation_ns(len(init_ns)) + max(init_ns, default=0)


def provisioned_init_ns(init_ns: int, timeout_ns: int) -> int:
    """Return how long the init of provisioned concurrency takes: one past its limit is taken to end there."""
    return min(init_ns, max(PROVISIONED_INIT_LIMIT_NS, timeout_ns))


def bucket_refilled(credit: int, elapsed_ns: int, capacity: int, amount: int, per_ns: int) -> int:
    """Return a bucket's credit after ``elapsed_ns`` of continuous refill; an environment costs ``per_ns`` of it."""
    full = capacity * per_ns
    if elapsed_ns >= (full - credit) // amount + 1:
        return full
    return credit + elapsed_ns * amount


def backoff_ns(retry: int, base_ns: int, cap_ns: int) -> int:
    """Return the delay before retry number ``retry`` (0 for the first) before jitter: exponential, base 2, capped."""
    doublings = min(retry, 62)
    return cap_ns if base_ns > cap_ns >> doublings else base_ns << doublings


def jittered_ns(delay_ns: int, jitter: int) -> int:
    """Return a delay with full jitter: ``jitter`` is uniform on 0 .. 2**24 - 1."""
    jittered: int = part_ns(delay_ns, jitter)  # type: ignore[no-untyped-call]
    return jittered


def spread_ns(delay_ns: int, jitter: int) -> int:
    """Return a delay scattered by half of itself to either side; ``jitter`` as above."""
    return delay_ns // 2 + (delay_ns >> 24) * jitter + ((delay_ns & 0xFFFFFF) * jitter >> 24)


def outcome(u24: int, errors_q24: int, crashes_q24: int) -> int:
    """Return how a handler ends by chance; ``u24`` is uniform on 0 .. 2**24 - 1, the shares are in units of 2**-24.

    The result is ``Status.SUCCESS``, ``ERROR`` or ``CRASH``.
    """
    if u24 < errors_q24:
        return 1
    if u24 >= (1 << 24) - crashes_q24:
        return 2
    return 0


def repeated_outcome(first: int, u24: int, errors_q24: int, crashes_q24: int) -> int:
    """Return how a handler ends by chance that ended with ``first`` before: what lacked memory then lacks it again."""
    return first if first == 3 else outcome(u24, errors_q24, crashes_q24)


def suffered(outcome: int, share_q24: int, u24: int) -> int:
    """Return how a handler ends that returns an error in a share of its invocations, beside those that do anyway.

    ``u24`` is drawn for the attempt: uniform on 0 .. 2**24 - 1.
    """
    return 1 if outcome == 0 and u24 < share_q24 else outcome


def share_of(bounds_q24: Sequence[int], u24: int) -> int:
    """Return the place of the share that ``u24`` falls in (uniform on 0 .. 2**24 - 1).

    ``bounds_q24`` are the upper ends of the shares, in order; the last one has what is beyond.
    """
    low, high = 0, len(bounds_q24) - 1
    while low < high:
        middle = (low + high) // 2
        if u24 < bounds_q24[middle]:
            high = middle
        else:
            low = middle + 1
    return low


_MASK64: Final = (1 << 64) - 1


def jitter24(key: int, index: int) -> int:
    """Return the 24 bits of jitter that belong to ``index`` in the stream ``key``: uniform on 0 .. 2**24 - 1.

    A pure function of its arguments (SplitMix64: Steele, Lea and Flood, OOPSLA 2014), so a retry's delay is the same
    in every engine and whatever else is simulated.
    """
    z = (key + index * 0x9E3779B97F4A7C15) & _MASK64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK64
    return (z ^ (z >> 31)) >> 40


def jitter_index(sequence: int, attempt: int) -> int:
    """Return the place of a retry in its client's jitter stream; ``attempt`` is below 128."""
    return sequence << 7 | attempt


def fault_u24(key: int, request: int, attempt: int) -> int:
    """Return the draw of an attempt, by the number of its request; it does not depend on when, or what, is broken."""
    return jitter24(key, jitter_index(request, attempt & 127))
