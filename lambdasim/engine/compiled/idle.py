"""The idle environments of a pool, under each reuse order. Twin of ``model/idle.py``.

The recency orders are a list through the environments, ``left`` to the older and ``right`` to the newer neighbour.
Random reuse needs to find the environment in a given place: there ``left`` and ``right`` are children in a tree whose
nodes are numbered level by level from 1, so the bits of a number below the highest lead from the root to its node.
"""

from typing import Any

from lambdasim.engine.compiled.jit import kernel
from lambdasim.engine.compiled.state import Records
from lambdasim.model.events import Reuse

LEAST_RECENT, RANDOM = int(Reuse.LEAST_RECENT), int(Reuse.RANDOM)


@kernel
def add(pool: Any, reuse: int, environments: Records, slot: int) -> None:
    """Put in an environment that has just fallen idle."""
    pool.idle += 1
    if reuse == RANDOM:
        environments[slot].left = environments[slot].right = -1
        _link(pool, environments, pool.idle, slot)
        return
    newest = pool.last
    environments[slot].left = newest
    environments[slot].right = -1
    if newest >= 0:
        environments[newest].right = slot
    else:
        pool.first = slot
    pool.last = slot


@kernel
def choice(pool: Any, reuse: int, environments: Records, pick: int) -> int:
    """Return the slot of the one a request gets, or -1; ``pick`` is uniform on 0 .. 2**31 - 1."""
    if pool.idle == 0:
        return -1
    if reuse == RANDOM:
        return _node(pool, environments, 1 + (pick * pool.idle >> 31))
    return pool.first if reuse == LEAST_RECENT else pool.last


@kernel
def remove(pool: Any, reuse: int, environments: Records, slot: int) -> None:
    """Take out an environment that is idle."""
    leaving = environments[slot]
    if reuse == RANDOM:  # the last one takes its place
        place, last = leaving.place, pool.idle
        mover = _node(pool, environments, last)
        _link(pool, environments, last, -1)
        if mover != slot:
            environments[mover].left = leaving.left
            environments[mover].right = leaving.right
            _link(pool, environments, place, mover)
    else:
        if leaving.left >= 0:
            environments[leaving.left].right = leaving.right
        else:
            pool.first = leaving.right
        if leaving.right >= 0:
            environments[leaving.right].left = leaving.left
        else:
            pool.last = leaving.left
    pool.idle -= 1


@kernel
def _node(pool: Any, environments: Records, place: int) -> int:
    """Return the slot of the tree's node in a place that is taken."""
    bit = 1
    while bit << 1 <= place:
        bit <<= 1
    slot = pool.first
    while bit > 1:
        bit >>= 1
        slot = environments[slot].right if place & bit else environments[slot].left
    return slot


@kernel
def _link(pool: Any, environments: Records, place: int, slot: int) -> None:
    """Let the tree have ``slot`` in a place whose parent is taken; -1 for none."""
    if place == 1:
        pool.first = slot
    else:
        parent = environments[_node(pool, environments, place >> 1)]
        if place & 1:
            parent.right = slot
        else:
            parent.left = slot
    if slot >= 0:
        environments[slot].place = place
