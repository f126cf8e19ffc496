"""The points of a design: all combinations, a list, or points spread evenly over a space."""

from typing import Any

from lambdasim.config.amount import between
from lambdasim.config.points import listed_points
from lambdasim.config.schema import Sweep
from lambdasim.config.sweep import SPACE_FILLING
from lambdasim.workload.random_streams import stream_key


def points_of(sweep: Sweep, seed: int) -> list[dict[str, Any]]:
    """Return the values by path of each point; those of ``sobol`` and ``lhs`` are a function of the seed.

    A Sobol sequence is scrambled (Owen), a Latin hypercube has one point in each of as many slices of every axis.
    """
    if sweep.design not in SPACE_FILLING:
        return list(listed_points(sweep))
    import numpy as np
    from scipy.stats import qmc

    count = sweep.points or 0
    generator = np.random.default_rng(stream_key(seed, "sweep", sweep.design))
    if sweep.design == "sobol":
        exponent = max(1, (count - 1).bit_length())  # the sequence is balanced in powers of two; the first are taken
        shares = qmc.Sobol(len(sweep.over), scramble=True, seed=generator).random_base2(exponent)[:count]
    else:
        shares = qmc.LatinHypercube(len(sweep.over), seed=generator).random(count)
    return [
        {
            path: between(knob.low, knob.high, float(share)).written()
            for share, (path, knob) in zip(row, sweep.over.items(), strict=True)
            if knob.low is not None and knob.high is not None
        }
        for row in shares
    ]
