"""Compiling in a second process, while this one compiles too: Numba keeps one processor busy, and there are two."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
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
    package = str(Path(lambdasim.__file__).parents[1])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    result = tempfile.TemporaryFile()  # noqa: SIM115 (whoever waits closes it)
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, place],
        stdin=subprocess.DEVNULL,
        stdout=result,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
    )

    def wait() -> Assembly:
        with result:
            if process.wait() != 0:
                return _assembled(place)
            result.seek(0)
            return {name: (text, symbol) for name, (text, symbol) in json.load(result).items()}

    return wait


def _assembled(place: str) -> Assembly:
    from lambdasim.machine_code.jit import assembly

    module, name = place.split(":")
    entries: Mapping[str, Callable[..., Any]] = getattr(import_module(module), name)()
    return {name: assembly(entry) for name, entry in entries.items()}


if __name__ == "__main__":
    json.dump(_assembled(sys.argv[1]), sys.stdout)
