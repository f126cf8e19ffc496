"""A pool of processes on this machine that leave with the process that made them."""

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from lambdasim.planning.worker import at_work, prepare


class LocalPool(Executor):
    """Processes of this machine. They leave with the process that made them, and one that dies is replaced."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._leash: Connection | None = None

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> "Future[Any]":
        """Let a worker call ``function``; starts the processes, also after they broke or were abandoned."""
        try:
            return self._started().submit(at_work, function, *arguments, **named)
        except BrokenExecutor:
            self.abandon()
            return self._started().submit(at_work, function, *arguments, **named)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = get_context("spawn")  # the one that every system has, and that inherits no lock or thread
            held, self._leash = context.Pipe(duplex=False)
            self._pool = ProcessPoolExecutor(self.workers, context, prepare, (held,))
        return self._pool

    def abandon(self) -> None:
        """End the processes at once, whatever they are doing."""
        self._let_go()
        self.shutdown(cancel_futures=True)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the tasks finish, then end the processes."""
        if self._pool is not None:
            self._pool.shutdown(wait, cancel_futures=cancel_futures)
            self._pool = None
        if wait:
            self._let_go()

    def _let_go(self) -> None:
        if self._leash is not None:
            self._leash.close()
            self._leash = None
