"""Streams: records wait in the lanes of their shards, are read, gathered into batches, and processed in order.

Read it beside the Developer Guide's pages with-kinesis, with-ddb and with-kafka. When a record is read and a batch is
due is decided in ``model/streams.py``, what becomes of a batch in ``batches.py``.
"""

from collections import deque
from dataclasses import replace
from functools import partial

from lambdasim.engine.reference.batches import Batches, Process
from lambdasim.engine.reference.clock import Signal
from lambdasim.engine.reference.pollers import Pollers
from lambdasim.engine.reference.simulation import Simulation
from lambdasim.engine.reference.switch import Switch
from lambdasim.model import batches, rules, streams
from lambdasim.model.batches import Record
from lambdasim.model.control import Control
from lambdasim.model.events import EventRank, poller_key
from lambdasim.model.streams import ShardState, StreamSpec
from lambdasim.plan import Request

POLL = int(EventRank.POLL)


class Lane:
    """Records that are processed one batch after the other."""

    __slots__ = ("backlog", "free_ns", "full", "is_idle", "number", "shard", "size")

    def __init__(self, number: int, shard: int) -> None:
        self.number = number
        self.shard = shard
        self.backlog: deque[Record] = deque()
        self.is_idle = True
        self.free_ns = 0
        """When its last batch was completed."""
        self.full: Signal | None = None
        """Fires when the batch that is being gathered is full."""
        self.size = 0
        """Records of that at most."""


class Streams:
    """The records of one stream."""

    def __init__(self, simulation: Simulation, source: int, spec: StreamSpec) -> None:
        self._simulation = simulation
        self._source = source
        self._spec = spec
        self._batches = Batches(simulation, source, spec.batches, spec.has_iterator_age)
        requests = simulation.requests(source)
        key, phase_key = requests.key("partition-key"), requests.key("poll-phase")
        hash_key = requests.key("partition-hash")
        self._partition_key = key
        self._shards = [ShardState(spec, rules.jitter24(phase_key, shard)) for shard in range(spec.shards)]
        self._lanes = [Lane(number, number // spec.lanes) for number in range(spec.shards * spec.lanes)]
        self._of_key = [
            self._lanes[streams.lane_of(spec, rules.jitter24(hash_key, number))] for number in range(len(spec.keys_q24))
        ]
        self._read_ns: dict[int, int] = {}
        """By shard, or by poller of Kafka: until when its reads keep it busy."""
        self._pollers = Pollers(simulation, source, spec.pollers, self._lag) if spec.pollers else None
        self._arrived = 0
        self._switch = Switch(simulation.clock)
        self.enable = self._switch.turn
        self.fail_records = self._batches.fail_records

    def arrive(self, request: Request) -> None:
        """Take in a record."""
        now, event = self._simulation.clock.now_ns, request.request
        u24 = rules.jitter24(self._partition_key, event)
        spec = self._spec
        lane = (
            self._of_key[rules.share_of(spec.keys_q24, u24)]
            if self._of_key
            else self._lanes[streams.lane_of(spec, u24)]
        )
        record = (event, now, request.chain_depth)
        self._arrived += 1
        if not streams.takes(spec, self._shards[lane.shard], now):
            self._batches.refuse(record, lane.shard, now)
            return
        lane.backlog.append(record)
        if self._pollers is not None:
            self._pollers.wake()
        if lane.is_idle:
            lane.is_idle = False
            self._simulation.clock.start(self._work(lane))
        elif lane.full is not None and batches.is_full(lane, len(lane.backlog)):
            lane.full.fire()

    def adjust(self, kind: int, value: int) -> None:
        """Let a setting of the mapping be another from now on."""
        if kind == Control.TUMBLING_WINDOW:
            self._spec = replace(self._spec, tumbling_ns=value)
        own = batches.adjusted(self._spec.batches, kind, value)
        self._spec = replace(self._spec, batches=own)
        self._batches.adjust(own)
        if self._pollers is not None:
            self._pollers.adjust(own.size)

    def finish(self) -> None:
        """Write the rows of the records that remain."""
        self._batches.finish()
        for lane in self._lanes:
            if lane.backlog:
                self._batches.remain(list(lane.backlog), lane.shard)
        if self._pollers is not None:
            self._pollers.finish()

    def _lag(self) -> tuple[int, int]:
        """Return how many records have not left yet, and how many attempts were throttled so far."""
        return self._arrived - self._batches.left, self._batches.throttles

    def _work(self, lane: Lane) -> Process:
        """Process a lane until it is empty."""
        clock, pollers = self._simulation.clock, self._pollers
        release_poller = partial(pollers.release_poller, lane.number) if pollers is not None else None
        while lane.backlog:
            yield from self._gather(lane)
            if pollers is not None:
                yield from pollers.take(lane.number)
            yield from self._hold(lane)
            records = self._batch(lane)
            if records:
                yield from self._batches.deliver(records, lane.shard, lane.number, release_poller)
            if release_poller is not None:
                release_poller()
            lane.free_ns = clock.now_ns
        lane.is_idle = True

    def _gather(self, lane: Lane) -> Process:
        """Wait until a batch is due."""
        clock, spec, subject = self._simulation.clock, self._spec, poller_key(self._source, lane.number)
        shard, now, head_sent_ns = self._shards[lane.shard], clock.now_ns, lane.backlog[0][1]
        seen_ns = now
        if (read_ns := streams.read_ns(spec, shard, now, head_sent_ns, lane.free_ns)) >= 0:
            seen_ns = read_ns
        yield clock.after(seen_ns - now, POLL, subject)
        if read_ns >= 0:
            shard.polled_ns = seen_ns
        spec = self._spec  # as it is once they are read
        lane.size = spec.batches.size
        if not spec.batches.window_ns or batches.is_full(lane, len(lane.backlog)):
            return
        due_ns = streams.due_ns(spec, spec.batches, lane.free_ns, seen_ns, head_sent_ns)
        if due_ns > seen_ns:
            lane.full = Signal(clock)
            is_full = yield from clock.within(lane.full, due_ns - seen_ns, POLL, subject)
            lane.full = None
            now = clock.now_ns
            if is_full and (poll_ns := min(streams.seen_ns(spec, now, shard.phase_ns), due_ns)) > now:
                yield clock.after(poll_ns - now, POLL, subject)

    def _hold(self, lane: Lane) -> Process:
        """Wait while the mapping is disabled or the last batch is still being read; then a new poll follows at once."""
        clock, shard = self._simulation.clock, self._shards[lane.shard]
        now = clock.now_ns
        go_ns = batches.resumes_ns(self._spec.batches.pauses, max(now, self._read_ns.get(self._reader(lane), 0)))
        if go_ns > now:
            yield clock.after(go_ns - now, POLL, poller_key(self._source, lane.number))
            lane.free_ns = shard.polled_ns = go_ns
        if not self._switch.is_on:
            yield from self._switch.wait(poller_key(self._source, lane.number))
            lane.free_ns = shard.polled_ns = clock.now_ns

    def _reader(self, lane: Lane) -> int:
        return lane.shard if self._pollers is None else self._pollers.poller(lane.number)

    def _batch(self, lane: Lane) -> list[Record]:
        """Take the records of a batch out of a lane, and those before them that are too old."""
        spec, backlog = self._spec, lane.backlog
        self._batches.drop_unread(backlog, lane.shard)
        if not backlog:
            return []
        now, size = self._simulation.clock.now_ns, spec.batches.size
        last_ns = streams.batch_until_ns(spec, self._shards[lane.shard], now, backlog[0][1])
        records: list[Record] = []
        while backlog and len(records) < size and backlog[0][1] <= last_ns:
            records.append(backlog.popleft())
        reader = self._reader(lane)
        self._read_ns[reader] = streams.busy_until_ns(spec, self._read_ns.get(reader, 0), now, len(records))
        return records
