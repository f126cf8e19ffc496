"""The knee of a curve: the point farthest from its chord."""

import pytest

from lambdasim.planning.knee import knee


def test_a_corner_is_found_exactly() -> None:
    x = [1.0, 2, 3, 4, 5, 6]
    assert knee(x, [0, 0, 0, 0, 5, 10]) == 3
    assert knee(x, [10, 5, 0, 0, 0, 0]) == 2
    assert knee(x, [0, 4, 8, 9, 9.5, 10]) == 2


def test_unevenly_spaced_points_count_by_where_they_are() -> None:
    assert knee([0.0, 1, 2, 90, 100], [0, 0, 0, 0, 1]) == 3


@pytest.mark.parametrize(
    ("x", "y"), [([1.0, 2], [0, 9]), ([1.0, 2, 3], [4, 4, 4]), ([1.0, 2, 3, 4], [1, 2, 3, 4.1]), ([], [])]
)
def test_what_is_straight_flat_or_short_has_none(x: list[float], y: list[float]) -> None:
    assert knee(x, y) is None
