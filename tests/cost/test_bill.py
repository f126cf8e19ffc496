"""Bills: lines of plain arithmetic that sum to the total, whatever was used."""

import json
import time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdasim.cost import Bill, Month, PriceBook, bill
from lambdasim.cost.charges import USD, usd
from lambdasim.errors import InputError
from lambdasim.usage import FunctionUsage, SourceUsage, Span

HOUR_NS = 3_600 * 10**9
MONTH_NS = 730 * HOUR_NS
BOOK = PriceBook.load("us-east-1")


def made(
    *usages: FunctionUsage, free_tier: bool = False, period_ns: int | None = MONTH_NS, book: PriceBook = BOOK
) -> Bill:
    return bill(usages, book, free_tier=free_tier, month=Month(period_ns))


def lines(bill: Bill) -> list[tuple[str, str, Decimal]]:
    return [(line.function, line.item, line.quantity) for line in bill.lines]


usages = st.lists(
    st.builds(
        FunctionUsage,
        function=st.sampled_from(["a", "b", "c"]),
        architecture=st.sampled_from(["x86_64", "arm64"]),
        memory_mb=st.integers(128, 10_240),
        ephemeral_mb=st.integers(512, 10_240),
        requests=st.integers(0, 10**10),
        billed_ms=st.integers(0, 10**13),
        provisioned_billed_ms=st.integers(0, 10**9),
        provisioned=st.sampled_from([(), (Span(1, MONTH_NS),), (Span(900, MONTH_NS), Span(7, MONTH_NS, stays=False))]),
        timed_ns=st.just(MONTH_NS),
        extras=st.dictionaries(
            st.sampled_from(["streamed-bytes", "event-poller-sqs-seconds", "snapstart-cache-ms", "log-bytes"]),
            st.integers(0, 10**12),
        ),
    ),
    max_size=5,
)


@settings(max_examples=60)
@given(usages, st.booleans())
def test_lines_are_arithmetic_and_sum_to_the_total(used: list[FunctionUsage], free_tier: bool) -> None:
    result = made(*used, free_tier=free_tier)
    assert sum((Fraction(line.usd) for line in result.lines), Fraction(0)) == Fraction(result.total)
    for line in result.lines:
        assert Fraction(line.quantity) * Fraction(line.unit_price) == Fraction(line.usd)
        assert line.quantity > 0


@settings(max_examples=60)
@given(usages)
def test_the_free_tier_only_moves_quantities_to_a_price_of_zero(used: list[FunctionUsage]) -> None:
    def quantity(result: Bill, item: str) -> Decimal:
        return sum((line.quantity for line in result.lines if line.item.startswith(item)), Decimal(0))

    paid, free = made(*used), made(*used, free_tier=True)
    assert quantity(paid, "requests") == quantity(free, "requests")
    assert quantity(free, "requests-free-tier") == min(1_000_000, quantity(paid, "requests"))
    assert quantity(free, "duration-free-tier") == min(400_000, quantity(paid, "duration"))
    assert free.total <= paid.total


def test_the_free_tier_is_shared_in_proportion_across_architectures() -> None:
    result = made(
        FunctionUsage("a", "x86_64", 1_024, requests=3_000_000, billed_ms=600_000_000),
        FunctionUsage("b", "arm64", 1_024, requests=1_000_000, billed_ms=200_000_000),
        free_tier=True,
    )
    assert lines(result) == [
        ("a", "requests-free-tier", Decimal(750_000)),
        ("a", "requests", Decimal(2_250_000)),
        ("a", "duration-free-tier", Decimal(300_000)),
        ("a", "duration", Decimal(300_000)),
        ("b", "requests-free-tier", Decimal(250_000)),
        ("b", "requests", Decimal(750_000)),
        ("b", "duration-free-tier", Decimal(100_000)),
        ("b", "duration", Decimal(100_000)),
    ]
    assert result.total == Decimal("0.45") + Decimal("5.00001") + Decimal("0.15") + Decimal("1.33334")
    assert result.notes == ("the free tier is applied as if nothing else in the account used it this month",)


def test_tiers_hold_for_the_sum_over_functions_of_an_architecture() -> None:
    result = made(
        FunctionUsage("a", "x86_64", 1_024, billed_ms=12_000_000_000_000),
        FunctionUsage("b", "x86_64", 1_024, billed_ms=4_000_000_000_000),
        FunctionUsage("c", "arm64", 1_024, billed_ms=4_000_000_000_000),
    )
    assert lines(result) == [
        ("a", "duration", Decimal(4_500_000_000)),
        ("a", "duration-tier-2", Decimal(6_750_000_000)),
        ("a", "duration-tier-3", Decimal(750_000_000)),
        ("b", "duration", Decimal(1_500_000_000)),
        ("b", "duration-tier-2", Decimal(2_250_000_000)),
        ("b", "duration-tier-3", Decimal(250_000_000)),
        ("c", "duration", Decimal(4_000_000_000)),
    ]
    assert result.total == Decimal("100000.2") + Decimal(135_000) + Decimal("13333.4") + Decimal("53333.6")


@pytest.mark.parametrize(("enabled_s", "billed_s"), [(0, 0), (1, 300), (300, 300), (301, 600), (28_800, 28_800)])
def test_provisioned_concurrency_rounds_up_to_five_minutes(enabled_s: int, billed_s: int) -> None:
    usage = FunctionUsage("f", memory_mb=1_024, provisioned=(Span(10, enabled_s * 10**9),))
    assert sum(line.quantity for line in made(usage).lines) == 10 * billed_s


def test_provisioned_duration_is_outside_the_free_tier() -> None:
    usage = FunctionUsage("f", memory_mb=1_024, provisioned_billed_ms=1_000)
    (line,) = made(usage, free_tier=True).lines
    assert (line.item, line.usd) == ("provisioned-duration", Decimal("0.0000097222"))


def test_ephemeral_storage_is_billed_above_512_mb_whatever_the_memory() -> None:
    usage = FunctionUsage(
        "f", memory_mb=128, ephemeral_mb=512 + 5 * 1_024, billed_ms=1_000, provisioned_billed_ms=1_000
    )
    by_item = {line.item: line for line in made(usage).lines}
    assert by_item["ephemeral-storage"].quantity == 10
    assert by_item["ephemeral-storage"].usd == Decimal("0.000000309")


def test_a_snapshot_is_cached_for_at_least_three_hours() -> None:
    short = FunctionUsage("f", memory_mb=1_024, extras={"snapstart-cache-ms": 1})
    assert lines(made(short)) == [("f", "snapstart-cache", Decimal(3 * 3_600))]
    assert lines(made(FunctionUsage("f", extras={"snapstart-cache-ms": 0}))) == []


def test_large_asynchronous_events_count_as_requests() -> None:
    usage = FunctionUsage("f", requests=10, extras={"event-size-requests": 5})
    assert lines(made(usage)) == [("f", "requests", Decimal(15))]


def test_the_first_100_gb_streamed_are_free() -> None:
    usage = FunctionUsage("f", extras={"streamed-bytes": 150 * 2**30})
    assert made(usage, free_tier=True).total == Decimal("0.4")


def test_an_extra_that_nothing_bills_is_an_error() -> None:
    with pytest.raises(InputError, match=r"f: nothing is billed by 'snapstart-cache' \(known: .*snapstart-cache-ms"):
        made(FunctionUsage("f", extras={"snapstart-cache": 1}))


def test_stand_in_prices_are_noted_where_they_are_used() -> None:
    usage = FunctionUsage("f", "arm64", 1_024, requests=1, billed_ms=1_000, provisioned_billed_ms=1_000)
    assert made(usage).notes == ()
    assert made(usage, book=PriceBook.load("eu-west-1")).notes == (
        "the price file of 2026-09-19 has no price of provisioned-duration (arm64) in eu-west-1; us-east-1's stand in",
    )


def test_a_month_scales_the_quantities_before_free_tier_and_rounding() -> None:
    usage = FunctionUsage(
        "f",
        memory_mb=1_024,
        requests=10_000,
        billed_ms=1_000_000,
        provisioned=(Span(1, 60 * 10**9),),
    )
    hour = made(usage, free_tier=True, period_ns=HOUR_NS)
    assert hour.total == Decimal(300) * Decimal("0.0000041667")
    paid_requests = Decimal(10_000 * 730 - 1_000_000)
    paid_gb_s = Decimal(1_000 * 730 - 400_000)
    provisioned_gb_s = Decimal(730 * 3_600)  # it is there all month, whatever part of the hour it was asked for
    assert hour.monthly == (
        paid_requests * Decimal("0.0000002")
        + paid_gb_s * Decimal("0.0000166667")
        + provisioned_gb_s * Decimal("0.0000041667")
    )


@settings(max_examples=30)
@given(usages, st.booleans())
def test_a_run_of_a_month_costs_its_month(used: list[FunctionUsage], free_tier: bool) -> None:
    result = made(*used, free_tier=free_tier)
    assert result.monthly == result.total


def test_without_a_month_there_are_no_monthly_lines() -> None:
    result = made(FunctionUsage("f", requests=1), period_ns=None)
    assert (result.month, result.monthly, result.amounts.uncertain_monthly) == (None, None, None)
    assert result.owners["f"].monthly is None


@settings(max_examples=60)
@given(usages, st.booleans())
def test_owners_sum_to_the_account(used: list[FunctionUsage], free_tier: bool) -> None:
    result = made(*used, free_tier=free_tier, period_ns=HOUR_NS)
    owners = result.owners.values()
    assert sum(Fraction(usd(of.total)) for of in owners) == Fraction(result.total)
    assert sum(Fraction(usd(of.monthly or 0)) for of in owners) == Fraction(result.monthly or 0)
    assert sum(of.uncertain_monthly or 0 for of in owners) == result.amounts.uncertain_monthly


def test_charges_by_time_are_there_all_month_however_long_the_run() -> None:
    """Ten pollers for half an hour in a run that a month holds every ten minutes are ten pollers all month."""
    usage = FunctionUsage("f", extras={"event-poller-sqs-seconds": 10 * 1_800}, timed_ns=HOUR_NS // 2)
    assert made(usage, period_ns=HOUR_NS // 6).monthly == Decimal(10 * 730) * Decimal("0.00925")


def test_both_architectures_fill_the_same_tiers_of_logs() -> None:
    half = {"log-bytes": 10**13}
    result = made(FunctionUsage("a", extras=half), FunctionUsage("b", "arm64", extras=half))
    assert [(line.function, line.item, line.quantity) for line in result.lines] == [
        ("a", "logs-ingested", Decimal(5_000)),
        ("a", "logs-ingested-tier-2", Decimal(5_000)),
        ("b", "logs-ingested", Decimal(5_000)),
        ("b", "logs-ingested-tier-2", Decimal(5_000)),
    ]


def test_without_services_only_lambda_charges() -> None:
    usage = FunctionUsage("f", requests=1, extras={"log-bytes": 266, "event-size-requests": 1})
    queue = SourceUsage("q", {"sqs-requests": 3, "event-poller-sqs-seconds": 60}, timed_ns=60 * 10**9, function="f")
    result = bill([usage], BOOK, free_tier=False, month=Month(None), sources=[queue], services=False)
    assert [(line.function, line.item) for line in result.lines] == [("f", "requests"), ("q", "event-poller-sqs")]
    assert result.notes == ("what other services charge is not on the bill, for billing.sources is false",)
    assert result.to_dict()["sources"] is False


def test_every_line_has_its_evidence_and_uncertain_prices_are_told() -> None:
    usage = FunctionUsage("f", requests=1, extras={"log-bytes": 10**9})
    queue = SourceUsage("q", {"sqs-requests": 10**6}, function="f")
    result = bill([usage], BOOK, free_tier=False, month=Month(MONTH_NS), sources=[queue])
    assert [(line.item, line.evidence.certainty) for line in result.lines] == [
        ("requests", "official"),
        ("logs-ingested", "measured"),
        ("sqs-requests", "uncertain"),
    ]
    assert all(line.evidence.text and line.evidence.date for line in result.lines)
    assert result.amounts.uncertain == result.amounts.uncertain_monthly == USD * 4 // 10
    assert result.notes == ("uncertain price: sqs-requests (list prices from general knowledge, 2026)",)


def test_a_region_without_prices_has_stand_ins_and_one_note() -> None:
    usage = FunctionUsage("f", "arm64", 1_024, requests=1, billed_ms=1_000)
    result = made(usage, book=PriceBook.load("mx-central-1"))
    assert result.total == made(usage).total == usd(result.amounts.uncertain)
    assert result.notes == ("the price file of 2026-09-19 has no prices of mx-central-1; those of us-east-1 stand in",)


def test_to_dict_is_the_summarys_cost_object() -> None:
    result = made(FunctionUsage("f", memory_mb=512, requests=1_000_000, billed_ms=200_000_000)).to_dict()
    evidence = {
        "source": "AWS Price List API, offer AWSLambda, us-east-1; in force on 2025-10-01",
        "date": "2026-09-19",
        "certainty": "official",
    }
    lines = [
        {"function": "f", "item": "requests", "quantity": 1_000_000, "unit": "request", "unit_price": 2e-7, "usd": 0.2},
        {
            "function": "f",
            "item": "duration",
            "quantity": 100_000,
            "unit": "GB-s",
            "unit_price": 1.66667e-5,
            "usd": 1.66667,
        },
    ]
    assert json.loads(json.dumps(result)) == result
    assert result == {
        "total": 1.86667,
        "monthly": 1.86667,
        "uncertain": 0.0,
        "uncertain_monthly": 0.0,
        "period_s": 2_628_000.0,
        "sources": True,
        "currency": "USD",
        "region": "us-east-1",
        "prices_effective": "2026-09-19",
        "lines": [line | evidence for line in lines],
        "month": [line | evidence for line in lines],
        "notes": [],
    }


def test_1250_functions_are_billed_within_200_ms() -> None:
    used = [FunctionUsage(f"f{n}", memory_mb=128 + n, requests=n, billed_ms=99 * n) for n in range(1_250)]
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        made(*used, free_tier=True, period_ns=HOUR_NS)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.2
