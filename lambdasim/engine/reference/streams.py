"""Streams: records wait in the lanes of their shards, are read, gathered into batches, and processed in order.

Read it beside the Developer Guide's pages with-kinesis, with-ddb and with-kafka. When a record is read and a batch is
due is decided in ``model/streams.py``, what becomes of a batch in ``batches.py``.
"""

from collections import deque
from dataclasses import replace
from functools import partial
from heapq import merge

from simpy.events import Event

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


def in_order(record: Record) -> tuple[int, int]:
    """Return the place of a record in its shard: when it came, and its number."""
    return record[1], record[0]


class Lane:
    """Records that are processed one batch after the other."""

    __slots__ = ("backlog", "free_ns", "full", "is_idle", "is_over", "number", "shard", "size", "timer")

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
        self.timer: Event | None = None
        """What it waits for at a known time, a window aside."""
        self.is_over = False
        """Whether the shard's records were divided anew; others have those that waited in it."""


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
        self._lanes = [self._divided(shard) for shard in range(spec.shards)]
        """By shard."""
        self._hash_of_key = [rules.jitter24(hash_key, number) for number in range(len(spec.keys_q24))]
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
        lane = self._lane(event)
        shard, record = self._shards[lane.shard], (event, now, request.chain_depth)
        self._arrived += 1
        if not streams.takes(self._spec, shard, now):
            self._batches.refuse(record, lane.shard, now)
            return
        lane.backlog.append(record)
        if self._pollers is not None:
            self._pollers.wake()
        if lane.is_idle:
            self._begin(lane)
        elif lane.full is not None and batches.is_full(lane, len(lane.backlog)):
            lane.full.fire()

    def adjust(self, kind: int, value: int) -> None:
        """Let a setting of the mapping be another from now on."""
        if kind == Control.PARALLELIZATION:
            self._spec = replace(self._spec, lanes=value)
            for number, shard in enumerate(self._shards):
                shard.is_changing = 1
                self._divide(number)
        if kind == Control.TUMBLING_WINDOW:
            self._spec = replace(self._spec, tumbling_ns=value)
        own = batches.adjusted(self._spec.batches, kind, value)
        self._spec = replace(self._spec, batches=own)
        self._batches.adjust(own)
        if self._pollers is not None:
            self._pollers.adjust(batch=own.size)
            if kind == Control.MINIMUM_CONCURRENCY:
                self._pollers.adjust(minimum=value)

    def limit(self, maximum: int) -> None:
        """Let there be so many pollers at most from now on, where there are any."""
        if self._pollers is not None:
            self._pollers.adjust(maximum=maximum)

    def finish(self) -> None:
        """Write the rows of the records that remain."""
        self._batches.finish()
        for lanes in self._lanes:
            for lane in lanes:
                if lane.backlog:
                    self._batches.remain(list(lane.backlog), lane.shard)
        if self._pollers is not None:
            self._pollers.finish()

    def _lag(self) -> tuple[int, int]:
        """Return how many records have not left yet, and how many attempts were throttled so far."""
        return self._arrived - self._batches.left, self._batches.throttles

    def _divided(self, shard: int) -> list[Lane]:
        """Return the lanes of a shard, all empty."""
        return [Lane(streams.lane_number(shard, lane), shard) for lane in range(self._shards[shard].lanes)]

    def _lane(self, event: int) -> Lane:
        """Return where a record goes."""
        spec, u24 = self._spec, rules.jitter24(self._partition_key, event)
        if self._hash_of_key:
            u24 = self._hash_of_key[rules.share_of(spec.keys_q24, u24)]
        shard = streams.shard_of(spec, u24)
        return self._lanes[shard][streams.lane_of(spec, self._shards[shard], u24)]

    def _begin(self, lane: Lane) -> None:
        """Let a lane that has records, and nothing to do, begin, unless its shard waits for others."""
        if not self._shards[lane.shard].is_changing:
            lane.is_idle = False
            self._simulation.clock.start(self._work(lane))

    def _divide(self, number: int) -> None:
        """Divide the records of a shard that wait among as many lanes as there are to be, once no batch is in flight.

        A new poll follows at once, as after the mapping was disabled.
        """
        shard, clock, before = self._shards[number], self._simulation.clock, self._lanes[number]
        if not streams.is_drained(shard):
            return
        for lane in before:
            lane.is_over = True
            if lane.timer is not None:
                clock.withdraw(lane.timer)
            if lane.full is not None:
                lane.full.fire()
        shard.lanes, shard.is_changing, shard.polled_ns = self._spec.lanes, 0, clock.now_ns
        self._lanes[number] = self._divided(number)
        for record in merge(*(lane.backlog for lane in before), key=in_order):
            self._lane(record[0]).backlog.append(record)
        for lane in self._lanes[number]:
            lane.free_ns = clock.now_ns
            if lane.backlog:
                self._begin(lane)

    def _work(self, lane: Lane) -> Process:
        """Process a lane until it is empty, or its shard's records are to be divided anew."""
        clock, pollers, shard = self._simulation.clock, self._pollers, self._shards[lane.shard]
        release_poller = partial(pollers.release_poller, lane.shard) if pollers is not None else None
        while lane.backlog and not shard.is_changing:
            yield from self._gather(lane)
            if pollers is not None:  # of a topic, whose partitions have one lane each
                yield from pollers.take(lane.shard)
            if not lane.is_over:
                yield from self._hold(lane)
            if lane.is_over:
                return
            if shard.is_changing:
                break
            shard.in_flight += 1
            records = self._batch(lane)
            if records:
                yield from self._batches.deliver(records, lane.shard, lane.number, release_poller)
            if release_poller is not None:
                release_poller()
            lane.free_ns = clock.now_ns
            shard.in_flight -= 1
        lane.is_idle = True
        self._divide(lane.shard)

    def _gather(self, lane: Lane) -> Process:
        """Wait until a batch is due."""
        clock, spec, subject = self._simulation.clock, self._spec, poller_key(self._source, lane.number)
        shard, now, head_sent_ns = self._shards[lane.shard], clock.now_ns, lane.backlog[0][1]
        seen_ns = now
        if (read_ns := streams.read_ns(spec, shard, now, head_sent_ns, lane.free_ns)) >= 0:
            seen_ns = read_ns
        yield from self._wait(lane, seen_ns - now)
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
            if lane.is_over:
                return
            if is_full and (poll_ns := min(streams.seen_ns(spec, now, shard.phase_ns), due_ns)) > now:
                yield from self._wait(lane, poll_ns - now)

    def _hold(self, lane: Lane) -> Process:
        """Wait while the mapping is disabled or the last batch is still being read; then a new poll follows at once."""
        clock, shard = self._simulation.clock, self._shards[lane.shard]
        now = clock.now_ns
        go_ns = batches.resumes_ns(self._spec.batches.pauses, max(now, self._read_ns.get(self._reader(lane), 0)))
        if go_ns > now:
            yield from self._wait(lane, go_ns - now)
            lane.free_ns = shard.polled_ns = go_ns
        if not self._switch.is_on:
            yield from self._switch.wait(poller_key(self._source, lane.number))
            if not lane.is_over:
                lane.free_ns = shard.polled_ns = clock.now_ns

    def _wait(self, lane: Lane, delay_ns: int) -> Process:
        """Let a lane wait, in the place of its poller."""
        lane.timer = self._simulation.clock.after(delay_ns, POLL, poller_key(self._source, lane.number))
        yield lane.timer
        lane.timer = None

    def _reader(self, lane: Lane) -> int:
        return lane.shard if self._pollers is None else self._pollers.poller(lane.shard)

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
