"""The spec of asynchronous invocation, from ``[function.NAME.async]`` and the sources that invoke so."""

from lambdasim.config.function import Asynchronous
from lambdasim.config.sources.base import SourceTable
from lambdasim.model.asynchronous import AsynchronousSource, AsynchronousSpec
from lambdasim.units import share_q24


def asynchronous_spec(table: Asynchronous) -> AsynchronousSpec:
    """Return how a function is invoked asynchronously."""
    return AsynchronousSpec(
        max_retries=table.maximum_retry_attempts,
        max_age_ns=table.maximum_event_age,
        dequeue_ns=table.dequeue_latency,
        backoff_base_ns=table.backoff.base,
        backoff_cap_ns=table.backoff.max,
        destinations=sum(name is not None for name in (table.on_failure, table.dead_letter_queue)),
        delivery_failures_q24=share_q24(table.delivery_failures),
        duplicates_q24=share_q24(table.duplicates),
    )


def asynchronous_source(name: str, table: SourceTable, function: int) -> AsynchronousSource:
    """Return the spec of a source that invokes asynchronously."""
    limit = getattr(table, "rate_limit", None)
    return AsynchronousSource(name, function, max(1, round(limit)) if limit else 0)
