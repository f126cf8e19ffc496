"""The concurrency of an event source mapping over time. By how much it changes is decided in ``model/polling.py``."""

from collections.abc import Callable
from dataclasses import replace

from simpy.events import Event

from lambdasim.engine.reference.simulation import Simulation
from lambdasim.model import polling
from lambdasim.model.events import EventRank, poller_key
from lambdasim.model.polling import PollingSpec, PollingState
from lambdasim.records import SourceMetric

SCALE = int(EventRank.SCALE)


class Polling:
    """How many batches may be processed at once, now: ``target``.

    It adds while messages wait, takes away what each failure costs, and looks once a minute, after it has changed, for
    what was not used. While the source is at rest no timer runs; what the minutes meanwhile would have brought is made
    up for afterwards.
    """

    def __init__(
        self,
        simulation: Simulation,
        source: int,
        spec: PollingSpec,
        has_backlog: Callable[[], bool],
        on_change: Callable[[int], None],
        per_poller: int,
    ) -> None:
        self._simulation = simulation
        self._source = source
        self._spec = spec
        self._has_backlog = has_backlog
        self._on_change = on_change
        self._per_poller = per_poller
        self._growth: Event | None = None
        self._review: Event | None = None
        self.state = PollingState.of(spec)
        self._sample(0)

    @property
    def target(self) -> int:
        """How many batches may be processed at once, now."""
        return self.state.target

    def failed(self) -> None:
        """Take note of an error or a throttle, now."""
        self._change(polling.failed(self._spec, self.state), self._simulation.clock.now_ns)
        self._watch()

    def limit(self, maximum: int) -> None:
        """Let so many batches be processed at once at most, from now on."""
        now = self._simulation.clock.now_ns
        self.catch_up(now)
        self._change(polling.limited(self._spec, self.state, maximum), now)
        self._watch()
        if self._has_backlog():
            self.wanted()

    def hold_up(self, minimum: int) -> None:
        """Let there never be fewer batches at once than so many, from now on."""
        now = self._simulation.clock.now_ns
        self.catch_up(now)
        self._spec = replace(self._spec, initial=minimum, floor=minimum)
        self._change(polling.held_up(self.state, minimum), now)
        self._watch()

    def wanted(self) -> None:
        """Take note that messages wait and no poller is free."""
        if self._growth is None and polling.may_grow(self.state):
            self._growth = timer = self._simulation.clock.after(self._spec.every_ns, SCALE, poller_key(self._source, 0))
            timer.callbacks.append(self._grow)

    def rest(self) -> None:
        """Stop all timers: nothing is left to do."""
        clock = self._simulation.clock
        for timer in (self._growth, self._review):
            if timer is not None:
                clock.withdraw(timer)
        self._growth = self._review = None

    def resume(self, now: int) -> None:
        """Go on, now, after a rest."""
        self.catch_up(now)
        self._watch()

    def catch_up(self, now: int) -> None:
        """Apply the reviews that were due before now, during a rest."""
        while self._review is None and 0 <= self.state.review_ns < now:
            self._apply(self.state.review_ns)

    def _watch(self) -> None:
        """Have the next review come, if there is anything to review."""
        if self._review is not None or not polling.is_reviewed(self.state):
            return
        clock = self._simulation.clock
        self.state.review_ns = polling.next_review_ns(self.state, clock.now_ns)
        self._review = timer = clock.after(self.state.review_ns - clock.now_ns, SCALE, poller_key(self._source, 1))
        timer.callbacks.append(self._reviewed)

    def _grow(self, _: Event) -> None:
        self._growth = None
        if not self._has_backlog():
            return
        self._change(polling.grown(self._spec, self.state), self._simulation.clock.now_ns)
        self._watch()
        if self._has_backlog():
            self.wanted()

    def _reviewed(self, _: Event) -> None:
        self._review = None
        self._apply(self._simulation.clock.now_ns)
        self._watch()
        if self._has_backlog():
            self.wanted()

    def _apply(self, now: int) -> None:
        """Do what is due at a review at ``now``."""
        self._change(polling.reviewed(self._spec, self.state, now, self._has_backlog()), now)

    def _change(self, target: int, now: int) -> None:
        if target != self.target:
            self.state.target = target
            self._sample(now)
            self._on_change(now)

    def _sample(self, now: int) -> None:
        value = polling.pollers(self.target, self._per_poller)
        self._simulation.records.sample((self._source, SourceMetric.POLLERS, now, value))
