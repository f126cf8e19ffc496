"""The spec of an SQS queue and its event source mapping, from its table."""

from itertools import accumulate

from lambdasim.config.sources.sqs import ProvisionedPollers, SqsScaling, SqsSource
from lambdasim.model import rules
from lambdasim.model.polling import PollingSpec
from lambdasim.model.sqs import SqsSpec, effective_visibility_ns
from lambdasim.model.sqs_fifo import FifoSpec
from lambdasim.units import share_q24

POLICIES = {
    "default": (rules.SQS_INITIAL, rules.SQS_PER_MINUTE, rules.SQS_MAXIMUM),
    "legacy": (rules.SQS_INITIAL, rules.SQS_LEGACY_PER_MINUTE, rules.SQS_LEGACY_MAXIMUM),
}
"""Concurrency at first, more per minute, and at most, by policy."""


def polling_spec(scaling: SqsScaling, maximum_concurrency: int | None) -> PollingSpec:
    """Return how the concurrency of a queue grows and shrinks in the default mode."""
    initial, per_minute, maximum = POLICIES[scaling.policy]
    initial, per_minute, maximum = (
        scaling.initial or initial,
        scaling.per_minute or per_minute,
        scaling.maximum or maximum,
    )
    if maximum_concurrency is not None:
        maximum = min(maximum, maximum_concurrency)
    initial = min(initial, maximum)
    continuous = scaling.growth == "continuous"
    return PollingSpec(
        initial=initial,
        maximum=maximum,
        amount=1 if continuous else per_minute,
        every_ns=rules.MINUTE_NS // (per_minute if continuous else 1),
        floor=min(scaling.floor, maximum),
        decrease_ppm=round(scaling.error_decrease * 1_000_000),
    )


def provisioned_spec(pollers: ProvisionedPollers, scaling: SqsScaling) -> PollingSpec:
    """Return how the concurrency of a queue grows and shrinks in provisioned mode: a poller at a time."""
    each = rules.POLLER_CONCURRENCY
    return PollingSpec(
        initial=pollers.minimum * each,
        maximum=pollers.maximum * each,
        amount=each,
        unit=each,
        every_ns=rules.MINUTE_NS * each // rules.POLLER_GROWTH_PER_MINUTE,
        floor=pollers.minimum * each,
        decrease_ppm=round(scaling.error_decrease * 1_000_000),
    )


def concurrency_spec(table: SqsSource) -> PollingSpec:
    """Return how the concurrency of a standard queue grows and shrinks."""
    if table.provisioned_pollers is None:
        return polling_spec(table.scaling, table.maximum_concurrency)
    return provisioned_spec(table.provisioned_pollers, table.scaling)


def fifo_maximum(table: SqsSource) -> int:
    """Return how many batches of a FIFO queue are processed at once, at most."""
    return table.maximum_concurrency or rules.SQS_MAXIMUM


def queue_source(name: str, table: SqsSource, function: int, timeout_ns: int) -> SqsSpec | FifoSpec:
    """Return the spec of a queue; ``timeout_ns`` is the function's."""
    spec = queue_spec(name, table, function, timeout_ns)
    if table.type == "sqs":
        return spec
    return FifoSpec(
        spec,
        groups=table.groups,
        bounds_q24=_bounds_q24(table.groups, table.group_skew) if table.group_skew else (),
        maximum=fifo_maximum(table),
        look_ahead=table.look_ahead,
    )


def _bounds_q24(groups: int, skew: float) -> tuple[int, ...]:
    """Return the upper bounds of the shares of groups whose weights are 1, 2**-skew, 3**-skew, ..."""
    sums = list(accumulate((rank + 1) ** -skew for rank in range(groups)))
    return tuple(share_q24(part / sums[-1]) for part in sums)


def queue_spec(name: str, table: SqsSource, function: int, timeout_ns: int) -> SqsSpec:
    """Return the spec of a queue, and what a FIFO queue has in common with one; ``timeout_ns`` is the function's."""
    return SqsSpec(
        name,
        function,
        batch_size=table.batch_size,
        window_ns=table.batching_window,
        shares_window=table.windows == "shared",
        visibility_ns=effective_visibility_ns(
            table.visibility_timeout, table.batching_window if table.extends_visibility else 0, timeout_ns
        ),
        max_receives=table.max_receive_count or 0,
        partial=table.partial_batch_response,
        retention_ns=table.retention,
        delay_ns=table.delay_,
        receive_ns=table.receive_latency,
        polling=concurrency_spec(table),
        per_poller=0 if table.provisioned_pollers is None else rules.POLLER_CONCURRENCY,
        backoff_base_ns=table.backoff.base,
        backoff_cap_ns=table.backoff.max,
        backoff_jitter=table.backoff.jitter == "full",
        throttle_tries=table.throttle_tries if table.on_throttle == "give-up" else 0,
        duplicates_q24=share_q24(table.duplicates),
        poison_q24=share_q24(table.poison),
        record_errors_q24=share_q24(table.record_errors),
        payload=table.payload,
    )
