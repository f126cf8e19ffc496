"""CloudWatch's metrics of event sources that a run can emit, and ours beside them: names, units, statistics, rules.

AWS's names, units and statistics are those of the pages that the entries name, read 2026. Metrics of a function stand
under the function's name, those of a source or of its event source mapping under the source's. Where AWS documents no
emission rule, ours stands. Lambda's of events: Developer Guide, monitoring-metrics-types. SQS's: SQS Developer Guide,
sqs-available-cloudwatch-metrics. API Gateway's: api-gateway-metrics-and-dimensions and http-api-metrics. The load
balancer's: Elastic Load Balancing, load-balancer-cloudwatch-metrics. Function URLs': Developer Guide, urls-monitoring.
"""

from collections.abc import Iterator
from typing import Final

from lambdasim.metrics.cloudwatch import DISTRIBUTION, METRICS, Metric

_QUEUE: Final = "in every period; levels a sixtieth of a period apart, as CloudWatch's are samples too"
_ENDED: Final = "for events, at the time their delivery ended"


def _counts(emitted: str, *names: str, aws: bool = True) -> Iterator[Metric]:
    return (Metric(name, "Count", ("Sum",), emitted, aws) for name in names)


_ALL: Final = (
    *_counts("for every event that was accepted, when it was", "AsyncEventsReceived"),
    Metric(
        "AsyncEventAge",
        "Milliseconds",
        ("Average", "Maximum"),
        "for every attempt, throttled ones too: from the acceptance of the event to the attempt",
    ),
    *_counts(
        "for every event that was given up, also those that a dead-letter queue then took",
        "AsyncEventsDropped",
    ),
    *_counts("for every event that was stopped because it went round a loop", "RecursiveInvocationsDropped"),
    *_counts("for every event that the dead-letter queue did not take", "DeadLetterErrors"),
    *_counts("for every event that the on-failure destination did not take", "DestinationDeliveryFailures"),
    Metric("ApproximateNumberOfMessagesVisible", "Count", ("Average", "Maximum"), f"{_QUEUE}; Average is exact"),
    Metric(
        "ApproximateNumberOfMessagesNotVisible",
        "Count",
        ("Average", "Maximum"),
        f"messages received and neither deleted nor visible again, {_QUEUE}; Average is exact",
    ),
    Metric(
        "ApproximateNumberOfMessagesDelayed",
        "Count",
        ("Average", "Maximum"),
        f"messages before their first possible receive, {_QUEUE}; Average is exact",
    ),
    Metric(
        "ApproximateAgeOfOldestMessage",
        "Seconds",
        ("Maximum",),
        "while the queue has messages; AWS leaves out poison messages received three times or more, we do not",
    ),
    *_counts("for every message, when it was sent", "NumberOfMessagesSent"),
    *_counts("for every receive of a message, when it was received", "NumberOfMessagesReceived"),
    *_counts("for every message that was processed, when it was", "NumberOfMessagesDeleted"),
    *_counts("for every receive that found nothing", "NumberOfEmptyReceives"),
    Metric("IteratorAge", "Milliseconds", ("Average", "Maximum"), "for every invocation of a stream"),
    Metric("OffsetLag", "Count", ("Maximum",), "of the topic, from the first sample on"),
    Metric("SumOffsetLag", "Count", ("Maximum",), "the same, over the partitions"),
    *_counts("for every read of an event; streams and topics are read once", "PolledEventCount"),
    *_counts(f"{_ENDED}, if they were part of an invocation", "InvokedEventCount"),
    *_counts(f"{_ENDED}, if the function failed or was throttled", "FailedInvokeEventCount"),
    *_counts("for every event of a stream or topic that was given up", "DroppedEventCount"),
    *_counts(
        "for every event of a stream or topic that the destination took", "OnFailureDestinationDeliveredEventCount"
    ),
    *_counts("for every message of a queue that was processed", "DeletedEventCount"),
    Metric("ProvisionedPollers", "Count", ("Maximum",), "of event source mappings with provisioned pollers"),
    Metric("Pollers", "Count", ("Average", "Maximum"), "of sources that Lambda polls; over time", aws=False),
    *_counts("for every request that API Gateway answered, when it did", "Count", "4XXError", "5XXError"),
    *_counts("for every request of a function URL, when it was answered", "UrlRequestCount", "Url4xxCount"),
    *_counts("likewise", "Url5xxCount"),
    Metric("UrlRequestLatency", "Milliseconds", DISTRIBUTION, "for every request, from its first attempt to its last"),
    *_counts("for every request that the load balancer answered", "RequestCount"),
    *_counts("for every answer of that class", "HTTPCode_ELB_4XX_Count", "HTTPCode_ELB_5XX_Count"),
    Metric("TargetResponseTime", "Seconds", DISTRIBUTION, "for every request, from its first attempt to its last"),
    Metric("ExecutionTime", "Milliseconds", ("Average", "Maximum"), "for every execution of a map (Step Functions')"),
    Metric(
        "EventsWaiting",
        "Count",
        ("Average", "Maximum"),
        "of other sources than queues and gateways, in every period: events that could be delivered and are not",
        aws=False,
    ),
    Metric("Connections", "Count", ("Maximum",), "of a downstream with any, in every period", aws=False),
    Metric(
        "Refusals",
        "Count",
        ("Sum",),
        "for every invocation, and every connection of an init, that a downstream refused",
        aws=False,
    ),
)

SOURCE_METRICS: Final = {metric.name: metric for metric in _ALL}
"""Every metric of event sources, by name. API Gateway's Latency has the name and unit of ours, and stands there."""

EVERY_METRIC: Final = METRICS | SOURCE_METRICS
"""Every metric of a time series, by name, in the order in which they are written."""
