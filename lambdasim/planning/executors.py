"""Who does the simulations of a plan: this process, a pool of its own, a cluster, or any executor of the standard kind.

A result depends on its task alone: not on who did it, in which order, beside how many others, or at which attempt.
Knows tasks and executors, and nothing of what the results are for.
"""

import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from lambdasim.config.load import LoadedExperiment
from lambdasim.errors import InputError, Interrupted
from lambdasim.planning.cluster import Cluster, connect
from lambdasim.planning.local import LocalPool, WorkerDied
from lambdasim.threads import available_cores

POLL_S: Final = 0.1
"""How often someone who waits for results may look at something else."""
BATCH_S: Final = 0.2
"""Tasks shorter than this are sent together, as many as make it: sending one takes about a millisecond."""
AHEAD: Final = 3
"""Batches that are sent for each worker, so that none waits for the next."""
UNKNOWN_WORKERS: Final = 256
"""So many are taken to be behind an executor that does not say."""
LOSSES: Final = 3
"""So many times workers may die, one time after the other, with nothing finished in between."""


@dataclass(frozen=True, slots=True)
class Task:
    """One replication of one point."""

    experiment: LoadedExperiment
    seed: int
    similar_runs: int = 20
    """About how many tasks like it there are: many small ones pay for the compiled engine as a large one does."""


def measure(task: Task) -> dict[str, Any]:
    """Return the part of the summary that differs between replications: account, functions, sources and cost.

    Plain values that JSON can hold; no time series, no request log.
    """
    from lambdasim.measurements import measurements
    from lambdasim.simulate import simulate

    config = task.experiment.config
    return measurements(
        simulate(config, task.seed, keep_requests=False, similar_runs=task.similar_runs, threads=1), config
    )


def local_executor(jobs: int | None = None) -> LocalPool:
    """Return a pool of ``jobs`` processes, one for each core by default. Close it, or use it in a ``with``."""
    return LocalPool(jobs or available_cores())


def cluster_executor(address: str, timeout_s: float = 10) -> Cluster:
    """Return the cluster whose dask scheduler listens at ``address`` (``tcp://host:8786``).

    Raises :class:`lambdasim.errors.MissingExtra` without dask.distributed, and :class:`InputError` when nothing
    answers within ``timeout_s``, when there is no worker, or when the workers have other sources of lambdasim.
    """
    return connect(address, timeout_s)


def run_all(
    tasks: Iterable[Any],
    executor: Executor | None,
    function: Callable[[Any], Any] = measure,
    on_done: Callable[[int, Any], None] | None = None,
    on_wait: Callable[[], None] | None = None,
) -> list[Any]:
    """Return what ``function`` makes of each task, in the order of the tasks; without an executor, here and now.

    ``on_done`` is called with the index of a task and its result, as they come; ``on_wait`` about every tenth of a
    second in between, when there is an executor. A task whose worker died is done again by another. On Ctrl-C, or
    when one of the two callbacks raises :class:`Interrupted`, tasks that have not ended are given up and
    :class:`Interrupted` is raised with the results so far as ``partial``, None in the place of those that lack. Raises
    what ``function`` raises, and :class:`InputError` when workers do nothing but die.
    """
    queue = list(tasks)
    results: list[Any] = [None] * len(queue)
    pairs = _in_turn(queue, function) if executor is None else _spread(queue, function, executor, on_wait)
    with closing(pairs):
        try:
            for index, result in pairs:
                results[index] = result
                if on_done is not None:
                    on_done(index, result)
        except (KeyboardInterrupt, Interrupted):
            raise Interrupted("interrupted", partial=results) from None
    return results


def _in_turn(queue: Sequence[Any], function: Callable[[Any], Any]) -> Generator[tuple[int, Any], None, None]:
    for index, task in enumerate(queue):
        yield index, function(task)


def _spread(
    queue: Sequence[Any], function: Callable[[Any], Any], executor: Executor, on_wait: Callable[[], None] | None
) -> Generator[tuple[int, Any], None, None]:
    """Yield index and result of each task as they come; what is still at work when this is closed is given up."""
    waiting = deque(range(len(queue)))
    sent: dict[Future[Any], list[int]] = {}
    workers = getattr(executor, "workers", UNKNOWN_WORKERS)
    known_s, known, losses = 0.0, 0, 0
    try:
        while waiting or sent:
            while waiting and len(sent) < AHEAD * workers:
                size = _batch_size(known_s / known if known else BATCH_S, len(waiting), workers)
                batch = [waiting.popleft() for _ in range(size)]
                sent[_submitted(executor, function, [queue[i] for i in batch])] = batch
            done = wait(sent, POLL_S, FIRST_COMPLETED).done
            if any(_is_broken(_failure(future)) for future in done):
                done = wait(sent).done  # all of them are lost, or were finished just before
            lost = False
            for future in done:
                batch = sent.pop(future)
                if isinstance(_failure(future), _deaths()):
                    waiting.extendleft(reversed(batch))
                    lost = True
                    continue
                seconds, values = _result(future)
                known_s, known, losses = known_s + seconds, known + len(batch), 0
                yield from zip(batch, values, strict=True)
            losses += lost
            if losses >= LOSSES:
                raise InputError.single(_ALL_DIE)
            if on_wait is not None:
                on_wait()
    finally:
        for future in sent:
            future.cancel()
        if sent and isinstance(executor, LocalPool):
            executor.abandon()


_ALL_DIE: Final = (
    f"workers died {LOSSES} times in a row and finished nothing; is there memory for so many (--jobs)? "
    "A script that uses workers keeps what it does under: if __name__ == '__main__':"
)


def _batch_size(task_s: float, waiting: int, workers: int) -> int:
    """Return how many tasks to send together: enough to be worth it, and few enough that all workers have some."""
    worth = int(BATCH_S / max(task_s, 1e-6))
    return max(1, min(worth, waiting // (2 * workers)))


def _submitted(executor: Executor, function: Callable[[Any], Any], tasks: list[Any]) -> "Future[Any]":
    try:
        return executor.submit(_perform, function, tasks)
    except BrokenExecutor as error:
        raise InputError.single(f"the executor is broken ({error}); give a new one") from error


def _perform(function: Callable[[Any], Any], tasks: Sequence[Any]) -> tuple[float, list[Any]]:
    """Do some tasks, in whatever process this is; return how long it took, and the results."""
    begin = time.perf_counter()
    results = [function(task) for task in tasks]
    return time.perf_counter() - begin, results


def _failure(future: "Future[Any]") -> BaseException | None:
    return None if future.cancelled() else future.exception()


def _is_broken(failure: BaseException | None) -> bool:
    """Return whether an executor will do nothing any more."""
    return isinstance(failure, BrokenExecutor) and not isinstance(failure, WorkerDied)


def _result(future: "Future[Any]") -> tuple[float, list[Any]]:
    try:
        result: tuple[float, list[Any]] = future.result()
    except CancelledError:
        raise InputError.single("the executor has given the tasks up; is its cluster still there?") from None
    return result


def _deaths() -> tuple[type[BaseException], ...]:
    """Return what a task ends with whose worker died, under the executors there are."""
    distributed = sys.modules.get("distributed")
    return (BrokenExecutor,) if distributed is None else (BrokenExecutor, distributed.KilledWorker)
