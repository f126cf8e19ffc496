"""An execution environment: one microVM that serves one invocation at a time.

It knows its own life and nothing of the function it belongs to.
"""

from dataclasses import dataclass


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
    seat: int
    """Its place among all provisioned ones that ever became ready, which its successor takes over, else -1."""
    is_lost: bool
    """Whether it is lost, which is what ends it."""
    successor_init_ns: int
    """Once it is to be replaced: the Init Duration of the environment that takes its place."""

    def __init__(self, number: int, now: int, lifetime_ns: int, provisioned: bool) -> None:
        self.provisioned = provisioned
        self.place = 0
        begin(self, number, now, lifetime_ns)


def retires(environment: Environment, now: int) -> bool:
    """Let an environment be used no more after what it is doing; say whether it is idle, and so ends now."""
    environment.ends_ns = now
    return environment.expires_ns >= 0


def begin(environment: Environment, number: int, now: int, lifetime_ns: int) -> None:
    """Let the life of an environment begin, busy."""
    environment.number = number
    environment.created_ns = environment.initialised_ns = now
    environment.ends_ns = now + lifetime_ns
    environment.expires_ns = environment.queued_ns = -1
    environment.init_ns = environment.invocations = 0
    environment.needs_init = environment.is_lost = False
    environment.seat = -1
    environment.successor_init_ns = 0


def falls_idle(environment: Environment, now: int, idle_timeout_ns: int) -> bool:
    """Let a busy environment fall idle until its idle timeout or its lifetime ends, unless that has; say which."""
    ends_ns = environment.ends_ns
    if ends_ns <= now:
        return False
    expires_ns = now + idle_timeout_ns
    environment.expires_ns = expires_ns if expires_ns < ends_ns else ends_ns
    return True


def falls_due(environment: Environment, now: int, successor_init_ns: int) -> bool:
    """Let the lifetime of an environment of provisioned concurrency end now; say whether it is idle, and so free."""
    environment.successor_init_ns = successor_init_ns
    return retires(environment, now)


def of_lifetime(environment: Environment, at_ns: int) -> bool:
    """Say whether the lifetime of an environment, and not its idle timeout, ends it then."""
    return at_ns >= environment.ends_ns
