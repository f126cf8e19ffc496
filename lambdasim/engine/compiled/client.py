"""The caller of a synchronous request: whether and when it tries again, as ``model/client.py`` decides."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdasim.engine.compiled.state import NOBODY, OF_CLIENT
from lambdasim.machine_code.jit import kernel
from lambdasim.model.client import left_by_retry, refund, refunded, retry_delay_ns
from lambdasim.model.events import LOAD_SHIFT, RetryCause
from lambdasim.model.rules import jitter24, jitter_index

SEQUENCE_MASK = (1 << LOAD_SHIFT) - 1
THROTTLE = int(RetryCause.THROTTLE)


@kernel
def delay_of(client: Any, tokens: NDArray[np.int64], sequence: int, attempt: int, trouble: int, jitter_key: Any) -> int:
    """Return how long to wait after a trouble, or -1 to give up."""
    process = client.tokens + sequence % client.processes
    left = left_by_retry(client, client, tokens[process], attempt, trouble)
    if left < 0:
        return -1
    tokens[process] = left
    index: Any = np.uint64(jitter_index(sequence, attempt))  # with a signed one Numba would turn to floats
    return retry_delay_ns(client, client, attempt, trouble, int(jitter24(jitter_key, index)))


@kernel
def on_answer(client: Any, environment: Any, sequence: int, attempt: int) -> None:
    """Note in a busy environment what its answer will do to the client's retry quota."""
    environment.tells = OF_CLIENT if client.quota > 0 else NOBODY
    if environment.tells == OF_CLIENT:
        environment.actor = client.tokens + sequence % client.processes
        environment.answer = refund(client, client, attempt, THROTTLE)
        environment.refund_limit = client.quota


@kernel
def refunds(client: Any, tokens: NDArray[np.int64], sequence: int, attempt: int, last: int) -> None:
    """Refund a client's quota for an answer that was no trouble, now; ``last`` is what the last retry followed."""
    if client.quota > 0:
        process = client.tokens + sequence % client.processes
        tokens[process] = refunded(tokens[process], refund(client, client, attempt, last), client.quota)


@kernel
def answered(tokens: NDArray[np.int64], environment: Any) -> None:
    """Refund a client's quota for an answer that was no throttle."""
    if environment.tells == OF_CLIENT:
        process = environment.actor
        tokens[process] = refunded(tokens[process], environment.answer, environment.refund_limit)
