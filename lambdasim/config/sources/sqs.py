"""``type = "sqs"`` and ``"sqs-fifo"``: a queue and the event source mapping that polls it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import ConfigDict, Field, StrictBool

from lambdasim.config import quotas
from lambdasim.config.distribution import Distribution
from lambdasim.config.evidence import NEUTRAL, measured, official, ours
from lambdasim.config.positions import Path
from lambdasim.config.quantity import (
    Backoff,
    BackoffText,
    ConfigTable,
    Duration,
    Fraction,
    Quantity,
    TimeDistribution,
    duration,
    number,
    size,
    whole,
)
from lambdasim.config.sources.base import SourceTable
from lambdasim.model import rules
from lambdasim.units import NS_PER_MS, NS_PER_S, format_duration

if TYPE_CHECKING:
    from lambdasim.config.function import FunctionConfig

_OURS: Final = "this simulator's own limit"
_Window = duration(0, quotas.BATCHING_WINDOW.value, f"AWS's windows: {quotas.BATCHING_WINDOW.page}", NS_PER_S)
_Visibility = duration(
    0, quotas.SQS_VISIBILITY_MAX.value, f"AWS's visibility timeouts: {quotas.SQS_VISIBILITY_MAX.page}", NS_PER_S
)
_Retention = duration(
    quotas.SQS_RETENTION_MIN.value,
    quotas.SQS_RETENTION_MAX.value,
    f"AWS's retentions: {quotas.SQS_RETENTION_MAX.page}",
    NS_PER_S,
)


def _groups(value: object) -> int:
    """Return a number of message groups; 0 for one per message."""
    if value == "inf":
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1_000_000:
        raise ValueError(f"{str(value)[:60]!r} is not a number of message groups from 1 to 1000000, or 'inf'")
    return value


_OF_STANDARD_QUEUES: Final = frozenset({"batching_window", "scaling", "provisioned_pollers", "duplicates"})


class SqsScaling(ConfigTable):
    """``source.NAME.scaling``: how many batches are processed at once, and how fast that grows."""

    policy: Annotated[
        Literal["default", "legacy"], official("AWS since 2023-11, DG:services-sqs-scaling, 2026-11-23")
    ] = "default"
    """``default``: 5, then 300 more per minute up to 1,250. ``legacy``: until November 2023, 60 more up to 1,000."""
    initial: Annotated[int, whole(1, 100_000, _OURS)] | None = None
    """Batches at once when the first messages arrive."""
    per_minute: Annotated[int, whole(1, 100_000, _OURS)] | None = None
    """Batches at once that are added in a minute, as long as messages wait."""
    maximum: Annotated[int, whole(1, 100_000, _OURS)] | None = None
    """Most batches at once."""
    growth: Annotated[
        Literal["continuous", "step"],
        measured(
            "growth of a queue",
            "AWS does not say; a raw log of 2018 shows no steps",
            continuous="continuous",
            step="step",
        ),
    ] = "continuous"
    """Whether it grows one by one or all at once each minute; AWS does not say (measured 2018: one by one)."""
    error_decrease: Annotated[
        Fraction,
        measured(
            "a queue after errors",
            "fitted to rehanvdm.com, 2026-03-31: of 60 batches at once 25 were left with 1 % errors, 13 with 10 %; "
            'AWS says "gradually" (DG:services-sqs-errorhandling, 2026-11-23)',
            low=0.024,
            high=0.065,
        ),
    ] = 0.04
    """What each batch that fails or is throttled takes from what is above ``floor``; growth goes on meanwhile."""
    floor: Annotated[
        int,
        whole(1, 100_000, _OURS),
        ours(
            "floor of a queue",
            "AWS names 5 for the start, and nothing for this",
            low=2,
            high=10,
        ),
    ] = 5
    """Errors and throttles do not push it below."""


class ProvisionedPollers(ConfigTable):
    """``source.NAME.provisioned_pollers``: provisioned mode."""

    minimum: Annotated[
        int,
        whole(
            quotas.SQS_POLLERS_MIN.value,
            quotas.SQS_POLLERS_MINIMUM.value,
            f"AWS's limits: {quotas.SQS_POLLERS_MINIMUM.page}",
        ),
        official(quotas.SQS_POLLERS_MIN.source),
    ] = quotas.SQS_POLLERS_MIN.value
    """Event pollers that are always there."""
    maximum: Annotated[
        int,
        whole(quotas.SQS_POLLERS_MIN.value, quotas.SQS_POLLERS.value, f"AWS's limits: {quotas.SQS_POLLERS.page}"),
        official(quotas.SQS_POLLERS_DEFAULT.source),
    ] = quotas.SQS_POLLERS_DEFAULT.value
    """Most event pollers."""


class SqsSource(SourceTable):
    """``[source.NAME]`` of one of these types."""

    type: Literal["sqs", "sqs-fifo"]
    enabled: Annotated[StrictBool, official(f"AWS, {quotas.MAPPING}, {quotas.DATE}")] = True
    """Whether its event source mapping is enabled; while it is not, messages wait."""
    batch_size: Annotated[
        int,
        whole(1, quotas.SQS_BATCH.value, f"AWS's limit: {quotas.SQS_BATCH.page}"),
        official(f"AWS, {quotas.MAPPING}, {quotas.DATE}"),
    ] = 10
    """Most messages in a batch."""
    batching_window: Annotated[int, _Window, official(f"AWS, {quotas.MAPPING}, {quotas.DATE}")] = 0
    """How long a batch that is not full waits for more messages."""
    windows: Annotated[
        Literal["per-poller", "shared"],
        ours(
            "whose a batching window is",
            "AWS, DG22:with-sqs, 2022: five workers at most gather at first, which users see as small batches "
            "(2021); newer pages do not say",
            per_poller="per-poller",
            shared="shared",
        ),
    ] = "per-poller"
    """``per-poller``: each gathers a batch of its own. ``shared``: one takes all that comes until it is full."""
    extends_visibility: Annotated[
        StrictBool,
        ours(
            "visibility timeout with a batching window",
            "AWS, DG22:with-sqs, 2022: it is window + function timeout + 30 s where it is less than those two; newer "
            "pages do not say",
            extended=True,
            as_set=False,
        ),
    ] = True
    """Whether the visibility timeout is that long where a batching window needs it."""
    maximum_concurrency: (
        Annotated[
            int,
            whole(
                quotas.ESM_CONCURRENCY_MIN.value,
                quotas.ESM_CONCURRENCY.value,
                f"AWS's limits: {quotas.ESM_CONCURRENCY.page}",
            ),
        ]
        | None
    ) = None
    """Most invocations that the queue makes at once."""
    visibility_timeout: Annotated[int, _Visibility, official(quotas.SQS_VISIBILITY.source)] = (
        quotas.SQS_VISIBILITY.value
    )
    """How long a message that was received stays hidden; AWS advises six times the function timeout."""
    max_receive_count: (
        Annotated[int, whole(1, quotas.SQS_RECEIVES_MAX.value, f"AWS's limits: {quotas.SQS_RECEIVES_MAX.page}")] | None
    ) = None
    """Receives after which a message goes to the dead-letter queue; None: there is no such queue. Where a change sets
    another number, or "none", the next receive of each message goes by that."""
    dead_letter_queue: str | None = None
    """Name of the dead-letter queue. Where a change sets another one, or "none", it counts for what is given up from
    then on."""
    partial_batch_response: Annotated[StrictBool, official(f"AWS, {quotas.MAPPING}, {quotas.DATE}")] = False
    """ReportBatchItemFailures: only the records that failed come back."""
    retention: Annotated[int, _Retention, official(quotas.SQS_RETENTION.source)] = quotas.SQS_RETENTION.value
    """How long a message stays in the queue at most."""
    delay_: Annotated[
        int,
        duration(0, quotas.SQS_DELAY_MAX.value, f"AWS's delays: {quotas.SQS_DELAY_MAX.page}", NS_PER_S),
        official(quotas.SQS_DELAY_MAX.source),
    ] = Field(default=0, alias="delay")
    """DelaySeconds: from the sending of a message until it can first be received."""
    latency: TimeDistribution | None = None
    """From an event to its message in the queue; None: none."""
    receive_latency: Annotated[
        Duration,
        ours(
            "latency of a poller",
            "AWS does not say; long polls answer at once; a raw log of 2018 shows each message hold its environment "
            "for some 47 ms beyond its handler's pause of 100 ms (mikhail.io), which is no latency of the poller; of "
            "other years nothing is measured, so no era decides it",
            high="200ms",
        ),
    ] = 0
    """From the moment a poller could receive messages until their batch is at the function, once for each batch."""
    payload: Annotated[
        int, size(0, quotas.SQS_PAYLOAD.value, f"AWS's largest message: {quotas.SQS_PAYLOAD.page}"), NEUTRAL
    ] = 1_024
    """Size of a message: a batch holds 6 MB, and each 64 KB is billed as one request to SQS."""
    scaling: SqsScaling = Field(default_factory=SqsScaling)
    """How the queue's concurrency grows and falls."""
    provisioned_pollers: ProvisionedPollers | None = None
    """Event pollers that are paid for and kept; None: Lambda scales them by itself."""
    on_throttle: Annotated[
        Literal["retry-until-visible", "give-up"],
        measured(
            "a throttled batch",
            "AWS, DG:services-sqs-errorhandling, 2026-11-23: it is tried again until its visibility timeout; users "
            "report few attempts (r/aws, 2025-11: after 5 min in the dead-letter queue) and none lost (rehanvdm.com, "
            "2026-03-31)",
            give_up="give-up",
        ),
    ] = "retry-until-visible"
    """``give-up``: after ``throttle_tries`` throttles it is hidden until its visibility timeout, and its poller goes
    on with others."""
    throttle_tries: Annotated[
        int,
        whole(1, 1_000, _OURS),
        ours("tries of a throttled batch", 'users write "a few", and tell of one', high=3),
    ] = 1
    """Attempts at a throttled batch before it is given up, with ``give-up``."""
    backoff: Annotated[
        BackoffText,
        ours(
            "back-off after a throttle",
            "AWS says that the batch is tried again until its visibility timeout "
            "(DG:services-sqs-errorhandling, 2026-11-23), not how often; users report far fewer attempts",
            low="exponential(base=200ms, max=5s, jitter=full)",
            high="exponential(base=1h, max=1h, jitter=none)",
        ),
    ] = Backoff.parse("exponential(base=1s, max=1min, jitter=full)")
    """Wait of a batch after a throttle, scattered by half to either side with full jitter (our model)."""
    duplicates: Annotated[
        Fraction,
        ours(
            "messages delivered twice",
            "AWS says that it may happen (SQS Developer Guide, standard queues, 2026-11-23), not how often",
            high=0.001,
        ),
    ] = 0.0
    """Fraction of messages that the queue delivers twice: it is at-least-once."""
    poison: Annotated[Fraction, NEUTRAL] = 0.0
    """Fraction of messages that fail each time."""
    record_errors: Annotated[Fraction, NEUTRAL] = 0.0
    """Fraction of records that fail, each time a record is delivered."""
    groups: Annotated[
        int,
        Quantity(
            _groups,
            lambda groups: groups or "inf",
            {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 1_000_000}, {"const": "inf"}]},
        ),
        NEUTRAL,
    ] = 0
    """Message groups of a FIFO queue; "inf": each message is its own."""
    group_skew: Annotated[float, number(0, 10, _OURS), NEUTRAL] = 0.0
    """Exponent of Zipf's law by which messages fall into groups; 0: evenly."""

    look_ahead: Annotated[
        int,
        whole(1, 10_000_000, _OURS),
        official("AWS, SQS Developer Guide, avoid-backlog-with-the-same-message-group-id, 2026-11-23"),
    ] = rules.FIFO_LOOK_AHEAD
    """Messages of a FIFO queue, from the first one on, whose groups can be received from; 20,000 before 2024-11."""

    model_config = ConfigDict(populate_by_name=True)
    carries_durations = False

    def delay(self) -> Distribution | None:
        """Return the latency of sending."""
        return self.latency

    def dead_letters(self) -> str | None:
        """Return the dead-letter queue."""
        return self.dead_letter_queue

    def pays_for_pollers(self) -> bool:
        """Say whether its event pollers are provisioned."""
        return self.provisioned_pollers is not None

    def unused_keys(self) -> frozenset[str]:
        """Return the keys of the other type, and those of a switch that is off."""
        others = {"groups", "group_skew", "look_ahead"} if self.type == "sqs" else _OF_STANDARD_QUEUES
        tries = () if self.on_throttle == "give-up" else ("throttle_tries",)
        windows = () if self.batching_window and self.type == "sqs" else ("windows", "extends_visibility")
        return frozenset({*others, *tries, *windows})

    def complaints(self, function: "FunctionConfig") -> Iterator[tuple[Path, str]]:
        """Yield what AWS refuses."""
        limit, page = quotas.SQS_BATCH_WITHOUT_WINDOW.value, quotas.SQS_BATCH_WITHOUT_WINDOW.page
        if self.type == "sqs-fifo" and self.batch_size > quotas.SQS_FIFO_BATCH.value:
            most = quotas.SQS_FIFO_BATCH.value
            yield (
                ("batch_size",),
                f"{self.batch_size} is above {most}, AWS's limit of FIFO queues ({quotas.SQS_FIFO_BATCH.page})",
            )
        elif self.type == "sqs" and self.batch_size > limit and self.batching_window < NS_PER_S:
            yield (
                ("batch_size",),
                f"{self.batch_size} needs a batching_window of at least 1s, which AWS asks for above {limit} ({page})",
            )
        if self.visibility_timeout < function.timeout:
            yield (
                ("visibility_timeout",),
                f"{format_duration(self.visibility_timeout)} is shorter than the timeout of the function, "
                f"{format_duration(function.timeout)}, which AWS refuses; it advises six times the function timeout "
                f"(DG:services-sqs-configure)",
            )
        if self.provisioned_pollers is not None:
            yield from self._provisioned_complaints(self.provisioned_pollers)
        if self.dead_letter_queue is not None and self.max_receive_count is None:
            yield (
                ("max_receive_count",),
                "is missing; a dead_letter_queue needs it, such as max_receive_count = 5 (DG:services-sqs-configure)",
            )
        if self.group_skew and not self.groups:
            yield ("groups",), "is missing or 'inf'; group_skew needs a number of message groups"
        if self.backoff.base < NS_PER_MS:
            yield ("backoff",), "base must be at least 1ms"

    def _provisioned_complaints(self, pollers: ProvisionedPollers) -> Iterator[tuple[Path, str]]:
        if pollers.maximum < pollers.minimum:
            yield ("provisioned_pollers", "maximum"), f"{pollers.maximum} is below minimum, {pollers.minimum}"
        if self.maximum_concurrency is not None:
            yield (
                ("provisioned_pollers",),
                "excludes maximum_concurrency, which AWS refuses beside it (DG:services-sqs-scaling)",
            )
        if self.scaling != SqsScaling():
            yield ("scaling",), "has no effect with provisioned_pollers; leave it out"
