"""Compiling in a second process, while this one compiles too: Numba keeps one processor busy, and there are two.

What the other process compiles it keeps, for this one to load. When it cannot, nothing is lost but time.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import lambdasim
from lambdasim.machine_code.native import keep


def keep_beside(programs: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start to compile programs, each given as ``module:function``, where the function returns it."""
    package = str(Path(lambdasim.__file__).parents[1])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-m", __name__, *programs],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
    )


if __name__ == "__main__":
    for place in sys.argv[1:]:
        module, name = place.split(":")
        keep(getattr(import_module(module), name)())
