"""Numba, and where what it compiles is kept. The only module of the engine that knows it."""

from collections.abc import Callable
from functools import cache
from time import perf_counter
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Make a function part of the loop: it is compiled into its callers."""
    compiled: Function = numba.njit(error_model="numpy", forceinline=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    return compiled


@cache
def event_loop() -> tuple[Callable[..., int], float]:
    from lambdasim.engine.compiled import loop
    from lambdasim.engine.compiled.state import initial
    from lambdasim.model.law import AccountLaw

    begin = perf_counter()
    state = numba.typeof(initial(AccountLaw(1, ()), (), (), 0))
    column = numba.types.Array(numba.int64, 1, "A", readonly=True)
    run = numba.njit(numba.int64(state, numba.int64, *[column] * 11), error_model="numpy", nogil=True, _nrt=False)(loop.run)
    return run, perf_counter() - begin
