"""Numba: what loops are written with, and how they are compiled. The only module that knows it."""
# mypy: disable-error-code="arg-type, call-overload, no-untyped-call"

import warnings
from collections.abc import Callable
from functools import cache
from inspect import signature as signature_of
from types import FunctionType
from typing import Any, TypeVar

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba.core import cgutils
from numba.core.cgutils import get_item_pointer, get_or_insert_function
from numba.core.errors import NumbaExperimentalFeatureWarning
from numba.extending import intrinsic, typeof_impl
from numba.np.arrayobj import make_array, populate_array

Function = TypeVar("Function", bound=Callable[..., Any])

# The caller owns all arrays throughout a call, so nothing need count references to them (that alone makes the loop
# five times as fast), and no division is by zero (`error_model`).
OPTIONS = {"error_model": "numpy", "_nrt": False}


def kernel(function: Function) -> Function:
    """Make a function part of the loops that call it; Python cannot call it."""
    options = OPTIONS | {"forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    compiled: Function = numba.njit(**options)(function)
    return compiled


_retold = cache(kernel)


@typeof_impl.register(FunctionType)
def _law(function: Any, context: Any) -> Any:
    """Let a plain function of ``model`` that loops name be part of them, from its very source."""
    return typeof_impl(_retold(function), context) if function.__module__.startswith("lambdasim.model.") else None


def _prefetch(typing: Any, array: Any, index: Any) -> Any:

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


prefetch: Any = intrinsic(_prefetch)
"""``prefetch(array, index)`` asks for a record that will be needed soon, without waiting for it; it need not exist."""


def _array_at(typing: Any, address: Any, length: Any, dtype: Any) -> Any:

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = make_array(signature.return_type)(context, builder)
        data = builder.inttoptr(arguments[0], array.data.type)
        size = context.get_constant(numba.types.intp, context.get_abi_sizeof(context.get_data_type(dtype.dtype)))
        populate_array(array, data, shape=[arguments[1]], strides=[size], itemsize=size, meminfo=None)
        return array._getvalue()

    return numba.types.Array(dtype.dtype, 1, "C")(address, length, dtype), generate


array_at: Any = intrinsic(_array_at)
"""``array_at(address, length, dtype)`` makes an array of what lies in memory."""


def _address_of(typing: Any, pointer: Any) -> Any:

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ptrtoint(arguments[0], ir.IntType(64))

    return numba.int64(pointer), generate


address_of: Any = intrinsic(_address_of)
"""``address_of(pointer)`` returns as an integer where something lies in memory."""


def elsewhere(name: str, parameters: int) -> Any:
    """Return a call, for kernels, of the function ``name`` of the same program, which takes and returns integers."""

    def call(typing: Any, arguments: Any) -> Any:

        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            integer = ir.IntType(64)
            function = get_or_insert_function(builder.module, ir.FunctionType(integer, [integer] * parameters), name)
            return builder.call(function, cgutils.unpack_tuple(builder, given[0]))

        return numba.int64(numba.types.UniTuple(numba.int64, parameters)), generate

    # LLVM looks for it when it compiles a kernel alone, which then is never called
    llvm.add_symbol(name, 1)
    return intrinsic(call)


def _float_bits(typing: Any, value: Any) -> Any:

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(builder.sitofp(arguments[0], ir.DoubleType()), ir.IntType(64))

    return numba.int64(numba.int64), generate


float_bits: Any = intrinsic(_float_bits)
"""``float_bits(integer)`` returns the 64 bits of the float64 that an integer is converted to."""


def assembly(entry: Callable[[Any, int], int]) -> tuple[str, str]:
    """Return a loop in LLVM assembly, and the name of its function.

    ``entry(arrays, number)`` finds in ``arrays`` the address and the length of each array; what other loops call
    takes more numbers.
    """
    numbers = [numba.int64] * (len(signature_of(entry).parameters) - 1)
    signature = numba.int64(numba.types.CPointer(numba.int64), *numbers)
    with warnings.catch_warnings():
        # records that begin alike would do for each other, of which Numba warns, and takes the right ones
        warnings.simplefilter("ignore", NumbaExperimentalFeatureWarning)
        function = numba.cfunc(signature, **OPTIONS)(entry)
    return function.inspect_llvm(), function.native_name
