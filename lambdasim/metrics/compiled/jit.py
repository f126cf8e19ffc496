"""Numba: the only module of metrics that knows it."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import numba
from llvmlite import ir
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])

# The caller owns all arrays throughout a call, so nothing need count references to them; no division is by zero.
OPTIONS = {"error_model": "numpy", "_nrt": False}


def kernel(function: Function) -> Function:
    """Make a function part of the loop, which it is compiled into; Python cannot call it."""
    options = OPTIONS | {"forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    compiled: Function = numba.njit(**options)(function)
    return compiled


@intrinsic
def float_bits(typing: Any, value: Any) -> Any:
    """Return the 64 bits of the float64 that an integer is converted to."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(builder.sitofp(arguments[0], ir.DoubleType()), ir.IntType(64))

    return numba.int64(numba.int64), generate


@cache
def counting_loop() -> Callable[..., int]:
    """Return the compiled :func:`~lambdasim.metrics.compiled.loop.run`, which takes two seconds once per process."""
    from lambdasim.metrics.compiled import loop
    from lambdasim.metrics.compiled.tables import empty

    rows = numba.types.Array(numba.int64, 2, "C", readonly=True)
    result = numba.njit(nogil=True, **OPTIONS)(loop.run)
    result.compile((numba.typeof(empty()), numba.typeof(loop.NO_LAW), rows, numba.int64))
    result.disable_compile()
    return result  # type: ignore[no-any-return]
