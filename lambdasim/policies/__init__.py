"""Policies of one's own: what they look like, and research policies as examples, each with its paper.

``exp.with_policies(idle_timeout=HybridHistogram())`` puts one in the place of Lambda's own rule.
"""

from lambdasim.policies.chosen import Policies
from lambdasim.policies.greedy_dual import GreedyDual
from lambdasim.policies.hybrid_histogram import HybridHistogram
from lambdasim.policies.pre_warmer import PreWarmer
from lambdasim.policies.protocols import (
    Admission,
    Arrivals,
    Draw,
    EnvironmentSeen,
    Eviction,
    FunctionSeen,
    IdleTimeout,
    Reuse,
)

__all__ = [
    "Admission",
    "Arrivals",
    "Draw",
    "EnvironmentSeen",
    "Eviction",
    "FunctionSeen",
    "GreedyDual",
    "HybridHistogram",
    "IdleTimeout",
    "Policies",
    "PreWarmer",
    "Reuse",
]
