"""How memory decides CPU, and CPU the time a handler takes.

AWS says how much CPU a memory setting buys; that the CPU part of a handler's time shrinks in proportion is the
simulator's model, which AWS's own power-tuning figures agree with.
"""

from typing import Final

MB_PER_VCPU: Final = 1_769
"""Memory at which a function has one vCPU; CPU is proportional to memory
(Developer Guide, configuration-memory, read 2026-11)."""


def speed(memory_mb: int, threads: int = 1) -> float:
    """Return how many vCPUs a handler with so many busy ``threads`` can use at ``memory_mb``."""
    return min(memory_mb / MB_PER_VCPU, float(threads))


def duration_factor(memory_mb: int, measured_mb: int, cpu_share: float, threads: int = 1) -> float:
    """Return what to multiply a duration measured at ``measured_mb`` by, to have the duration at ``memory_mb``.

    ``cpu_share`` (0 to 1) is the part of the measured duration that was CPU work; the rest is waiting, which memory
    does not change.
    """
    if memory_mb == measured_mb or cpu_share == 0.0:
        return 1.0
    return 1.0 - cpu_share + cpu_share * speed(measured_mb, threads) / speed(memory_mb, threads)
