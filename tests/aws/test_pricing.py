"""AWS's published billing examples, priced by lambdasim: amounts in USD, equal to half a cent.

Each row has its source and the date it was read. PRICE is aws.amazon.com/lambda/pricing as of the second half of
2026; where that page contradicts itself, the row says which of its figures is left out.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from lambdasim.cost import Item, Month, PriceBook, bill
from lambdasim.usage import FunctionUsage, Span

MONTH_NS = 730 * 3_600 * 10**9
HOUR_NS = 3_600 * 10**9
HALF_A_CENT = Decimal("0.005")


@dataclass(frozen=True)
class Example:
    name: str
    source: str
    usage: FunctionUsage
    free_tier: bool
    amounts: dict[str, str]
    total: str | None


EXAMPLES = [
    Example(
        "512 MB, 200 ms, a million invocations",
        "the project's own example; prices of PRICE, 2026",
        FunctionUsage("f", memory_mb=512, requests=1_000_000, billed_ms=200_000_000),
        False,
        {"requests": "0.20", "duration": "1.67"},
        "1.87",
    ),
    Example(
        "mobile backend: 3 M at 120 ms, 1,536 MB",
        "PRICE, duration example 1, 2026",
        FunctionUsage("f", memory_mb=1_536, requests=3_000_000, billed_ms=360_000_000),
        True,
        {"requests": "0.40", "duration": "2.33"},
        "2.73",
    ),
    Example(
        "7.44 M at 2 s, 1,024 MB",
        "PRICE, duration example 2, 2026",
        FunctionUsage("f", memory_mb=1_024, requests=7_440_000, billed_ms=14_880_000_000),
        False,
        {"requests": "1.49", "duration": "248.00"},
        "249.49",
    ),
    Example(
        "provisioned concurrency of 100 for 8 hours, spillover beside it",
        "PRICE, provisioned concurrency example 1, 2026",
        FunctionUsage(
            "f",
            memory_mb=1_536,
            requests=3_000_000,
            billed_ms=2_500_000 * 120,
            provisioned_billed_ms=500_000 * 100,
            provisioned=(Span(100, 8 * HOUR_NS),),
        ),
        True,
        {"provisioned-concurrency": "18.00", "requests": "0.40", "provisioned-duration": "0.73", "duration": "0.83"},
        "19.96",
    ),
    Example(
        "SnapStart: 31 days in the cache, 74,400 restores",
        "PRICE, SnapStart example, 2026",
        FunctionUsage(
            "f",
            memory_mb=1_024,
            requests=7_440_000,
            billed_ms=14_880_000_000,
            extras={"snapstart-cache-ms": 31 * 86_400_000, "snapstart-restore-mb": 74_400 * 1_024},
        ),
        False,
        {"snapstart-cache": "4.03", "snapstart-restore": "10.40"},
        "263.92",
    ),
    Example(
        "Kafka event pollers (the page's requests line, 60 M for 30 M, is left out)",
        "PRICE, event poller example, 2026",
        FunctionUsage(
            "f",
            memory_mb=1_024,
            billed_ms=30_000_000 * 2_000,
            extras={"event-poller-kafka-seconds": 800 * 3_600},
        ),
        True,
        {"duration": "993.34", "event-poller-kafka": "148.00"},
        None,
    ),
    Example(
        "SQS event pollers for 8,000 EPU-hours",
        "PRICE, event poller example, 2026",
        FunctionUsage(
            "f",
            memory_mb=1_024,
            requests=30_000_000,
            billed_ms=30_000_000 * 1_000,
            extras={"event-poller-sqs-seconds": 8_000 * 3_600},
        ),
        False,
        {"duration": "500.00", "requests": "6.00", "event-poller-sqs": "74.00"},
        "580.00",
    ),
    Example(
        "ten Kafka mappings with a poller unit each for 720 hours",
        "Developer Guide, kafka-scaling-modes, 2026",
        FunctionUsage("f", extras={"event-poller-kafka-seconds": 10 * 720 * 3_600}),
        False,
        {},
        "1332.00",
    ),
    Example(
        "the same ten mappings sharing one poller unit",
        "Developer Guide, kafka-scaling-modes, 2026",
        FunctionUsage("f", extras={"event-poller-kafka-seconds": 720 * 3_600}),
        False,
        {},
        "133.20",
    ),
    Example(
        "Managed Instances: 2,000 h of m7g.xlarge at $0.0457 under a plan, $0.1632 on demand",
        "PRICE, Managed Instances example, 2026",
        FunctionUsage(
            "f",
            architecture="arm64",
            requests=100_000_000,
            extras={
                "managed-instances-ec2-microusd": 2_000 * 45_700,
                "managed-instances-on-demand-microusd": 2_000 * 163_200,
            },
        ),
        False,
        {"requests": "20.00", "managed-instances-ec2": "91.40", "managed-instances-fee": "48.96"},
        "160.36",
    ),
    Example(
        "durable functions: a million claims, 32 s on arm64, 104 GB written and kept for 0.7 months",
        "PRICE, durable functions example, 2026 (a million requests beyond the free ones)",
        FunctionUsage(
            "f",
            architecture="arm64",
            memory_mb=1_024,
            requests=2_000_000,
            billed_ms=32_000_000_000,
            extras={
                "durable-operations": 4_000_000,
                "durable-written-bytes": 104 * 2**30,
                "durable-retained-byte-seconds": 104 * 2**30 * 730 * 3_600 * 7 // 10,
            },
        ),
        True,
        {
            "duration": "421.34",
            "requests": "0.20",
            "durable-operations": "32.00",
            "durable-data-written": "26.00",
            "durable-data-retained": "10.92",
        },
        "490.46",
    ),
    Example(
        "Lambda@Edge: 10 M at 10 ms, 128 MB",
        "PRICE, Lambda@Edge example, 2026",
        FunctionUsage("f", memory_mb=128, extras={"edge-requests": 10_000_000, "edge-billed-ms": 100_000_000}),
        False,
        {"edge-duration": "0.625", "edge-requests": "6.00"},
        "6.63",
    ),
]


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return PriceBook.load("us-east-1", "2026-11-23")


def amounts_of(usage: FunctionUsage, book: PriceBook, *, free_tier: bool) -> tuple[dict[str, Decimal], Decimal]:
    made = bill([usage], book, free_tier=free_tier, month=Month(MONTH_NS))
    return {line.item: line.usd for line in made.lines}, made.total


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_published_example(example: Example, book: PriceBook) -> None:
    amounts, total = amounts_of(example.usage, book, free_tier=example.free_tier)
    for item, amount in example.amounts.items():
        assert abs(amounts[item] - Decimal(amount)) <= HALF_A_CENT
    if example.total is not None:
        assert abs(total - Decimal(example.total)) <= HALF_A_CENT


@pytest.mark.parametrize(("gb", "usd"), [(60_000, "12500.00"), (500, "250.00"), (15_000, "6250.00")])
def test_logs_of_a_month(gb: int, usd: str, book: PriceBook) -> None:
    """CloudWatch Logs of Lambda since 2025-05-01, with the example of 60 TB that a post of 2025 quotes from AWS's."""
    assert amounts_of(FunctionUsage("f", extras={"log-bytes": gb * 10**9}), book, free_tier=False)[1] == Decimal(usd)


def at_price(book: PriceBook, item: str, price: str) -> PriceBook:
    (tier, *_) = book.tiers(item, "x86_64")
    repriced: Item = replace(book.items[item], tiers={"x86_64": (replace(tier, price=Decimal(price), up_to=None),)})
    return replace(book, items={**book.items, item: repriced})


def test_tenant_isolation_at_the_price_that_the_page_rounds(book: PriceBook) -> None:
    """PRICE, tenant isolation example, 2026: $0.000167 a GB, where the price list has 0.000166667."""
    usage = FunctionUsage(
        "f",
        memory_mb=1_024,
        requests=10_000_000,
        billed_ms=20_000_000_000,
        extras={"tenant-environment-mb": 200_000 * 1_024},
    )
    amounts, total = amounts_of(usage, at_price(book, "tenant-isolation", "0.000167"), free_tier=False)
    assert abs(amounts["duration"] - Decimal("333.33")) <= HALF_A_CENT
    assert amounts["tenant-isolation"] == Decimal("33.40")
    assert abs(total - Decimal("368.73")) <= HALF_A_CENT
    listed, _ = amounts_of(usage, book, free_tier=False)
    assert abs(listed["tenant-isolation"] - Decimal("33.33")) <= HALF_A_CENT


def test_example_of_the_page_before_millisecond_billing(book: PriceBook) -> None:
    """An older copy of PRICE (before 2020-12): 3 M x 1 s, 512 MB, at $0.00001667."""
    usage = FunctionUsage("f", memory_mb=512, requests=3_000_000, billed_ms=3_000_000_000)
    amounts, total = amounts_of(usage, at_price(book, "duration", "0.00001667"), free_tier=True)
    assert abs(amounts["duration"] - Decimal("18.34")) <= HALF_A_CENT
    assert abs(total - Decimal("18.74")) <= HALF_A_CENT


@pytest.mark.parametrize(
    ("item", "x86_64", "arm64"),
    [
        ("requests", "0.0000002", "0.0000002"),
        ("duration", "0.0000166667", "0.0000133334"),
        ("provisioned-concurrency", "0.0000041667", "0.0000033334"),
        ("provisioned-duration", "0.0000097222", "0.0000077778"),
        ("ephemeral-storage", "0.0000000309", "0.0000000309"),
        ("snapstart-cache", "0.0000015046", "0.0000015046"),
        ("snapstart-restore", "0.0001397998", "0.0001397998"),
        ("tenant-isolation", "0.000166667", "0.000133333"),
        ("streaming", "0.008", "0.008"),
    ],
)
def test_price_list_of_us_east_1(item: str, x86_64: str, arm64: str, book: PriceBook) -> None:
    """AWS Price List API, offer AWSLambda, us-east-1, 2025-10-01 and 2026-09-19; streaming from PRICE, 2026."""
    assert book.unit_price(item, "x86_64") == Decimal(x86_64)
    assert book.unit_price(item, "arm64") == Decimal(arm64)


@pytest.mark.parametrize(
    ("architecture", "tiers"),
    [
        ("x86_64", [("0.0000166667", 6_000_000_000), ("0.0000150000", 15_000_000_000), ("0.0000133334", None)]),
        ("arm64", [("0.0000133334", 7_500_000_000), ("0.0000120001", 18_750_000_000), ("0.0000106667", None)]),
    ],
)
def test_duration_tiers(architecture: str, tiers: list[tuple[str, int | None]], book: PriceBook) -> None:
    """AWS Price List API, offer AWSLambda, us-east-1, 2025-10-01 and 2026-09-19; upper ends in GB-seconds."""
    per = book.items["duration"].per
    found = [(tier.price, tier.up_to and tier.up_to // per) for tier in book.tiers("duration", architecture)]
    assert found == [(Decimal(price), up_to) for price, up_to in tiers]


@pytest.mark.parametrize(
    ("region", "duration"),
    [
        *((region, "0.0000166667") for region in ("eu-west-1", "eu-central-1", "eu-north-1", "us-west-2", "us-east-2")),
        *((region, "0.0000166667") for region in ("ap-south-1", "ap-northeast-1", "ap-southeast-1")),
        ("af-south-1", "0.0000221"),
        ("ap-east-1", "0.00002292"),
        ("eu-south-1", "0.0000195172"),
        ("me-south-1", "0.0000206667"),
    ],
)
def test_x86_duration_by_region(region: str, duration: str) -> None:
    """AWS Price List API, offer AWSLambda, digest of 2026-09: the first tier of x86_64."""
    assert PriceBook.load(region).unit_price("duration", "x86_64") == Decimal(duration)
