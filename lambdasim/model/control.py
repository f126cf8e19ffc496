"""The control table: what changes at a known time, whoever asked for it.

Engines take its rows in their declared place among the other events. What a change does to a function is decided in
``model/function.py``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from lambdasim.model.events import EventRank


class Control(IntEnum):
    """What a row of the control table changes. At one instant they happen in this order, each by subject."""

    ACCOUNT_CONCURRENCY = 0  # the account's quota is `value`; its subject is 0
    RESERVED_CONCURRENCY = 1  # `value` is reserved for a function, -1 for nothing
    PROVISIONED_DECREASED = 2  # a function gives up `value` of its provisioned concurrency that is ready
    MAPPING_ENABLED = 3  # the mapping of a source is enabled (1) or disabled (0)
    SLOWDOWN = 4  # what takes 1,000 in a downstream takes `value`, beside the slowdowns of its spec
    WEIGHT = 5  # of a version of an alias: `value`, in 2**-24; all of all aliases are numbered through
    PROVISIONED_METERED = 6  # samples tell how a function's provisioned concurrency was used since the last such row
    FUNCTION_ERRORS = 7  # `value`, in units of 2**-24, of a function's invocations return an error, beside its own
    RETIRED = 8  # an update took the place of a version: its environments on demand serve nobody any more
    LAMBDA_ERRORS = 9  # Lambda itself answers `value`, in units of 2**-24, of all requests with an error; subject 0
    ENVIRONMENTS_LOST = 10  # the environments that the loss `subject` strikes are lost
    RECORD_ERRORS = 11  # `value`, in units of 2**-24, of a source's records fail at each delivery
    CONNECTIONS = 12  # a downstream takes `value` connections, 0 for any number
    MAXIMUM_CONCURRENCY = 13  # a mapping of a queue processes at most `value` batches at once, or has so many pollers
    DOWN = 14  # a downstream is down (1) or up again (0): it refuses every invocation that uses it
    MINIMUM_CONCURRENCY = 15  # a mapping of a queue never falls below `value` batches at once, nor begins below it
    BATCH_SIZE = 16  # a batch of a mapping has `value` records at most, the payload limit considered
    BATCHING_WINDOW = 17  # a batch of a mapping that is not full waits `value` ns for more
    VISIBILITY = 18  # a message that is received stays hidden for `value` ns
    REPORTS = 19  # whether the function of a mapping names the records that failed
    TUMBLING_WINDOW = 20  # batches of a stream end at the borders of windows of `value` ns, 0 for none
    RETRY_ATTEMPTS = 21  # a batch of records is tried again `value` times at most, -1 for as often as there is time for
    RECORD_AGE = 22  # a record is given up that is older than `value` ns
    BISECTS = 23  # whether a batch of records that failed is split in two
    RATE_LIMIT = 24  # API Gateway lets `value` thousandths of a request pass in a second; subject 0 the account, or a
    BURST_LIMIT = 25  # source's stage by 1 + its index; `value` requests at once
    SCALING_CAPACITY = 26  # at most `value` environments may be added at once; subject 0
    SCALING_AMOUNT = 27  # `value` more may be added each period of the scaling rate; subject 0
    SOURCE_METERED = 28  # samples tell how many messages of a queue wait now, and how old the oldest of all is
    DOWNSTREAM_RATE = 29  # a downstream takes `value` thousandths of a call in a second
    DOWNSTREAM_BURST = 30  # a downstream takes `value` calls at once
    PARALLELIZATION = 31  # a mapping of a stream processes `value` batches of each shard at once
    MAX_RECEIVES = 32  # a message received `value` times goes to the dead-letter queue at the next receive, 0 for never
    DESTINATION = 33  # whether records that a mapping gives up go anywhere
    LINK_ENABLED = 34  # a link sends events from now on (1) or does not (0)
    MAPPING_FUNCTION = 35  # the mapping of a source leads to the `value`-th of its functions
    EVENT_DESTINATIONS = 36  # `value` destinations take events of a source that its function does not process
    PROVISIONED_REQUESTED = 37  # `value` are requested for a function, and claimed from the account
    PROVISIONED_READY = 38  # `value` are allocated, and can be used
    PROVISIONED_REPLACED = 39  # another, initialised before, replaces the one on seat `value`, once it is idle


OF_BATCHES: Final = (
    Control.BATCH_SIZE, Control.BATCHING_WINDOW, Control.VISIBILITY, Control.REPORTS, Control.TUMBLING_WINDOW,
    Control.RETRY_ATTEMPTS, Control.RECORD_AGE, Control.BISECTS, Control.MINIMUM_CONCURRENCY,
    Control.PARALLELIZATION, Control.MAX_RECEIVES, Control.DESTINATION,
)  # fmt: skip
"""Settings of mappings that change how batches are gathered, tried again and given up. A batch that is being gathered
keeps its size and window, and an attempt with the retry that follows it goes by the settings at its beginning; what is
received or given up is so by the settings of that time (a choice: AWS says that an update takes some minutes, and
nothing of what is on the way)."""


RANKS: Final = {
    Control.PROVISIONED_REQUESTED: EventRank.PROVISIONED_CLAIM,
    Control.PROVISIONED_READY: EventRank.PROVISIONED_READY,
    Control.PROVISIONED_REPLACED: EventRank.PROVISIONED_READY,
}
"""Those of the others are :attr:`~lambdasim.model.events.EventRank.CHANGE`."""


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the control table."""

    at_ns: int
    kind: Control
    subject: int
    """Index of what changes."""
    value: int
    init_ns: tuple[int, ...] = ()
    """Of provisioned concurrency that is ready, or replaced: the Init Duration of each new environment."""

    @property
    def rank(self) -> EventRank:
        """Its place among the events of that time."""
        return RANKS.get(self.kind, EventRank.CHANGE)

    @property
    def order(self) -> tuple[int, int, int]:
        """Time, kind and subject: the declared order of changes, in which that of ranks is contained."""
        return self.at_ns, self.kind, self.subject


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return rows of the control table in their order; those that differ in their value alone stay as they are."""
    return tuple(sorted(changes, key=lambda change: change.order))


def to_come(changes: Iterable[Change], through_ns: int) -> tuple[Change, ...]:
    """Return the changes in their order; raise :class:`ValueError` for one that would come too late.

    All has happened that happens at ``through_ns`` or before.
    """
    ordered = in_order(changes)
    if ordered and ordered[0].at_ns <= through_ns:
        raise ValueError(f"all until {through_ns} ns has happened, and now this is to happen before: {ordered[0]}")
    return ordered


def provisioned(function: int, requested_ns: int, ready_ns: int, init_ns: tuple[int, ...]) -> tuple[Change, Change]:
    """Return the rows of a request for provisioned concurrency, one for each init, that is ready all at once."""
    return (
        Change(requested_ns, Control.PROVISIONED_REQUESTED, function, len(init_ns)),
        Change(ready_ns, Control.PROVISIONED_READY, function, len(init_ns), init_ns),
    )
