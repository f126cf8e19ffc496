"""What a run used of each billable thing; data only.

``metrics`` fills it from records, ``cost`` turns it into a bill; neither knows the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Span(NamedTuple):
    """Provisioned concurrency that was configured for a time without a break."""

    concurrency: int
    lasted_ns: int
    stays: bool = True
    """Whether it was configured first and to the end: for good, as far as can be seen."""


NO_EXTRAS: Final[Mapping[str, int]] = {}


class FunctionUsage(NamedTuple):
    """Billable quantities of one function over a span of time. Integers, so that sums are exact in any order."""

    function: str
    architecture: str = "x86_64"
    memory_mb: int = 128
    ephemeral_mb: int = 512
    requests: int = 0
    """Executions that started, on demand or provisioned; throttled attempts are none."""
    billed_ms: int = 0
    """Billed duration on demand, billed init included."""
    provisioned_billed_ms: int = 0
    """Billed duration on provisioned concurrency, init of its environments included."""
    provisioned: tuple[Span, ...] = ()
    """How long provisioned concurrency was configured, before rounding up to 5 minutes."""
    extras: Mapping[str, int] = NO_EXTRAS
    """Quantities of other items by the item's name in the price book, such as ``snapstart-restore-mb``."""
    timed_ns: int = 0
    """For how long those of ``extras`` that are charged by time were billed."""
    part_of: str = ""
    """Of a version: the function, whose month it is."""

    @property
    def gb_seconds(self) -> float:
        """On-demand and provisioned GB-seconds together."""
        return (self.billed_ms + self.provisioned_billed_ms) * self.memory_mb / 1024 / 1000


@dataclass(frozen=True, slots=True)
class SourceUsage:
    """Billable quantities of one event source over a span of time."""

    source: str
    quantities: dict[str, int] = field(default_factory=dict)
    """By the item's name for extras in the price book, such as ``event-poller-sqs-seconds``."""
    timed_ns: int = 0
    """For how long those that are charged by time (pollers, shards, hours) were billed."""
    function: str = ""
    """The function that it invokes."""


class Busy(NamedTuple):
    """Concurrency over a whole run: of a function, or of the account."""

    integral_ns: int
    """Concurrency times ns."""
    peak: int

    @property
    def densest_ns(self) -> int:
        """The shortest time from one run to the next at which the mean does not exceed the peak."""
        return -(-self.integral_ns // self.peak) if self.peak else 0


@dataclass(frozen=True, slots=True, eq=False)
class PeriodUse:
    """What was used of one billable thing, in periods: columns of equal length."""

    item: str
    """Its name in the price book, or that of its extra."""
    owner: "NDArray[np.int64]"
    """A number for each function or event source."""
    period: "NDArray[np.int64]"
    amount: "NDArray[np.float64 | np.int64]"
