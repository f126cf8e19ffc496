"""What memory buys in CPU and in time, by AWS's figures and those of its power-tuning tool."""

from decimal import Decimal

import pytest

from lambdasim.cost import Month, PriceBook, bill
from lambdasim.model.cpu import duration_factor, speed
from lambdasim.usage import FunctionUsage


@pytest.mark.parametrize(
    ("memory_mb", "threads", "vcpus"),
    [
        (1_769, 1, "1.00"),  # "at 1,769 MB, a function has the equivalent of one vCPU"
        (10_240, 6, "5.79"),  # marketed as up to 6 vCPUs
        (10_240, 1, "1.00"),  # a single thread cannot use more than one
        (1_024, 1, "0.58"),
        (128, 1, "0.07"),
    ],
)
def test_cpu_is_proportional_to_memory(memory_mb: int, threads: int, vcpus: str) -> None:
    """Developer Guide, configuration-memory, read 2026-11."""
    assert f"{speed(memory_mb, threads):.2f}" == vcpus


@pytest.mark.parametrize(
    ("from_mb", "from_ms", "to_mb", "to_ms", "cost_ratio"),
    [
        (1_024, 300, 128, 2_400, "1.00"),  # function B: eight times the memory for an eighth of the time
        (128, 35_000, 1_536, 2_917, "1.00"),  # function A: "less than 3 seconds"; measured 14 % cheaper
    ],
)
def test_cpu_bound_functions_of_power_tuning(
    from_mb: int, from_ms: int, to_mb: int, to_ms: int, cost_ratio: str
) -> None:
    """README of alexcasalboni/aws-lambda-power-tuning, read 2026-04; the model has no gain beyond proportion."""
    assert from_ms * duration_factor(to_mb, from_mb, cpu_share=1.0) == pytest.approx(to_ms, abs=0.5)
    book = PriceBook.load("us-east-1")
    before, after = (
        bill([FunctionUsage("f", memory_mb=mb, billed_ms=ms)], book, free_tier=False, month=Month(None)).total
        for mb, ms in ((from_mb, from_ms), (to_mb, to_ms))
    )
    assert (after / before).quantize(Decimal("0.01")) == Decimal(cost_ratio)


@pytest.mark.parametrize(
    ("runtime", "at_128_ms", "memory_mb", "measured_ms"),
    [
        ("dotnet8", 720, 512, 165),
        ("dotnet8", 720, 1_024, 75),
        ("provided.al2023", 319, 512, 65),
        ("provided.al2023", 319, 1_024, 32),
        ("bun", 257, 512, 48),
        ("bun", 257, 1_024, 21),
        ("quarkus", 188, 512, 37),
        ("quarkus", 188, 1_024, 18),
        ("java25", 246, 512, 26),
    ],
)
def test_first_invocations_shrink_at_least_in_proportion(
    runtime: str, at_128_ms: int, memory_mb: int, measured_ms: int
) -> None:
    """maxday/lambda-perf, x86_64, 2026-06 to 2026-08: a little better than the model's proportion, never worse."""
    predicted = at_128_ms * duration_factor(memory_mb, 128, cpu_share=1.0)
    assert 0.4 * predicted <= measured_ms <= predicted, runtime
