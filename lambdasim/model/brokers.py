"""Brokers: Amazon MQ, and DocumentDB's change stream. A fixed number of batches at a time, whatever the load."""

from dataclasses import dataclass, field

from lambdasim.model.batches import BatchLaw


@dataclass(frozen=True, slots=True)
class BrokerLaw:
    """One broker and its event source mapping; its batching window begins at the first record."""

    name: str
    function: int
    """Index of the function."""
    concurrency: int
    batches: BatchLaw = field(default_factory=BatchLaw)
    has_iterator_age: bool = False
