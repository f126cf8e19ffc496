"""What a run used of each billable thing; data only.

``metrics`` fills it from records, ``cost`` turns it into a bill; neither knows the other.
"""

from dataclasses import dataclass, field
from typing import NamedTuple


class Span(NamedTuple):
    """Provisioned concurrency that was configured for a time without a break."""

    concurrency: int
    lasted_ns: int


@dataclass(frozen=True, slots=True)
class FunctionUsage:
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
    """How long provisioned concurrency was configured within the span, before rounding up to 5 minutes."""
    extras: dict[str, int] = field(default_factory=dict)
    """Quantities of other items by the item's name in the price book, such as ``snapstart-restore-mb``."""

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
