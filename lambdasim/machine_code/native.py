"""Loops from the cache, or else from the compiler. Knows LLVM, and Numba only when it must.

Importing Numba and loading from its own cache takes 0.6 s; this takes less than a tenth.
"""

import ctypes
import hashlib
import warnings
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import numpy as np
from numpy.typing import NDArray

from lambdasim.machine_code import cache as kept
from lambdasim.machine_code.beside import Assembly, assembled_beside
from lambdasim.machine_code.reached import reached

Native = Callable[..., int]
"""``native(arrays, number)`` runs a loop on contiguous arrays, of which it gets addresses and lengths."""


class Program(NamedTuple):
    """Loops that are compiled and kept together."""

    kind: str
    """What it is called, whatever its sources."""
    entries: Callable[[], Mapping[str, Callable[..., Any]]]
    """Imports Numba and returns the loops by name, as Python functions ``entry(arrays, number)``, for ``jit``."""
    others: str = ""
    """``module:function`` of what returns further ones, to be compiled at the same time by another process."""
    stubs: Callable[[], Iterable[str]] = tuple
    """Returns the names of functions that the loops can call and never will: they return 0."""


def is_kept(program: Program) -> bool:
    """Say whether a program is kept as its sources are now, so that nobody need wait for the compiler."""
    return _kept(program) is not None


def load(program: Program) -> Mapping[str, Native]:
    """Return the loops of a program by name, ready to run. Warns when they cannot be kept for the next time."""
    path = _kept(program)
    code = None if path is None else kept.read(path)
    if code is None:
        sources = reached(_places(program))
        path = _path(program, [kept.PACKAGES / source for source in sources])
        code = _assembled(_compiled(program), frozenset(program.stubs()))
        try:
            kept.write(path, code)
            kept.write_list(program.kind, sources)
        except OSError as error:
            message = f"compiled code cannot be kept for the next time: {error}"
            warnings.warn(message, RuntimeWarning, stacklevel=2)
    return _loaded(code)


def _kept(program: Program) -> Path | None:
    """Return where a program is kept that was compiled of its sources as they are now."""
    paths = (_path(program, sources) for sources in kept.lists(program.kind))
    return next(filter(Path.exists, paths), None)


def _path(program: Program, sources: Iterable[Path]) -> Path:
    return kept.directory() / f"{kept.name(program.kind, sources)}-{_processor()}"


def _places(program: Program) -> list[str]:
    """Return, as ``module:function``, what says which loops there are."""
    functions = [function for function in (program.entries, program.stubs) if function is not tuple]
    return [*(f"{function.__module__}:{function.__name__}" for function in functions), *filter(None, [program.others])]


def _compiled(program: Program) -> Assembly:
    from lambdasim.machine_code import jit

    others = assembled_beside(program.others) if program.others else dict
    own = {name: jit.assembly(entry) for name, entry in program.entries().items()}
    return own | others()


def _assembled(functions: Assembly, stubs: Container[str]) -> bytes:
    """Return an object file of functions, each given by LLVM assembly and its name there, and a list of their names.

    Those named by ``stubs`` are made.
    """
    whole = llvm.parse_assembly("")
    for name, (text, symbol) in functions.items():
        module = llvm.parse_assembly(text)
        module.get_function(symbol).name = name
        whole.link_in(module)
    for declared in [function for function in whole.functions if function.is_declaration and function.name in stubs]:
        head = str(declared).strip().partition(")")[0].replace("declare", "define", 1)
        whole.link_in(llvm.parse_assembly(f"{head}) {{ ret i64 0 }}"))
    code: bytes = _machine().emit_object(whole)
    return " ".join(functions).encode() + b"\n" + code


def _loaded(code: bytes) -> dict[str, Native]:
    """Return the functions of an object file, by name."""
    names, _, machine_code = code.partition(b"\n")
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(machine_code))
    engine.finalize_object()
    prototype = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)
    functions = {name: prototype(engine.get_function_address(name)) for name in names.decode().split()}
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
