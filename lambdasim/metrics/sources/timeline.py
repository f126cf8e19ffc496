"""The time series of event sources: what each metric was in each period. Reads a ledger; rules are in ``cloudwatch``.

A key is ``owner * periods + period``; owners are the functions, the account, and then the sources.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from lambdasim.config.source_kinds import (
    API,
    ASYNCHRONOUS,
    FUNCTION_URL,
    GATEWAYS,
    KAFKA,
    LOAD_BALANCER,
    MAPPINGS,
    QUEUE,
    STREAM,
    WAITLESS,
)
from lambdasim.metrics.cells import Int64, Totals
from lambdasim.metrics.cloudwatch import PERCENTILES
from lambdasim.metrics.histogram import Histograms
from lambdasim.metrics.ledger import Floats
from lambdasim.metrics.series import Series
from lambdasim.metrics.sources.ledger import ANSWER_BITS, DELIVERED, LEFT, SourceLedger
from lambdasim.records import SourceMetric
from lambdasim.units import NS_PER_MS, NS_PER_S

ANSWERED: Final = {
    API: ("Count", "4XXError", "5XXError", "Latency", NS_PER_MS),
    LOAD_BALANCER: (
        "RequestCount", "HTTPCode_ELB_4XX_Count", "HTTPCode_ELB_5XX_Count", "TargetResponseTime", NS_PER_S,
    ),
    FUNCTION_URL: ("UrlRequestCount", "Url4xxCount", "Url5xxCount", "UrlRequestLatency", NS_PER_MS),
}  # fmt: skip
"""By kind of gateway: the metrics of answers, of those that are errors, and of latency, and the latter's unit in ns."""


def series(ledger: SourceLedger, functions: int) -> Iterator[Series]:
    """Yield every series of event sources, given how many functions there are."""
    if not ledger.sources:
        return
    owners = functions + 1 + np.arange(len(ledger.sources))
    yield from _asynchronous(ledger)
    yield from _events(ledger, owners)
    yield from _answers(ledger, owners)
    yield from _levels(ledger, owners)
    yield from _samples(ledger, owners)


def _chosen(ledger: SourceLedger, of: list[int], cell: Int64, owners: Int64) -> tuple[Int64, Int64]:
    """Return which cells are of some sources, and their keys."""
    period, source = ledger.place(cell)
    chosen = np.flatnonzero(np.isin(source, of))
    return chosen, owners[source[chosen]] * ledger.periods + period[chosen]


def _sum(ledger: SourceLedger, metric: str, of: list[int], cell: Int64, count: Int64, owners: Int64) -> Series:
    """One count of some sources, in the periods in which there is any."""
    chosen, keys = _chosen(ledger, of, cell, owners)
    totals = Totals(keys, {"count": count[chosen]}, {}).regroup(keys)
    some = totals["count"] > 0
    return Series(metric, "Sum", totals.keys[some], totals["count"][some].astype(np.float64))


def _asynchronous(ledger: SourceLedger) -> Iterator[Series]:
    """Yield the metrics of functions that sources invoke: of loops, and of asynchronous invocation."""
    of = ledger.of_kind(ASYNCHRONOUS)
    owners = np.array([source.function for source in ledger.sources], np.int64)
    counts = ledger.counts
    yield _sum(ledger, "AsyncEventsReceived", of, ledger.sent.keys, ledger.sent["count"], owners)
    period, source, kind, _ = ledger.age_place()
    ages = ledger.ages.regroup(owners[source] * ledger.periods + period, kind == DELIVERED)
    yield from _times("AsyncEventAge", ages, NS_PER_MS, ("Average", "Maximum"))
    yield _sum(ledger, "AsyncEventsDropped", of, counts.cell, counts.count * counts.happened["given_up"], owners)
    looping = counts.count * counts.happened["filtered"]
    yield _sum(ledger, "RecursiveInvocationsDropped", list(range(len(owners))), counts.cell, looping, owners)
    failures = counts.count * counts.happened["destination_failures"]
    letters = [i for i in of if ledger.sources[i].dead_letter]
    yield _sum(ledger, "DeadLetterErrors", letters, counts.cell, failures, owners)
    destinations = [i for i in of if ledger.sources[i].on_failure]
    yield _sum(ledger, "DestinationDeliveryFailures", destinations, counts.cell, failures, owners)


def _events(ledger: SourceLedger, owners: Int64) -> Iterator[Series]:
    """Yield the counts of queues and of event source mappings."""
    counts, queues, mappings = ledger.counts, ledger.of_kind(QUEUE), ledger.of_kind(*MAPPINGS)
    logs = [i for i in mappings if i not in queues]
    streams = ledger.of_kind(STREAM, KAFKA)
    began, first, again = ledger.delivered.keys, ledger.delivered["first"], ledger.delivered["again"]
    yield _sum(ledger, "NumberOfMessagesSent", queues, ledger.sent.keys, ledger.sent["count"], owners)
    yield _sum(ledger, "NumberOfMessagesReceived", queues, began, first + again, owners)
    yield _sum(ledger, "PolledEventCount", queues, began, first + again, owners)
    yield _sum(ledger, "PolledEventCount", logs, began, first, owners)
    for metric, name, of in (
        ("NumberOfMessagesDeleted", "processed", queues),
        ("DeletedEventCount", "processed", queues),
        ("InvokedEventCount", "invoked", mappings),
        ("FailedInvokeEventCount", "failed_invoke", mappings),
        ("DroppedEventCount", "given_up", streams),
        ("OnFailureDestinationDeliveredEventCount", "dead_lettered", streams),
    ):
        yield _sum(ledger, metric, of, counts.cell, counts.count * counts.happened[name], owners)


def _answers(ledger: SourceLedger, owners: Int64) -> Iterator[Series]:
    """Yield what gateways answered, and how long their clients waited."""
    cell, status = ledger.answers.keys >> ANSWER_BITS + 1, ledger.answers.keys >> 1 & (1 << ANSWER_BITS) - 1
    age_period, age_source, kind, _ = ledger.age_place()
    for gateway in GATEWAYS:
        every, client, server, latency, unit_ns = ANSWERED[gateway]
        chosen, keys = _chosen(ledger, ledger.of_kind(gateway), cell, owners)
        count = ledger.answers["count"][chosen]
        class_ = status[chosen] // 100
        totals = Totals(keys, {every: count, client: count * (class_ == 4), server: count * (class_ == 5)}, {})
        totals = totals.regroup(keys)
        for metric in (every, client, server):
            yield Series(metric, "Sum", totals.keys, totals[metric].astype(np.float64))
        of_kind = np.isin(age_source, ledger.of_kind(gateway)) & (kind == LEFT)
        ages = ledger.ages.regroup(owners[age_source] * ledger.periods + age_period, of_kind)
        yield from _times(latency, ages, unit_ns, ("Average", "Minimum", "Maximum", *PERCENTILES))


def _times(metric: str, of: Histograms, unit_ns: int, statistics: tuple[str, ...]) -> Iterator[Series]:
    """Yield statistics of times."""
    for statistic in statistics:
        values: Floats | Int64
        if statistic == "Average":
            values = of.mean()
        elif statistic in PERCENTILES:
            values = of.quantile(PERCENTILES[statistic])
        else:
            values = of.maximum if statistic == "Maximum" else of.minimum
        yield Series(metric, statistic, of.groups, np.true_divide(values, unit_ns))


def _levels(ledger: SourceLedger, owners: Int64) -> Iterator[Series]:
    """Yield the levels of queues and of other sources in which events wait."""
    for i, source in enumerate(ledger.sources):
        base = int(owners[i]) * ledger.periods
        waiting = ledger.waiting(i).by_instant
        if source.kind == QUEUE:
            yield from _level(ledger, "ApproximateNumberOfMessagesVisible", base, waiting)
            yield from _level(ledger, "ApproximateNumberOfMessagesNotVisible", base, ledger.invisible(i))
            yield from _level(ledger, "ApproximateNumberOfMessagesDelayed", base, ledger.late(i))
            yield _oldest(ledger, i, base)
        elif source.kind not in WAITLESS:
            yield from _level(ledger, "EventsWaiting", base, waiting)


def _level(ledger: SourceLedger, metric: str, base: int, levels: Totals) -> Iterator[Series]:
    """Yield mean and maximum of a level in every period; the one that would begin with the run's end has neither."""
    period = levels.keys * ledger.grid_ns // ledger.period_ns
    totals = Totals(period, {"ns": levels["ns"]}, {"peak": ledger.peaks(levels)}).regroup(period)
    peak, integral_ns = np.zeros(ledger.periods), np.zeros(ledger.periods)
    peak[totals.keys], integral_ns[totals.keys] = totals["peak"], totals["ns"]
    keys, span_ns = base + np.arange(ledger.periods), ledger.span_ns()
    lasting = span_ns > 0
    yield Series(metric, "Maximum", keys[lasting], peak[lasting])
    yield Series(metric, "Average", keys[lasting], integral_ns[lasting] / span_ns[lasting])


def _oldest(ledger: SourceLedger, source: int, base: int) -> Series:
    """The greatest age of any message in each period: of one that left within it, or of the oldest that did not."""
    cell = ledger.oldest.keys >> 1
    period, owner = ledger.place(cell)
    own = owner == source
    age_ns = np.full(ledger.periods, -1, np.int64)
    earliest = np.full(ledger.periods + 1, np.iinfo(np.int64).max)
    np.maximum.at(age_ns, period[own], ledger.oldest["age"][own])
    np.minimum.at(earliest, period[own], -ledger.oldest["earliest"][own])
    # whoever leaves in a later period and was sent before the end of this one is still there then
    still_there = np.minimum.accumulate(earliest[::-1])[::-1][1:]
    until_ns = np.minimum((np.arange(ledger.periods) + 1) * ledger.period_ns, ledger.end_ns)
    there = still_there < until_ns
    age_ns[there] = np.maximum(age_ns[there], until_ns[there] - still_there[there])
    known = np.flatnonzero(age_ns >= 0)
    return Series("ApproximateAgeOfOldestMessage", "Maximum", base + known, age_ns[known] / NS_PER_S)


def _samples(ledger: SourceLedger, owners: Int64) -> Iterator[Series]:
    """Yield what sources measured of themselves."""
    sampled = ledger.sampled
    counts, times = sampled.counts(), sampled.times()
    empty = np.flatnonzero(sampled.is_of(counts.keys, SourceMetric.EMPTY_RECEIVES))
    cell = sampled.cell(counts.keys[empty])
    queues = ledger.of_kind(QUEUE)
    yield _sum(ledger, "NumberOfEmptyReceives", queues, cell, counts["count"][empty], owners)
    period, source = ledger.place(sampled.cell(times.groups))
    keys = owners[source] * ledger.periods + period
    for metric, name in ((SourceMetric.ITERATOR_AGE, "IteratorAge"), (SourceMetric.EXECUTION_TIME, "ExecutionTime")):
        of = times.regroup(keys, sampled.is_of(times.groups, metric))
        yield from _times(name, of, NS_PER_MS, ("Average", "Maximum"))
    span_ns = ledger.span_ns()
    for i, one in enumerate(ledger.sources):
        base = int(owners[i]) * ledger.periods
        pollers = sampled.level(i, SourceMetric.POLLERS, ledger.end_ns)
        if pollers is not None and one.kind in MAPPINGS:
            maximum = pollers.maximum.astype(np.float64)
            yield Series("Pollers", "Maximum", base + pollers.periods, maximum)
            if one.pays_for_pollers:
                yield Series("ProvisionedPollers", "Maximum", base + pollers.periods, maximum)
            lasting = span_ns[pollers.periods] > 0
            mean = pollers.integral[lasting] / span_ns[pollers.periods][lasting]
            yield Series("Pollers", "Average", base + pollers.periods[lasting], mean)
        lag = sampled.level(i, SourceMetric.OFFSET_LAG, ledger.end_ns)
        if lag is not None and one.kind == KAFKA:
            for name in ("OffsetLag", "SumOffsetLag"):
                yield Series(name, "Maximum", base + lag.periods, lag.maximum.astype(np.float64))
