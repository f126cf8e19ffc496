"""Loops from the cache, or else from the compiler. Knows LLVM, and Numba only when it must.

Importing Numba and loading from its own cache takes 0.6 s; this takes less than a tenth.
"""

import ctypes
import hashlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import numpy as np
from numpy.typing import NDArray

from lambdasim.machine_code import cache as kept

Native = Callable[..., int]
"""``native(arrays, number)`` runs a loop on contiguous arrays, of which it gets addresses and lengths."""


class Program(NamedTuple):
    """Loops that are compiled and kept together."""

    name: str
    """As ``cache.name`` makes it of all sources that go into it."""
    entries: Callable[[], Mapping[str, Callable[..., Any]]]
    """Imports Numba and returns the loops by name, as Python functions ``entry(arrays, number)``, for ``jit``."""


def is_kept(program: Program) -> bool:
    """Say whether a program is kept, so that nobody need wait for the compiler."""
    return (kept.directory() / f"{program.name}-{_processor()}").exists()


def load(*programs: Program) -> Mapping[str, Native]:
    """Return the loops of programs by name, ready to run; they may call each other by those names.

    Warns when they cannot be kept for the next time.
    """
    return _loaded([keep(program) for program in programs])


def keep(program: Program) -> bytes:
    """Return a program as machine code: as it is kept, or compiled and from now on kept, else with a warning."""
    path = kept.directory() / f"{program.name}-{_processor()}"
    code = kept.read(path)
    if code is None:
        from lambdasim.machine_code.jit import assembly

        code = _assembled({name: assembly(entry) for name, entry in program.entries().items()})
        try:
            kept.write(path, code)
        except OSError as error:
            message = f"compiled code cannot be kept for the next time: {error}"
            warnings.warn(message, RuntimeWarning, stacklevel=3)
    return code


def _assembled(functions: Mapping[str, tuple[str, str]]) -> bytes:
    """Return an object file of functions, each given by LLVM assembly and its name there, and a list of their names."""
    whole = llvm.parse_assembly("")
    for name, (text, symbol) in functions.items():
        module = llvm.parse_assembly(text)
        module.get_function(symbol).name = name
        whole.link_in(module)
    code: bytes = _machine().emit_object(whole)
    return " ".join(functions).encode() + b"\n" + code


def _loaded(codes: Sequence[bytes]) -> dict[str, Native]:
    """Return the functions of object files, by name."""
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    names: list[str] = []
    for code in codes:
        own, _, machine_code = code.partition(b"\n")
        names += own.decode().split()
        engine.add_object_file(llvm.ObjectFileRef.from_data(machine_code))
    engine.finalize_object()
    prototype = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)
    functions = {name: prototype(engine.get_function_address(name)) for name in names}
    return {name: _taking_arrays(function, engine) for name, function in functions.items()}


def _taking_arrays(function: Callable[[int, int], int], engine: Any) -> Native:

    def native(arrays: Sequence[NDArray[Any]], number: int = 0) -> int:
        assert engine  # which holds the code in memory
        places = np.array([(array.ctypes.data, len(array)) for array in arrays], np.int64)
        return function(places.ctypes.data, number)

    return native


def _machine() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3, jit=True
    )


@cache
def _processor() -> str:
    """Return a name for this processor and this LLVM."""
    parts = (
        llvm.get_default_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(),
        llvm.llvm_version_info,
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
