"""Compiling in a second process, while this one compiles too: Numba keeps one processor busy, and there are two."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import lambdasim

Assembly = dict[str, tuple[str, str]]
"""By name: a function in LLVM assembly, and its name there."""


def assembled_beside(place: str) -> Callable[[], Assembly]:
    """Start to compile the loops that a function of no arguments returns, given as ``module:function``.

    Return what waits for them. When the other process fails, they are compiled here.
    """
    result = tempfile.TemporaryFile()  # noqa: SIM115 (whoever waits closes it)
    process = _started("assemble", [place], result)

    def wait() -> Assembly:
        with result:
            if process.wait() != 0:
                return _assembled(place)
            result.seek(0)
            return {name: (text, symbol) for name, (text, symbol) in json.load(result).items()}

    return wait


def loaded_beside(places: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start a process that calls functions of no arguments, given as ``module:function``, which keep what they compile.

    As a context it waits for it; what that did not do is still to be done.
    """
    return _started("load", places, subprocess.DEVNULL)


def _started(task: str, places: Sequence[str], output: Any) -> "subprocess.Popen[bytes]":
    package = str(Path(lambdasim.__file__).parents[1])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-m", __name__, task, *places],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
    )


def _function(place: str) -> Callable[[], Any]:
    module, name = place.split(":")
    function: Callable[[], Any] = getattr(import_module(module), name)
    return function


def _assembled(place: str) -> Assembly:
    from lambdasim.machine_code.jit import assembly

    return {name: assembly(entry) for name, entry in _function(place)().items()}


if __name__ == "__main__":
    if sys.argv[1] == "assemble":
        json.dump(_assembled(sys.argv[2]), sys.stdout)
    else:
        for place in sys.argv[2:]:
            _function(place)()
