"""Numba: the only module of the engine that knows it."""

import pickle
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import numba
from llvmlite import ir
from numba.core.cgutils import get_item_pointer, get_or_insert_function
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from lambdasim.engine.compiled.cache import directory
from lambdasim.model.law import AccountLaw
from lambdasim.plan import PLAN_COLUMNS

Function = TypeVar("Function", bound=Callable[..., Any])

# The caller owns all arrays throughout a call, so nothing need count references to them (that alone makes the loop
# five times as fast), and no division is by zero (`error_model`).
OPTIONS = {"error_model": "numpy", "_nrt": False}


def kernel(function: Function) -> Function:
    """Make a function part of the loop, which it is compiled into; Python cannot call it."""
    options = OPTIONS | {"forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    compiled: Function = numba.njit(**options)(function)
    return compiled


@intrinsic
def prefetch(typing: Any, array: Any, index: Any) -> Any:
    """Ask for a record that will be needed soon, without waiting for it; it need not exist."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_type = signature.args[0]
        data = make_array(array_type)(context, builder, arguments[0])
        address = get_item_pointer(context, builder, array_type, data, [arguments[1]], wraparound=False)
        byte, integer = ir.IntType(8).as_pointer(), ir.IntType(32)
        takes = ir.FunctionType(ir.VoidType(), [byte, integer, integer, integer])
        function = get_or_insert_function(builder.module, takes, "llvm.prefetch.p0i8")
        to_read, to_keep, data_cache = (ir.Constant(integer, value) for value in (0, 3, 1))
        builder.call(function, [builder.bitcast(address, byte), to_read, to_keep, data_cache])
        return context.get_dummy_value()

    return numba.types.none(array, index), generate


@cache
def event_loop() -> tuple[Callable[..., int], float]:
    """Return the compiled :func:`~lambdasim.engine.compiled.loop.run`, and the seconds it took to have it."""
    begin = perf_counter()
    from lambdasim.engine.compiled import loop
    from lambdasim.engine.compiled.state import initial

    state = numba.typeof(initial(AccountLaw(1, ()), (), (), 0))
    column = numba.types.Array(numba.int64, 1, "A", readonly=True)
    run = compiled(loop.run, (state, numba.int64, *[column] * len(PLAN_COLUMNS)), directory())
    return run, perf_counter() - begin


def compiled(function: Function, arguments: tuple[Any, ...], folder: Path) -> Function:
    """Return a function compiled for arguments of these types, from ``folder`` if it is kept there, or else to be.

    When the folder cannot be used, it warns and keeps nothing.
    """
    previous = numba.config.CACHE_DIR
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
        numba.config.CACHE_DIR = str(folder)
        result = numba.njit(cache=True, nogil=True, **OPTIONS)(function)
        result.compile(arguments)
    except (OSError, EOFError, pickle.UnpicklingError) as error:
        warnings.warn(f"the compiled engine cannot be kept for the next time: {error}", RuntimeWarning, stacklevel=2)
        result = numba.njit(nogil=True, **OPTIONS)(function)
        result.compile(arguments)
    finally:
        numba.config.CACHE_DIR = previous
    result.disable_compile()
    return result  # type: ignore[no-any-return]
