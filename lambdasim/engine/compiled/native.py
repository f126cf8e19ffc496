"""The event loop as machine code."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from lambdasim import plan, records
from lambdasim.engine.compiled.state import State
from lambdasim.machine_code import cache as kept
from lambdasim.machine_code.native import Program, load
from lambdasim.model import events, rules
from lambdasim.records import Int64

SYMBOL = "event_loop"


class Loop(NamedTuple):
    """The event loop, ready to run."""

    run: Callable[[State, int, Sequence[Int64]], int]
    """``loop.run``: takes the state, ``until_ns`` and the columns of a chunk, each contiguous."""
    seconds: float
    """How long this process took to have it."""
    was_kept: bool
    """Whether it came from the cache, without compilation."""


def name() -> str:
    """Return a name for the loop as the sources have it now."""
    files = [Path(str(module.__file__)) for module in (rules, events, plan, records)]
    return kept.name("event-loop", [*files, *sorted(Path(__file__).parent.glob("*.py"))])


def is_kept() -> bool:
    """Say whether the loop of these sources is kept, so that a first run need not wait for the compiler."""
    return kept.holds(name())


@cache
def event_loop() -> Loop:
    """Return the event loop. Warns when it cannot be kept for the next time."""
    code = load(Program(name(), _entries))
    loop = code.loops[SYMBOL]
    return Loop(lambda state, until_ns, columns: loop((*state, *columns), until_ns), code.seconds, code.was_kept)


def _entries() -> dict[str, Callable[..., Any]]:
    from lambdasim.engine.compiled.entry import entry

    return {SYMBOL: entry}
