"""Ctrl-C and SIGTERM: the first asks a simulation to stop and keep what it has, the second leaves at once."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from lambdasim.cli.exit_code import ExitCode
from lambdasim.errors import Interrupted
from lambdasim.waiting import asked

SIGNALS = (signal.SIGINT, signal.SIGTERM)
NOTE = b"\nstopping, and keeping what has been simulated; once more to leave at once\n"
SHOW_CURSOR = b"\x1b[?25h"


class StopRequest:
    """Whether a signal has asked to stop, and whether there is something worth keeping."""

    def __init__(self) -> None:
        self.requested = False
        self.keep_results = False

    def check(self) -> None:
        """Raise :class:`Interrupted` when a signal has come; simulations call this between their steps, and
        whoever waits for long meanwhile.
        """
        if self.requested:
            raise Interrupted("interrupted")

    @contextmanager
    def keeping_results(self) -> Iterator[None]:
        """While open, the first signal only takes note; outside, it raises :class:`KeyboardInterrupt`."""
        self.keep_results = True
        try:
            yield
        finally:
            self.keep_results = False

    def receive(self, _signal: int, _frame: FrameType | None) -> None:
        """Take a signal: the handler of both."""
        if not self.keep_results:
            self.requested = True
            raise KeyboardInterrupt
        if self.requested:
            if sys.stderr is not None and sys.stderr.isatty():
                _tell(SHOW_CURSOR)
            os._exit(ExitCode.INTERRUPTED)
        self.requested = True
        _tell(NOTE)


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """While open, signals arrive at the :class:`StopRequest`, which long waits ask; outside the main thread none."""
    stop = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, stop.receive) for number in SIGNALS}
    waits = asked.set(stop.check)
    try:
        yield stop
    finally:
        asked.reset(waits)
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _tell(words: bytes) -> None:
    """Write to stderr past its buffer: a handler may have interrupted a write to the same stream."""
    if sys.stderr is not None:
        with suppress(OSError):
            os.write(2, words)
