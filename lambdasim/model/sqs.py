"""SQS standard queues and the event source mapping that polls them: what a batch is, and what becomes of a message.

Read it beside the Developer Guide's pages services-sqs-scaling and services-sqs-errorhandling. Where AWS is silent the
numbers are parameters with our defaults. This module knows no clock and no messages.
"""

from dataclasses import dataclass

from lambdasim.model import rules
from lambdasim.model.polling import DEFAULT_POLLING, PollingLaw


@dataclass(frozen=True, slots=True)
class SqsLaw:
    """One queue, the mapping to its function, and how the function treats its messages."""

    name: str
    function: int
    """Index of the function."""
    batch_size: int = rules.SQS_RECEIVE
    window_ns: int = 0
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
    polling: PollingLaw = DEFAULT_POLLING
    per_poller: int = 0
    """Concurrent invocations of each provisioned poller; 0 in the default mode."""
    backoff_base_ns: int = rules.NS_PER_S
    backoff_cap_ns: int = 60 * rules.NS_PER_S
    backoff_jitter: bool = True
    duplicates_24: int = 0
    """Share of messages that the queue delivers twice, in units of 2**-24."""
    poison_24: int = 0
    """Share of messages that fail each time."""
    record_errors_24: int = 0
    """Share of deliveries of a message that fail."""
    payload: int = 1_024
    """Bytes of a message."""

    @property
    def batch_limit(self) -> int:
        """Most messages in a batch: its size, or what fits into an invocation's payload."""
        return max(1, min(self.batch_size, rules.BATCH_PAYLOAD // max(1, self.payload)))

    def backoff_ns(self, throttles: int, jitter: int) -> int:
        """Return how long a batch waits after its ``throttles``-th throttle; ``jitter`` is uniform on 24 bits."""
        delay_ns = rules.backoff_ns(throttles - 1, self.backoff_base_ns, self.backoff_cap_ns)
        return max(1, rules.spread_ns(delay_ns, jitter) if self.backoff_jitter else delay_ns)

    def receives(self, messages: int) -> int:
        """Return the ReceiveMessage calls that fetch so many messages, one even if there are none."""
        return max(1, -(-messages // rules.SQS_RECEIVE))

    def receive_requests(self, messages: int) -> int:
        """Return how many requests those calls are billed as."""
        return max(self.receives(messages), -(-messages * self.payload // rules.SQS_CHUNK))

    @property
    def send_requests(self) -> int:
        """How many requests the sending of a message is billed as."""
        return max(1, -(-self.payload // rules.SQS_CHUNK))

    def poller_busy_ns(self, messages: int) -> int:
        """Return how long a provisioned poller is taken up by fetching so many messages."""
        return max(
            self.receives(messages) * rules.POLLER_RECEIVE_NS,
            messages * self.payload * rules.NS_PER_S // rules.POLLER_BYTES_PER_S,
        )
