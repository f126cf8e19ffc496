"""Streams: Kinesis, DynamoDB Streams and Kafka. Where a record goes, when it is read, and where a batch must end.

A shard (Kafka: partition) keeps its records in order. Kinesis and DynamoDB process up to ten batches of a shard at
once, in lanes that keep the order of each partition key (Developer Guide, with-kinesis, 2026). AWS does not say what
becomes of them when the ParallelizationFactor changes. Here (a choice) a shard lets the batches in flight be done with,
their retries included, and takes no other meanwhile; then all records that wait are divided anew, in their order. So no
record is processed beside or before one of its key that came earlier.
"""

from dataclasses import dataclass, field

from lambdasim.model import rules
from lambdasim.model.batches import BatchSpec
from lambdasim.model.events import NEVER_NS
from lambdasim.model.pollers import PollerSpec

_HASHES = 1 << 24
_LANE_SHIFT = 8


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


@dataclass(slots=True, eq=False, init=False)
class ShardState:
    """A shard, now."""

    phase_ns: int
    """When it is polled, modulo the time between polls."""
    polled_ns: int
    """When it was last read because a lane had become free."""
    second: int
    """Of its last record."""
    written: int
    """Records that it took in that second."""
    lanes: int
    """Among which its records are divided now."""
    in_flight: int
    """Lanes that have a batch, which is tried or waits to be tried again."""
    is_changing: int
    """Whether its records are divided anew as soon as there is none."""

    def __init__(self, stream: StreamSpec, phase: int) -> None:
        """``phase`` is uniform on 0 .. 2**24 - 1."""
        self.phase_ns = rules.jittered_ns(stream.poll_ns, phase)
        self.polled_ns = -stream.least_poll_ns
        self.second = -1
        self.written = 0
        self.lanes = stream.lanes
        self.in_flight = self.is_changing = 0


def shard_of(stream: StreamSpec, u24: int) -> int:
    """Return the shard of a hash; ``u24`` is uniform on 0 .. 2**24 - 1."""
    return u24 * stream.shards >> 24


def lane_of(stream: StreamSpec, shard: ShardState, u24: int) -> int:
    """Return the lane (0 .. lanes - 1) of a hash within its shard, as that is divided now."""
    return (u24 * stream.shards & _HASHES - 1) * shard.lanes >> 24


def lane_number(shard: int, lane: int) -> int:
    """Return the number of a lane of a shard in the declared order, whatever number of lanes there is."""
    return shard << _LANE_SHIFT | lane


def is_drained(shard: ShardState) -> bool:
    """Say whether the records of a shard are to be divided anew now."""
    return shard.is_changing > 0 and shard.in_flight == 0


def takes(stream: StreamSpec, shard: ShardState, now: int) -> bool:
    """Say whether a shard has room for a record in this second, and count it then (Kinesis API, PutRecord, 2026)."""
    if not stream.write_records:
        return True
    second = now // rules.NS_PER_S
    written = shard.written if shard.second == second else 0
    largest = max(stream.write_bytes, stream.payload)
    if written >= stream.write_records or (written + 1) * stream.payload > largest:
        return False
    shard.second, shard.written = second, written + 1
    return True


def seen_ns(stream: StreamSpec, sent_ns: int, phase_ns: int) -> int:
    """Return when a record is read whose lane has nothing to do; polls fall on ``phase_ns`` + n x ``poll_ns``."""
    if not stream.poll_ns:
        return sent_ns + stream.push_ns
    return phase_ns - (phase_ns - sent_ns) // stream.poll_ns * stream.poll_ns


def read_until_ns(stream: StreamSpec, shard: ShardState, now: int) -> int:
    """Return the latest time of sending among the records of a shard that have been read until now."""
    if not stream.poll_ns:
        return now - stream.push_ns
    return max(now - (now - shard.phase_ns) % stream.poll_ns, shard.polled_ns)


def read_ns(stream: StreamSpec, shard: ShardState, now: int, sent_ns: int, free_ns: int) -> int:
    """Return when a record is read that a lane waits for since ``free_ns``; -1 if it has been read.

    A record that came while the lane was busy is read sooner than at the next poll, if the shard may be read by then.
    """
    polled_ns = read_until_ns(stream, shard, now)
    if sent_ns <= polled_ns:
        return -1
    due_ns = seen_ns(stream, sent_ns, shard.phase_ns)
    if sent_ns > free_ns or not stream.poll_ns:
        return due_ns
    return min(due_ns, max(now, polled_ns + stream.least_poll_ns))


def due_ns(stream: StreamSpec, batches: BatchSpec, free_ns: int, seen_ns: int, head_sent_ns: int) -> int:
    """Return when a batch is sent that is not full by then; ``seen_ns`` is when its first record was read.

    Batching windows begin when the batch before is completed, and follow one another while there is nothing; a
    tumbling window that ends closes the batch.
    """
    windows = max(1, -((free_ns - seen_ns) // batches.window_ns))  # rounded up
    due_ns = free_ns + windows * batches.window_ns
    return min(due_ns, max(seen_ns, tumbling_end_ns(stream, head_sent_ns)))


def tumbling_end_ns(stream: StreamSpec, sent_ns: int) -> int:
    """Return the end of the tumbling window of a record."""
    return (sent_ns // stream.tumbling_ns + 1) * stream.tumbling_ns if stream.tumbling_ns else NEVER_NS


def batch_until_ns(stream: StreamSpec, shard: ShardState, now: int, head_sent_ns: int) -> int:
    """Return the latest time of sending of the records that go into a batch now whose first came at a time."""
    return min(read_until_ns(stream, shard, now), tumbling_end_ns(stream, head_sent_ns) - 1)


def busy_until_ns(stream: StreamSpec, busy_ns: int, now: int, records: int) -> int:
    """Return until when a reader is busy that reads so many records now, and was until ``busy_ns`` with others."""
    if not stream.read_bytes:
        return busy_ns
    return max(busy_ns, now) + records * stream.payload * rules.NS_PER_S // stream.read_bytes
