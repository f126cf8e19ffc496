"""The caller of a synchronous request: whether and when it tries again. Twin of ``model/client.py``."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdasim.engine.compiled.state import OF_CLIENT
from lambdasim.machine_code.jit import kernel
from lambdasim.model import rules
from lambdasim.model.events import LOAD_SHIFT

SEQUENCE_MASK = (1 << LOAD_SHIFT) - 1

jitter24 = kernel(rules.jitter24)
jitter_index = kernel(rules.jitter_index)
backoff_ns = kernel(rules.backoff_ns)
jittered_ns = kernel(rules.jittered_ns)


@kernel
def retry_delay_ns(client: Any, tokens: NDArray[np.int64], sequence: int, attempt: int) -> int:
    """Return how long to wait after a throttle, or -1 to give up."""
    if attempt + 1 >= client.max_attempts:
        return -1
    if client.quota:
        process = client.tokens + sequence % client.processes
        if tokens[process] < client.retry_cost:
            return -1
        tokens[process] -= client.retry_cost
    delay_ns = backoff_ns(attempt, client.base_ns, client.cap_ns)
    if client.full_jitter:
        index: Any = np.uint64(jitter_index(sequence, attempt))  # with a signed one Numba would turn to floats
        jitter = int(jitter24(client.jitter_key, index))
        delay_ns = jittered_ns(delay_ns, jitter)
    return delay_ns


@kernel
def on_answer(client: Any, environment: Any, sequence: int, attempt: int) -> None:
    """Note in a busy environment what its answer will do to the client's retry quota."""
    environment.refunds = OF_CLIENT if client.quota > 0 else 0
    if environment.refunds:
        environment.refund_to = client.tokens + sequence % client.processes
        environment.refund = client.retry_cost if attempt else 1
        environment.refund_limit = client.quota


@kernel
def answered(tokens: NDArray[np.int64], environment: Any) -> None:
    """Refund a client's quota for an answer that was no throttle."""
    if environment.refunds == OF_CLIENT:
        process = environment.refund_to
        tokens[process] = min(environment.refund_limit, tokens[process] + environment.refund)
