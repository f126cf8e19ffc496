"""From what a person configured to what an engine works with: integers, durations in ns, policies by number.

It knows the configuration, the workload and the spec, and nothing of engines.
"""

from lambdasim.scenario.plan import outline, planned

__all__ = ["outline", "planned"]
