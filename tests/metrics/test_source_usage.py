"""What event sources are billed: pollers by the second, large events by the chunk, other services by their units."""

from decimal import Decimal

import pytest
from delivery_rows import Case, delivery, samples, table

from lambdasim.cost import Month, PriceBook, bill
from lambdasim.metrics.metered import MeteredSource
from lambdasim.metrics.sources import usage
from lambdasim.metrics.sources.meter import SourceMeter
from lambdasim.model.events import DeliveryOutcome, Fate
from lambdasim.records import SourceMetric
from lambdasim.units import NS_PER_S
from lambdasim.usage import FunctionUsage, SourceUsage

KB = 1024
HOUR_NS = 3_600 * NS_PER_S
BOOK = PriceBook.load("us-east-1")


def used(source: MeteredSource, rows=(), taken=(), end_ns: int = HOUR_NS) -> dict[str, int]:
    meter = SourceMeter([source], period_ns=60 * NS_PER_S)
    meter.consume(table(rows), samples(taken))
    ledger, _ = meter.finish(end_ns)
    found = usage.used(ledger, ["f", "g"])
    quantities = {name: n for one in found for name, n in one.quantities.items()}
    # what is told of periods is of the same things, and adds up to what is charged but for the rounding of a total
    over_time = {use.item: float(use.amount.sum()) for use in usage.uses(ledger)}
    assert over_time.keys() >= quantities.keys()
    assert all(over_time[name] > 0 for name in quantities)
    return quantities


def price(quantities: dict[str, int]) -> Decimal:
    return bill([], BOOK, free_tier=False, month=Month(None), sources=[SourceUsage("jobs", quantities)]).total


@pytest.mark.parametrize(
    ("size", "requests"),  # AWS Lambda pricing: 1 up to 256 KB, one more for each further 64 KB up to 1 MB
    [(0, 1), (256 * KB, 1), (256 * KB + 1, 2), (320 * KB, 2), (320 * KB + 1, 3), (1024 * KB, 13)],
)
def test_an_asynchronous_event_is_billed_by_its_size(size: int, requests: int) -> None:
    assert 1 + usage.event_chunks(size) == requests


def test_each_attempt_that_ran_is_billed_by_the_event_size() -> None:
    case = Case([MeteredSource("uploads", "s3", function=1, payload_bytes=400 * KB)], end_ns=10)
    case.rows = [
        delivery(1, 0, 0, 0, 1, outcome=DeliveryOutcome.THROTTLED, fate=Fate.STAYS, batch=-1),
        delivery(1, 0, 2, 2, 3, outcome=DeliveryOutcome.FAILED, fate=Fate.STAYS, attempt=1),
        delivery(1, 0, 4, 4, 5, attempt=2),
    ]
    meter = SourceMeter(case.sources, period_ns=4)
    meter.consume(*case.chunks(())[0])
    ledger, _ = meter.finish(10)
    extra = usage.extra_requests(ledger)
    assert dict(zip(extra.keys.tolist(), extra["count"].tolist(), strict=True)) == {3 + 0: 3, 3 + 1: 3}
    used_by_f = FunctionUsage("f", requests=2, extras={"event-size-requests": 6})
    line = bill([used_by_f], BOOK, free_tier=False, month=Month(None))
    assert line.total == Decimal("0.0000016")


@pytest.mark.parametrize(
    ("type_", "pollers", "hours", "usd"),
    [
        ("kafka", 1, 800, "148.00"),  # GB-8a
        ("sqs", 10, 800, "74.00"),  # GB-8b: 8,000 unit hours
        ("kafka", 10, 720, "133.20"),  # GB-8c, grouped: ten pollers are one unit
        ("kafka", 1, 720, "133.20"),  # GB-8c, one of ten mappings by themselves
        ("kafka", 11, 720, "266.40"),
    ],
)
def test_provisioned_pollers(type_: str, pollers: int, hours: int, usd: str) -> None:
    source = MeteredSource("jobs", type_, pays_for_pollers=True)
    quantities = used(source, taken=[(0, SourceMetric.POLLERS, 0, pollers)], end_ns=hours * HOUR_NS)
    assert price(quantities) == Decimal(usd)


def test_pollers_that_are_not_provisioned_are_free() -> None:
    taken = [(0, SourceMetric.POLLERS, 0, 5)]
    assert used(MeteredSource("jobs", "sqs"), taken=taken) == {}


def test_a_poller_unit_is_billed_for_a_minute_at_least() -> None:
    """Two for a second; two later, with a third for 10 s, after which one stays; one more in the last 10 s."""
    taken = [
        (0, SourceMetric.POLLERS, time_s * NS_PER_S, pollers)
        for time_s, pollers in ((0, 2), (1, 0), (100, 2), (190, 3), (200, 1), (3_590, 2))
    ]
    seconds = 2 * 60 + 60 + 100 + 3_500 + 60
    assert used(MeteredSource("j", "sqs", pays_for_pollers=True), taken=taken) == {"event-poller-sqs-seconds": seconds}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (MeteredSource("s", "sqs"), {"sqs-requests": 7}),
        (MeteredSource("s", "sqs", payload_bytes=100 * KB), {"sqs-requests": 7 + 2 + 3}),
        (MeteredSource("s", "sqs-fifo"), {"sqs-fifo-requests": 7}),
        (MeteredSource("s", "apigateway-rest"), {"api-gateway-rest-requests": 3}),
        (MeteredSource("s", "apigateway-http", payload_bytes=600 * KB), {"api-gateway-http-requests": 6}),
        (MeteredSource("s", "eventbridge", payload_bytes=65 * KB), {"eventbridge-events": 4}),
        (MeteredSource("s", "schedule"), {"scheduler-invocations": 2}),
        (MeteredSource("s", "sns", payload_bytes=1), {"sns-publishes": 2}),
        (
            MeteredSource("s", "kinesis", payload_bytes=26 * KB, shards=2),
            {"kinesis-shard-seconds": 7_200, "kinesis-put-units": 4},
        ),
        (
            MeteredSource("s", "alb", payload_bytes=200_000_000),
            {"load-balancer-seconds": 3_600, "load-balancer-capacity-millionths": 1_500_000},
        ),
        (MeteredSource("s", "map", items=10), {"state-transitions": 2 * 11}),
        (MeteredSource("s", "s3"), {}),
        (MeteredSource("s", "dynamodb"), {}),
    ],
)
def test_other_services(source: MeteredSource, expected: dict[str, int]) -> None:
    rows = [
        delivery(1, 0, 0, 0, 1),
        delivery(2, 0, 0, 0, 1, outcome=DeliveryOutcome.FAILED, fate=Fate.STAYS),
        delivery(2, 0, 1, 1, 2, attempt=1),
    ]
    taken = [(0, SourceMetric.REQUESTS, 0, 3), (0, SourceMetric.REQUESTS, HOUR_NS - 1, 4)]
    assert used(source, rows, taken) == expected


def test_every_quantity_has_a_price_and_uncertain_ones_are_told_in_one_note() -> None:
    extras = {item.extra: item for item in BOOK.items.values()}
    names = (
        "sqs-requests",
        "sqs-fifo-requests",
        "api-gateway-rest-requests",
        "api-gateway-http-requests",
        "load-balancer-seconds",
        "load-balancer-capacity-millionths",
        "eventbridge-events",
        "scheduler-invocations",
        "sns-publishes",
        "kinesis-shard-seconds",
        "kinesis-put-units",
    )
    for name in names:
        assert all(tier.evidence.certainty == "uncertain" for tier in extras[name].tiers["x86_64"]), name
    jobs = SourceUsage("jobs", dict.fromkeys(names, 3_600))
    total = bill([], BOOK, free_tier=False, month=Month(None), sources=[jobs])
    assert {line.function for line in total.lines} == {"jobs"}
    assert len(total.lines) == len(names)
    (note,) = total.notes
    assert all(line.item in note for line in total.lines)
    assert total.amounts.uncertain == total.amounts.total


def test_sources_of_a_bill_are_scaled_to_a_month() -> None:
    jobs = SourceUsage("jobs", {"sqs-requests": 1_000_000}, function="f")
    total = bill([], BOOK, free_tier=False, month=Month(HOUR_NS), sources=[jobs])
    assert (total.total, total.monthly) == (Decimal("0.4"), Decimal("292"))
    slower = bill([], BOOK, free_tier=False, month=Month(HOUR_NS, {"f": 2 * HOUR_NS}), sources=[jobs])
    assert slower.monthly == Decimal("146")
