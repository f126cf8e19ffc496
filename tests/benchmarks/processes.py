"""The environment of processes whose time is measured."""

import os
from pathlib import Path


def kept_bytecode(aside: Path, root: Path, **more: str) -> dict[str, str]:
    """Return the environment of a process of the lambdasim in ``root`` that keeps its bytecode ``aside``.

    Where none may be kept (PYTHONDONTWRITEBYTECODE) every process compiles all of lambdasim's source, which says
    nothing of an installation.
    """
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return environment | {"PYTHONPYCACHEPREFIX": str(aside), "PYTHONPATH": str(root)} | more
