"""SQS standard queues and the event source mapping that polls them: what a batch is, and what becomes of a message.

Read it beside the Developer Guide's pages services-sqs-scaling and services-sqs-errorhandling. Where AWS is silent the
numbers are parameters with our defaults. This module knows no clock and keeps no
messages.
"""

from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from lambdasim.model import rules
from lambdasim.model.control import Control
from lambdasim.model.events import Destination, Status
from lambdasim.model.polling import DEFAULT_POLLING, PollingSpec
from lambdasim.model.rules import backoff_ns, spread_ns

SUCCESS: Final = int(Status.SUCCESS)
_NOWHERE, _DELIVERED = int(Destination.NONE), int(Destination.DELIVERED)


@dataclass(frozen=True, slots=True)
class SqsSpec:
    """One queue, the mapping to its function, and how the function treats its messages."""

    name: str
    function: int
    """Index of the function."""
    batch_size: int = rules.SQS_RECEIVE
    window_ns: int = 0
    shares_window: bool = False
    """Whether a batch in its window takes all messages that come, and not those alone that its own poller receives."""
    visibility_ns: int = rules.SQS_VISIBILITY_NS
    max_receives: int = 0
    """Receives after which the next one moves a message to the dead-letter queue; 0 for never."""
    partial: bool = False
    """ReportBatchItemFailures: failed records come back alone."""
    retention_ns: int = rules.SQS_RETENTION_NS
    delay_ns: int = 0
    """From the sending of a message until it can first be received."""
    receive_ns: int = 0
    """From the moment a poller could receive messages until it has them at the function."""
    polling: PollingSpec = DEFAULT_POLLING
    per_poller: int = 0
    """Concurrent invocations of each provisioned poller; 0 in the default mode."""
    backoff_base_ns: int = rules.NS_PER_S
    backoff_cap_ns: int = 60 * rules.NS_PER_S
    backoff_jitter: bool = True
    throttle_tries: int = 0
    """Throttles after which a batch is given up; 0 for its visibility timeout alone to end the attempts."""
    duplicates_q24: int = 0
    """Share of messages that the queue delivers twice, in units of 2**-24."""
    poison_q24: int = 0
    """Share of messages that fail each time."""
    record_errors_q24: int = 0
    """Share of deliveries of a message that fail."""
    payload: int = 1_024
    """Bytes of a message."""

    @property
    def batch_limit(self) -> int:
        """Most messages in a batch: its size, or what fits into an invocation's payload."""
        return batch_limit(self, self.batch_size)

    @property
    def send_requests(self) -> int:
        """How many requests the sending of a message is billed as."""
        return max(1, -(-self.payload // rules.SQS_CHUNK))


SETTINGS: Final = {
    Control.BATCH_SIZE: "batch_size",
    Control.BATCHING_WINDOW: "window_ns",
    Control.VISIBILITY: "visibility_ns",
    Control.REPORTS: "partial",
    Control.MAX_RECEIVES: "max_receives",
}
"""What rows of the control table change of :class:`SqsSpec` (API UpdateEventSourceMapping and SetQueueAttributes,
2026)."""


def adjusted(queue: SqsSpec, kind: int, value: int) -> SqsSpec:
    """Return a queue with a setting that a row of the control table changes; the same where that is none of it."""
    changed: dict[str, Any] = {SETTINGS[Control(kind)]: value} if kind in SETTINGS else {}
    return replace(queue, **changed)


def batch_limit(queue: SqsSpec, batch_size: int) -> int:
    """Return the most messages in a batch of so many: that, or what fits into an invocation's payload."""
    return max(1, min(batch_size, rules.BATCH_PAYLOAD // max(1, queue.payload)))


class Message(Protocol):
    """A message since it could last be received; an engine has its own."""

    @property
    def attempt(self) -> int:
        """Receives before."""

    @property
    def sent_ns(self) -> int:
        """When its queue took it in."""

    @property
    def available_ns(self) -> int:
        """Since when it can be received."""


RECEIVED, TOO_OLD, EXHAUSTED = 0, 1, 2
"""What a receive finds a message to be."""


def receives(messages: int) -> int:
    """Return the ReceiveMessage (or DeleteMessageBatch) calls for so many messages, one even if there are none."""
    return max(1, -(-messages // rules.SQS_RECEIVE))


def receive_requests(queue: SqsSpec, messages: int) -> int:
    """Return how many requests the receives of so many messages are billed as."""
    return max(receives(messages), -(-messages * queue.payload // rules.SQS_CHUNK))


def poller_busy_ns(queue: SqsSpec, messages: int) -> int:
    """Return how long a provisioned poller is taken up by fetching so many messages."""
    return max(
        receives(messages) * rules.POLLER_RECEIVE_NS,
        messages * queue.payload * rules.NS_PER_S // rules.POLLER_BYTES_PER_S,
    )


def empty_receives(queue: SqsSpec, poller: int, since_ns: int, now: int) -> int:
    """Return the receives that a poller has made in vain in a long poll since ``since_ns`` (-1 if it was in none).

    Of a provisioned poller, which is several here, the first one speaks for all.
    """
    if since_ns < 0 or (queue.per_poller and poller % queue.per_poller):
        return 0
    return (now - since_ns) // rules.SQS_LONG_POLL_NS


def is_wanted(backlog: int, coming: int, limit: int) -> bool:
    """Say whether messages wait that no poller is about to receive, of which so many are ``coming``."""
    return backlog > coming * limit


def receives_again(poller: int, target: int, is_wanted: bool) -> bool:
    """Say whether a poller that has nothing to do receives again; those above the target leave."""
    return is_wanted and poller < target


def effective_visibility_ns(visibility_ns: int, window_ns: int, timeout_ns: int) -> int:
    """Return the visibility timeout of a queue whose mapping has a batching window.

    Where window and function timeout together are longer, it is 30 s more than they are (Developer Guide, with-sqs,
    2022).
    """
    if window_ns and window_ns + timeout_ns > visibility_ns:
        return window_ns + timeout_ns + rules.SQS_WINDOW_MARGIN_NS
    return visibility_ns


def gathers(queue: SqsSpec, messages: int, limit: int) -> bool:
    """Say whether a batch waits for more messages in its batching window."""
    return queue.window_ns > 0 and messages < limit


def is_delivered_twice(queue: SqsSpec, jitter: int) -> bool:
    """Say whether a message is delivered twice; ``jitter`` is uniform on 24 bits."""
    return jitter < queue.duplicates_q24


def is_too_old(queue: SqsSpec, sent_ns: int, now: int) -> bool:
    """Say whether the retention period of a message is over (*array*)."""
    return sent_ns <= now - queue.retention_ns


def aged_out_ns(queue: SqsSpec, message: Message) -> int:
    """Return when a message that is too old left its queue."""
    return max(message.sent_ns + queue.retention_ns, message.available_ns)


def stopped(queue: SqsSpec) -> int:
    """Return the ``Destination`` of a message that goes round a loop, which AWS stops: the dead-letter queue, if there
    is one."""
    return _DELIVERED if queue.max_receives else _NOWHERE


def found(queue: SqsSpec, message: Message, now: int) -> int:
    """Return what a receive finds a message to be: RECEIVED, TOO_OLD, or EXHAUSTED (off to the dead-letter queue)."""
    if is_too_old(queue, message.sent_ns, now):
        return TOO_OLD
    if queue.max_receives and message.attempt >= queue.max_receives:
        return EXHAUSTED
    return RECEIVED


def slows_polling(queue: SqsSpec, status: int) -> bool:
    """Say whether Lambda polls less after a batch has ended so; a report of failed messages counts as a success."""
    return status != SUCCESS and not queue.partial


def throttled_again_ns(queue: SqsSpec, now: int, throttles: int, jitter: int) -> int:
    """Return when a batch is tried again after its ``throttles``-th throttle; ``jitter`` is uniform on 24 bits."""
    delay_ns = backoff_ns(throttles - 1, queue.backoff_base_ns, queue.backoff_cap_ns)
    if queue.backoff_jitter:
        delay_ns = spread_ns(delay_ns, jitter)
    return now + max(1, delay_ns)


def is_given_up(queue: SqsSpec, throttles: int, again_ns: int, visible_ns: int) -> bool:
    """Say whether a batch is not tried again: it was throttled too often, or others see its messages by then."""
    return 0 < queue.throttle_tries <= throttles or again_ns >= visible_ns


def gave_up_ns(queue: SqsSpec, now: int, visible_ns: int) -> int:
    """Return when the poller of a batch that is given up now goes on: it goes on trying until others see it, or not."""
    return now if queue.throttle_tries else max(visible_ns, now)


def settles_late(attempt: int, again: int, is_returned: bool) -> bool:
    """Say whether the end of an expired delivery, the ``attempt``-th, still decides over what came back of it.

    ``again`` is the attempt of what came back, which ``is_returned`` if it has not been received since: the latest
    receipt handle of a message deletes it, also after its visibility timeout (API of SQS, DeleteMessage, 2026).
    """
    return is_returned and again == attempt + 1
