"""What event sources used of billable things, over the whole run and with the warm-up. Reads a ledger.

Lambda bills provisioned event pollers, and the size of asynchronous events; other services bill their own requests,
which is told only when asked for. Names are those of the price book's extras.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from lambdasim.config.source_kinds import ASYNCHRONOUS, KAFKA, QUEUE
from lambdasim.metrics.cells import Totals
from lambdasim.metrics.sources.ledger import SourceLedger
from lambdasim.metrics.sources.sampled import UNITS
from lambdasim.records import SourceMetric
from lambdasim.units import NS_PER_S
from lambdasim.usage import SourceUsage

KB: Final = 1024
FREE_EVENT_BYTES: Final = 256 * KB
EVENT_CHUNK_BYTES: Final = 64 * KB
"""An asynchronous event is one request up to 256 KB, and one more for each further 64 KB (AWS Lambda pricing, 2026)."""

UNIT_MINIMUM_S: Final = 60
"""An event poller unit is billed by the second, for a minute at least (AWS Lambda pricing, 2026)."""

UNITS_OF: Final = {QUEUE: "event-poller-sqs-seconds", KAFKA: "event-poller-kafka-seconds"}

ALB_BYTES_PER_LCU_HOUR: Final = 400_000_000
ALB_CONNECTIONS_PER_LCU_HOUR: Final = 25 * 3_600
"""One load balancer capacity unit lasts an hour for 0.4 GB processed by Lambda targets, or 25 new connections/s
(Elastic Load Balancing pricing, 2026, from general knowledge). Its other two dimensions are left out."""


def event_chunks(payload_bytes: int) -> int:
    """Return how many requests an asynchronous event is billed beyond the first."""
    return _chunks(payload_bytes - FREE_EVENT_BYTES, EVENT_CHUNK_BYTES)


def _chunks(size: int, chunk: int) -> int:
    return max(-(-size // chunk), 0)


def extra_requests(ledger: SourceLedger) -> Totals:
    """Return the requests beyond one for each attempt that ran on an asynchronous event, as ``count`` by
    ``function * periods + period``.

    AWS says "for each asynchronous event"; that it is billed again with each retry, as each is a request, is our
    reading.
    """
    counts = ledger.counts
    period, source = ledger.place(counts.cell)
    chunks = [event_chunks(s.payload_bytes) if s.kind == ASYNCHRONOUS else 0 for s in ledger.sources]
    function = np.array([s.function for s in ledger.sources], np.int64)
    amount = counts.count * counts.happened["invoked"] * np.array(chunks, np.int64)[source]
    keys = function[source] * ledger.periods + period
    return Totals(keys, {"count": amount}, {}).regroup(keys, amount > 0)


def used(ledger: SourceLedger, *, services: bool) -> list[SourceUsage]:
    """Return what each source used, without those that used nothing."""
    found = []
    for i, source in enumerate(ledger.sources):
        quantities = _units(ledger, i)
        if services and source.type in SERVICES:
            quantities |= SERVICES[source.type](ledger, i)
        quantities = {name: amount for name, amount in quantities.items() if amount}
        if quantities:
            found.append(SourceUsage(source.name, quantities))
    return found


def _units(ledger: SourceLedger, source: int) -> dict[str, int]:
    """Return the seconds of event poller units."""
    level = ledger.sampled.level(source, UNITS, ledger.end_ns)
    name = UNITS_OF.get(ledger.sources[source].kind)
    if level is None or name is None:
        return {}
    return {name: max(-(-round(level.integral.sum()) // NS_PER_S), UNIT_MINIMUM_S)}


def _sums(ledger: SourceLedger, name: str) -> list[int]:
    _, owner = ledger.place(ledger.counts.cell)
    return ledger.counts.by(owner, len(ledger.sources), np.ones(len(owner), bool))[name]


def _queue(name: str) -> Callable[[SourceLedger, int], dict[str, int]]:
    def requests(ledger: SourceLedger, source: int) -> dict[str, int]:
        """API requests; a message above 64 KB is billed as several when it is sent and when it is received."""
        counts = ledger.sampled.counts()
        own = ledger.sampled.is_of(counts.keys, SourceMetric.REQUESTS)
        own &= ledger.sampled.cell(counts.keys) % len(ledger.sources) == source
        more = max(_chunks(ledger.sources[source].payload_bytes, 64 * KB) - 1, 0)
        messages = _sums(ledger, "received")[source] + _sums(ledger, "delivered")[source]
        return {name: int(counts["count"][own].sum()) + messages * more}

    return requests


def _received(name: str, chunk: int | None = None) -> Callable[[SourceLedger, int], dict[str, int]]:
    def units(ledger: SourceLedger, source: int) -> dict[str, int]:
        """Events, each as many times as it has chunks."""
        size = ledger.sources[source].payload_bytes
        return {name: _sums(ledger, "received")[source] * (max(_chunks(size, chunk), 1) if chunk else 1)}

    return units


def _api(name: str, chunk: int | None = None) -> Callable[[SourceLedger, int], dict[str, int]]:
    def calls(ledger: SourceLedger, source: int) -> dict[str, int]:
        """Calls that API Gateway did not throttle itself."""
        size = ledger.sources[source].payload_bytes
        passed = _sums(ledger, "delivered")[source] - _sums(ledger, "refused_delivery")[source]
        return {name: passed * (max(_chunks(size, chunk), 1) if chunk else 1)}

    return calls


def _load_balancer(ledger: SourceLedger, source: int) -> dict[str, int]:
    """Hours, and millionths of capacity units by the greater of two dimensions, over the whole run."""
    calls = _sums(ledger, "delivered")[source]
    size = calls * ledger.sources[source].payload_bytes
    units = max(size / ALB_BYTES_PER_LCU_HOUR, calls / ALB_CONNECTIONS_PER_LCU_HOUR)
    return {
        "load-balancer-seconds": -(-ledger.end_ns // NS_PER_S),
        "load-balancer-capacity-millionths": round(units * 1_000_000),
    }


def _kinesis(ledger: SourceLedger, source: int) -> dict[str, int]:
    """Hours of shards, and PUT payload units of 25 KB."""
    own = ledger.sources[source]
    records = _received("kinesis-put-units", 25 * KB)(ledger, source)
    return {"kinesis-shard-seconds": own.shards * -(-ledger.end_ns // NS_PER_S), **records}


SERVICES: Final[dict[str, Callable[[SourceLedger, int], dict[str, int]]]] = {
    "sqs": _queue("sqs-requests"),
    "sqs-fifo": _queue("sqs-fifo-requests"),
    "apigateway-rest": _api("api-gateway-rest-requests"),
    "apigateway-http": _api("api-gateway-http-requests", 512 * KB),
    "alb": _load_balancer,
    "eventbridge": _received("eventbridge-events", 64 * KB),
    "schedule": _received("scheduler-invocations"),
    "sns": _received("sns-publishes", 64 * KB),
    "kinesis": _kinesis,
}
"""By type of source: what another service bills. S3's notifications, DynamoDB's stream reads by Lambda and function
URLs cost nothing by themselves; clusters of Kafka and MQ are not priced."""
