"""Which version a request goes to, decided in the loop. Twin of ``Versions`` of ``engine/reference/simulation.py``."""

from typing import Any

import numpy as np

from lambdasim.engine.compiled.state import State
from lambdasim.machine_code.jit import kernel
from lambdasim.model.aliases import chosen
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
def function_at(state: State, sender: Any, place: int) -> int:
    """Return the index of the version at a place."""
    if sender.alias < 0:
        return int(sender.function)
    return int(state.targets[state.aliases[sender.alias].first + place])
