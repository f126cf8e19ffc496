"""The compiled engine as Python runs it: the package is copied under another name, perhaps with small changes, and with
the modules replaced that load the loop and that know Numba.
"""

import importlib
import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lambdasim.engine.compiled

PACKAGE = "lambdasim.engine.compiled"

TIGHT = (
    ("state", "LEAST: Final = 16", "LEAST: Final = 1"),
    (
        "room",
        'int(max(times * room["capacity"], room["first"], needed))',
        'int(max(room["capacity"] * 9 // 8 + 1, needed))',
    ),
)
"""Changes that leave room for one event at a time, and hardly more than it may need, so that what the loop needs beyond
is an IndexError."""

JIT = """
def kernel(function):
    return function

def prefetch(array, index):
    pass

def rare(condition):
    return condition

def plain():
    return False

def trailing_zeros(integer):
    return (int(integer) & -int(integer)).bit_length() - 1 if integer else 64
"""

ROUTINE = """
def routine(function):
    return function
"""

LOOP = ("    while True:\n", "    while True:\n        turn()\n")
TURNS = """

of, turns = None, 0

def turn():
    global turns
    turns += 1
    if turns > 50_000:
        raise RecursionError("an engine goes on for ever")
"""

NATIVE = """
from types import SimpleNamespace
import numpy as np
from {package} import loop
from {package}.state import COLUMNS

class Record(np.record):  # its fields come before what numpy calls so, and at once
    def __getattribute__(self, name):
        try:
            return np.void.__getitem__(self, name)
        except KeyError:
            return np.record.__getattribute__(self, name)

    def __setattr__(self, name, value):
        np.void.__setitem__(self, name, value)

def prepare(programs):
    pass

def event_loop(*families):
    return plain_loop_alone()

def plain_loop_alone():
    def run(state, until_ns, columns):
        records = [array.view((Record, array.dtype)) if array.dtype.names else array for array in state]
        if loop.of is not state.loop:  # of another engine
            loop.of, loop.turns = state.loop, 0
        with np.errstate(over="ignore"):
            return loop.run(type(state)(*records), SimpleNamespace(**dict(zip(COLUMNS, columns))), until_ns)
    return run
"""

_names = (f"interpreted_{number}" for number in itertools.count())


def without_a_place(changes: Mapping[str, tuple[str, str, str]]) -> list[str]:
    """Return the names of changes whose place is not in the source, or more than once."""
    folder = Path(lambdasim.engine.compiled.__file__).parent
    return [
        name
        for name, (module, old, _) in changes.items()
        if (folder / f"{module}.py").read_text(encoding="utf-8").count(old) != 1
    ]


@contextmanager
def interpreter(folder: Path) -> Iterator[Callable[..., Any]]:
    """Give what returns an engine class, made in an empty folder: ``engine(*changes)``.

    A change is a module, a place of its source that occurs once, and what stands there instead. An engine that goes on
    for ever by one raises RecursionError, after more events than any of these plans has.
    """
    name = next(_names)

    def engine(*changes: tuple[str, str, str]) -> Any:
        own = folder / name
        own.mkdir()
        for source in Path(lambdasim.engine.compiled.__file__).parent.glob("*.py"):
            text = source.read_text(encoding="utf-8")
            for module, old, new in changes:
                if source.stem == module:
                    assert text.count(old) == 1, f"{old!r} is not once in {source.name}"
                    text = text.replace(old, new)
            if source.stem == "loop":
                assert text.count(LOOP[0]) == 1
                text = text.replace(*LOOP) + TURNS
            text = text.replace(PACKAGE, name).replace("lambdasim.machine_code.jit", f"{name}.jit")
            (own / source.name).write_text(text, encoding="utf-8")
        (own / "jit.py").write_text(JIT, encoding="utf-8")
        (own / "routine.py").write_text(ROUTINE, encoding="utf-8")
        (own / "native.py").write_text(NATIVE.format(package=name), encoding="utf-8")
        sys.path.insert(0, str(folder))
        return importlib.import_module(f"{name}.engine").CompiledEngine

    try:
        yield engine
    finally:
        sys.path[:] = [path for path in sys.path if path != str(folder)]
        for loaded in [module for module in sys.modules if module.split(".")[0] == name]:
            del sys.modules[loaded]
