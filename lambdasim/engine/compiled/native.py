"""The event loop as machine code, and the routines of its families."""

from collections.abc import Callable, Sequence
from functools import cache
from types import ModuleType
from typing import Any

from lambdasim.engine.compiled.state import State
from lambdasim.machine_code.native import load, prepare
from lambdasim.machine_code.program import FOR_ALL, FOR_PLAIN, Program
from lambdasim.records import Int64

__all__ = ["event_loop", "plain_loop_alone", "prepare"]


@cache
def event_loop(*families: Program) -> Callable[[State, int, Sequence[Int64]], int]:
    """Return ``loop.run``, which takes the state, ``until_ns`` and the columns of a chunk, each contiguous.

    It can run plans with those ``families``. Warns when it cannot be kept for the next time.
    """
    run = load(*FOR_ALL, *families)["event_loop"]
    return lambda state, until_ns, columns: run((*state, *columns), until_ns)


@cache
def plain_loop_alone() -> Callable[[State, int, Sequence[Int64]], int]:
    """Return the same, which runs what is :func:`~lambdasim.engine.compiled.plain.is_plain` alone, and sooner."""
    run = load(*FOR_PLAIN)["plain_loop"]
    return lambda state, until_ns, columns: run((*state, *columns), until_ns)


def loop() -> dict[str, Callable[..., Any]]:
    """Return the loop, and what it calls for clients that try again."""
    from lambdasim.engine.compiled import asking
    from lambdasim.engine.compiled.entry import entry

    return {"event_loop": entry, **_routines(asking)}


def plain_loop() -> dict[str, Callable[..., Any]]:
    """Return the same for plain plans, which reach no other routine."""
    from lambdasim.engine.compiled import asking
    from lambdasim.engine.compiled.entry import entry

    return {"plain_loop": entry, **_routines(asking)}


def aside() -> dict[str, Callable[..., Any]]:
    """Return the routines of timers, and of what changes at a known time."""
    from lambdasim.engine.compiled import control, families

    return _routines(control, families)


def queues() -> dict[str, Callable[..., Any]]:
    """Return the routines of SQS queues."""
    from lambdasim.engine.compiled import messages, pollers, polling, sqs

    return _routines(messages, pollers, polling, sqs)


def fifo() -> dict[str, Callable[..., Any]]:
    """Return what FIFO queues have besides the routines of SQS queues."""
    from lambdasim.engine.compiled import fifo as own

    return _routines(own)


def streams() -> dict[str, Callable[..., Any]]:
    """Return the routines of streams."""
    from lambdasim.engine.compiled import batches
    from lambdasim.engine.compiled import streams as of_streams

    return _routines(of_streams, batches)


def events() -> dict[str, Callable[..., Any]]:
    """Return the routines of asynchronous events."""
    from lambdasim.engine.compiled import events as of_events

    return _routines(of_events)


def gateways() -> dict[str, Callable[..., Any]]:
    """Return the routines of gateways."""
    from lambdasim.engine.compiled import gateways as of_gateways

    return _routines(of_gateways)


def users() -> dict[str, Callable[..., Any]]:
    """Return the routines of virtual users."""
    from lambdasim.engine.compiled import users as of_users

    return _routines(of_users)


def links() -> dict[str, Callable[..., Any]]:
    """Return the routines of links."""
    from lambdasim.engine.compiled import following
    from lambdasim.engine.compiled import links as of_links

    return _routines(following, of_links)


def handlers() -> dict[str, Callable[..., Any]]:
    """Return the routines of handlers that wait for others."""
    from lambdasim.engine.compiled import connections, holding
    from lambdasim.engine.compiled import handlers as of_handlers

    return _routines(holding, connections, of_handlers)


def _routines(*modules: ModuleType) -> dict[str, Callable[..., Any]]:
    """Return what the loop calls by name of some modules; see :mod:`~lambdasim.engine.compiled.routine`."""
    own: list[Any] = [value for module in modules for value in vars(module).values() if hasattr(value, "symbol")]
    return {routine.symbol: routine.entry for routine in own}
