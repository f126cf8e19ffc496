"""What a worker process of this machine does. Imports nothing that loads numpy."""

import os
import pickle
import signal
import threading
import traceback
import warnings
from multiprocessing import connection, parent_process
from multiprocessing.connection import Connection
from typing import Any, Final

THREAD_LIMITS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""Where the libraries below numpy read how many threads to start: one, for there is a process for each core."""


def work(tasks: Connection) -> None:
    """Answer tasks, each a function with its arguments, until the other end of ``tasks`` is closed.

    An answer is whether it succeeded, with the result or the exception. Ctrl-C is left to the process that asks, and
    when that ends in whatever way, so does this one, even in the middle of a task.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")  # the process that asks has its own words for them
    for name in THREAD_LIMITS:
        os.environ.setdefault(name, "1")
    threading.Thread(target=_leave_with_the_owner, daemon=True).start()
    while True:
        try:
            answer = _answer(tasks)
        except (EOFError, OSError):
            return
        try:
            tasks.send(answer)
        except OSError:
            return
        except Exception as error:  # a result that cannot be pickled
            tasks.send((False, RuntimeError(f"a worker cannot send what it found: {error!r}")))


def _answer(tasks: Connection) -> tuple[bool, Any]:
    message = tasks.recv_bytes()
    try:
        function, arguments, named = pickle.loads(message)
        return True, function(*arguments, **named)
    except BaseException as error:
        error.add_note("".join(traceback.format_exception(error)))
        return False, error


def _leave_with_the_owner() -> None:
    owner = parent_process()
    if owner is not None:
        connection.wait([owner.sentinel])
        os._exit(1)
