"""The idle environments of a pool, under each reuse order. Twin of ``model/idle.py``.

The recency orders are a list through the environments, ``left`` to the older and ``right`` to the newer neighbour; of
the newest one ``right`` says nothing, so that who takes it need not touch its neighbour.
Random reuse needs to find the environment in a given place: there ``left`` and ``right`` are children in a tree whose
nodes are numbered level by level from 1, so the bits of a number below the highest lead from the root to its node,
and ``place`` is that number. The order of creation is a skew heap (Sleator and Tarjan, 1986): ``left`` and ``right``
are the children, both of lower numbers, and ``place`` is the parent.
"""

from typing import Any

from lambdasim.engine.compiled.structs import Records
from lambdasim.machine_code.jit import kernel
from lambdasim.model.events import Reuse

LEAST_RECENT, RANDOM, NEWEST = int(Reuse.LEAST_RECENT), int(Reuse.RANDOM), int(Reuse.NEWEST)


@kernel
def add(pool: Any, reuse: int, environments: Records, slot: int) -> None:
    """Put in an environment that has just fallen idle."""
    pool.idle += 1
    entering = environments[slot]
    if reuse == RANDOM:
        entering.left = entering.right = -1
        _link(pool, environments, pool.idle, slot)
    elif reuse == NEWEST:
        entering.left = entering.right = -1
        pool.first = _merged(environments, pool.first, slot, -1)
    else:
        newest = pool.last
        entering.left = newest
        if newest >= 0:
            environments[newest].right = slot
        else:
            pool.first = slot
        pool.last = slot


@kernel
def choice(pool: Any, reuse: int, environments: Records, pick: int) -> int:
    """Return the slot of the one a request gets, where there is one; ``pick`` is uniform on 0 .. 2**31 - 1."""
    if reuse == RANDOM:
        return _node(pool, environments, 1 + (pick * pool.idle >> 31))
    slot: int = pool.first if reuse in (LEAST_RECENT, NEWEST) else pool.last
    return slot


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
    elif reuse == NEWEST:
        parent = leaving.place
        heir = _merged(environments, leaving.left, leaving.right, parent)
        if parent < 0:
            pool.first = heir
        elif environments[parent].left == slot:
            environments[parent].left = heir
        else:
            environments[parent].right = heir
    else:
        older = leaving.left
        if slot == pool.last:
            pool.last = older
            if older < 0:
                pool.first = -1
        else:
            newer = leaving.right
            environments[newer].left = older
            if older >= 0:
                environments[older].right = newer
            else:
                pool.first = newer
    pool.idle -= 1


@kernel
def _node(pool: Any, environments: Records, place: int) -> int:
    """Return the slot of the tree's node in a place that is taken."""
    bit = 1
    while bit << 1 <= place:
        bit <<= 1
    slot: int = pool.first
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


@kernel
def _merged(environments: Records, one: int, other: int, parent: int) -> int:
    """Return the root of the heap that holds two heaps, to be the child of ``parent``; -1 for none."""
    root = -1
    above = parent
    while one >= 0 or other >= 0:
        if one < 0 or (other >= 0 and environments[one].number < environments[other].number):
            one, other = other, one
        if root < 0:
            root = one
        else:
            environments[above].left = one
        top = environments[one]
        top.place = above
        if other < 0:
            break
        above, one = one, top.right
        top.right, top.left = top.left, -1
    return root
