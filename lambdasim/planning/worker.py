"""What a worker process of this machine does before its first task. Imports nothing that loads numpy."""

import os
import signal
import threading
import warnings
from multiprocessing.connection import Connection
from typing import Final

THREAD_LIMITS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""Where the libraries below numpy read how many threads to start: one, for there is a process for each core."""


def prepare(leash: Connection) -> None:
    """Make this process a worker that lives as long as the other end of ``leash`` is held, and leaves Ctrl-C to others.

    The system closes the other end when the process that holds it ends in whatever way, so no worker is orphaned.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")  # the process that asks has its own words for them
    for name in THREAD_LIMITS:
        os.environ.setdefault(name, "1")
    threading.Thread(target=_leave_when_let_go, args=(leash,), daemon=True).start()


def _leave_when_let_go(leash: Connection) -> None:
    try:
        leash.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)
