"""The order of simultaneous events and the words for what became of a request.

Everything two engines must agree on without speaking to each other stands here as small integers. This
module knows no clock and no queue.
"""

from enum import IntEnum
from typing import Final

NEVER_NS: Final = 2**62
"""A time after every simulation's end (146 years): the lifetime of what does not end."""

RANK_SHIFT: Final = 58
"""Events of one instant are ordered by ``rank << RANK_SHIFT | subject``. The subject (0 .. 2**58 - 1) is a request key
for arrivals, retries and whatever befalls an event, ``kind << CHANGE_SHIFT | subject`` of a row of the control table, a
poller's number for what a poller does (:func:`poller_key`) and an environment's number for the rest.
"""

LOAD_SHIFT: Final = 44
CHANGE_SHIFT: Final = 40


class EventRank(IntEnum):
    """Which of several events at one instant comes first."""

    INIT_END = 0  # decides nothing; first, so that an invocation of no length still ends in its place below
    INVOKE_END = 1  # an environment that is free now can serve a request that arrives now
    CHANGE = 2  # what an account's settings are from now on counts for all that is asked for now
    PROVISIONED_CLAIM = 3  # capacity that is claimed now is gone for a request that arrives now
    PROVISIONED_READY = 4  # capacity that is ready now serves a request that arrives now
    EXPIRY = 5  # an environment that expires now serves nobody any more
    RETRY = 6  # who has waited longest is served first
    ARRIVAL = 7
    THINK_END = 8  # a virtual user's next request follows every arrival it could have seen
    GIVE_UP = 9  # an answer that comes at the instant of a caller's timeout still counts
    VISIBLE = 10  # a message that was deleted at the end of its visibility timeout does not come back
    SCALE = 11  # how many pollers there are is decided on what happened until now, for the polls of now
    POLL = 12  # a poll sees every event that is there at its instant


def request_key(load: int, sequence: int) -> int:
    """Return the number of a request: its load's index (0 .. 16,383) and its place in that load (0 .. 2**44 - 1)."""
    return load << LOAD_SHIFT | sequence


def poller_key(source: int, poller: int) -> int:
    """Return the number of a poller (0 .. 2**40 - 1) of a source (by index) as the subject of an event."""
    return source << 40 | poller


class Status(IntEnum):
    """What became of one attempt of a request."""

    SUCCESS = 0
    ERROR = 1  # the handler returned an error; the environment stays as it is
    CRASH = 2  # the runtime exited; the environment is reset
    OUT_OF_MEMORY = 3  # the runtime was killed; the environment is reset
    TIMEOUT = 4  # the function timeout passed; the environment is reset
    THROTTLED = 5  # nothing ran: HTTP 429, or 500 where the reason is that Lambda failed
    IN_FLIGHT = 6  # still running when the simulation was cut
    LOST = 7  # its environment was lost under it; the caller is answered with HTTP 500


class DeliveryOutcome(IntEnum):
    """What became of one delivery of an event."""

    SUCCEEDED = 0
    FAILED = 1  # the function returned an error, crashed or timed out, or named this record as failed
    THROTTLED = 2  # HTTP 429: nothing ran
    TIMED_OUT = 3  # who waited for it gave up: a caller's timeout, or a visibility timeout that ended first
    REFUSED = 4  # it never reached the function: a gateway's own throttle, a recursion, an event past its age
    SKIPPED = 5  # it was in a batch that stopped before it, and comes back unharmed
    IN_FLIGHT = 6  # being processed when the simulation ended
    WAITING = 7  # not yet delivered when the simulation ended


class RetryCause(IntEnum):
    """Why a client may try again."""

    THROTTLE = 0  # HTTP 429
    SERVER_ERROR = 1  # HTTP 5xx
    TIMEOUT = 2  # no answer within the client's own timeout


class Fate(IntEnum):
    """Where an event is after a delivery."""

    STAYS = 0  # it will be delivered again
    DONE = 1  # processed: deleted from its queue, checkpointed, or answered
    EXHAUSTED = 2  # as many deliveries as are allowed have failed
    AGED_OUT = 3  # older than it may become: the maximum event or record age, or the retention
    FILTERED = 4  # taken out without an invocation: a filter, or the detection of recursive loops
    REMAINS = 5  # still in its source when the simulation ended


class Destination(IntEnum):
    """Where an event went that left its source without being processed."""

    NONE = 0  # nowhere: it is lost, unless it was processed
    DELIVERED = 1  # to the dead-letter queue or the on-failure destination
    FAILED = 2  # there is one, but it did not take the event


class StartKind(IntEnum):
    """How an environment began to serve an invocation."""

    NONE = 0  # throttled: it did not
    WARM = 1
    COLD = 2
    COLD_INIT_TIMEOUT = 3  # init passed its limit and ran again inside the invocation
    SUPPRESSED_INIT = 4  # a reset environment ran its init again inside the invocation
    RESTORED = 5  # from a snapshot (SnapStart): a cold start without an init
    INITIALISED_AHEAD = 6  # in a new environment that was ready before the request came


class ThrottleReason(IntEnum):
    """The ``Reason`` of an HTTP 429, with AWS's names in :data:`REASON_NAMES`."""

    NONE = 0
    ACCOUNT_CONCURRENCY = 1
    SCALING_RATE = 2
    RESERVED_CONCURRENCY = 3
    RESERVED_RATE = 4
    ACCOUNT_RATE = 5
    SERVICE = 6  # no throttle: Lambda answered with an error 500


REASON_NAMES: Final = {
    ThrottleReason.ACCOUNT_CONCURRENCY: "ConcurrentInvocationLimitExceeded",
    ThrottleReason.SCALING_RATE: "FunctionInvocationRateLimitExceeded",
    ThrottleReason.RESERVED_CONCURRENCY: "ReservedFunctionConcurrentInvocationLimitExceeded",
    ThrottleReason.RESERVED_RATE: "ReservedFunctionInvocationRateLimitExceeded",
    ThrottleReason.ACCOUNT_RATE: "CallerRateLimitExceeded",
}
"""AWS's names (botocore 1.44.5, enum ``ThrottleReason``, 2026-11-17). Which name goes with the scaling rate and
with the account's request rate is not documented: those two are our reading."""


class Reuse(IntEnum):
    """Which idle environment a request is given."""

    MOST_RECENT = 0
    LEAST_RECENT = 1
    RANDOM = 2
    NEWEST = 3


class Expiry(IntEnum):
    """When idle environments of a function end, besides their lifetimes."""

    ONE_TIMEOUT = 0  # each after the idle timeout that its last invocation was drawn
    LONE_OR_SURPLUS = 1  # the same, of two timeouts: that of its function's only environment, or of one among others
    TOGETHER = 2  # each after the surplus one, and all of them once their function has rested for the other
    HALVES = 3  # the same, though not all of them end then, but half, and half of the rest after as long again


REUSE_NAMES: Final = {
    "most-recent": Reuse.MOST_RECENT,
    "least-recent": Reuse.LEAST_RECENT,
    "random": Reuse.RANDOM,
    "newest-created": Reuse.NEWEST,
}

EXPIRY_NAMES: Final = {"each": Expiry.LONE_OR_SURPLUS, "together": Expiry.TOGETHER, "halves": Expiry.HALVES}
