"""Kinds of values that AWS limits: concurrency, memory, timeout and /tmp of a function."""

from typing import Annotated, Final

from lambdasim.config import quotas
from lambdasim.config.quantity import duration, memory, whole
from lambdasim.units import NS_PER_S

MAX_CONCURRENCY: Final = 1_000_000
"""Largest concurrency an experiment may name (our limit; AWS raises its quota to tens of thousands)."""

Concurrency = Annotated[int, whole(0, MAX_CONCURRENCY, "this simulator's own limit")]
MemorySize = Annotated[
    int, memory(quotas.MEMORY_MIN.value, quotas.MEMORY_MAX.value, f"AWS's limits of memory: {quotas.MEMORY_MAX.page}")
]
Timeout = Annotated[
    int,
    duration(
        quotas.TIMEOUT_MIN.value,
        quotas.TIMEOUT_MAX.value,
        f"AWS's timeouts, 1 to 900 s: {quotas.TIMEOUT_MAX.page}",
        NS_PER_S,
    ),
]
EphemeralSize = Annotated[
    int,
    memory(
        quotas.EPHEMERAL_MIN.value, quotas.EPHEMERAL_MAX.value, f"AWS's limits of /tmp: {quotas.EPHEMERAL_MAX.page}"
    ),
]
