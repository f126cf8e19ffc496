"""Streams: shards of lanes whose records are read, gathered into batches and processed in order."""

from collections.abc import Callable
from functools import partial
from typing import Any

from oracles.agenda import ALL, NEVER, POLL, SECOND, bits24, part
from oracles.batches import EXHAUSTED, REFUSED, REMAINS, WAITING, Batches, Part, Record
from oracles.consumers import Consumers


class Lane:
    """Records that are processed one batch after the other."""

    def __init__(self, number: int, shard: int, phase: int) -> None:
        self.number, self.shard, self.phase = number, shard, phase
        self.backlog: list[Record] = []
        self.works = self.has_batch = False
        self.next: Any = None
        self.free = 0
        self.filled: Callable[[], None] | None = None


class Stream:
    """One stream and its mapping."""

    def __init__(self, world: Any, index: int, spec: Any) -> None:
        self.world, self.index, self.spec = world, index, spec
        self.size = spec.batches.size
        self.batches = Batches(world, index, spec, spec.has_iterator_age, self._retried)
        self.key = world.draws[index].key
        self.phases = [part(spec.poll_ns, bits24(self.key("poll-phase"), shard)) for shard in range(spec.shards)]
        self.factor = spec.lanes
        self.shards = [self._empty(shard) for shard in range(spec.shards)]
        self.changing: set[int] = set()
        self.written: list[tuple[int, int]] = []
        self.read = {shard: -spec.least_poll_ns for shard in range(spec.shards)}
        self.busy: dict[int, int] = {}
        self.arrived = 0
        self.consumers = Consumers(world, index, spec.pollers, self._lag) if spec.pollers else None

    def arrive(self, request: Any) -> None:
        """Take in a record."""
        now, spec = self.world.now, self.spec
        lane = self._lane(request.key)
        record = Record(request.key, now, request.chain_depth)
        self.arrived += 1
        if spec.write_records:
            here = self.written.count((lane.shard, now // SECOND))
            if here >= spec.write_records or (here and (here + 1) * spec.payload > spec.write_bytes):
                self.batches.rows(Part([record]), [record], lane.shard, now, REFUSED, EXHAUSTED)
                return
            self.written.append((lane.shard, now // SECOND))
        lane.backlog.append(record)
        if self.consumers is not None:
            self.consumers.wake()
        if not lane.works:
            if lane.shard not in self.changing:
                lane.works = True
                self._gather(lane)
        elif lane.filled is not None and len(lane.backlog) >= self.size:
            filled, lane.filled = lane.filled, None
            filled()

    def finish(self) -> None:
        """Write what remains."""
        self.batches.finish()
        for lane in [lane for shard in self.shards for lane in shard]:
            self.batches.rows(Part(lane.backlog), lane.backlog, lane.shard, -1, WAITING, REMAINS)
        if self.consumers is not None:
            self.consumers.finish()

    def _empty(self, shard: int) -> list[Lane]:
        return [Lane(shard * 100 + lane, shard, self.phases[shard]) for lane in range(self.factor)]

    def _lane(self, event: int) -> Lane:
        """Return where a record goes: shards have equal parts of all hashes, and lanes equal parts of their shard's."""
        spec, u24 = self.spec, bits24(self.key("partition-key"), event)
        if spec.keys_q24:
            keys = [number for number, bound in enumerate(spec.keys_q24) if u24 < bound]
            u24 = bits24(self.key("partition-hash"), keys[0] if keys else len(spec.keys_q24) - 1)
        [lane] = [
            lane
            for shard, lanes in enumerate(self.shards)
            for number, lane in enumerate(lanes)
            if shard * len(lanes) + number == u24 * spec.shards * len(lanes) // ALL
        ]
        return lane

    def change(self, what: str, value: int) -> None:
        """Let a setting be another from now on."""
        if what == "PARALLELIZATION":
            self.parallelize(value)
        else:
            self.batches.change(what, value)

    def parallelize(self, factor: int) -> None:
        """Let so many batches of each shard be processed at once, from when those that are processed now are over."""
        self.factor = factor
        self.changing = set(range(self.spec.shards))
        for shard in range(self.spec.shards):
            self._divide(shard)

    def _divide(self, shard: int) -> None:
        before = self.shards[shard]
        if shard not in self.changing or any(lane.has_batch for lane in before):
            return
        self.changing.remove(shard)
        for lane in before:
            self.world.drop(lane.next)
        self.shards[shard] = self._empty(shard)
        self.read[shard] = self.world.now
        for record in sorted((r for lane in before for r in lane.backlog), key=lambda r: (r.sent, r.event)):
            self._lane(record.event).backlog.append(record)
        for lane in self.shards[shard]:
            lane.free = self.world.now
            if lane.backlog:
                lane.works = True
                self._gather(lane)

    def _lag(self) -> tuple[int, int]:
        return self.arrived - self.batches.left, self.batches.throttles

    def _retried(self, lane: int) -> None:
        if self.consumers is not None:
            self.consumers.release_poller(lane // 100)

    def _at(self, time: int, lane: Lane, what: Callable[[], None]) -> Any:
        lane.next = self.world.at(time, POLL, self.index * 2**40 + lane.number, what)
        return lane.next

    def _polls(self, lane: Lane, until: int) -> list[int]:
        """Return times at which a lane's shard is looked at anyway, some before a time and some after."""
        around = until // self.spec.poll_ns
        return [lane.phase + n * self.spec.poll_ns for n in range(around - 2, around + 3)]

    def _next_read(self, lane: Lane, time: int) -> int:
        """Return the first look at the shard that finds what was sent at a time."""
        if not self.spec.poll_ns:
            return time + int(self.spec.push_ns)
        return min(poll for poll in self._polls(lane, time) if poll >= time)

    def _has_read(self, lane: Lane, record: Record) -> bool:
        """Say whether a record has been read by now."""
        now, spec = self.world.now, self.spec
        if not spec.poll_ns:
            return bool(record.sent + spec.push_ns <= now)
        looks = [poll for poll in self._polls(lane, now) if poll <= now]
        return any(record.sent <= look for look in [*looks, self.read[lane.shard]])

    def _gather(self, lane: Lane) -> None:
        """A lane has nothing to do and something to be processed."""
        now, spec = self.world.now, self.spec
        head = lane.backlog[0]
        if self._has_read(lane, head):
            self._at(now, lane, partial(self._seen, lane))
            return
        time = self._next_read(lane, head.sent)
        if spec.poll_ns and head.sent <= lane.free:  # it came during the last batch
            latest = max([poll for poll in self._polls(lane, now) if poll <= now] + [self.read[lane.shard]])
            time = min(time, max(now, latest + spec.least_poll_ns))

        def look() -> None:
            self.read[lane.shard] = self.world.now
            self._seen(lane)

        self._at(time, lane, look)

    def _seen(self, lane: Lane) -> None:
        """The first record of a batch is at hand: wait for more until the batch is due."""
        now, spec = self.world.now, self.spec
        window = spec.batches.window_ns
        if not window or len(lane.backlog) >= self.size:
            self._due(lane)
            return
        due = lane.free + window
        while due < now:
            due += window
        tumbling = self._tumbling_end(lane.backlog[0])
        due = min(due, max(now, tumbling))
        if due <= now:
            self._due(lane)
            return

        def over() -> None:
            lane.filled = None
            self._due(lane)

        def filled() -> None:
            self.world.drop(timer)
            self._at(self.world.now, lane, read_on)

        def read_on() -> None:
            time = min(self._next_read(lane, self.world.now), due)
            if time > self.world.now:
                self._at(time, lane, partial(self._due, lane))
            else:
                self._due(lane)

        timer = self._at(due, lane, over)
        lane.filled = filled

    def _tumbling_end(self, record: Record) -> int:
        if not self.spec.tumbling_ns:
            return NEVER
        end = self.spec.tumbling_ns
        while end <= record.sent:
            end += self.spec.tumbling_ns
        return int(end)

    def _due(self, lane: Lane) -> None:
        if self.consumers is None:
            self._hold(lane)
        else:
            self.consumers.take(lane.shard, partial(self._hold, lane))

    def _hold(self, lane: Lane) -> None:
        """Wait while the mapping is disabled, or its last read takes time."""
        now = self.world.now
        go = self.batches.resumes(max(now, self.busy.get(self._reader(lane), 0)))

        def on() -> None:
            lane.free = self.read[lane.shard] = self.world.now
            self._process(lane)

        if go > now:
            self._at(go, lane, on)
        else:
            self._process(lane)

    def _reader(self, lane: Lane) -> int:
        return lane.shard if self.consumers is None else self.consumers.consumer(lane.shard)

    def _process(self, lane: Lane) -> None:
        now, spec = self.world.now, self.spec
        if lane.shard in self.changing:
            lane.works = False
            return
        lane.has_batch = True
        expired = self.batches.old(lane.backlog, now)
        self.batches.expire(Part(lane.backlog), expired, lane.shard)
        lane.backlog = [record for record in lane.backlog if record not in expired]
        records: list[Record] = []
        if lane.backlog:
            end = self._tumbling_end(lane.backlog[0])
            records = [r for r in lane.backlog if self._has_read(lane, r) and r.sent < end][: self.size]
            lane.backlog = lane.backlog[len(records) :]
            if spec.read_bytes:
                reader = self._reader(lane)
                begun = max(self.busy.get(reader, 0), now)
                self.busy[reader] = begun + len(records) * spec.payload * SECOND // spec.read_bytes
        if records:
            self.batches.deliver(records, lane.shard, lane.number, partial(self._processed, lane))
        else:
            self._processed(lane)

    def _processed(self, lane: Lane) -> None:
        if self.consumers is not None:
            self.consumers.release_poller(lane.shard)
        lane.free = self.world.now
        lane.has_batch = False
        if lane.backlog and lane.shard not in self.changing:
            self._gather(lane)
        else:
            lane.works = False
            self._divide(lane.shard)
