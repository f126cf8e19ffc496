"""Functions that the loop calls, for what is long or happens seldom; each is compiled by itself, as Numba takes a long
time over a large loop.

They are given the address of a table of addresses instead of thirty arrays, and find there what they need.
"""

from collections.abc import Callable
from inspect import signature
from typing import Any

from lambdasim.engine.compiled.queues import DRAWN, MESSAGE, POLLER, QUEUE, RECEIPT, SAMPLE, TIMER
from lambdasim.engine.compiled.state import (
    ACCOUNT,
    BUCKET,
    CHANGE,
    CLIENT,
    DELIVERY,
    ENVIRONMENT,
    FUNCTION,
    INTEGER,
    INVOCATION,
    LIFE,
    LOOP,
    MOMENT,
    POOL,
    RATE,
    SOURCE,
    WAITING,
    State,
)
from lambdasim.machine_code.jit import address_of, array_at, elsewhere, kernel

ARRAYS = len(State._fields)


@kernel
def state_at(place: int) -> State:
    """Return the state whose arrays have their addresses and lengths in a table, in the order of ``State``."""
    table = array_at(place, 2 * ARRAYS, INTEGER)
    return State(
        loop=array_at(table[0], table[1], LOOP),
        account=array_at(table[2], table[3], ACCOUNT),
        functions=array_at(table[4], table[5], FUNCTION),
        pools=array_at(table[6], table[7], POOL),
        rates=array_at(table[8], table[9], RATE),
        buckets=array_at(table[10], table[11], BUCKET),
        clients=array_at(table[12], table[13], CLIENT),
        tokens=array_at(table[14], table[15], INTEGER),
        control=array_at(table[16], table[17], CHANGE),
        provisioned_init_ns=array_at(table[18], table[19], INTEGER),
        environments=array_at(table[20], table[21], ENVIRONMENT),
        completions=array_at(table[22], table[23], MOMENT),
        expiries=array_at(table[24], table[25], MOMENT),
        waiting=array_at(table[26], table[27], WAITING),
        retries=array_at(table[28], table[29], MOMENT),
        firsts=array_at(table[30], table[31], MOMENT),
        sources=array_at(table[32], table[33], SOURCE),
        queues=array_at(table[34], table[35], QUEUE),
        queue_of=array_at(table[36], table[37], INTEGER),
        pollers=array_at(table[38], table[39], POLLER),
        idle=array_at(table[40], table[41], MOMENT),
        drawn=array_at(table[42], table[43], DRAWN),
        messages=array_at(table[44], table[45], MESSAGE),
        receipts=array_at(table[46], table[47], RECEIPT),
        timers=array_at(table[48], table[49], TIMER),
        moments=array_at(table[50], table[51], MOMENT),
        invocations=array_at(table[52], table[53], INVOCATION),
        ended=array_at(table[54], table[55], LIFE),
        deliveries=array_at(table[56], table[57], DELIVERY),
        samples=array_at(table[58], table[59], SAMPLE),
    )


def routine(function: Callable[..., Any]) -> Any:
    """Make a function of the state and up to three integers, which returns an integer or nothing, one that is called.

    Its ``entry`` is to be compiled with those that call it, under the name ``symbol``.
    """
    built_in: Any = kernel(function)

    def without_result(state: State, *rest: int) -> int:
        built_in(state, *rest)
        return 0

    own: Any = kernel(without_result) if signature(function).return_annotation is None else built_in

    def of_one(arrays: Any, a: int) -> int:
        result: int = own(state_at(address_of(arrays)), a)
        return result

    def of_two(arrays: Any, a: int, b: int) -> int:
        result: int = own(state_at(address_of(arrays)), a, b)
        return result

    def of_three(arrays: Any, a: int, b: int, c: int) -> int:
        result: int = own(state_at(address_of(arrays)), a, b, c)
        return result

    parameters = len(signature(function).parameters)
    symbol = f"{function.__module__}.{function.__name__}"
    call = elsewhere(symbol, parameters)

    def out_of_line(state: State, *rest: int) -> int:
        result: int = call((state.loop[0].place, *rest))
        return result

    called: Any = kernel(out_of_line)
    called.symbol, called.entry = symbol, (of_one, of_two, of_three)[parameters - 2]
    return called
