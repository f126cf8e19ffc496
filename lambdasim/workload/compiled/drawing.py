"""The loops of :class:`~lambdasim.workload.arithmetic.Arithmetic`, over float64 and 64-bit integers of equal length."""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from typing import Final

import numpy as np

from lambdasim.machine_code.jit import kernel
from lambdasim.workload import normal, random_streams
from lambdasim.workload.arithmetic import LARGEST

GOLDEN, MIX_1, MIX_2 = (
    np.uint64(factor) for factor in (random_streams.GOLDEN, random_streams.MIX_1, random_streams.MIX_2)
)
SHIFT_1, SHIFT_2, SHIFT_3, TO_52_BITS = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(12)
STEP: Final = 2.0**-52
WHOLE: Final = 2.0**52
"""From here on a double is a whole number; adding this to a smaller one rounds it, half to even, as ``rint`` does."""
CENTRE_OVER, CENTRE_UNDER = normal.CENTRE
TAIL_OVER, TAIL_UNDER = normal.TAIL
FAR_OVER, FAR_UNDER = normal.FAR_TAIL


@kernel
def unit(key, index):
    """Return a number of (0, 1). Twin of ``random_streams.uniform``; both arguments are unsigned."""
    z = index * GOLDEN + key
    z = (z ^ (z >> SHIFT_1)) * MIX_1
    z = (z ^ (z >> SHIFT_2)) * MIX_2
    z ^= z >> SHIFT_3
    return (np.float64(np.int64(z >> TO_52_BITS)) + 0.5) * STEP


@kernel
def uniform(keys, of, index, u) -> None:
    """Write a number of (0, 1) for each index; ``of`` says which key each has, and is empty if all have the first."""
    if len(of) == 0:
        key = keys[0]
        for i in range(len(u)):
            u[i] = unit(key, index[i])
    else:
        for i in range(len(u)):
            u[i] = unit(keys[of[i]], index[i])


@kernel
def rounded(values, whole) -> None:
    """Write the values as whole numbers. Twin of ``Plain.rounded``."""
    for i in range(len(whole)):
        value = min(max(values[i], 0.0), LARGEST)
        near = value + WHOLE - WHOLE
        whole[i] = np.int64(value if value >= WHOLE else near)


@kernel
def centre(keys, of, index, z, outer, tails) -> int:
    """Write the normal quantile of ``uniform`` where it is central; return in how many rows it is not.

    ``outer`` gets those rows, and ``tails`` the smaller of the uniform draw and 1 minus it there. Twin of
    ``normal.normal_quantile``, in which the central range is that of ``r >= 0``.
    """
    uniform(keys, of, index, z)
    found = 0
    for i in range(len(z)):
        q = z[i] - 0.5
        outer[found] = i
        tails[found] = z[i] if q < 0.0 else 1.0 - z[i]
        found += 0.180625 - q * q < 0.0
    for i in range(len(z)):
        q = z[i] - 0.5
        r = 0.180625 - q * q
        # where r is negative, only the sign is needed
        z[i] = q * (horner(CENTRE_OVER, r) / horner(CENTRE_UNDER, r)) if r >= 0.0 else q
    return found


@kernel
def tail(z, outer, logs, found) -> None:
    """Write the normal quantile in the first ``found`` rows of ``outer``; ``logs`` are the logarithms of ``tails``."""
    for i in range(found):
        r = np.sqrt(-logs[i])
        logs[i] = horner(TAIL_OVER, r - 1.6) / horner(TAIL_UNDER, r - 1.6)
        if r > 5.0:
            logs[i] = horner(FAR_OVER, r - 5.0) / horner(FAR_UNDER, r - 5.0)
    for i in range(found):
        row = outer[i]
        z[row] = -logs[i] if z[row] < 0.0 else logs[i]


@kernel
def horner(c, r):
    """Return a polynomial of degree 7, its coefficients given from the constant term up. Twin of ``normal``'s."""
    value = (((r * c[7] + c[6]) * r + c[5]) * r + c[4]) * r
    return (((value + c[3]) * r + c[2]) * r + c[1]) * r + c[0]
