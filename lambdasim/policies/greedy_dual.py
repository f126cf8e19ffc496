"""A greedy-dual keep-alive cache, after A. Fuerst and P. Sharma, "FaasCache", ASPLOS 2021, section 4.

Environments are kept until memory is short. Then those of the lowest priority go, where a priority is the clock plus
frequency times the cost of a cold start over size (Greedy-Dual-Size-Frequency: L. Cherkasova, HPL-98-69R1, 1998). The
clock of an environment is here the time at which it fell idle, in units of ``horizon_ns``: a policy remembers nothing,
and the paper's clock, the priority of the last one evicted, rises with time likewise.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lambdasim.policies.protocols import Draw, EnvironmentSeen, FunctionSeen

FOREVER_NS = 2**61


@dataclass(frozen=True, slots=True)
class GreedyDual:
    """Keeps what is dear and often used, within some memory. Give it as ``idle_timeout`` and as ``eviction``."""

    memory_mb: int
    """Of all environments together."""
    horizon_ns: int = 600 * 10**9
    """Idle for so long counts as much as one use of an environment whose init takes a second for each GB."""

    def idle_timeout(self, state: FunctionSeen, draw: Draw) -> int:
        """Return that nothing expires by itself."""
        return FOREVER_NS

    def evict(self, state: FunctionSeen, idle: Sequence[EnvironmentSeen], alive_mb: int, draw: Draw) -> Iterable[int]:
        """Return the environments of the lowest priority, as many as are too much."""
        excess_mb = alive_mb - self.memory_mb
        for environment in sorted(idle, key=lambda one: (self.priority(one), one.number)):
            if excess_mb <= 0:
                return
            excess_mb -= environment.memory_mb
            yield environment.number

    def priority(self, environment: EnvironmentSeen) -> float:
        """Return the priority of an idle environment: the lowest goes first."""
        size_gb, cost_s = environment.memory_mb / 1024, environment.init_ns / 1e9
        return environment.idle_since_ns / self.horizon_ns + environment.invocations * cost_s / size_gb
