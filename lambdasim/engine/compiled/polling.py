"""The concurrency of an event source mapping over time. Twin of ``engine/reference/polling.py``.

A queue's record has the fields of the spec of its polling and of that state.
"""

from lambdasim.engine.compiled import api_requests, pollers, timers
from lambdasim.engine.compiled.queues import IS_REVIEWED
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.state import OF_QUEUE, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model import polling as spec
from lambdasim.model.events import poller_key


@kernel
def failed(state: State, index: int, now: int) -> None:
    """Take note of an error or a throttle, now; of a FIFO queue the groups decide."""
    queue = state.queues[index]
    if queue.is_fifo:
        return
    change(state, index, spec.failed(queue, queue), now)
    watch(state, index, now)


@kernel
def limit(state: State, index: int, maximum: int, now: int) -> None:
    """Let so many batches be processed at once at most, from now on."""
    queue = state.queues[index]
    catch_up(state, index, now)
    change(state, index, spec.limited(queue, queue, min(maximum, queue.pollers)), now)
    watch(state, index, now)
    if pollers.has_backlog(queue):
        pollers.wanted(state, index, now)


@kernel
def hold_up(state: State, index: int, minimum: int, now: int) -> None:
    """Let there never be fewer batches at once than so many, from now on."""
    queue = state.queues[index]
    catch_up(state, index, now)
    queue.initial = queue.floor = minimum
    change(state, index, spec.held_up(queue, min(minimum, queue.pollers)), now)
    watch(state, index, now)


@kernel
def watch(state: State, index: int, now: int) -> None:
    """Have the next review come, if there is anything to review."""
    queue = state.queues[index]
    if queue.review >= 0 or not spec.is_reviewed(queue):
        return
    queue.review_ns = spec.next_review_ns(queue, now)
    subject = poller_key(queue.source, 1)
    queue.review = timers.arm(state, queue.review_ns, pollers.SCALE, subject, OF_QUEUE, index, IS_REVIEWED)


@kernel
def resume(state: State, index: int, now: int) -> None:
    """Go on, now, after a rest."""
    catch_up(state, index, now)
    watch(state, index, now)


@kernel
def catch_up(state: State, index: int, now: int) -> None:
    """Apply the reviews that were due before now, during a rest."""
    queue = state.queues[index]
    while queue.review < 0 and 0 <= queue.review_ns < now:
        apply(state, index, queue.review_ns)


@kernel
def grow(state: State, index: int, now: int) -> None:
    """Add pollers, if messages wait for them."""
    queue = state.queues[index]
    queue.growth = -1
    if not pollers.has_backlog(queue):
        return
    change(state, index, spec.grown(queue, queue), now)
    watch(state, index, now)
    if pollers.has_backlog(queue):
        pollers.wanted(state, index, now)


@kernel
def reviewed(state: State, index: int, now: int) -> None:
    """Do what is due once a minute."""
    queue = state.queues[index]
    queue.review = -1
    apply(state, index, now)
    watch(state, index, now)
    if pollers.has_backlog(queue):
        pollers.wanted(state, index, now)


@routine
def apply(state: State, index: int, now: int) -> None:
    """Do what is due at a review at ``now``."""
    queue = state.queues[index]
    change(state, index, spec.reviewed(queue, queue, now, pollers.has_backlog(queue)), now)


@kernel
def change(state: State, index: int, target: int, now: int) -> None:
    """Let there be so many pollers from now on."""
    queue = state.queues[index]
    if target != queue.target:
        queue.target = target
        sample(state, index, now)
        pollers.target_changed(state, index, now)


@kernel
def sample(state: State, index: int, now: int) -> None:
    """Write down how many there are."""
    queue = state.queues[index]
    api_requests.sample(state, queue.source, api_requests.POLLERS, now, spec.pollers(queue.target, queue.per_poller))
