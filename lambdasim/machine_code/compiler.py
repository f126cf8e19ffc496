"""Numba and LLVM as they are installed here: they may be broken, which shows only when they are loaded.

What knows them (``jit``, ``linking``, ``objects``) is imported through :func:`loaded`.
"""

import hashlib
import os
import subprocess
import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Final

from lambdasim.machine_code import cache as kept

WORKS, FAILS = b"works", b"fails"

PACKAGES: Final = ("numba", "llvmlite", "numpy")
"""What has to fit together."""


def loaded(module: str) -> ModuleType:
    """Return a module of this package that needs Numba or LLVM.

    Raises ImportError where that cannot be loaded, whatever it raises itself.
    """
    try:
        return import_module(f"lambdasim.machine_code.{module}")
    except ImportError:
        raise
    except Exception as error:  # a library that is not there, or made for another version of another one
        raise ImportError(str(error)) from error


def works() -> bool:
    """Say whether Numba can be loaded.

    A process tries, as it takes a third of a second and what is broken may end it; the answer is kept for the packages
    as they are now.
    """
    answer = kept.directory() / f"numba-{_installation()}"
    known = kept.read(answer)
    if known is None:
        nothing = subprocess.DEVNULL
        try:
            command = [sys.executable, "-P", "-c", "import numba"]
            done = subprocess.run(
                command, env=environment(), stdin=nothing, stdout=nothing, stderr=nothing, check=False
            )
        except OSError:
            return False
        known = FAILS if done.returncode else WORKS
        with suppress(OSError):
            kept.write(answer, known)
    return known == WORKS


def environment() -> dict[str, str]:
    """Return the environment of a process that is to load the modules that this one does.

    With ``-P``, or else the folder that it is started in would come first, and a ``numba.py`` in it.
    """
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}


def _installation() -> str:
    """Return a name for the packages as they are now: where they are, and when and how long their first files are."""
    sha = hashlib.sha256(sys.version.encode())
    for package in PACKAGES:
        spec = find_spec(package)
        file = Path(spec.origin) if spec is not None and spec.origin is not None else None
        if file is not None and file.is_file():
            found = file.stat()
            sha.update(f"{file} {found.st_mtime_ns} {found.st_size}\n".encode())
    return sha.hexdigest()[:16]
