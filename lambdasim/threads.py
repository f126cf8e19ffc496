"""Threads of one run: what comes next is made ahead of it, what follows is done behind it.

They help where numpy and compiled loops work, which let other threads run meanwhile. Each stage keeps the order of what
it is given, so that what comes out is the same on however many threads.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, TypeVar

Item = TypeVar("Item")

MOST: Final = 3
"""More threads than stages help nothing."""

AHEAD: Final = 4
"""How many items are made ahead: about as many chunks as come of a window, of which the first takes as long as all."""

WORTH_ROWS: Final = 10_000
"""Fewer rows are dealt with sooner than another thread has them: a handover takes a tenth of a millisecond."""


def available_cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


class Stages:
    """A stage before and one after what the caller does: in threads of their own, in one for both, or in the caller's.

    Use it in a ``with``: what a stage raises comes out of its calls or of :meth:`wait`, and nothing goes on after it.
    """

    def __init__(self, threads: int) -> None:
        """Let there be so many threads, the caller's included."""
        self._pools = [ThreadPoolExecutor(1) for _ in range(min(threads, MOST) - 1)]
        self._behind: deque[Future[None]] = deque()

    def __enter__(self) -> "Stages":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in self._pools:
            pool.shutdown(cancel_futures=True)

    def ahead(self, items: Iterator[Item], rows: Callable[[Item], int]) -> Iterator[Item]:
        """Yield the items, of which the next :data:`AHEAD` are made meanwhile once they are worth it.

        ``rows`` counts those of one.
        """
        if not self._pools:
            yield from items
            return
        end: Any = object()
        for item in items:
            if rows(item) >= WORTH_ROWS:
                break
            yield item
        else:
            return
        coming: deque[Future[Any]] = deque()
        while item is not end:
            while len(coming) < AHEAD:
                coming.append(self._pools[0].submit(next, items, end))
            yield item
            item = coming.popleft().result()

    def behind(self, function: Callable[[Item], None], rows: Callable[[Item], int]) -> Callable[[Item], None]:
        """Return what lets ``function`` be called with something, which may be later; with one thing after the other.

        It waits while two things are to be done; ``rows`` as above.
        """
        if not self._pools:
            return function

        def later(item: Item) -> None:
            while self._behind and self._behind[0].done():
                self._behind.popleft().result()
            if not self._behind and rows(item) < WORTH_ROWS:
                function(item)
                return
            while len(self._behind) > 1:
                self._behind.popleft().result()
            self._behind.append(self._pools[-1].submit(function, item))

        return later

    def wait(self) -> None:
        """Wait until all is done."""
        while self._behind:
            self._behind.popleft().result()
