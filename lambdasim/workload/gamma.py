"""Gamma variates from keyed draws, exact and vectorised.

Marsaglia and Tsang's rejection ("A simple method for generating gamma variables", ACM TOMS 26, 2000, 363-372): each
attempt takes its normal and its uniform from two streams of its own, so a variate depends on nothing but its key and
index. The quantile function (``scipy.special.gammaincinv``) costs about ten times as much.
"""

import numpy as np
from numpy.typing import NDArray

from lambdasim.workload.normal import normal_quantile
from lambdasim.workload.random_streams import UInt64, subkey, uniform

Float64 = NDArray[np.float64]
_BOOST = 1  # stream of the power that lowers a shape of a + 1 to a
_ATTEMPTS = 2  # streams from here on: a normal and a uniform for each attempt


def gamma(shape: Float64, key: UInt64, index: NDArray[np.int64]) -> Float64:
    """Return a gamma variate of scale 1 for each row of ``index``; ``shape`` and ``key`` have one row, or as many."""
    small = shape < 1.0
    d = np.where(small, shape + 1.0, shape) - 1.0 / 3.0
    value = np.empty(len(index))
    rows = np.arange(len(index))
    attempt = _ATTEMPTS
    row_d, row_key, row_index = d, key, index
    while rows.size:
        z = normal_quantile(uniform(subkey(row_key, attempt), row_index))
        u = uniform(subkey(row_key, attempt + 1), row_index)
        root = 1.0 + z / np.sqrt(9.0 * row_d)
        cube = root * root * root
        log_cube = np.log(np.where(cube > 0.0, cube, 1.0))
        accepted = (cube > 0.0) & (np.log(u) < 0.5 * z * z + row_d * (1.0 - cube + log_cube))
        value[rows[accepted]] = (row_d * cube)[accepted]
        rows = rows[~accepted]
        row_d = d[rows] if d.size > 1 else d
        row_key = key[rows] if key.size > 1 else key
        row_index = index[rows]
        attempt += 2
    if small.any():
        power = np.where(small, 1.0 / shape, 0.0)
        value *= uniform(subkey(key, _BOOST), index) ** power
    return value
