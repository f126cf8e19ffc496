"""How CodeDeploy shifts the requests of an alias from one version to another, step by step."""

from lambdasim.model.aliases import WHOLE_Q24

Shift = tuple[int, int]
"""When, after the deployment begins, and the weight that the new version has from then on, in units of 2**-24."""


def linear(share_q24: int, every_ns: int) -> tuple[Shift, ...]:
    """Return the steps of a linear deployment: the share is added at the start of each interval, the first at once.

    CodeDeploy API, TimeBasedLinear ("shifted at the start of each increment"), 2026.
    """
    steps = -(-WHOLE_Q24 // share_q24)
    return tuple((number * every_ns, min((number + 1) * share_q24, WHOLE_Q24)) for number in range(steps))


def canary(share_q24: int, after_ns: int) -> tuple[Shift, ...]:
    """Return the steps of a canary: its share at once, the rest in a second step (API, TimeBasedCanary, 2026)."""
    return (0, share_q24), (after_ns, WHOLE_Q24)


def all_at_once() -> tuple[Shift, ...]:
    """Return the single step of a deployment that shifts everything."""
    return ((0, WHOLE_Q24),)
