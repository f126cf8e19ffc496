"""A heap of moments: four children to a node, so that a node's children share a cache line.

The twin of SimPy's queue of events. An entry comes before another if ``(at_ns, subject)`` is smaller. Behind the last
entry lie at least ``state.HEAP_MARGIN`` entries at ``NEVER_NS``: the first entry of an empty heap is one of them.
"""

from lambdasim.engine.compiled.jit import kernel
from lambdasim.engine.compiled.state import Records
from lambdasim.model.events import NEVER_NS


@kernel
def before(heap: Records, one: int, other: int) -> int:
    """Say whether entry ``one`` comes before entry ``other``; without a branch, for its answer is a coin's."""
    a, b = heap[one], heap[other]
    return (a.at_ns < b.at_ns) | ((a.at_ns == b.at_ns) & (a.subject < b.subject))


@kernel
def push(heap: Records, size: int, at_ns: int, subject: int) -> int:
    """Put an entry into a heap of ``size`` others; return where it stands now."""
    hole = size
    while hole > 0:
        parent = (hole - 1) >> 2
        above = heap[parent]
        if above.at_ns < at_ns or (above.at_ns == at_ns and above.subject < subject):
            break
        heap[hole] = above
        hole = parent
    heap[hole].at_ns = at_ns
    heap[hole].subject = subject
    return hole


@kernel
def pop(heap: Records, size: int) -> None:
    """Take the first entry out of a heap that holds ``size`` others besides."""
    at_ns, subject = heap[size].at_ns, heap[size].subject
    hole, child = 0, 1
    while child < size:
        left = child + before(heap, child + 1, child)
        right = child + 2 + before(heap, child + 3, child + 2)
        child = right if before(heap, right, left) else left
        below = heap[child]
        if at_ns < below.at_ns or (at_ns == below.at_ns and subject < below.subject):
            break
        heap[hole] = below
        hole = child
        child = 4 * hole + 1
    heap[hole] = heap[size]
    heap[size].at_ns = NEVER_NS
