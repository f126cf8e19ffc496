"""What follows from an invocation: events that it sends on, and those that are sent on because it failed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from lambdasim.engine.reference.clock import Process
from lambdasim.engine.reference.simulation import Simulation
from lambdasim.model import links, rules
from lambdasim.model.events import LOAD_SHIFT, NEVER_NS, DeliveryOutcome, Destination, EventRank, Fate, request_key
from lambdasim.model.links import LinkSpec, Trigger
from lambdasim.plan import Request, Series


@runtime_checkable
class Stops(Protocol):
    """A source of a type through which AWS detects loops."""

    def stopped(self, request: Request) -> int:
        """Send an event away, now, that goes round a loop; return where it went."""


class Link:
    """One link, at work."""

    def __init__(self, simulation: Simulation, spec: LinkSpec, series: Series) -> None:
        """``series`` has its events."""
        self._simulation = simulation
        self._spec = spec
        self._series, self._rows = series, series.open()
        self._source = series.source
        self._count_key = series.key("link-count")
        self._triggered = 0
        self._sent = 0

    def enable(self, enabled: bool) -> None:
        """Send events from now on, or none."""
        self._spec = replace(self._spec, is_enabled=enabled)

    def ended(self, status: int, chain_depth: int) -> None:
        """Take note of an end of an invocation that was the ``hop``-th of its loop."""
        if links.follows(self._spec, status):
            self.send(chain_depth)

    def send(self, chain_depth: int) -> None:
        """Send events on, now, from an invocation that was the ``hop``-th of its loop (0 for the first)."""
        spec = self._spec
        if not links.goes_on(spec, chain_depth):
            return
        count = links.count(spec, rules.jitter24(self._count_key, self._triggered))
        self._triggered += 1
        for _ in range(count):
            self._simulation.clock.start(self._event(self._sent, links.next_depth(spec, chain_depth)))
            self._sent += 1

    def _event(self, number: int, chain_depth: int) -> Process:
        clock = self._simulation.clock
        yield clock.after(0, EventRank.ARRIVAL, request_key(self._series.load, number))
        row = self._rows.row(number, self._simulation.versions.place(self._series, number))
        request = Request(arrival_ns=clock.now_ns, source=self._source, chain_depth=chain_depth, **row)
        if links.is_stopped(self._spec, chain_depth):
            now, gone = clock.now_ns, self._stopped(request._replace(chain_depth=NEVER_NS))
            self._simulation.records.delivery(
                (
                    self._source,
                    request.request,
                    0,
                    -1,
                    now,
                    now,
                    -1,
                    now,
                    DeliveryOutcome.REFUSED,
                    Fate.EXHAUSTED,
                    gone,
                    0,
                    -1,
                )
            )
        else:
            self._simulation.send(request)

    def _stopped(self, request: Request) -> int:
        """Return where an event went that AWS stops."""
        source = self._simulation.sources[self._source] if self._source >= 0 else None
        return source.stopped(request) if isinstance(source, Stops) else int(Destination.NONE)


class Links:
    """All links of an account, by what triggers them."""

    def __init__(self, simulation: Simulation, series: Sequence[Series]) -> None:
        """``series`` are all there are."""
        self._links: dict[tuple[int, int], list[Link]] = {}
        specs = simulation.account.spec.links
        self._all = [Link(simulation, spec, series[spec.load]) for spec in specs]
        for spec, link in zip(specs, self._all, strict=True):
            for subject in spec.subjects:
                self._links.setdefault((spec.trigger, subject), []).append(link)
        if any(spec.trigger <= Trigger.FUNCTION for spec in specs):
            simulation.invocations.listeners.append(self._invocation_ended)

    def enable(self, index: int, enabled: bool) -> None:
        """Let a link send events from now on, or none."""
        if index < len(self._all):
            self._all[index].enable(enabled)

    def trigger(self, trigger: Trigger, subject: int, chain_depth: int = 0) -> None:
        """Send on the events of all links that wait for this."""
        for link in self._links.get((trigger, subject), ()):
            link.send(chain_depth)

    def event_ended(self, event: int, status: int, chain_depth: int) -> None:
        """Take note of the end of a delivery of an event that was processed in a batch: loads follow events."""
        for link in self._links.get((Trigger.LOAD, event >> LOAD_SHIFT), ()):
            link.ended(status, chain_depth)

    def _invocation_ended(self, request: Request, status: int) -> None:
        by = self._links
        for key in (
            (Trigger.LOAD, request.request >> LOAD_SHIFT),
            (Trigger.SOURCE, request.source),
            (Trigger.FUNCTION, request.function),
        ):
            for link in by.get(key, ()):
                link.ended(status, request.chain_depth)
