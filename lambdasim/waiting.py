"""Long waits that may be given up: whoever waits asks now and then, and whoever takes signals answers."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Final


def _nobody() -> None:
    """Let the wait go on."""


asked: Final[ContextVar[Callable[[], None]]] = ContextVar("asked", default=_nobody)
"""Who is asked: to be set for the time of a command."""

POLL_S: Final = 0.1
"""How often."""


def ask() -> None:
    """Go on waiting, or raise what whoever is asked raises."""
    asked.get()()
