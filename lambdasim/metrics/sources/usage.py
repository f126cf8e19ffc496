"""What event sources used of billable things, over the whole run and with the warm-up. Reads a ledger.

Lambda bills provisioned event pollers, and the size of asynchronous events; other services bill their own requests.
Names are those of the price book's extras.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from lambdasim.config.source_kinds import ASYNCHRONOUS, KAFKA, QUEUE
from lambdasim.metrics.cells import Int64, Totals
from lambdasim.metrics.ledger import Floats
from lambdasim.metrics.sources.ledger import SourceLedger
from lambdasim.metrics.sources.sampled import UNIT_MINIMUM_NS, UNITS
from lambdasim.records import SourceMetric
from lambdasim.units import NS_PER_S
from lambdasim.usage import PeriodUse, SourceUsage

KB: Final = 1024
FREE_EVENT_BYTES: Final = 256 * KB
EVENT_CHUNK_BYTES: Final = 64 * KB
"""An asynchronous event is one request up to 256 KB, and one more for each further 64 KB (AWS Lambda pricing, 2026)."""

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
    function = np.array([s.function if s.version is None else s.version for s in ledger.sources], np.int64)
    amount = counts.count * counts.happened["invoked"] * np.array(chunks, np.int64)[source]
    keys = function[source] * ledger.periods + period
    return Totals(keys, {"count": amount}, {}).regroup(keys, amount > 0)


@dataclass(frozen=True, slots=True, eq=False)
class Charge:
    """What a source used of one billable thing."""

    total: int
    by_period: Floats
    """In proportion to what was used in each period."""


Charges = Callable[[SourceLedger, int], dict[str, Charge]]


def used(ledger: SourceLedger, functions: Sequence[str]) -> list[SourceUsage]:
    """Return what each source used, without those that used nothing; ``functions`` are the names of all functions."""
    found = []
    for i, source in enumerate(ledger.sources):
        quantities = {name: charge.total for name, charge in _charges(ledger, i).items() if charge.total}
        if quantities:
            since_ns = ledger.sampled.minimum.first_ns.get(i, 0)
            least_ns = UNIT_MINIMUM_NS if source.kind in UNITS_OF else 0
            timed_ns = max(_seconds(ledger.end_ns - since_ns) * NS_PER_S, least_ns)
            found.append(SourceUsage(source.name, quantities, timed_ns, functions[source.function]))
    return found


def uses(ledger: SourceLedger) -> Iterator[PeriodUse]:
    """Yield the same over time; the owners are the indices of sources."""
    for i in range(len(ledger.sources)):
        for name, charge in _charges(ledger, i).items():
            period = np.flatnonzero(charge.by_period)
            yield PeriodUse(name, np.full(len(period), i), period, charge.by_period[period])


def _charges(ledger: SourceLedger, source: int) -> dict[str, Charge]:
    """Return everything that is charged for a source."""
    units, of = _units(ledger, source), SERVICES.get(ledger.sources[source].type)
    return units if of is None else units | of(ledger, source)


def _units(ledger: SourceLedger, source: int) -> dict[str, Charge]:
    """Return the seconds of event poller units."""
    level = ledger.sampled.level(source, UNITS, ledger.end_ns)
    name = UNITS_OF.get(ledger.sources[source].kind)
    if level is None or name is None:
        return {}
    by_period = np.zeros(max(ledger.periods, int(level.periods[-1]) + 1))
    by_period[level.periods] = level.integral
    billed_ns = round(level.integral.sum()) + ledger.sampled.minimum.short_ns(source, ledger.end_ns)
    return {name: Charge(_seconds(billed_ns), by_period)}


def _seconds(ns: int) -> int:
    """Return whole seconds, rounded up."""
    return -(-ns // NS_PER_S)


def _counted(ledger: SourceLedger, source: int, name: str) -> Int64:
    """Return how many deliveries there were of which something is true, by period."""
    period, owner = ledger.place(ledger.counts.cell)
    own = np.flatnonzero((owner == source) & ledger.counts.happened[name])
    result = np.zeros(ledger.periods, np.int64)
    np.add.at(result, period[own], ledger.counts.count[own])
    return result


def _sent(ledger: SourceLedger, source: int) -> Int64:
    """Return how many events came, by period."""
    period, owner = ledger.place(ledger.sent.keys)
    own = owner == source
    result = np.zeros(ledger.periods, np.int64)
    np.add.at(result, period[own], ledger.sent["count"][own])
    return result


def _charge(by_period: Int64) -> Charge:
    return Charge(int(by_period.sum()), by_period.astype(np.float64))


def _by_time(ledger: SourceLedger, each: int = 1) -> Charge:
    """Return seconds of what is there from the beginning to the end."""
    return Charge(each * _seconds(ledger.end_ns), ledger.span_ns().astype(np.float64))


def _queue(name: str) -> Charges:
    def requests(ledger: SourceLedger, source: int) -> dict[str, Charge]:
        """API requests; a message above 64 KB is billed as several when it is sent and when it is received."""
        counts = ledger.sampled.counts()
        own = ledger.sampled.is_of(counts.keys, SourceMetric.REQUESTS)
        period, owner = ledger.place(ledger.sampled.cell(counts.keys))
        own &= owner == source
        found = np.zeros(ledger.periods, np.int64)
        np.add.at(found, period[own], counts["count"][own])
        more = max(_chunks(ledger.sources[source].payload_bytes, 64 * KB) - 1, 0)
        messages = _sent(ledger, source) + _counted(ledger, source, "delivered")
        return {name: _charge(found + messages * more)}

    return requests


def _received(name: str, chunk: int | None = None) -> Charges:
    def units(ledger: SourceLedger, source: int) -> dict[str, Charge]:
        """Events, each as many times as it has chunks."""
        size = ledger.sources[source].payload_bytes
        return {name: _charge(_sent(ledger, source) * (max(_chunks(size, chunk), 1) if chunk else 1))}

    return units


def _api(name: str, chunk: int | None = None) -> Charges:
    def calls(ledger: SourceLedger, source: int) -> dict[str, Charge]:
        """Calls that API Gateway did not throttle itself."""
        size = ledger.sources[source].payload_bytes
        passed = _counted(ledger, source, "delivered") - _counted(ledger, source, "refused_delivery")
        return {name: _charge(passed * (max(_chunks(size, chunk), 1) if chunk else 1))}

    return calls


def _load_balancer(ledger: SourceLedger, source: int) -> dict[str, Charge]:
    """Hours, and millionths of capacity units by the greater of two dimensions, over the whole run."""
    calls = _counted(ledger, source, "delivered")
    size = int(calls.sum()) * ledger.sources[source].payload_bytes
    units = max(size / ALB_BYTES_PER_LCU_HOUR, int(calls.sum()) / ALB_CONNECTIONS_PER_LCU_HOUR)
    return {
        "load-balancer-seconds": _by_time(ledger),
        "load-balancer-capacity-millionths": Charge(round(units * 1_000_000), calls.astype(np.float64)),
    }


def _kinesis(ledger: SourceLedger, source: int) -> dict[str, Charge]:
    """Hours of shards, and PUT payload units of 25 KB."""
    records = _received("kinesis-put-units", 25 * KB)(ledger, source)
    return {"kinesis-shard-seconds": _by_time(ledger, ledger.sources[source].shards), **records}


def _map(ledger: SourceLedger, source: int) -> dict[str, Charge]:
    """Transitions: into the map state, and into the task of each item; those of retries are left out."""
    return {"state-transitions": _charge(_sent(ledger, source) * (1 + ledger.sources[source].items))}


SERVICES: Final[dict[str, Charges]] = {
    "sqs": _queue("sqs-requests"),
    "sqs-fifo": _queue("sqs-fifo-requests"),
    "apigateway-rest": _api("api-gateway-rest-requests"),
    "apigateway-http": _api("api-gateway-http-requests", 512 * KB),
    "alb": _load_balancer,
    "eventbridge": _received("eventbridge-events", 64 * KB),
    "schedule": _received("scheduler-invocations"),
    "sns": _received("sns-publishes", 64 * KB),
    "kinesis": _kinesis,
    "map": _map,
}
"""By type of source: what another service bills. S3's notifications, DynamoDB's stream reads by Lambda and function
URLs cost nothing by themselves (the writes to a bucket or a table are paid for without Lambda too); clusters of Kafka,
MQ and DocumentDB are not priced."""
