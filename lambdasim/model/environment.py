"""An execution environment: one microVM that serves one invocation at a time.

It knows its own life and nothing of the function it belongs to.
"""

from lambdasim.model.events import StartKind, ThrottleReason


class Environment:
    """An execution environment, busy or idle.

    It doubles as the grant that :meth:`FunctionState.acquire` gives: ``start`` says how it began to serve the
    invocation it was last granted to.
    """

    __slots__ = (
        "created_ns",
        "ends_ns",
        "expires_ns",
        "init_ns",
        "initialised_ns",
        "invocations",
        "needs_init",
        "number",
        "provisioned",
        "queued_ns",
        "slot",
        "start",
    )

    def __init__(self, number: int, created_ns: int, ends_ns: int, provisioned: bool) -> None:
        self.number = number
        self.created_ns = created_ns
        self.ends_ns = ends_ns  # its hard lifetime passes then
        self.provisioned = provisioned
        self.expires_ns = -1  # -1 while busy
        self.queued_ns = -1  # its earliest entry in the pool's queue of expiries, -1 for none
        self.init_ns = 0  # its Init Duration
        self.initialised_ns = created_ns  # when it could first run a handler
        self.invocations = 0
        self.needs_init = False  # it was reset, so the next invocation runs init again
        self.slot = 0  # its place among the idle, under random reuse
        self.start = int(StartKind.COLD)


class Refusal:
    """What a throttled request gets instead of an environment."""

    __slots__ = ("reason",)

    def __init__(self, reason: ThrottleReason) -> None:
        self.reason = reason


REFUSALS = {reason: Refusal(reason) for reason in ThrottleReason}
