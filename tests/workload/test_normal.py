"""The normal quantile function against scipy's, which is written from another approximation."""

import numpy as np
from scipy.special import ndtri

from lambdasim.workload.normal import normal_quantile
from lambdasim.workload.random_streams import uniform


def test_agrees_with_scipy_to_the_last_digits() -> None:
    u = np.concatenate(
        (uniform(1, np.arange(200_000)), 10.0 ** -np.arange(1.0, 15.9, 0.01), [2.0**-53, 1.0 - 2.0**-53])
    )
    z = normal_quantile(u)
    assert np.allclose(z, ndtri(u), rtol=4e-15, atol=1e-16)


def test_is_zero_at_the_median_and_odd_around_it() -> None:
    u = np.array([0.5, 0.075, 0.425, 2.0**-53])  # both sides of the bounds between the approximations
    assert normal_quantile(u)[0] == 0.0
    assert np.allclose(normal_quantile(u), -normal_quantile(1.0 - u), rtol=1e-14)
