"""``type = "map"``: a map state, as of Step Functions, that invokes a function for each item of its input."""

from typing import Annotated, Literal

from lambdasim.config import quotas
from lambdasim.config.client import Client
from lambdasim.config.evidence import official
from lambdasim.config.quantity import Fraction, whole
from lambdasim.config.sources.base import SourceTable


class MapSource(SourceTable):
    """``[source.NAME]`` with ``type = "map"``; each event is one execution."""

    type: Literal["map"]
    items: Annotated[int, whole(1, 10_000_000)]
    """Items of each execution, one invocation for each."""
    maximum_concurrency: Annotated[int, whole(1, 10_000), official(quotas.MAP_CONCURRENCY.source)] = (
        quotas.MAP_CONCURRENCY.value
    )
    """Invocations of one execution at a time."""
    client: Client | None = None
    """Retries of a throttled item; None: none."""
    tolerated_failures: Annotated[Fraction, official("AWS, Step Functions, state-map, 2026-11-23")] = 0.0
    """Fraction of items that may fail before the execution does."""

    carries_durations = False

    def caller(self) -> Client | None:
        """Return how an item is retried."""
        return self.client
