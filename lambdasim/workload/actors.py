"""The actors of a workload: functions as series of requests call them, for which what chance decides is drawn."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lambdasim.config.distribution import Distribution
from lambdasim.config.request_series import RequestSeries
from lambdasim.workload.columns import Actor, Chances
from lambdasim.workload.destinations import Destinations
from lambdasim.workload.functions import PlannedFunction
from lambdasim.workload.random_streams import stream_key
from lambdasim.workload.routes import Routing
from lambdasim.workload.series import PlannedSeries

Int64 = NDArray[np.int64]


class Actors:
    """All of them, numbered; those of the versions that a name leads to follow each other in the order of its route."""

    every: list[Actor]
    first: list[list[int]]
    """By series, and place among the names that its requests go to: the actor of the first version."""
    function: Int64
    """Index of the function of each."""
    one_each: bool
    """Whether each has the number of its function, as where each function has one load."""
    source: Int64
    """Index of the source through which its requests come, -1 for none."""
    routing: Routing

    def __init__(
        self,
        named: Sequence[RequestSeries],
        goes: Destinations,
        functions: Sequence[PlannedFunction],
        delays: Mapping[str, Distribution | None],
        sources: Mapping[str, int],
        seed: int,
    ) -> None:
        """``delays`` are of the time from an event to its arrival at a source; ``sources`` the indices of those that
        take in events."""
        self.every, self.first, self._seed = [], [], seed
        function: list[int] = []
        source: list[int] = []
        alike: dict[int, Chances] = {}  # by table, of which many functions may have the same
        moves: list[tuple[int, str, int]] = []
        for series, names in zip(named, goes.names, strict=True):
            own: dict[str, int] = {}
            for name in names:
                if name in own:
                    continue
                own[name], to = len(self.every), goes.called(name)
                if to in goes.unsettled:
                    moves.append((own[name], to, stream_key(seed, "version", series.name, name)))
                for version in goes.versions(series, to):
                    planned = functions[version]
                    table = id(planned.config)
                    if table not in alike:
                        alike[table] = Chances.of(planned)
                    self.every.append(Actor(series.name, planned.of, alike[table], delays.get(name)))
                    function.append(version)
                    source.append(sources.get(name, -1))
            self.first.append([own[name] for name in names])
        self.function, self.source = np.array(function, np.int64), np.array(source, np.int64)
        self.one_each = function == list(range(len(function)))
        self.routing = Routing(goes.unsettled, moves)

    def series(self, named: Sequence[RequestSeries], goes: Destinations) -> tuple[PlannedSeries, ...]:
        """Return the series of requests with all that decides them."""
        function, source = self.function.tolist(), self.source.tolist()
        found: list[PlannedSeries] = []
        for number, (series, names) in enumerate(zip(named, goes.names, strict=True)):
            own = (number, series.name, series.made_by, self._seed)
            if len(names) != 1:
                found.append(PlannedSeries(*own))
                continue
            (at,), to = self.first[number], goes.called(names[0])
            alias, leads = goes.alias(to), goes.leads_of(series)
            versions = tuple[tuple[int, Actor], ...]()
            if alias >= 0 or leads:
                versions = tuple(zip(goes.versions(series, to), self.every[at:], strict=False))
            found.append(PlannedSeries(*own, function[at], source[at], self.every[at], alias, versions, leads))
        return tuple(found)
