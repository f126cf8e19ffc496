"""Functions that the loop calls, for what is long or happens seldom; each is compiled by itself, as Numba takes a long
time over a large loop.

They are given the place of the state in memory.
"""

from collections.abc import Callable
from inspect import signature
from typing import Any

from lambdasim.engine.compiled.plain import ABSENT, FACTS
from lambdasim.engine.compiled.state import State
from lambdasim.engine.compiled.structs import records_in
from lambdasim.machine_code.jit import address_of, elsewhere, kernel, table_at

state_at: Any = table_at("State", records_in(State), FACTS, ABSENT)
"""``state_at(place)`` returns the state whose arrays have their addresses and lengths at a place in memory."""


def routine(function: Callable[..., Any]) -> Any:
    """Make a function of the state and up to four integers, which returns an integer or nothing, one that is called.

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

    def of_four(arrays: Any, a: int, b: int, c: int, d: int) -> int:
        result: int = own(state_at(address_of(arrays)), a, b, c, d)
        return result

    parameters = len(signature(function).parameters)
    symbol = f"{function.__module__}.{function.__name__}"
    call = elsewhere(symbol, parameters)

    def out_of_line(state: State, *rest: int) -> int:
        result: int = call((address_of(state), *rest))
        return result

    called: Any = kernel(out_of_line)
    called.symbol, called.entry = symbol, (of_one, of_two, of_three, of_four)[parameters - 2]
    return called
