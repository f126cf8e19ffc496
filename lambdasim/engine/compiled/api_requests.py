"""Billable requests to a queue's API, and what else a queue measures of itself. Twin of
``engine/reference/api_requests.py``.
"""

from typing import Any

from lambdasim.engine.compiled import capacity
from lambdasim.engine.compiled.state import SAMPLES, State
from lambdasim.machine_code.jit import kernel
from lambdasim.model import rules
from lambdasim.records import SourceMetric

REQUESTS, EMPTY_RECEIVES, POLLERS = SourceMetric.REQUESTS, SourceMetric.EMPTY_RECEIVES, SourceMetric.POLLERS


@kernel
def sample(state: State, source: int, metric: int, time_ns: int, value: int) -> None:
    """Write the row of a sample."""
    row = capacity.new_row(state.samples, state.rooms[SAMPLES])
    row.source, row.metric, row.time_ns, row.value = source, metric, time_ns, value


@kernel
def count(state: State, queue: Any, now: int, requests: int, empty: int) -> None:
    """Count requests that are made now, of which so many found nothing."""
    if now >= queue.minute_ns + rules.MINUTE_NS:
        write(state, queue)
        queue.minute_ns = now - now % rules.MINUTE_NS
    queue.requests += requests
    queue.empty += empty


@kernel
def write(state: State, queue: Any) -> None:
    """Write down what has been counted."""
    if queue.requests:
        sample(state, queue.source, REQUESTS, queue.minute_ns, queue.requests)
    if queue.empty:
        sample(state, queue.source, EMPTY_RECEIVES, queue.minute_ns, queue.empty)
    queue.requests = queue.empty = 0
