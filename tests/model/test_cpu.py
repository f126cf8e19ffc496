"""Memory, CPU and duration: AWS's figures and the identities of the rule."""

import pytest

from lambdasim.model.cpu import MB_PER_VCPU, duration_factor, speed


def test_one_vcpu_is_1769_mb() -> None:
    assert speed(MB_PER_VCPU) == 1.0
    assert speed(10_240, threads=6) == pytest.approx(5.79, abs=0.005)  # "up to 6 vCPUs"


def test_a_single_thread_gains_nothing_beyond_one_vcpu() -> None:
    assert speed(10_240) == 1.0
    assert duration_factor(10_240, MB_PER_VCPU, cpu_share=1.0) == 1.0
    assert duration_factor(3_538, MB_PER_VCPU, cpu_share=1.0, threads=2) == 0.5


@pytest.mark.parametrize(
    ("measured_ms", "measured_mb", "memory_mb", "expected_ms"),
    [
        (300, 1_024, 128, 2_400),  # AWS Lambda Power Tuning, README, CPU-bound function B
        (35_000, 128, 1_536, 2_917),  # the same, function A: "less than 3 seconds"
    ],
)
def test_cpu_bound_work_follows_power_tunings_figures(
    measured_ms: int, measured_mb: int, memory_mb: int, expected_ms: int
) -> None:
    assert measured_ms * duration_factor(memory_mb, measured_mb, cpu_share=1.0) == pytest.approx(expected_ms, abs=0.5)


def test_waiting_does_not_scale() -> None:
    assert duration_factor(128, 1_024, cpu_share=0.0) == 1.0
    assert duration_factor(512, 1_024, cpu_share=0.25) == pytest.approx(0.75 + 0.25 * 2)


def test_the_memory_of_the_measurement_changes_nothing() -> None:
    assert duration_factor(777, 777, cpu_share=0.3) == 1.0
