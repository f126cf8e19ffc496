"""Batches of records at their function: tried, tried again, split, given up. Streams and brokers share this."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from oracles.agenda import POLL, RETRY, bits24, doubled, part
from oracles.links import DEAD_LETTER

SUCCEEDED, FAILED, THROTTLED, REFUSED, SKIPPED, IN_FLIGHT, WAITING = 0, 1, 2, 4, 5, 6, 7
STAYS, DONE, EXHAUSTED, AGED_OUT, REMAINS = 0, 1, 2, 3, 5
ITERATOR_AGE = 1


@dataclass(frozen=True)
class Record:
    """An event in a source."""

    event: int
    sent: int
    chain_depth: int


@dataclass(eq=False)
class Part:
    """Records that are tried together."""

    records: list[Record]
    attempt: int = 0
    available: int = -1
    failures: int = 0
    delivered: int = -1
    batch: int = -1


class Batches:
    """The batches of one source. ``retried`` is called with a poller whenever its batch is to be tried again."""

    def __init__(self, world: Any, index: int, spec: Any, has_age: bool, retried: Callable[[int], None]) -> None:
        self.world, self.index, self.spec, self.batch_spec = world, index, spec, spec.batches
        self.has_age, self.retried = has_age, retried
        self.key = world.draws[index].key
        self.open: dict[int, tuple[int, list[Part]]] = {}
        self.throttles = self.left = 0

    def change(self, what: str, value: int) -> None:
        """Let records that are given up go anywhere from now on, or nowhere."""
        if what == "DESTINATION":
            self.batch_spec.has_destination = bool(value)

    def deliver(self, records: list[Record], partition: int, poller: int, then: Callable[[], None]) -> None:
        """Process records, one part after the other; ``then`` is called once all have left."""
        self.open[poller] = partition, [Part(records)]
        self._next(poller, then)

    def finish(self) -> None:
        """Write what is being processed or waits to be tried again."""
        for partition, parts in self.open.values():
            for one in parts:
                outcome = WAITING if one.delivered < 0 else IN_FLIGHT
                self.rows(one, one.records, partition, -1, outcome, REMAINS)

    def resumes(self, time: int) -> int:
        """Return when a mapping works that would do something at a time."""
        return next((one.until_ns for one in self.batch_spec.pauses if one.from_ns <= time < one.until_ns), time)

    def old(self, records: list[Record], time: int) -> list[Record]:
        """Return the records that are too old at a time."""
        spec = self.batch_spec
        return [r for r in records if time - r.sent >= spec.max_age_ns or time - r.sent >= spec.retention_ns]

    def expire(self, one: Part, expired: list[Record], partition: int) -> None:
        """Let records leave that are too old."""
        if not expired:
            return
        spec = self.batch_spec
        one.delivered = one.batch = -1
        gone = 0
        if spec.has_destination and (one.attempt or spec.max_age_ns <= spec.retention_ns):
            gone = self._away(expired)
        self.rows(one, expired, partition, self.world.now, REFUSED, AGED_OUT, gone)
        one.records = [record for record in one.records if record not in expired]

    def rows(self, one: Part, records: Any, partition: int, ended: int, outcome: int, fate: int, gone: int = 0) -> None:
        """Write the rows of some of a part's records."""
        for record in records:
            available = record.sent if one.available < 0 else one.available
            self.world.deliveries.append((self.index, record.event, one.attempt, partition, record.sent, available,
                                          one.delivered, ended, outcome, fate, gone, 0, one.batch))  # fmt: skip
            self.left += fate != STAYS

    def _away(self, records: list[Record]) -> int:
        self.world.links.trigger(DEAD_LETTER, self.index, max(record.chain_depth for record in records))
        return 1

    def _next(self, poller: int, then: Callable[[], None]) -> None:
        """Begin with the first part that is left."""
        world = self.world
        partition, parts = self.open[poller]
        if not parts:
            del self.open[poller]
            then()
            return
        one = parts[0]
        start = self.resumes(world.now)
        expired = self.old(one.records, start)
        lasting = [record for record in one.records if record not in expired]
        request = None
        if lasting:
            request = world.next(self.index, len(lasting), max(record.chain_depth for record in lasting))

        def begin() -> None:
            self.expire(one, expired, partition)
            if request is None:
                parts.pop(0)
                self._next(poller, then)
            else:
                self._attempt(poller, request, start, 1, then)

        if one.attempt or start > world.now:
            self.retried(poller)
            if request is None:
                world.at(start, POLL, self.index * 2**40 + poller, begin)
            else:
                world.at(start, RETRY, request.key, begin)
        else:
            begin()

    def _attempt(self, poller: int, request: Any, first: int, tries: int, then: Callable[[], None]) -> None:
        """Try the first part for the ``tries``-th time with this request."""
        world, spec = self.world, self.batch_spec
        partition, parts = self.open[poller]
        one, now = parts[0], world.now
        one.delivered, one.batch = now, -1
        got = world.admit(request)
        if isinstance(got, int):
            self.throttles += 1
            again = self._again(request, tries, tries - 1)
            world.refused(request, tries - 1, first, got, self._changes(one, request, again))
            self.rows(one, one.records, partition, now, THROTTLED, STAYS)
            self._wait(poller, request, first, tries, again, then)
            return
        one.batch = request.key
        if self.has_age:
            world.samples.append((self.index, ITERATOR_AGE, now, now - one.records[-1].sent))
        failing = self._failing(one)
        tried = request
        if tries > 1:
            index = request.key * 128 + tries % 128
            tried = replace(request, outcome=world.outcome(request, self.key("batch-outcome"), index))
        if failing and not spec.reports and tried.outcome == 0:
            tried = replace(tried, outcome=1)
        size = len(one.records)

        def becomes(status: int) -> tuple[int, list[int], int]:
            """Return how many records are done, the sizes of the parts the others are tried in, and their failures."""
            reported = failing[0] if spec.reports and failing else None
            if status == 0 and reported is None:
                return size, [], 0
            if status == 0 and reported:
                failures = one.failures if spec.bisects else 1
                rest = [size - reported]
                return reported, rest if spec.max_retries == -1 or failures <= spec.max_retries else [], failures
            if spec.bisects and size > 1:
                return 0, [size // 2, size - size // 2], one.failures
            failures = one.failures + 1
            return 0, [size] if spec.max_retries == -1 or failures <= spec.max_retries else [], failures

        def is_final(status: int) -> bool:
            return becomes(status)[1] != [size] or self._changes(one, request, self._again(request, tries, tries - 2))

        def ended(status: int) -> None:
            done, sizes, failures = becomes(status)
            again = self._again(request, tries, tries - 2)
            fate, gone = (STAYS, 0) if sizes else (EXHAUSTED, 0)
            named = 1 if status == 0 and spec.reports and failing else size - done
            for place, record in enumerate(one.records[: done + named]):
                world.links.event_ended(record.event, int(place >= done), record.chain_depth)
            self.rows(one, one.records[:done], partition, world.now, SUCCEEDED, DONE)
            rest = one.records[done:]
            if rest and not sizes and spec.has_destination:
                gone = self._away(rest)
            self.rows(one, rest[:named], partition, world.now, FAILED, fate, gone)
            self.rows(one, rest[named:], partition, world.now, SKIPPED, fate, gone)
            if sizes == [size]:
                one.failures = failures
                self._wait(poller, request, first, tries, again, then)
                return
            pieces = []
            for length in sizes:
                pieces.append(Part(rest[:length], one.attempt + 1, world.now, failures))
                rest = rest[length:]
            parts[:1] = pieces
            self._next(poller, then)

        world.execute(got, tried, tries - 1, first, ended, is_final)

    def _wait(self, poller: int, request: Any, first: int, tries: int, again: int, then: Callable[[], None]) -> None:
        """Wait until the first part is tried again, with the same request unless some of it is too old by then, or goes
        to another function."""
        world = self.world
        partition, parts = self.open[poller]
        one = parts[0]
        one.attempt += 1
        one.available = world.now
        one.delivered = one.batch = -1
        last = self._changes(one, request, again)

        def go_on() -> None:
            if not last:
                self._attempt(poller, request, first, tries + 1, then)
                return
            self.expire(one, self.old(one.records, world.now), partition)
            if not one.records:
                parts.pop(0)
            self._next(poller, then)

        self.retried(poller)
        world.at(again, RETRY, request.key, go_on)

    def _again(self, request: Any, tries: int, doublings: int) -> int:
        """Return when a batch is tried again after an attempt that was in vain now."""
        spec, delay = self.batch_spec, 0
        if doublings >= 0:
            delay = doubled(doublings, spec.backoff_base_ns, spec.backoff_cap_ns)
            if spec.full_jitter:
                delay = part(delay, bits24(self.key("batch-backoff"), request.key * 128 + tries % 128))
        return self.resumes(self.world.now + delay)

    def _changes(self, one: Part, request: Any, again: int) -> bool:
        moves = self.world.moves(request, again)
        return again >= self.world.horizon or moves or bool(self.old(one.records, again))

    def _failing(self, one: Part) -> list[int]:
        """Return the places of the records that fail this time."""
        spec = self.batch_spec
        return [
            place
            for place, record in enumerate(one.records)
            if bits24(self.key("poison"), record.event) < spec.poison_q24
            or bits24(self.key("record-errors"), record.event * 128 + one.attempt % 128) < spec.record_errors_q24
        ]
