"""Numba in a process that does nothing but compile programs: what it leaves out, and what LLVM is told besides."""
# mypy: disable-error-code="no-untyped-call, untyped-decorator"

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
from llvmlite import ir
from numba.core import codegen, event, transforms
from numba.core.base import BaseContext
from numba.core.ir import Inst, Var
from numba.core.postproc import PostProcessor, VariableLifetime
from numba.core.targetconfig import TargetConfig
from numba.core.types.functions import BaseFunction
from numba.extending import lower_getattr_generic, lower_setattr_generic
from numba.np import arrayobj

from lambdasim.machine_code.jit import KNOWN, unless_plain


def only_link() -> None:
    """Let Numba neither optimize nor make machine code of what is built into others, for the rest of this process.

    A function would be optimized again within each that calls it, and again within those; so it is once, as a part of
    the whole (``objects.assembled``). That halves the time. Python can then call nothing that Numba compiles. Nor does
    a negative index, which loops must not have, count from the end: to ask for that takes a tenth of their time. Nobody
    is told of its steps, either, as nobody listens. With a Numba that is made in another way nothing is left out.
    """
    numba.cfunc(numba.int64(numba.int64))(_same)  # compiles what Numba itself calls
    left_out = {
        (codegen.CPUCodeLibrary, "_optimize_final_module"): lambda library: None,
        (codegen.JITCodeLibrary, "_finalize_specific"): lambda library: None,
        (codegen.JITCodeLibrary, "get_pointer_to_function"): lambda library, name: library._ensure_finalized() or 0,
        (codegen.JITCPUCodegen, "_add_module"): lambda engine, module: None,
        (codegen.JITCPUCodegen, "set_env"): lambda engine, name, environment: None,
        (arrayobj, "fix_integer_index"): _as_it_is,
        (event, "broadcast"): lambda _: None,
    } | _quicker()
    lowering = ("record_getattr", "record_setattr", "load_item", "store_item")
    if all(hasattr(owner, name) for owner, name in [*left_out, *((arrayobj, own) for own in lowering)]):
        for (owner, name), instead in left_out.items():
            setattr(owner, name, instead)
        _tell_what_records_hold()


def _quicker() -> dict[Any, Any]:
    """Return what Numba does in less time for the same machine code, by owner and name: it remembers what it found out
    about types, and looks through its own instructions and options with fewer questions. That is a quarter of it.
    """
    return {
        (BaseFunction, "get_call_type"): _resolved_once(getattr(BaseFunction, "get_call_type", None)),
        (BaseContext, "get_abi_sizeof"): _measured_once(getattr(BaseContext, "get_abi_sizeof", None)),
        (BaseContext, "get_function"): _of_what_is_there(getattr(BaseContext, "get_function", None)),
        (PostProcessor, "run"): _lives_if_asked(getattr(PostProcessor, "run", None)),
        (Inst, "_rec_list_vars"): _variables,
        (TargetConfig, "values"): _values,
        (TargetConfig, "__hash__"): lambda flags: 0,  # they are parts of keys, and hardly ever differ
    }


def _tell_what_records_hold() -> None:
    """Tell the compiler, for the rest of this process, what it cannot know of records: what their fields hold in
    programs for plain plans, and that no two of them share memory, nor a field and an array of numbers.

    Else each number that is written might be any that was read before, and all would be read again. It is true of
    loops, which have no array of records that is another array besides.
    """

    def marked(lower: Any, tag_of: Callable[..., str]) -> Any:
        """Return what does the same as ``lower``, and marks the one access to memory that it generates."""

        def marking(context: Any, builder: Any, *rest: Any) -> Any:
            block, before = builder.block, len(builder.block.instructions)
            result = lower(context, builder, *rest)
            own = [one for one in block.instructions[before:] if isinstance(one, ir.LoadInstr | ir.StoreInstr)]
            if (tag := tag_of(*rest)) and len(own) == 1:
                module, zero = builder.module, ir.Constant(ir.IntType(64), 0)
                kind = module.add_metadata([tag, module.add_metadata(["lambdasim"]), zero])
                own[0].set_metadata("tbaa", module.add_metadata([kind, kind, zero]))
            return result

        return marking

    def of_field(record: Any, name: str) -> str:
        return f"{name}@{record.offset(name)}"

    def of_item(array: Any, *_: Any) -> str:
        return "" if isinstance(array.dtype, numba.types.Record) else str(array.dtype)

    tagged = marked(arrayobj.record_getattr, lambda record, _, name: of_field(record, name))

    def read(context: Any, builder: Any, record: Any, place: Any, name: str) -> Any:
        value, known = tagged(context, builder, record, place, name), KNOWN.get(record.dtype, {})
        return unless_plain(builder, value, known[name]) if name in known else value

    write = marked(arrayobj.record_setattr, lambda signature, _, name: of_field(signature.args[0], name))
    lower_getattr_generic(numba.types.Record)(read)
    lower_setattr_generic(numba.types.Record)(write)
    arrayobj.load_item = marked(arrayobj.load_item, of_item)
    arrayobj.store_item = marked(arrayobj.store_item, of_item)


def _resolved_once(resolve: Any) -> Any:
    """Return what does the same as ``resolve``, which finds out what a function of given types returns, and is asked
    the same again for each addition."""
    known: dict[Any, Any] = {}

    def resolved(function: Any, context: Any, arguments: Any, named: Any) -> Any:
        if named:
            return resolve(function, context, arguments, named)
        key = function, tuple(arguments)
        if key not in known:
            known[key] = resolve(function, context, arguments, named)
        return known[key]

    return resolved


def _measured_once(size: Any) -> Any:
    """Return what does the same as ``size``, for which LLVM reads a module each time."""
    known: dict[str, Any] = {}

    def measured(context: Any, kind: Any) -> Any:
        name = str(kind)
        if name not in known:
            known[name] = size(context, kind)
        return known[name]

    return measured


def _of_what_is_there(find: Any) -> Any:
    """Return what does the same as ``find``, and does not look for what each array is asked for and none here has."""

    def found(context: Any, function: Any, signature: Any, _firstcall: bool = True) -> Any:
        return find(context, function, signature, _firstcall and function != "__array__")

    return found


def _lives_if_asked(process: Any) -> Any:
    """Return what does the same as ``process`` after a step, and finds out how long variables live only where that is
    needed: in the end."""

    def run(processor: Any, emit_dels: bool = False, extend_lifetimes: bool = False) -> None:
        own = processor.func_ir
        if emit_dels or own.is_generator:
            process(processor, emit_dels, extend_lifetimes)
            return
        own.blocks = transforms.canonicalize_cfg(own.blocks)
        own.variable_lifetime, own.generator_info = VariableLifetime(own.blocks), None

    return run


def _variables(instruction: Any, part: Any) -> list[Any]:
    """Return the variables in a part of an instruction, in order."""
    kind = type(part)
    if kind is Var:
        return [part]
    found: list[Any] = []
    if isinstance(part, Inst):
        found = part.list_vars()
    elif kind in (dict, list, tuple):
        for inner in part.values() if kind is dict else part:
            if type(inner) is Var:
                found.append(inner)
            else:
                found += _variables(instruction, inner)
    return found


@cache
def _defaults(kind: Any) -> dict[str, Any]:
    return {name: option.default for name, option in kind.options.items()}


def _values(flags: Any) -> dict[str, Any]:
    """Return all options of a compilation."""
    return {**_defaults(flags.__class__), **flags._values}


def _as_it_is(context: Any, builder: Any, kind: Any, index: Any, size: Any) -> Any:
    return context.cast(builder, index, kind, numba.intp)


def _same(number: int) -> int:
    return number
