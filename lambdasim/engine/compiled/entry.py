"""The way into the loop from outside Numba: arrays come as addresses and lengths, which need no Numba to write."""

from typing import Any

from lambdasim.engine.compiled.loop import run
from lambdasim.engine.compiled.routine import state_at
from lambdasim.engine.compiled.state import INTEGER
from lambdasim.machine_code.jit import address_of, array_at


def entry(arrays: Any, until_ns: int) -> int:
    """Run the loop. ``arrays`` holds the address and the length of each of the state's arrays, then of each column."""
    return run(
        state_at(address_of(arrays)),
        until_ns,
        array_at(arrays[60], arrays[61], INTEGER),  # request
        array_at(arrays[62], arrays[63], INTEGER),  # arrival_ns
        array_at(arrays[64], arrays[65], INTEGER),  # function
        array_at(arrays[66], arrays[67], INTEGER),  # duration_ns
        array_at(arrays[68], arrays[69], INTEGER),  # init_ns
        array_at(arrays[70], arrays[71], INTEGER),  # placement_ns
        array_at(arrays[72], arrays[73], INTEGER),  # outcome
        array_at(arrays[74], arrays[75], INTEGER),  # idle_timeout_ns
        array_at(arrays[76], arrays[77], INTEGER),  # surplus_idle_timeout_ns
        array_at(arrays[78], arrays[79], INTEGER),  # lifetime_ns
        array_at(arrays[80], arrays[81], INTEGER),  # pick
        array_at(arrays[82], arrays[83], INTEGER),  # source
        array_at(arrays[84], arrays[85], INTEGER),  # delay_ns
    )
