"""The workload of an experiment: its functions, its loads, and everything chance decides about each request.

Puts arrivals, traces and distributions together into the chunks that engines consume. Every draw is keyed by the
seed, its kind, the load and the function, and indexed by the request's running number there: other loads, other
functions, chunk sizes and features that are not used change nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.config.links import Link, links
from lambdasim.config.provisioned import Provisioned
from lambdasim.config.qualifier import function_of
from lambdasim.config.request_series import RequestSeries, request_series
from lambdasim.config.schema import ExperimentConfig, SourceTable
from lambdasim.config.source_kinds import ASYNCHRONOUS, KINDS
from lambdasim.model.events import NEVER_NS
from lambdasim.plan import CHUNK_ROWS, PlanChunk
from lambdasim.policies.chosen import NO_POLICIES
from lambdasim.policies.protocols import Arrivals
from lambdasim.units import NS_PER_S
from lambdasim.workload import opening
from lambdasim.workload.actors import Actors
from lambdasim.workload.arithmetic import PLAIN, Arithmetic
from lambdasim.workload.arrivals import SyntheticLoad
from lambdasim.workload.block import OpenLoad
from lambdasim.workload.chosen import ChosenLoad
from lambdasim.workload.closed_loop import VirtualUsers
from lambdasim.workload.cold_starts import ColdStarts
from lambdasim.workload.columns import DRAWN_COLUMNS, Columns
from lambdasim.workload.destinations import Destinations, called
from lambdasim.workload.distributions import Sampler
from lambdasim.workload.functions import PlannedFunction, planned_functions
from lambdasim.workload.given import Replayed
from lambdasim.workload.merge import Cursor, Cursors, Front, Rows, windows
from lambdasim.workload.phases import Phases
from lambdasim.workload.random_streams import stream_key
from lambdasim.workload.routes import Routing, Step
from lambdasim.workload.series import PlannedSeries
from lambdasim.workload.trace import TraceLoad

Int64 = NDArray[np.int64]

CLOSED_LOOP_STEP_NS: Final = 10 * NS_PER_S
"""How far a chunk reaches at most when there are virtual users, whose requests are in no chunk."""


class Workload:
    """Who calls, when and for how long; the same for the same configuration and seed."""

    functions: tuple[PlannedFunction, ...]
    """Declared functions in the order of the file, then those that only traces name, sorted."""
    first_versions: dict[str, int]
    """Index of the first version of each function."""
    firsts: list[int]
    """The same, of each of ``functions``."""
    destinations: Destinations
    sources: Mapping[str, SourceTable]
    """Those that take in events, by name."""
    links: tuple[Link, ...]
    named: tuple[RequestSeries, ...]
    """What numbers requests, as the experiment names it."""
    series: tuple[PlannedSeries, ...]
    """The same, with all that decides the requests."""
    ends_ns: int
    """When the last load ends, or the simulation if that is earlier."""
    span_ns: int
    """From the beginning of the first load to ``ends_ns``."""
    phases: Phases
    replayed: tuple[Replayed, ...]
    """What traces decide."""
    asynchronous: dict[int, str]
    """By index of a source whose events invoke it asynchronously: the function."""
    closed_loops: tuple[VirtualUsers, ...]
    of_users: dict[int, int]
    """By load: about how many requests virtual users send, which are in no chunk."""

    def __init__(
        self, config: ExperimentConfig, seed: int, arrivals: Mapping[str, Arrivals] = NO_POLICIES.arrivals
    ) -> None:
        """Open all loads of ``config``; ``arrivals`` are the policies of some, by name.

        Raises ``InputError`` when a trace or the file of a distribution cannot be used, or a trace names a function
        that the experiment neither declares nor has a template for.
        """
        self._seed = seed
        latest_ns = config.simulation.duration or NEVER_NS
        self.sources = config.event_sources
        self.links = links(config)
        self.named = named = request_series(config, self.links)

        passed = {name: source.function for name, source in config.source.items() if name not in self.sources}
        targets = [passed.get(load.target, load.target) if load.target else None for load in config.load]
        opened = opening.chosen(config, opening.opened(config, targets, seed, latest_ns), arrivals, seed)
        self.replayed = opening.replayed(config, opened)
        opened |= opening.scheduled(config, named, seed, max((load.ends_ns for load in opened.values()), default=0))
        names = [
            [passed.get(name, name) for name in opened[number].functions]
            if number in opened
            else [passed.get(str(series.target), str(series.target))]
            for number, series in enumerate(named)
        ]

        self.functions = _functions(config, opened, names)
        self.first_versions = {}
        self.firsts = [self.first_versions.setdefault(own.of, index) for index, own in enumerate(self.functions)]
        self.asynchronous = {
            index: function_of(source.function)
            for index, source in enumerate(self.sources.values())
            if KINDS[source.type] == ASYNCHRONOUS
        }

        self.destinations = goes = Destinations(config, self.functions, named, names)
        delays = {name: source.delay() for name, source in (config.source | self.sources).items()}
        numbers = {name: index for index, name in enumerate(self.sources)}
        self._actors = Actors(named, goes, self.functions, delays, numbers, seed)
        self._columns = Columns(seed, self._actors.every)
        self.series = self._actors.series(named, goes)

        self._opened = [(number, load, self._actors.first[number]) for number, load in opened.items()]
        self.closed_loops = opening.closed_loops(config)
        self.of_users = {loop.load: loop.about(self.series[loop.load]) for loop in self.closed_loops}

        ends = [load.ends_ns for load in opened.values()] + [loop.stop_ns for loop in self.closed_loops]
        self.ends_ns = min(max(ends, default=0), latest_ns)
        begins = [load.start_time for load in config.load if load.per is None]
        scheduled = any(number >= len(config.load) for number in opened)  # which begin with the simulation
        self.span_ns = max(self.ends_ns - (0 if scheduled else min(begins, default=0)), 0)
        # a load's last arrival may fall on its end (a trace's last row), but none on the end of the simulation
        self._limit_ns = min(self.ends_ns + 1, latest_ns)
        phased = [(named[n].label, load) for n, load in opened.items() if isinstance(load, SyntheticLoad | ChosenLoad)]
        self.phases = Phases(phased, [(named[loop.load].label, loop) for loop in self.closed_loops], latest_ns)

    def chunks(
        self, rows: int = CHUNK_ROWS, until_ns: int = NEVER_NS, *, compiled: bool = False
    ) -> Iterator[PlanChunk]:
        """Yield the requests of all open loads before ``until_ns`` in order of time, about ``rows`` at a time.

        Requests of one instant share a chunk, however many they are. Each call begins anew. ``compiled``: draw the same
        by compiled loops, which needs numba.
        """
        front, arithmetic, cold = self._drawing(compiled)
        step_ns = CLOSED_LOOP_STEP_NS if self.closed_loops else None
        for window_ns, window in windows(front, min(self._limit_ns, until_ns), step_ns):
            begin = 0
            while len(window) - begin > rows:
                instant = window.arrival_ns[begin + rows]
                end = int(np.searchsorted(window.arrival_ns, instant))
                if end <= begin:
                    end = int(np.searchsorted(window.arrival_ns, instant, side="right"))
                if end == len(window):
                    break
                yield self._chunk(arithmetic, int(window.arrival_ns[end]), window[begin:end], cold)
                begin = end
            yield self._chunk(arithmetic, window_ns, window[begin:] if begin else window, cold)

    def provisioned_init_ns(self, function: int, count: int, first: int = 0) -> Int64:
        """Return the Init Duration of environment ``first`` and those after it, ``count`` in all.

        They are of a function's provisioned concurrency, in the order in which they were requested.
        """
        planned = self.functions[function]
        key = stream_key(self._seed, "provisioned-init", planned.name)
        return Sampler([planned.init], [key])(0, np.arange(first, first + count))

    def lives_ns(self, function: int, seats: range, first: int, count: int) -> Int64 | None:
        """Return how long environment ``first`` of each of some seats and those after it live (seats, count).

        None where nothing ends an environment but its use. A seat is a place in a function's provisioned concurrency,
        in the order in which they became ready.
        """
        planned = self.functions[function]
        lifetime = planned.config.max_lifetime
        if lifetime == "none":
            return None
        keys = [stream_key(self._seed, "provisioned-lifetime", planned.name, str(seat)) for seat in seats]
        own, index = np.arange(len(seats)), np.arange(first, first + count)
        drawn = Sampler([lifetime], keys, np.zeros_like(own))(np.repeat(own, count), np.tile(index, len(seats)))
        return drawn.reshape(len(seats), count)

    def successor_init_ns(self, function: int, seat: int, first: int, count: int) -> Int64:
        """Return the Init Duration of what replaces environment ``first`` of a seat, and those after it (count,)."""
        planned = self.functions[function]
        key = stream_key(self._seed, "provisioned-successor", planned.name, str(seat))
        return Sampler([planned.init], [key])(0, np.arange(first, first + count))

    def age_q24(self, function: int, seat: int) -> int:
        """Return the part of its life that the first environment of a seat has behind it at the start, in 2**-24."""
        return stream_key(self._seed, "provisioned-age", self.functions[function].name, str(seat)) >> 40

    def preparation_ns(self, function: int, request: int = 0) -> int:
        """Return how long it takes before the first environment of a request, by its number, is allocated.

        It is one for a function's provisioned concurrency.
        """
        name, provisioned = self.functions[function].name, self.functions[function].config.provisioned
        preparation = (provisioned or Provisioned(concurrency=0)).preparation
        key = stream_key(self._seed, "preparation", name)
        return int(Sampler([preparation], [key])(0, np.full(1, request))[0])

    def rerouted(self, chunk: PlanChunk, steps: Mapping[str, Sequence[Step]]) -> PlanChunk:
        """Return a chunk, one of :meth:`chunks` or a part of it, where some names lead to other versions."""
        routes = {name: self.destinations.routes[name]._replace(steps=tuple(own)) for name, own in steps.items()}
        return self._chunk(PLAIN, chunk.until_ns, chunk.unrouted, None, self._actors.routing.rerouted(routes))

    def _drawing(self, compiled: bool) -> tuple[Front, Arithmetic, ColdStarts | None]:
        """Return the beginning of all open loads, what their requests are drawn with, and what knows of cold starts."""
        if compiled and self._opened:  # virtual users alone are in no chunk
            from lambdasim.workload.compiled.arithmetic import Compiled
            from lambdasim.workload.compiled.front import front

            return front(self._opened), Compiled(), ColdStarts(Compiled())
        return Cursors([Cursor(number, load, actors) for number, load, actors in self._opened]), PLAIN, None

    def _chunk(
        self,
        arithmetic: Arithmetic,
        until_ns: int,
        rows: Rows,
        starts: ColdStarts | None,
        routing: Routing | None = None,
    ) -> PlanChunk:
        actors, unrouted, cold = self._actors, rows, None
        if len(rows):
            if actors.routing:
                chosen = (routing or actors.routing).actors(rows.actor, rows.index, rows.arrival_ns)
                rows = replace(rows, actor=chosen)
            columns = self._columns.warm(rows.actor, rows.index, rows.given, arithmetic)
            if starts is None:
                columns |= self._columns.cold(rows.actor, rows.index, rows.given, arithmetic)
            else:
                cold = starts.of(self._columns, rows, arithmetic)
                columns |= cold.columns
            function = rows.actor if actors.one_each else actors.function[rows.actor]
        else:
            columns, function = dict.fromkeys(DRAWN_COLUMNS, rows.index), rows.index
        source = delay_ns = None
        if self.sources and len(rows):
            source = np.broadcast_to(actors.source[rows.actor], len(rows))
            delay_ns = self._columns.delays(rows.actor, rows.index, arithmetic) if self._columns.delayed else None
        return PlanChunk(
            source=source,
            delay_ns=delay_ns,
            until_ns=until_ns,
            request=rows.request,
            arrival_ns=rows.arrival_ns,
            function=np.broadcast_to(function, len(rows)),
            unrouted=unrouted if actors.routing else None,
            cold=cold,
            **columns,
        )


def _functions(
    config: ExperimentConfig, opened: Mapping[int, OpenLoad], names: Sequence[Sequence[str]]
) -> tuple[PlannedFunction, ...]:
    """Return the functions, also those that traces alone name; ``names`` are what the requests of each load go to."""
    traces = {number: load for number, load in opened.items() if isinstance(load, TraceLoad)}
    opening.check_given(config, traces)
    overrides = {name: override for trace in traces.values() for name, override in trace.function_overrides.items()}
    called_by = called(config)
    traced = {number: [called_by.get(name, name) for name in names[number]] for number in traces}
    return planned_functions(config, traced, overrides)
