"""Streams: Kinesis, DynamoDB Streams and Kafka. Where a record goes, when it is read, and where a batch must end.

A shard (Kafka: partition) keeps its records in order. Kinesis and DynamoDB process up to ten batches of a shard at
once, in lanes that keep the order of each partition key (Developer Guide, with-kinesis, 2026).
"""

from bisect import bisect_right
from dataclasses import dataclass, field

from lambdasim.model import rules
from lambdasim.model.batches import BatchSpec
from lambdasim.model.events import NEVER_NS
from lambdasim.model.pollers import PollerSpec


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """One stream and its event source mapping."""

    name: str
    function: int
    """Index of the function."""
    batches: BatchSpec = field(default_factory=BatchSpec)
    shards: int = 1
    lanes: int = 1
    """Of each shard: ParallelizationFactor."""
    keys_q24: tuple[int, ...] = ()
    """Shares of records with the partition keys up to each, in units of 2**-24; empty: every record has its own."""
    poll_ns: int = 0
    """Time between two reads of a shard that had nothing new; 0: its records are pushed."""
    least_poll_ns: int = 0
    """The same while records that came during the last batch wait to be read."""
    push_ns: int = 0
    """How long that takes."""
    tumbling_ns: int = 0
    """Length of the tumbling windows, at whose borders batches end; 0: none."""
    payload: int = 1
    """Size of a record in bytes."""
    write_records: int = 0
    write_bytes: int = 0
    """What a shard accepts in a second; 0: everything."""
    read_bytes: int = 0
    """What is read of a shard, or by a poller of Kafka, in a second; 0: as fast as batches are processed."""
    has_iterator_age: bool = True
    pollers: PollerSpec | None = None
    """Kafka: how many consumers there are; None: each lane has its own."""

    def key(self, u24: int) -> int:
        """Return the partition key of a record; ``u24`` is uniform on 0 .. 2**24 - 1."""
        return min(bisect_right(self.keys_q24, u24), len(self.keys_q24) - 1)

    def lane(self, u24: int) -> int:
        """Return the lane (0 .. shards x lanes - 1) of a hash, which is uniform as above."""
        return u24 * self.shards * self.lanes >> 24

    def seen_ns(self, sent_ns: int, phase_ns: int) -> int:
        """Return when a record is read whose lane has nothing to do; polls fall on ``phase_ns`` + n x ``poll_ns``."""
        if not self.poll_ns:
            return sent_ns + self.push_ns
        return phase_ns - (phase_ns - sent_ns) // self.poll_ns * self.poll_ns

    def read_again_ns(self, now: int, polled_ns: int, seen_ns: int) -> int:
        """Return when a lane that has just become free reads on; ``seen_ns`` is when the next poll is due anyway."""
        return min(seen_ns, max(now, polled_ns + self.least_poll_ns)) if self.poll_ns else seen_ns

    def read_until_ns(self, now: int, phase_ns: int) -> int:
        """Return the latest time of sending among the records that have been read until now."""
        if not self.poll_ns:
            return now - self.push_ns
        return now - (now - phase_ns) % self.poll_ns

    def due_ns(self, free_ns: int, seen_ns: int, head_sent_ns: int) -> int:
        """Return when a batch is sent that is not full by then; ``seen_ns`` is when its first record was read.

        Batching windows begin when the batch before is completed, and follow one another while there is nothing; a
        tumbling window that ends closes the batch.
        """
        window_ns = self.batches.window_ns
        windows = max(1, -((free_ns - seen_ns) // window_ns))  # rounded up
        due_ns = free_ns + windows * window_ns
        return min(due_ns, max(seen_ns, self.tumbling_end_ns(head_sent_ns)))

    def tumbling_end_ns(self, sent_ns: int) -> int:
        """Return the end of the tumbling window of a record."""
        return (sent_ns // self.tumbling_ns + 1) * self.tumbling_ns if self.tumbling_ns else NEVER_NS

    def reading_ns(self, records: int) -> int:
        """Return how long that many records take to be read."""
        return records * self.payload * rules.NS_PER_S // self.read_bytes if self.read_bytes else 0
