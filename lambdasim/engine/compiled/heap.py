"""A heap of moments: four children to a node, so that a node's children share a cache line.

The twin of SimPy's queue of events. Entries are ordered by ``at_ns``, then by subject: ``ties`` is None when the entry
itself holds what orders it, or else the records of which it holds a slot and whose ``request`` orders them. Behind the
last entry lie at least ``state.HEAP_MARGIN`` entries at ``NEVER_NS``: the first entry of an empty heap is one of them.
"""

from typing import Final

from lambdasim.engine.compiled.structs import Records
from lambdasim.machine_code.jit import kernel, prefetch
from lambdasim.model.events import NEVER_NS

IN_CACHE: Final = 256
"""Nodes of which the processor's first cache is sure to hold the children."""


@kernel
def before(subject: int, other: int, ties: Records | None) -> bool:
    """Say whether the first of two subjects of one moment comes first."""
    if ties is None:
        return subject < other
    result: bool = ties[subject].request < ties[other].request
    return result


@kernel
def push(heap: Records, size: int, at_ns: int, subject: int, ties: Records | None) -> None:
    """Put an entry into a heap of ``size`` others."""
    hole = size
    while hole > 0:
        above = heap[(hole - 1) >> 2]
        if above.at_ns < at_ns or (above.at_ns == at_ns and before(above.subject, subject, ties)):
            break
        heap[hole].at_ns, heap[hole].subject = above.at_ns, above.subject
        hole = (hole - 1) >> 2
    heap[hole].at_ns, heap[hole].subject = at_ns, subject


@kernel
def pop(heap: Records, size: int, ties: Records | None) -> None:
    """Take the first entry out of a heap that holds ``size`` others besides."""
    at_ns, subject = heap[size].at_ns, heap[size].subject
    hole, child = 0, 1
    while child < size:
        if IN_CACHE < child < (size >> 2) - 4:
            for grandchild in range(4 * child + 1, 4 * child + 17, 4):
                prefetch(heap, grandchild)
        first = first_of_four(heap, child, ties)
        below = heap[first]
        if at_ns < below.at_ns or (at_ns == below.at_ns and before(subject, below.subject, ties)):
            break
        heap[hole].at_ns, heap[hole].subject = below.at_ns, below.subject
        hole, child = first, 4 * first + 1
    heap[hole].at_ns, heap[hole].subject = at_ns, subject
    heap[size].at_ns = NEVER_NS


@kernel
def first_of_four(heap: Records, child: int, ties: Records | None) -> int:
    """Return which of four entries from ``child`` on comes first. Without a branch, for its outcome is a coin's, unless
    two moments are equal and the subjects decide.
    """
    a, b, c, d = heap[child].at_ns, heap[child + 1].at_ns, heap[child + 2].at_ns, heap[child + 3].at_ns
    left, right = min(a, b), min(c, d)
    if (a == b) | (c == d) | (left == right):
        first = child
        for other in range(child + 1, child + 4):
            a, b = heap[first].at_ns, heap[other].at_ns
            if b < a or (b == a and before(heap[other].subject, heap[first].subject, ties)):
                first = other
        return first
    one: int = child + (b < a)
    other = child + 2 + (d < c)
    return other if right < left else one
