"""Faults for tests: a process that is killed at one of its changes to files, and a file system that is full.

Knows nothing of what is saved.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHANGES = ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "shutil.rmtree")


def killed_at(change: int, work: Callable[[], object]) -> bool:
    """Do ``work`` in a copy of this process that is killed before its ``change``-th change to files.

    Return whether it was; it is not when it makes fewer changes. Skips where processes cannot be copied.
    """
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot copy a process")
    child = os.fork()
    if child == 0:
        changes = 0

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal changes
            if event in CHANGES or (event == "open" and _is_to_write(arguments[2])):
                changes += 1
                if changes == change:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def _is_to_write(flags: object) -> bool:
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """Mount a file system of ``size`` bytes at ``folder``; skips where that is not allowed."""
    folder.mkdir()
    try:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        made = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        made = False
    if not made:
        pytest.skip("only root may mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
