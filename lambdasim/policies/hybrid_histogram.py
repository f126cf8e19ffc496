"""A hybrid-histogram keep-alive, after M. Shahrad et al., "Serverless in the Wild", USENIX ATC 2020, section 4.

A function's idle times are counted in minutes. Where their histogram is representative, an environment is kept until
the 99th percentile of them, with a margin of 10 %; else for a fixed time. The paper also unloads an environment and
loads it again before the 5th percentile; here it is kept, as Lambda makes no environment without a request.
"""

import math
from dataclasses import dataclass
from typing import Final

from lambdasim.policies.protocols import Draw, FunctionSeen

MINUTE_NS: Final = 60 * 10**9


@dataclass(frozen=True, slots=True)
class HybridHistogram:
    """Keeps an environment as long as the function's own idle times say."""

    longest_ns: int = 240 * MINUTE_NS
    """The range of the histogram; longer idle times are out of its bounds."""
    fixed_ns: int = 10 * MINUTE_NS
    """How long it is kept where the histogram says nothing."""
    percentile: float = 0.99
    margin: float = 0.1
    least: int = 10
    """Idle times before the histogram is believed."""
    dispersion: float = 2.0
    """Least coefficient of variation of the bins' counts: a flat histogram is not representative."""

    def idle_timeout(self, state: FunctionSeen, draw: Draw) -> int:
        """Return the time in ns that ``state.environment`` is kept."""
        bins = math.ceil(self.longest_ns / MINUTE_NS)
        counts = [0] * bins
        within = [gap for gap in state.gaps_ns if gap < self.longest_ns]
        for gap in within:
            counts[gap // MINUTE_NS] += 1
        if len(within) < self.least or 2 * len(within) < len(state.gaps_ns) or _variation(counts) < self.dispersion:
            return self.fixed_ns
        wanted, seen = self.percentile * len(within), 0
        for number, count in enumerate(counts):
            seen += count
            if seen >= wanted:
                return int((number + 1) * MINUTE_NS * (1 + self.margin))
        return self.fixed_ns


def _variation(counts: list[int]) -> float:
    mean = sum(counts) / len(counts)
    spread = math.sqrt(sum((count - mean) ** 2 for count in counts) / len(counts))
    return spread / mean if mean else 0.0
