"""AWS's quotas and defaults that the experiment file starts from, each with its page and the date it was read.

Page names are those of the AWS Lambda Developer Guide (``DG:page`` is ``docs.aws.amazon.com/lambda/latest/dg/page``),
of its edition of 2022 (``DG22:page``), of the API's service model in botocore 1.44.5 (``API``), or of AWS's price
page (``PRICE``).
"""

from dataclasses import dataclass
from typing import Final

from lambdasim.model import rules
from lambdasim.units import NS_PER_S

DATE: Final = "2026-11-23"
"""When the numbers of this file were compared with AWS's pages."""

MAPPING: Final = "API CreateEventSourceMapping"


@dataclass(frozen=True, slots=True)
class Quota:
    """One number of AWS's, with where it is published."""

    value: int
    unit: str
    meaning: str
    page: str
    date: str = DATE

    @property
    def source(self) -> str:
        """The words ``check`` and ``resolved.toml`` print beside a value that comes from here."""
        return f"AWS, {self.page}, {self.date}"


MEMORY_MIN: Final = Quota(128, "MB", "smallest memory, and the default", "DG:gettingstarted-limits and API")
MEMORY_MAX: Final = Quota(10_240, "MB", "largest memory", "DG:gettingstarted-limits")
TIMEOUT_DEFAULT: Final = Quota(3 * NS_PER_S, "ns", "default function timeout", "API CreateFunction")
TIMEOUT_MIN: Final = Quota(NS_PER_S, "ns", "shortest function timeout", "API CreateFunction")
TIMEOUT_MAX: Final = Quota(900 * NS_PER_S, "ns", "longest function timeout", "DG:gettingstarted-limits")
EPHEMERAL_MIN: Final = Quota(512, "MB", "smallest /tmp, and the default", "DG:gettingstarted-limits")
EPHEMERAL_MAX: Final = Quota(10_240, "MB", "largest /tmp", "DG:gettingstarted-limits")
ACCOUNT_CONCURRENCY: Final = Quota(1_000, "executions", "default account concurrency", "DG:gettingstarted-limits")
UNRESERVED_MIN: Final = Quota(
    rules.UNRESERVED_MINIMUM, "executions", "concurrency that stays unreserved", "DG:configuration-concurrency"
)
SCALING_ENVIRONMENTS: Final = Quota(
    rules.SCALING_ENVIRONMENTS, "environments", "environments a function adds", "DG:scaling-behavior"
)
SCALING_PERIOD: Final = Quota(rules.SCALING_PERIOD_NS, "ns", "per this time", "DG:scaling-behavior")
BURST_PER_MINUTE: Final = Quota(
    rules.LEGACY_PER_MINUTE, "environments", "added per minute after the burst", "DG22:invocation-scaling"
)
REQUESTS_PER_CONCURRENCY: Final = Quota(
    rules.REQUESTS_PER_CONCURRENCY, "requests/s", "request rate per concurrency", "DG:lambda-concurrency"
)
SYNC_PAYLOAD: Final = Quota(6 << 20, "B", "largest request and response", "DG:gettingstarted-limits")
INTEGRATION_TIMEOUT_MIN: Final = Quota(
    50 * rules.NS_PER_MS, "ns", "shortest integration timeout", "API Gateway Developer Guide, limits"
)
REST_TIMEOUT: Final = Quota(
    29 * NS_PER_S, "ns", "longest integration timeout of a REST API, and default", "API Gateway Developer Guide, limits"
)
HTTP_TIMEOUT: Final = Quota(
    30 * NS_PER_S,
    "ns",
    "longest integration timeout of an HTTP API, and default",
    "API Gateway Developer Guide, http-api-quotas",
)
API_GATEWAY_RATE: Final = Quota(
    rules.API_GATEWAY_RATE, "requests/s", "of all APIs of an account", "API Gateway Developer Guide, limits"
)
API_GATEWAY_BURST: Final = Quota(
    rules.API_GATEWAY_BURST, "requests", "at once, of all APIs of an account", "API Gateway Developer Guide, limits"
)
ALB_PAYLOAD: Final = Quota(1 << 20, "B", "largest body", "Application Load Balancers, lambda-functions")
ASYNC_PAYLOAD: Final = Quota(1 << 20, "B", "largest asynchronous event", "DG:gettingstarted-limits")
ASYNC_RETRIES: Final = Quota(
    rules.ASYNC_MAX_RETRIES,
    "retries",
    "MaximumRetryAttempts, default and largest",
    "DG:invocation-async-error-handling",
)
ASYNC_AGE: Final = Quota(
    rules.ASYNC_MAX_AGE_NS, "ns", "MaximumEventAgeInSeconds, default and largest", "API PutFunctionEventInvokeConfig"
)
ASYNC_AGE_MIN: Final = Quota(
    60 * NS_PER_S, "ns", "smallest MaximumEventAgeInSeconds", "API PutFunctionEventInvokeConfig"
)
MAP_CONCURRENCY: Final = Quota(40, "executions", "iterations of an inline map at a time", "Step Functions, state-map")
FLEXIBLE_WINDOW: Final = Quota(
    1_440 * 60 * NS_PER_S, "ns", "longest FlexibleTimeWindow", "API scheduler CreateSchedule"
)
STREAM_BATCH: Final = Quota(10_000, "records", "largest BatchSize of streams and brokers", MAPPING)
STREAM_BATCH_DEFAULT: Final = Quota(100, "records", "default BatchSize of streams and brokers", MAPPING)
STREAM_WINDOW: Final = Quota(300 * NS_PER_S, "ns", "largest MaximumBatchingWindowInSeconds", MAPPING)
BROKER_WINDOW_DEFAULT: Final = Quota(
    NS_PER_S // 2, "ns", "default batching window of Kafka, MQ and DocumentDB", MAPPING
)
RECORD_AGE_MIN: Final = Quota(60 * NS_PER_S, "ns", "smallest MaximumRecordAgeInSeconds but -1", MAPPING)
RECORD_AGE: Final = Quota(604_800 * NS_PER_S, "ns", "largest MaximumRecordAgeInSeconds", MAPPING)
RECORD_RETRIES: Final = Quota(10_000, "retries", "largest MaximumRetryAttempts of a mapping", MAPPING)
PARALLELIZATION: Final = Quota(10, "batches", "largest ParallelizationFactor", MAPPING)
TUMBLING_WINDOW: Final = Quota(900 * NS_PER_S, "ns", "largest TumblingWindowInSeconds", MAPPING)
KAFKA_MINIMUM_POLLERS: Final = Quota(200, "pollers", "largest MinimumPollers of Kafka", MAPPING)
KAFKA_MAXIMUM_POLLERS: Final = Quota(2_000, "pollers", "largest MaximumPollers of Kafka", MAPPING)
KAFKA_MAXIMUM_POLLERS_DEFAULT: Final = Quota(200, "pollers", "default MaximumPollers", MAPPING)
BROKER_TIMEOUT: Final = Quota(
    840 * NS_PER_S, "ns", "longest function timeout behind Kafka, MQ and DocumentDB", "DG:with-mq"
)
KINESIS_RETENTION_MIN: Final = Quota(
    24 * 3_600 * NS_PER_S, "ns", "default and shortest retention of a stream", "API kinesis CreateStream"
)
KINESIS_RETENTION_MAX: Final = Quota(
    8_760 * 3_600 * NS_PER_S, "ns", "longest retention of a stream", "API kinesis IncreaseStreamRetentionPeriod"
)
DOCUMENTDB_RETENTION_MIN: Final = Quota(
    3_600 * NS_PER_S, "ns", "shortest retention of a change stream", "DocumentDB Developer Guide, change_streams"
)
DOCUMENTDB_RETENTION_MAX: Final = Quota(
    7 * 86_400 * NS_PER_S, "ns", "longest retention of a change stream", "DocumentDB Developer Guide, change_streams"
)
BATCH_PAYLOAD: Final = Quota(rules.BATCH_BYTES, "B", "payload of a synchronous invocation", "DG:gettingstarted-limits")

SQS_BATCH: Final = Quota(10_000, "messages", "largest BatchSize of a standard queue", "API CreateEventSourceMapping")
SQS_BATCH_WITHOUT_WINDOW: Final = Quota(
    10, "messages", "largest BatchSize without a batching window of 1 s or more", "API CreateEventSourceMapping"
)
SQS_FIFO_BATCH: Final = Quota(10, "messages", "largest BatchSize of a FIFO queue", "API CreateEventSourceMapping")
BATCHING_WINDOW: Final = Quota(
    300 * NS_PER_S, "ns", "longest MaximumBatchingWindowInSeconds", "API CreateEventSourceMapping"
)
ESM_CONCURRENCY_MIN: Final = Quota(2, "invocations", "smallest MaximumConcurrency", "API ScalingConfig")
ESM_CONCURRENCY: Final = Quota(1_000, "invocations", "largest MaximumConcurrency", "API ScalingConfig")
SQS_POLLERS_MIN: Final = Quota(
    2, "pollers", "fewest provisioned pollers, and their default", "API ProvisionedPollerConfig"
)
SQS_POLLERS_MINIMUM: Final = Quota(200, "pollers", "largest MinimumPollers", "API ProvisionedPollerConfig")
SQS_POLLERS: Final = Quota(10_000, "pollers", "largest MaximumPollers", "API ProvisionedPollerConfig")
SQS_POLLERS_DEFAULT: Final = Quota(200, "pollers", "default of MaximumPollers", "API ProvisionedPollerConfig")
SQS_VISIBILITY: Final = Quota(
    rules.SQS_VISIBILITY_NS, "ns", "default VisibilityTimeout", "API of SQS, SetQueueAttributes"
)
SQS_VISIBILITY_MAX: Final = Quota(
    43_200 * NS_PER_S, "ns", "longest VisibilityTimeout", "API of SQS, SetQueueAttributes"
)
SQS_RETENTION: Final = Quota(
    rules.SQS_RETENTION_NS, "ns", "default MessageRetentionPeriod", "API of SQS, SetQueueAttributes"
)
SQS_RETENTION_MIN: Final = Quota(
    60 * NS_PER_S, "ns", "shortest MessageRetentionPeriod", "API of SQS, SetQueueAttributes"
)
SQS_RETENTION_MAX: Final = Quota(
    14 * 86_400 * NS_PER_S, "ns", "longest MessageRetentionPeriod", "API of SQS, SetQueueAttributes"
)
SQS_DELAY_MAX: Final = Quota(900 * NS_PER_S, "ns", "longest DelaySeconds", "API of SQS, SetQueueAttributes")
SQS_RECEIVES_MAX: Final = Quota(1_000, "receives", "largest maxReceiveCount", "API of SQS, SetQueueAttributes")
SNS_PAYLOAD: Final = Quota(256 << 10, "B", "largest message of a topic", "API of SNS, Publish")
SQS_PAYLOAD: Final = Quota(1 << 20, "B", "largest message", "API of SQS, SetQueueAttributes")

LOG_WARM: Final = Quota(
    266,
    "B",
    "platform log lines of a warm invocation: START, END, REPORT",
    "counted in logs of 2025 and 2026, text format",
)
LOG_COLD: Final = Quota(
    465,
    "B",
    "those of a cold one: INIT_START, and Init Duration in REPORT",
    "counted in logs of 2025 and 2026, text format",
)

BURST_DEFAULT: Final = Quota(
    rules.LEGACY_BURST_ELSEWHERE, "environments", "initial burst of other Regions", "DG22:invocation-scaling"
)
BURST_BY_REGION: Final = {
    region: Quota(burst, "environments", "initial burst", "DG22:invocation-scaling")
    for region, burst in rules.LEGACY_BURST.items()
}
"""Initial burst of the scaling policy that held until November 2023."""


def initial_burst(region: str) -> Quota:
    """Return the legacy initial burst of a Region."""
    return BURST_BY_REGION.get(region, BURST_DEFAULT)


REGIONS: Final = (
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
)
"""Commercial Regions with Lambda (botocore 1.43.11, endpoints)."""
