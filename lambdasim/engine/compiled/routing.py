"""Which version a request goes to, decided in the loop. Twin of ``Versions`` of ``engine/reference/simulation.py``."""

from typing import Any

import numpy as np

from lambdasim.engine.compiled.state import State
from lambdasim.machine_code.jit import kernel
from lambdasim.model.aliases import chosen
from lambdasim.model.events import NEVER_NS
from lambdasim.model.rules import jitter24


@kernel
def place_of(state: State, sender: Any, number: int) -> int:
    """Return the place of the version that a sender's request goes to, among those of its alias."""
    if sender.alias < 0:
        return 0
    own = state.aliases[sender.alias]
    index: Any = np.uint64(number)
    weights: Any = state.weights
    place: int = chosen(weights, own.first, own.count, int(jitter24(sender.version_key, index)))
    return place


@kernel
def lead(state: State, number: int, value: int) -> None:
    """Let the mapping of a source lead to the function of a number from now on."""
    source = state.sources[number]
    if value >= source.leads:
        return
    own = state.leads[source.first_lead + value]
    source.function, source.alias, source.first_place = own.function, own.alias, own.first
    source.moves_ns = NEVER_NS
    if value + 1 < source.leads:
        source.moves_ns = state.leads[source.first_lead + value + 1].from_ns


@kernel
def function_at(state: State, sender: Any, place: int) -> int:
    """Return the index of the version at a place."""
    if sender.alias < 0:
        return int(sender.function)
    return int(state.targets[state.aliases[sender.alias].first + place])
