"""What the process families of one simulation share, and the way of an event to where it goes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from lambdasim.engine.reference.clock import Clock, Process
from lambdasim.engine.reference.invocation import Invocations
from lambdasim.engine.reference.recorder import Recorder
from lambdasim.model.account import AccountState
from lambdasim.model.aliases import AliasSpec, chosen
from lambdasim.model.events import NEVER_NS, EventRank, request_key
from lambdasim.model.function import FunctionState
from lambdasim.model.links import Trigger
from lambdasim.model.rules import jitter24
from lambdasim.plan import Request, Series


class Source(Protocol):
    """An event source, from the moment it has an event."""

    def arrive(self, request: Request) -> None:
        """Take in an event that arrives now."""

    def finish(self) -> None:
        """Write the rows of the events that remain when the simulation ends."""


@runtime_checkable
class Mapping(Protocol):
    """A source that an event source mapping reads."""

    def enable(self, enabled: bool) -> None:
        """Enable or disable the mapping."""

    def fail_records(self, record_errors_q24: int) -> None:
        """Let such a share of its records fail at each delivery from now on."""

    def adjust(self, kind: int, value: int) -> None:
        """Let a setting of it, of those of :data:`~lambdasim.model.control.OF_BATCHES`, be another from now on."""


@runtime_checkable
class Metered(Protocol):
    """A queue, of which alarms ask what waits in it."""

    def meter(self) -> tuple[int, int]:
        """Return how many messages can be received, and the age of the oldest of all in ns, 0 without any."""


@runtime_checkable
class Sending(Protocol):
    """A source of asynchronous events, whose destinations may change."""

    def send_to(self, destinations: int) -> None:
        """Let so many destinations take events that are not processed, from now on."""


@runtime_checkable
class Limited(Protocol):
    """A source whose mapping has a maximum concurrency that may change."""

    def limit(self, maximum: int) -> None:
        """Let the mapping process so many batches at once at most, or have so many pollers of a topic."""


class Synchronous(Protocol):
    """A source whose clients wait for an answer."""

    def change_rate(self, kind: int, value: int) -> None:
        """Let the rate of its stage, if it has any, be another from now on."""

    def call(self, request: Request) -> Process:
        """Send a request now, and wait for what comes of it."""


class Followers(Protocol):
    """What sends events on."""

    def enable(self, index: int, enabled: bool) -> None:
        """Let a link send events from now on, or none."""

    def trigger(self, trigger: Trigger, subject: int, chain_depth: int = 0) -> None:
        """Send on the events of all links that wait for this."""

    def event_ended(self, event: int, status: int, chain_depth: int) -> None:
        """Take note of the end of a delivery of an event that was processed in a batch."""


class Versions:
    """Which version the next request of a series goes to, where its name does not lead to the same one throughout."""

    def __init__(self, aliases: Sequence[AliasSpec]) -> None:
        self.weights = [weight for alias in aliases for weight in alias.weights]
        """Of each version of each alias, now."""
        counts = [len(alias.versions) for alias in aliases]
        self._parts = list(zip([sum(counts[:number]) for number in range(len(counts))], counts, strict=True))

    def place(self, series: Series, sequence: int, alias: int | None = None) -> int:
        """Return the place of the version that a request, by its number, goes to among those of its alias, which is
        that of its series if none is given."""
        alias = series.alias if alias is None else alias
        if alias < 0:
            return 0
        return chosen(self.weights, *self._parts[alias], jitter24(series.key("version"), sequence))


class Requests:
    """The requests that a source makes by itself, numbered from 0."""

    __slots__ = ("_rows", "_series", "_simulation", "_source", "made")

    def __init__(self, simulation: "Simulation", series: Series, source: int) -> None:
        self._simulation = simulation
        self._series = series
        self._rows = series.open()
        self._source = source
        self.made = 0

    def next(self, records: int = 0) -> Request:
        """Return the next request, which arrives now, with what so many records add to its duration."""
        simulation = self._simulation
        row = dict(self._rows.row(self.made, self._place()))
        row["duration_ns"] += records * simulation.functions[row["function"]].spec.per_record_ns
        self.made += 1
        return Request(arrival_ns=simulation.clock.now_ns, source=self._source, **row)

    @property
    def moves_ns(self) -> int:
        """When the next request would go to another function, as the source's mapping leads there."""
        later = self._series.leads[self._simulation.lead_of.get(self._source, 0) + 1 :]
        return later[0].from_ns if later else NEVER_NS

    def _place(self) -> int:
        """Return the place of the version that the next request goes to, among all of the series."""
        versions, leads = self._simulation.versions, self._series.leads
        if not leads:
            return versions.place(self._series, self.made)
        lead = leads[self._simulation.lead_of.get(self._source, 0)]
        return lead.first + versions.place(self._series, self.made, lead.alias)

    def next_key(self) -> int:
        """Return the key of the next request alone, for one that is drawn elsewhere."""
        self.made += 1
        return request_key(self._series.load, self.made - 1)

    def key(self, kind: str) -> int:
        """Return the key of a stream of draws, for ``model.rules.jitter24``."""
        return self._series.key(kind)


@dataclass(slots=True)
class Simulation:
    """One simulation of an account."""

    clock: Clock
    account: AccountState
    functions: list[FunctionState]
    invocations: Invocations
    records: Recorder
    made: Sequence[Series]
    """By source: the requests it makes by itself."""
    horizon_ns: int
    sources: list[Source] = field(default_factory=list)
    synchronous: dict[int, Synchronous] = field(default_factory=dict)
    """By index, those of the sources whose clients wait for an answer."""
    versions: Versions = field(default_factory=lambda: Versions(()))
    lead_of: dict[int, int] = field(default_factory=dict)
    """By source whose mapping has led to another function: the number of the present one."""
    links: "Followers" = field(init=False)

    def requests(self, source: int) -> Requests:
        """Return the requests that a source makes by itself."""
        return Requests(self, self.made[source], source)

    def lead(self, source: int, number: int) -> None:
        """Let the mapping of a source lead to the function of a number from now on."""
        if number < len(self.made[source].leads):
            self.lead_of[source] = number

    def send(self, request: Request) -> None:
        """Let a request arrive now: at its function, or at its source once that has it."""
        if request.source < 0:
            self.clock.start(self.invocations.request(request))
        elif request.delay_ns and request.source not in self.synchronous:
            self.clock.start(self._delivery(request))
        else:
            self.sources[request.source].arrive(request)

    def call(self, request: Request) -> Process:
        """Let a request arrive now, and wait for its answer; an event has it as soon as it is sent."""
        if request.source < 0:
            yield from self.invocations.request(request)
        elif (source := self.synchronous.get(request.source)) is not None:
            yield from source.call(request)
        else:
            self.send(request)

    def _delivery(self, request: Request) -> Process:
        yield self.clock.after(request.delay_ns, EventRank.ARRIVAL, request.request)
        self.sources[request.source].arrive(request)
