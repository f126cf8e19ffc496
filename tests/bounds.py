"""What the tests of the law at the bounds of 64 bits share: numbers near them, and a function run both ways."""

from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdasim.engine.compiled.structs import record_of, records_of

NEVER = 2**62
S = 10**9


def upto(last: int, first: int = 0):
    """Draw from a range, and often near its ends, powers of two and whole seconds."""
    edges = {
        first,
        last,
        *(2**n + d for n in range(64) for d in (-1, 0, 1)),
        *(n * S + d for n in (1, 60) for d in (-1, 0)),
    }
    return st.sampled_from(sorted(n for n in edges if first <= n <= last)) | st.integers(first, last)


TIMES = upto(NEVER - 1)
BITS = upto(2**24 - 1)


def of(*strategies):
    """As ``given``, without a deadline: the first example compiles."""
    return lambda test: settings(deadline=None)(given(*strategies)(test))


@cache
def compiled(spec):
    import numba

    from lambdasim.machine_code import jit  # which lets compiled functions call those of the law

    return numba.njit(**jit.OPTIONS)(spec)


def row_of(one):
    """Return what stands for an argument in the compiled engine: a record for a struct, an array for a tuple."""
    if isinstance(one, int):
        return one
    if isinstance(one, tuple) and not hasattr(one, "_fields"):
        return np.array(one) if isinstance(one[0], int) else records_of(record_of(type(one[0])), one)
    return records_of(record_of(type(one)), [one])[0]


def both_ways(spec, *arguments):
    """Return what a function of the law returns and leaves in its structs, which is the same both ways."""
    rows = [row_of(one) for one in arguments]
    result = spec(*arguments)
    again = compiled(spec)(*rows)
    assert again == result
    for one, row in zip(arguments, rows, strict=True):
        if not isinstance(one, int | tuple) or hasattr(one, "_fields"):
            assert {name: int(getattr(one, name)) for name in row.dtype.names} == {
                n: int(row[n]) for n in row.dtype.names
            }
    return result
