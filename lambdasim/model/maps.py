"""Map states of Step Functions: an execution invokes a function for each of its items, and ends with the last.

Read it beside the Developer Guide of Step Functions, state-map-distributed (2026): ToleratedFailureCount says how many
items may fail before the execution does.
"""

from dataclasses import dataclass

from lambdasim.model.events import DeliveryOutcome, Fate, Status


@dataclass(frozen=True, slots=True)
class MapSource:
    """A map state: a source that invokes its function for each item of an execution, ``concurrency`` at once."""

    name: str
    function: int
    """Index of the function."""
    items: int
    concurrency: int
    tolerated: int = 0
    """Items that may fail."""


def is_failed(status: int) -> bool:
    """Say whether an item whose invocation ended with ``status`` has failed."""
    return status != Status.SUCCESS


def outcome(spec: MapSource, failed: int) -> tuple[DeliveryOutcome, Fate]:
    """Return what becomes of an execution of which so many items have failed."""
    if failed > spec.tolerated:
        return DeliveryOutcome.FAILED, Fate.EXHAUSTED
    return DeliveryOutcome.SUCCEEDED, Fate.DONE
