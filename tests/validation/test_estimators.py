"""What authors of measurements computed, on rows that can be counted by hand."""

import numpy as np
import pytest

from lambdasim.validation import estimators
from lambdasim.validation.simulated import Simulated, simulated, trace


def rows(*requests: tuple[float, float, int, bool]) -> Simulated:
    begin, end, environment, cold = (np.array(column) for column in zip(*requests, strict=True))
    return Simulated(np.zeros(len(begin), np.int64), begin, begin, end, environment, cold, 0, np.zeros((0, 2)))


TWO = rows((0.0, 1.0, 0, True), (0.5, 1.5, 1, True), (100.0, 101.0, 1, False))


def test_an_instance_counts_from_its_first_request_to_its_last_answer_and_600_s_more() -> None:
    begins, ends = estimators.lives(TWO, 600.0)
    assert (begins.tolist(), ends.tolist()) == ([0.0, 0.5], [601.0, 701.0])
    assert estimators.alive(begins, ends, np.array([0.25, 1.0, 601.5, 701.5])).tolist() == [1, 2, 1, 0]


def test_cold_starts_are_counted_in_batches_without_their_first_part() -> None:
    many = rows(*((float(at), at + 0.1, 0, at in (1, 12, 19)) for at in range(20)))
    # two batches of 10 s, each without its first 5 s: none of 5, and of 15 to 19 one
    assert estimators.cold_in_batches(many, 0.0, 20.0, 2, 0.5) == pytest.approx((0 / 5 + 1 / 5) / 2)


def test_environments_used_in_a_time_and_most_at_once() -> None:
    assert estimators.distinct(TWO, 0.0, 0.4) == 1
    assert estimators.distinct(TWO, 0.0, 50.0) == 2
    assert estimators.distinct(TWO, 50.0, 200.0) == 1
    assert estimators.most_at_once(TWO.arrival_s, TWO.end_s) == 2


def test_rows_of_an_experiment() -> None:
    """Two requests at once and one later, of a function that is described as in a file."""
    with trace([0.0, 0.0, 10.0], function=["f", "f", "f"]) as own:
        tree = {
            "function": {"f": {"duration": "constant(2s)", "init": "constant(1s)", "placement": "constant(500ms)"}},
            "load": [{"trace": own}],
        }
        found = simulated(tree, 0)
    assert found.is_cold.tolist() == [True, True, False]
    assert found.start_s.tolist() == [1.5, 1.5, 10.0]
    assert found.end_s.tolist() == [3.5, 3.5, 12.0]
    assert len(found.between(5.0, 20.0)) == 1
