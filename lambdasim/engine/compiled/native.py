"""The event loop as machine code."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from lambdasim.engine.compiled.state import State
from lambdasim.machine_code.native import load
from lambdasim.machine_code.program import EVENT_LOOP, QUEUES
from lambdasim.records import Int64


@cache
def event_loop(queues: bool) -> Callable[[State, int, Sequence[Int64]], int]:
    """Return ``loop.run``, which takes the state, ``until_ns`` and the columns of a chunk, each contiguous.

    With ``queues`` for plans that have some. Warns when it cannot be kept for the next time.
    """
    run = load(EVENT_LOOP, *[QUEUES] * queues)["event_loop"]
    return lambda state, until_ns, columns: run((*state, *columns), until_ns)


def loop() -> dict[str, Callable[..., Any]]:
    """Return the loop."""
    from lambdasim.engine.compiled.entry import entry

    return {"event_loop": entry}


def routines() -> dict[str, Callable[..., Any]]:
    """Return what the loop calls by name; see :mod:`~lambdasim.engine.compiled.routine`."""
    from lambdasim.engine.compiled import messages, pollers, polling, sqs

    called: tuple[Any, ...] = (
        messages.receive, pollers.look, pollers.enable, pollers.target_changed, polling.apply, sqs.arrive, sqs.drop,
        sqs.goes_off, sqs.attempt_batch, sqs.ended, sqs.close,
    )  # fmt: skip
    return {routine.symbol: routine.entry for routine in called}
