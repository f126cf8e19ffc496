"""What worker processes are given to do by tests: functions of a module that they can import by its name."""

import os
import signal
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from lambdasim.errors import InputError, Problem


def square(number: int) -> int:
    return number * number


def slow_square(number: int) -> int:
    time.sleep(0.05)
    return number * number


def die_once(mark: str) -> str:
    """End the worker that does this first."""
    try:
        Path(mark).touch(exist_ok=False)
    except FileExistsError:
        return Path(mark).name
    os._exit(7)


def die_while_it_answers(mark: str) -> bytes:
    """Return more than fits into a pipe at once; who does this first is killed in the middle of sending it."""
    with suppress(FileExistsError):
        Path(mark).touch(exist_ok=False)

        def begin(pipe: Connection, content: memoryview) -> None:
            os.write(pipe.fileno(), content[:1000])
            if len(content) > 1000:
                os.kill(os.getpid(), signal.SIGKILL)

        Connection._send = begin  # type: ignore[method-assign]
    return bytes(400_000)


def die(_: int) -> None:
    os._exit(7)


def refuse(number: int) -> int:
    if number == 3:
        raise InputError([Problem("a.toml", 3, "x", "is wrong"), Problem("a.toml", 4, "y", "is wrong too")])
    return number


def worker(_: int) -> tuple[int, str]:
    time.sleep(0.02)
    return os.getpid(), os.environ["OPENBLAS_NUM_THREADS"]


def large(_: int) -> bytes:
    """Return more than fits into a pipe at once."""
    return bytes(400_000)


def make_lambda() -> object:
    return lambda: 1
