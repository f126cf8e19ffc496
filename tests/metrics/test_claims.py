"""Claimed concurrency at the instants at which provisioned concurrency is claimed."""

import numpy as np

from lambdasim.metrics.claims import Claims
from lambdasim.metrics.metered import MeteredFunction


def test_claims() -> None:
    claims = Claims(
        [
            MeteredFunction("reserved", reserved=50, provisioned=20, provisioned_claimed_ns=5),  # within its reserved
            MeteredFunction("from the start", provisioned=7),
            MeteredFunction("later", provisioned=100, provisioned_claimed_ns=10),
            MeteredFunction("at once with it", provisioned=3, provisioned_claimed_ns=10),
            MeteredFunction("last", provisioned=1, provisioned_claimed_ns=30),
            MeteredFunction("none"),
        ]
    )
    assert claims.times_ns.tolist() == [10, 30]
    assert claims.unoccupied(np.array([0, 9, 10, 29, 30])).tolist() == [57, 57, 160, 160, 161]
    # an execution that ends at the instant of a claim has left, one that arrives then has not come
    starts, ends = np.array([0, 0, 9, 10, 10, 11, 40]), np.array([10, 11, 31, 30, 10, 12, 50])
    claims.add(starts[:3], ends[:3])
    claims.add(starts[3:], ends[3:])
    assert claims.peaks().tolist() == [160 + 2, 161 + 1]


def test_without_provisioned_concurrency_there_are_no_instants() -> None:
    claims = Claims([MeteredFunction("f", reserved=50), MeteredFunction("g")])
    assert len(claims.times_ns) == len(claims.peaks()) == 0
    assert claims.unoccupied(np.array([0, 99])).tolist() == [50, 50]
