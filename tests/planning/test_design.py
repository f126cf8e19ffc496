"""Space-filling designs: within their ranges, spread as they promise, the same for the same seed."""

from typing import Any

import pytest

from lambdasim.config.schema import Sweep
from lambdasim.planning.design import points_of


def sweep(design: str, points: int) -> Sweep:
    over: dict[str, Any] = {
        "account.concurrency": {"min": 10, "max": 500},
        "function.f.memory": {"min": "128 MB", "max": "1 GB"},
        "load.0.rate": {"min": "1/s", "max": "9/s"},
    }
    return Sweep(design=design, points=points, over=over)


@pytest.mark.parametrize("design", ["sobol", "lhs"])
@pytest.mark.parametrize("points", [1, 5, 16, 33])
def test_points_are_values_of_a_file_within_their_ranges(design: str, points: int) -> None:
    found = points_of(sweep(design, points), 1)
    assert len(found) == points
    for point in found:
        assert isinstance(point["account.concurrency"], int)
        assert 10 <= point["account.concurrency"] <= 500
        assert 128 <= int(point["function.f.memory"].removesuffix(" MB")) <= 1024
        assert 1 <= float(point["load.0.rate"].removesuffix("/s")) <= 9


@pytest.mark.parametrize("design", ["sobol", "lhs"])
def test_points_are_a_function_of_the_seed(design: str) -> None:
    assert points_of(sweep(design, 9), 1) == points_of(sweep(design, 9), 1)
    assert points_of(sweep(design, 9), 1) != points_of(sweep(design, 9), 2)


@pytest.mark.parametrize("design", ["sobol", "lhs"])
def test_every_slice_of_every_axis_has_its_point(design: str) -> None:
    rates = [float(point["load.0.rate"].removesuffix("/s")) for point in points_of(sweep(design, 16), 3)]
    assert sorted(int((rate - 1) / 8 * 16) for rate in rates) == list(range(16))


def test_more_points_of_a_sobol_sequence_keep_the_first() -> None:
    assert points_of(sweep("sobol", 12), 1)[:5] == points_of(sweep("sobol", 5), 1)
