"""The event loop as machine code: from the cache, or else from the compiler. Knows LLVM, and Numba only when it must.

Importing Numba and loading from its own cache takes 0.6 s; this takes less than a tenth.
"""

import ctypes
import hashlib
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from time import perf_counter
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import numpy as np

from lambdasim.code_cache import directory
from lambdasim.engine.compiled import cache as kept
from lambdasim.engine.compiled.state import State
from lambdasim.records import Int64


class Loop(NamedTuple):
    """The event loop, ready to run."""

    run: Callable[[State, int, Sequence[Int64]], int]
    """``loop.run``: takes the state, ``until_ns`` and the columns of a chunk, each contiguous."""
    seconds: float
    """How long this process took to have it."""
    was_kept: bool
    """Whether it came from the cache, without compilation."""
    owner: Any
    """Who holds the machine code in memory."""


@cache
def event_loop() -> Loop:
    """Return the event loop. Warns when it cannot be kept for the next time."""
    begin = perf_counter()
    path = directory() / f"{kept.name()}-{_processor()}"
    code = kept.read(path)
    if code is not None:
        run, owner = _loaded(code)
        return Loop(run, perf_counter() - begin, True, owner)
    from lambdasim.engine.compiled.jit import compiled

    assembly, symbol = compiled()
    code = _assembled(assembly, symbol)
    try:
        kept.write(path, code)
    except OSError as error:
        warnings.warn(f"the compiled engine cannot be kept for the next time: {error}", RuntimeWarning, stacklevel=2)
    run, owner = _loaded(code)
    return Loop(run, perf_counter() - begin, False, owner)


SYMBOL = "event_loop"


def _assembled(assembly: str, symbol: str) -> bytes:
    """Return an object file of LLVM assembly that defines the function ``symbol``, as ``event_loop``."""
    module = llvm.parse_assembly(assembly)
    module.get_function(symbol).name = SYMBOL
    code: bytes = _machine().emit_object(module)
    return code


def _loaded(code: bytes) -> tuple[Callable[[State, int, Sequence[Int64]], int], Any]:
    """Return the function of an object file, and who holds its code in memory."""
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    prototype = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)
    function = prototype(engine.get_function_address(SYMBOL))

    def run(state: State, until_ns: int, columns: Sequence[Int64]) -> int:
        arrays = np.array([(array.ctypes.data, len(array)) for array in (*state, *columns)], np.int64)
        lacking: int = function(arrays.ctypes.data, until_ns)
        return lacking

    return run, engine


def _machine() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3, jit=True
    )


def _processor() -> str:
    """Return a name for this processor and this LLVM."""
    parts = (
        llvm.get_default_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(),
        llvm.llvm_version_info,
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
