"""A pool of processes on this machine: each with a pipe of its own, so that none that dies keeps others waiting.

In the standard library's pool all workers send through one pipe: the rest of a result whose sender was killed in the
middle of it would be waited for without end.
"""

import pickle
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from queue import SimpleQueue
from typing import Any

from lambdasim.planning.worker import work

_Task = tuple["Future[Any]", bytes]


class WorkerDied(BrokenExecutor):
    """The process that did a task ended before it had answered; others go on."""


class LocalPool(Executor):
    """Processes of this machine. They leave with the process that made them, and one that dies is replaced."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._crew: _Crew | None = None

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> "Future[Any]":
        """Let a worker call ``function``; starts the processes, also after they were abandoned.

        Raises what pickling raises. The future of a worker that dies has :class:`WorkerDied`.
        """
        return self._started().submit(pickle.dumps((function, arguments, named)))

    def _started(self) -> "_Crew":
        if self._crew is None:
            self._crew = _Crew(self.workers)
        return self._crew

    def abandon(self) -> None:
        """End the processes at once, whatever they are doing."""
        if self._crew is not None:
            self._crew.kill()
        self.shutdown(cancel_futures=True)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the tasks finish, then end the processes."""
        crew, self._crew = self._crew, None
        if crew is not None:
            crew.end(wait=wait, cancel=cancel_futures)


class _Crew:
    """So many threads, each of which feeds a process of its own."""

    def __init__(self, size: int) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._processes: set[SpawnProcess] = set()
        self._killed = False
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._feed, daemon=True) for _ in range(size)]
        for thread in self._threads:
            thread.start()

    def submit(self, message: bytes) -> "Future[Any]":
        future: Future[Any] = Future()
        self._tasks.put((future, message))
        return future

    def kill(self) -> None:
        with self._lock:
            self._killed = True
            for process in self._processes:
                process.kill()

    def end(self, *, wait: bool, cancel: bool) -> None:
        while cancel and not self._tasks.empty():
            task = self._tasks.get()
            if task is not None:
                task[0].cancel()
        for _ in self._threads:
            self._tasks.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def _feed(self) -> None:
        """Give tasks to a process, one after the other, and start another one when it dies."""
        pipe: Connection | None = None
        process: SpawnProcess | None = None
        while (task := self._tasks.get()) is not None:
            future, message = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                if pipe is None or process is None:
                    pipe, process = self._hired()
                pipe.send_bytes(message)
                succeeded, value = pipe.recv()
            except (EOFError, OSError):
                future.set_exception(WorkerDied("a worker process died"))
                self._dismiss(pipe, process)
                pipe = process = None
            except Exception as error:  # what a worker sent and this process cannot read
                future.set_exception(error)
            else:
                if succeeded:
                    future.set_result(value)
                else:
                    future.set_exception(value)
        self._dismiss(pipe, process)

    def _hired(self) -> tuple[Connection, SpawnProcess]:
        """Start a process; raises OSError when that cannot be, or when all were killed."""
        context = get_context("spawn")  # the one that every system has, and that inherits no lock or thread
        with self._lock:
            if self._killed:
                raise OSError("the pool was abandoned")
            ours, theirs = context.Pipe()
            process = context.Process(target=work, args=(theirs,), daemon=True)
            process.start()
            theirs.close()  # so that only the process holds it, and its death shows
            self._processes.add(process)
            return ours, process

    def _dismiss(self, pipe: Connection | None, process: SpawnProcess | None) -> None:
        """Close the pipe, upon which a process that is still there leaves, and wait for that."""
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.join()
            with self._lock:
                self._processes.discard(process)
