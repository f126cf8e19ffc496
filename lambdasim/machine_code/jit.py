"""Numba: what loops are written with, and how they become assembly. With ``linking`` the only module that knows it."""
# mypy: disable-error-code="arg-type, call-overload, no-untyped-call, override, untyped-decorator"

import warnings
from collections.abc import Callable, Collection, Mapping
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
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    infer_getattr,
    intrinsic,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
)
from numba.np.arrayobj import make_array, populate_array

from lambdasim.machine_code.program import PLAIN

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


def _array(context: Any, builder: Any, array_type: Any, address: Any, length: Any) -> Any:
    """Return an array of what lies at an address."""
    array = make_array(array_type)(context, builder)
    data = builder.inttoptr(address, array.data.type)
    size = context.get_constant(numba.types.intp, context.get_abi_sizeof(context.get_data_type(array_type.dtype)))
    populate_array(array, data, shape=[length], strides=[size], itemsize=size, meminfo=None)
    return array._getvalue()


def _array_at(typing: Any, address: Any, length: Any, dtype: Any) -> Any:

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _array(context, builder, signature.return_type, *arguments[:2])

    return numba.types.Array(dtype.dtype, 1, "C")(address, length, dtype), generate


array_at: Any = intrinsic(_array_at)
"""``array_at(address, length, dtype)`` makes an array of what lies in memory."""


def _is_plain(builder: Any) -> Any:
    llvm.add_symbol(PLAIN, 1)  # as below
    return builder.call(get_or_insert_function(builder.module, ir.FunctionType(ir.IntType(1), []), PLAIN), [])


def unless_plain(builder: Any, value: Any, known: int) -> Any:
    """Return a value, or what is known of it in a program that is made for plain plans."""
    return builder.select(_is_plain(builder), ir.Constant(value.type, known), value)


def _plain(typing: Any) -> Any:

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _is_plain(builder)

    return numba.boolean(), generate


plain: Any = intrinsic(_plain)
"""``plain()`` says whether a program is made for plain plans; see ``objects.assembled``."""

_NO_FACTS: Mapping[str, Mapping[str, int]] = {}
KNOWN: dict[Any, Mapping[str, int]] = {}
"""By record: what its fields hold in a program that is made for plain plans."""


class _Table(numba.types.Type):
    """Arrays by name. A value is an address, where two integers lie for each array: its address and its length.

    However many arrays there are, a call hands over one number, and the compiler has the less to do. Nothing writes to
    the table while a loop runs, so the compiler may read it whenever it likes.
    """

    def __init__(self, name: str, arrays: Mapping[str, Any], absent: Collection[str]) -> None:
        self.absent = absent
        self.places = {array: place for place, array in enumerate(arrays)}
        self.arrays = {
            array: numba.types.Array(numba.np.numpy_support.from_dtype(dtype), 1, "C")
            for array, dtype in arrays.items()
        }
        super().__init__(name)


@register_model(_Table)
class _TableModel(models.PrimitiveModel):
    def __init__(self, manager: Any, table: _Table) -> None:
        super().__init__(manager, table, ir.IntType(64).as_pointer())


@infer_getattr
class _TableAttribute(AttributeTemplate):
    key = _Table

    def generic_resolve(self, table: _Table, name: str) -> Any:
        return table.arrays.get(name)


@lower_getattr_generic(_Table)
def _array_of_table(context: Any, builder: Any, table: _Table, place: Any, name: str) -> Any:

    def read(index: int) -> Any:
        value = builder.load(builder.gep(place, [ir.Constant(ir.IntType(64), index)]))
        value.set_metadata("invariant.load", builder.module.add_metadata([]))
        return value

    first = 2 * table.places[name]
    length = read(first + 1)
    if name in table.absent:
        length = unless_plain(builder, length, 0)
    return _array(context, builder, table.arrays[name], read(first), length)


def table_at(
    name: str,
    arrays: Mapping[str, Any],
    facts: Mapping[str, Mapping[str, int]] = _NO_FACTS,
    absent: Collection[str] = (),
) -> Any:
    """Return ``at(place)`` for kernels, which makes a table of what lies at an address.

    ``arrays`` gives the record of each of its arrays, in their order; it has each as an attribute. Where a program is
    made for ``plain`` plans, all records of an array have in its fields what ``facts`` say, and so have those of other
    tables that are the same; ``absent`` ones are empty.
    """
    table = _Table(name, arrays, absent)
    KNOWN.update({arrays[array]: own for array, own in facts.items()})

    def at(typing: Any, place: Any) -> Any:

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())

        return table(place), generate

    return intrinsic(at)


def _address_of(typing: Any, pointer: Any) -> Any:

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ptrtoint(arguments[0], ir.IntType(64))

    return numba.int64(pointer), generate


address_of: Any = intrinsic(_address_of)
"""``address_of(pointer)`` returns as an integer where something lies in memory, a table's entries too."""


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


def _double_bits(typing: Any, value: Any) -> Any:

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return numba.int64(numba.float64), generate


double_bits: Any = intrinsic(_double_bits)
"""``double_bits(number)`` returns the 64 bits of a float64."""


def _rounded_to_odd(typing: Any, high: Any, low: Any, factor: Any) -> Any:

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide, integer = ir.IntType(128), ir.IntType(64)
        by_high, by_low, factor = (builder.zext(argument, wide) for argument in arguments)
        shift = ir.Constant(wide, 64)
        product = builder.add(
            builder.mul(by_high, factor), builder.lshr(builder.mul(by_low, factor), shift)
        )  # less its last 64 bits
        rest = builder.icmp_unsigned(">", builder.trunc(product, integer), ir.Constant(integer, 1))
        return builder.or_(builder.trunc(builder.lshr(product, shift), integer), builder.zext(rest, integer))

    return numba.int64(numba.int64, numba.int64, numba.int64), generate


rounded_to_odd: Any = intrinsic(_rounded_to_odd)
"""``rounded_to_odd(high, low, factor)`` returns the highest 64 of 192 bits of a product of two numbers without signs,
the first of which has 128 bits, given in halves; the last bit is 1 where there is a rest."""


def _copy_16(typing: Any, source: Any, first: Any, target: Any, at: Any) -> Any:

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sixteen = ir.VectorType(ir.IntType(8), 16).as_pointer()

        def place(number: int) -> Any:
            array_type, index = signature.args[number], arguments[number + 1]
            data = make_array(array_type)(context, builder, arguments[number])
            return builder.bitcast(
                get_item_pointer(context, builder, array_type, data, [index], wraparound=False), sixteen
            )

        builder.store(builder.load(place(0), align=1), place(2), align=1)
        return context.get_dummy_value()

    return numba.types.none(source, first, target, at), generate


copy_16: Any = intrinsic(_copy_16)
"""``copy_16(source, first, target, at)`` copies sixteen bytes of one array of bytes to another, wherever they lie."""


def _store_8(typing: Any, word: Any, target: Any, at: Any) -> Any:

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_type = signature.args[1]
        data = make_array(array_type)(context, builder, arguments[1])
        place = get_item_pointer(context, builder, array_type, data, [arguments[2]], wraparound=False)
        builder.store(arguments[0], builder.bitcast(place, ir.IntType(64).as_pointer()), align=1)
        return context.get_dummy_value()

    return numba.types.none(numba.int64, target, at), generate


store_8: Any = intrinsic(_store_8)
"""``store_8(word, target, at)`` writes an integer to eight bytes of an array, wherever they lie, the lowest first."""


def _trailing_zeros(typing: Any, value: Any) -> Any:

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return numba.int64(numba.int64), generate


trailing_zeros: Any = intrinsic(_trailing_zeros)
"""``trailing_zeros(integer)`` returns the place of the lowest bit that is set, 64 for none."""


def _rare(typing: Any, condition: Any) -> Any:

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bit = ir.IntType(1)
        expect = get_or_insert_function(builder.module, ir.FunctionType(bit, [bit, bit]), "llvm.expect.i1")
        return builder.call(expect, [arguments[0], ir.Constant(bit, 0)])

    return numba.boolean(numba.boolean), generate


rare: Any = intrinsic(_rare)
"""``rare(condition)`` returns the condition, which seldom holds: what depends on it is kept out of the way."""


@cache
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
