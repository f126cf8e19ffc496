"""An execution environment: one microVM that serves one invocation at a time.

It knows its own life and nothing of the function it belongs to.
"""

from dataclasses import dataclass

from lambdasim.model.events import ThrottleReason


@dataclass(slots=True, eq=False, init=False)
class Environment:
    """An execution environment, busy or idle."""

    number: int
    provisioned: bool
    created_ns: int
    ends_ns: int
    """When its hard lifetime passes."""
    expires_ns: int
    """-1 while it is busy."""
    queued_ns: int
    """Its earliest entry in the pool's queue of expiries, -1 for none."""
    init_ns: int
    """Its Init Duration."""
    initialised_ns: int
    """When it could first run a handler."""
    invocations: int
    needs_init: bool
    """Whether it was reset, so that the next invocation runs init again."""
    place: int
    """Among the idle, under random reuse."""

    def __init__(self, number: int, created_ns: int, ends_ns: int, provisioned: bool) -> None:
        self.number = number
        self.provisioned = provisioned
        self.created_ns = self.initialised_ns = created_ns
        self.ends_ns = ends_ns
        self.expires_ns = self.queued_ns = -1
        self.init_ns = self.invocations = self.place = 0
        self.needs_init = False


class Refusal:
    """What a throttled request gets instead of an environment."""

    __slots__ = ("reason",)

    def __init__(self, reason: ThrottleReason) -> None:
        self.reason = reason


REFUSALS = tuple(map(Refusal, ThrottleReason))
"""By reason."""
