"""Numba, and where what it compiles is kept. The only module of the engine that knows it."""

from collections.abc import Callable
from functools import cache
from time import perf_counter
from typing import Any, TypeVar

import numba
from llvmlite import ir
from numba.core.cgutils import get_item_pointer, get_or_insert_function
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Make a function part of the loop: it is compiled into its callers."""
    compiled: Function = numba.njit(error_model="numpy", forceinline=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    return compiled


@intrinsic
def prefetch(typing: Any, array: Any, index: Any) -> Any:
    """Ask for a record that will be needed soon, without waiting for it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_type = signature.args[0]
        data = make_array(array_type)(context, builder, arguments[0])
        address = get_item_pointer(context, builder, array_type, data, [arguments[1]], wraparound=False)
        byte, integer = ir.IntType(8).as_pointer(), ir.IntType(32)
        of = ir.FunctionType(ir.VoidType(), [byte, integer, integer, integer])
        function = get_or_insert_function(builder.module, of, "llvm.prefetch.p0i8")
        to_read, to_keep, data_cache = (ir.Constant(integer, value) for value in (0, 3, 1))
        builder.call(function, [builder.bitcast(address, byte), to_read, to_keep, data_cache])
        return context.get_dummy_value()

    return numba.types.none(array, index), generate


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
