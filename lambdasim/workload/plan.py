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

from lambdasim.config.links import Link, leads_over_time, links
from lambdasim.config.provisioned import Provisioned
from lambdasim.config.qualifier import function_of, is_version, qualifier_of
from lambdasim.config.request_series import RequestSeries, request_series
from lambdasim.config.schema import ExperimentConfig, SourceTable
from lambdasim.config.source_kinds import ASYNCHRONOUS, KINDS
from lambdasim.model.aliases import Lead
from lambdasim.model.events import NEVER_NS
from lambdasim.plan import CHUNK_ROWS, PlanChunk
from lambdasim.policies.chosen import NO_POLICIES
from lambdasim.policies.protocols import Arrivals
from lambdasim.units import NS_PER_S
from lambdasim.workload import opening
from lambdasim.workload.arithmetic import PLAIN, Arithmetic
from lambdasim.workload.arrivals import SyntheticLoad
from lambdasim.workload.chosen import ChosenLoad
from lambdasim.workload.closed_loop import VirtualUsers
from lambdasim.workload.cold_starts import ColdStarts
from lambdasim.workload.columns import DRAWN_COLUMNS, Actor, Chances, Columns
from lambdasim.workload.distributions import Sampler
from lambdasim.workload.functions import PlannedFunction, planned_functions
from lambdasim.workload.merge import Cursor, Cursors, Front, Rows, windows
from lambdasim.workload.phases import Phases
from lambdasim.workload.random_streams import stream_key
from lambdasim.workload.routes import Route, Routing, Step, routes
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
    routes: dict[str, Route]
    """What each name of a function, a version or an alias leads to."""
    moving: list[Route]
    """The routes of names that do not lead to the same version throughout."""
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
    leads: dict[str, list[tuple[int, str]]]
    """By source whose mapping leads to another function at times: from when on, in ns, to which name."""
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
        self.sources = taking = config.event_sources
        source_index = {name: index for index, name in enumerate(taking)}
        self.links = links(config)
        self.named = named = request_series(config, self.links)
        called = {name: source.function for name, source in (config.source | taking).items()}

        passed = {name: source.function for name, source in config.source.items() if name not in taking}
        targets = [passed.get(load.target, load.target) if load.target else None for load in config.load]

        opened = opening.chosen(config, opening.opened(config, targets, seed, latest_ns), arrivals, seed)
        opened |= opening.scheduled(config, named, seed, max((load.ends_ns for load in opened.values()), default=0))
        goes_to = [
            [passed.get(name, name) for name in opened[number].functions]
            if number in opened
            else [passed.get(str(series.target), str(series.target))]
            for number, series in enumerate(named)
        ]
        delays = {name: source.delay() for name, source in (config.source | taking).items()}
        traces = {number: load for number, load in opened.items() if isinstance(load, TraceLoad)}
        opening.check_given(config, traces)
        overrides = {name: override for trace in traces.values() for name, override in trace.function_overrides.items()}
        traced = {number: [called.get(name, name) for name in goes_to[number]] for number in traces}
        self.functions = planned_functions(config, traced, overrides)

        self._called, self._goes_to = called, goes_to
        self.routes = routes(config, self.functions)
        over_time = {name: leads_over_time(config, name) for name in config.source}
        self.leads = {name: own for name, own in over_time.items() if len(own) > 1}
        self.asynchronous = {
            index: function_of(source.function)
            for index, source in enumerate(taking.values())
            if KINDS[source.type] == ASYNCHRONOUS
        }
        self.first_versions = {}
        self.firsts = [self.first_versions.setdefault(own.of, index) for index, own in enumerate(self.functions)]
        qualifiers = {name: qualifier_of(name) for name in self.routes}
        self._aliases = {name for name, own in qualifiers.items() if own and not is_version(own)}
        unsettled = {name: route for name, route in self.routes.items() if not route.is_settled}
        self.moving = [*dict.fromkeys(unsettled.values())]

        first_actors: list[list[int]] = []
        """By series and place among its names, the actor of the first version that the name leads to; those of the
        others follow."""
        actors: list[Actor] = []
        alike: dict[int, Chances] = {}  # by table, of which many functions may have the same
        functions: list[int] = []
        through: list[int] = []
        moves: list[tuple[int, str, int]] = []
        """Of names that lead to several versions: their first actor, where they lead, and the key of its draws."""
        for series, names in zip(named, goes_to, strict=True):
            own: dict[str, int] = {}
            for name in names:
                if name in own:
                    continue
                own[name], to = len(actors), called.get(name, name)
                if to in unsettled:
                    moves.append((len(actors), to, stream_key(seed, "version", series.name, name)))
                for version in self._versions(series, to):
                    planned = self.functions[version]
                    table = id(planned.config)
                    if table not in alike:
                        alike[table] = Chances.of(planned)
                    actors.append(Actor(series.name, planned.of, alike[table], delays.get(name)))
                    functions.append(version)
                    through.append(source_index.get(name, -1))
            first_actors.append([own[name] for name in names])
        self._columns = Columns(seed, actors)
        self._function = np.array(functions, dtype=np.int64)
        self._one_each = functions == list(range(len(functions)))
        """Whether each actor has the number of its function, as where each function has one load."""
        self._source = np.array(through, dtype=np.int64)
        self._has_sources = bool(taking)
        self._routing = Routing(unsettled, moves)

        moving = [route.name for route in self.moving]
        found: list[PlannedSeries] = []
        for number, (series, names) in enumerate(zip(named, goes_to, strict=True)):
            first = (number, series.name, series.made_by, seed)
            if len(names) != 1:
                found.append(PlannedSeries(*first))
                continue
            (at,), to = first_actors[number], called.get(names[0], names[0])
            alias = moving.index(unsettled[to].name) if to in unsettled else -1
            leads = self._leads(series, moving) if self.leads else ()
            several = alias >= 0 or leads
            versions = tuple(zip(self._versions(series, to), actors[at:], strict=False)) if several else ()
            found.append(PlannedSeries(*first, functions[at], through[at], actors[at], alias, versions, leads))
        self.series = tuple(found)
        self._opened = [(number, load, first_actors[number]) for number, load in opened.items()]
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

    def aliases_of(self, number: int) -> tuple[str, ...]:
        """Return the alias that the requests of a series go to, if it is one for all of them; of a source whose mapping
        leads elsewhere at times, all that it leads to."""
        if not self._aliases:
            return ()
        series = self.named[number]
        found = list(dict.fromkeys(self._called.get(name, name) for name in self._goes_to[number]))
        if series.made_by == "source" and series.label in self.leads:
            found = list(dict.fromkeys(name for _, name in self.leads[series.label]))
        elif len(found) > 1:
            return ()
        return tuple(name for name in found if name in self._aliases)

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
        routes = {name: self.routes[name]._replace(steps=tuple(own)) for name, own in steps.items()}
        return self._chunk(PLAIN, chunk.until_ns, chunk.unrouted, None, self._routing.rerouted(routes))

    def _led_to(self, series: RequestSeries, name: str) -> list[Route]:
        """Return all routes of a series, each once; that of a source's own requests has those of its mapping."""
        names = [name]
        if series.made_by == "source":
            names = list(dict.fromkeys(own for _, own in self.leads.get(series.label, [(0, name)])))
        return [self.routes[own] for own in names]

    def _versions(self, series: RequestSeries, name: str) -> Sequence[int]:
        """Return the versions that they lead to."""
        if not self.leads:
            return self.routes[name].versions
        return [version for route in self._led_to(series, name) for version in route.versions]

    def _leads(self, series: RequestSeries, moving: Sequence[str]) -> tuple[Lead, ...]:
        """Return where the mapping of a source's own requests leads; nothing where that is one function."""
        found: list[Lead] = []
        if series.made_by != "source" or series.label not in self.leads:
            return ()
        first: dict[str, int] = {}
        places = 0
        for route in self._led_to(series, ""):
            first[route.name] = places
            places += len(route.versions)
        for from_ns, name in self.leads[series.label]:
            route = self.routes[name]
            alias = moving.index(route.name) if route.name in moving else -1
            found.append(Lead(from_ns, route.versions[0], alias, first[route.name]))
        return tuple(found)

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
        unrouted, cold = rows, None
        if len(rows):
            if self._routing:
                rows = replace(rows, actor=(routing or self._routing).actors(rows.actor, rows.index, rows.arrival_ns))
            columns = self._columns.warm(rows.actor, rows.index, rows.given, arithmetic)
            if starts is None:
                columns |= self._columns.cold(rows.actor, rows.index, rows.given, arithmetic)
            else:
                cold = starts.of(self._columns, rows, arithmetic)
                columns |= cold.columns
            function = rows.actor if self._one_each else self._function[rows.actor]
        else:
            columns, function = dict.fromkeys(DRAWN_COLUMNS, rows.index), rows.index
        source = delay_ns = None
        if self._has_sources and len(rows):
            source = np.broadcast_to(self._source[rows.actor], len(rows))
            delay_ns = self._columns.delays(rows.actor, rows.index, arithmetic) if self._columns.delayed else None
        return PlanChunk(
            source=source,
            delay_ns=delay_ns,
            until_ns=until_ns,
            request=rows.request,
            arrival_ns=rows.arrival_ns,
            function=np.broadcast_to(function, len(rows)),
            unrouted=unrouted if self._routing else None,
            cold=cold,
            **columns,
        )
