"""What a worker process of this machine does before its first task. Imports nothing that loads numpy."""

import os
import signal
import threading
import warnings
from collections.abc import Callable
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import Any, Final

THREAD_LIMITS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""Where the libraries below numpy read how many threads to start: one, for there is a process for each core."""

BETWEEN_TASKS: Final = threading.Lock()
"""Held by a worker but for the time of a task. It must not leave while it sends a result: the pool would wait for the
rest of it for good. One for the process, as the standard pool lets nothing go from its initializer to its tasks."""
LOOK_S: Final = 0.05


def prepare(leash: Connection) -> None:
    """Make this process a worker that lives as long as the other end of ``leash`` is held, and leaves Ctrl-C to others.

    The system closes the other end when the process that holds it ends in whatever way, so no worker is orphaned.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")  # the process that asks has its own words for them
    for name in THREAD_LIMITS:
        os.environ.setdefault(name, "1")
    BETWEEN_TASKS.acquire()
    threading.Thread(target=_leave_when_let_go, args=(leash,), daemon=True).start()


def at_work(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Return what ``function`` returns; while it works this process may leave."""
    BETWEEN_TASKS.release()
    try:
        return function(*arguments, **named)
    finally:
        BETWEEN_TASKS.acquire()


def _leave_when_let_go(leash: Connection) -> None:
    """Leave once the leash is let go: in the middle of a task, or with the owner. Else the pool says when."""
    try:
        leash.recv_bytes()
    except (EOFError, OSError):
        owner = parent_process()
        while not BETWEEN_TASKS.acquire(timeout=LOOK_S) and owner is not None and owner.is_alive():
            pass
        os._exit(1)
