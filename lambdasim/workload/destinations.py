"""Where requests go: the functions and sources that each series names, and the versions to which those lead."""

from collections.abc import Sequence

from lambdasim.config.links import leads_over_time
from lambdasim.config.qualifier import is_version, qualifier_of
from lambdasim.config.request_series import RequestSeries
from lambdasim.config.schema import ExperimentConfig
from lambdasim.model.aliases import Lead
from lambdasim.workload.functions import PlannedFunction
from lambdasim.workload.routes import Route, routes


def called(config: ExperimentConfig) -> dict[str, str]:
    """Return the function that each source calls in the beginning, or the name of its version or alias."""
    return {name: source.function for name, source in (config.source | config.event_sources).items()}


class Destinations:
    """Where the requests of each series go."""

    routes: dict[str, Route]
    """What each name of a function, a version or an alias leads to."""
    unsettled: dict[str, Route]
    """Those of names that do not lead to the same version throughout."""
    moving: list[Route]
    """The same routes, each once."""
    leads: dict[str, list[tuple[int, str]]]
    """By source whose mapping leads to another function at times: from when on, in ns, to which name."""
    names: Sequence[Sequence[str]]
    """The functions and sources that the requests of each series go to; several where a trace names them."""

    def __init__(
        self,
        config: ExperimentConfig,
        functions: Sequence[PlannedFunction],
        named: Sequence[RequestSeries],
        names: Sequence[Sequence[str]],
    ) -> None:
        self.names, self._named, self._called = names, named, called(config)
        self.routes = routes(config, functions)
        self.unsettled = {name: route for name, route in self.routes.items() if not route.is_settled}
        self.moving = [*dict.fromkeys(self.unsettled.values())]
        self._alias = {route.name: number for number, route in enumerate(self.moving)}
        over_time = {name: leads_over_time(config, name) for name in config.source}
        self.leads = {name: own for name, own in over_time.items() if len(own) > 1}
        qualifiers = {name: qualifier_of(name) for name in self.routes}
        self._aliases = {name for name, own in qualifiers.items() if own and not is_version(own)}

    def called(self, name: str) -> str:
        """Return what requests call that go to a function or, in the beginning, to a source."""
        return self._called.get(name, name)

    def alias(self, name: str) -> int:
        """Return the number among ``moving`` of what a name leads to; -1 where it is one version throughout."""
        return self._alias[self.unsettled[name].name] if name in self.unsettled else -1

    def aliases_of(self, number: int) -> tuple[str, ...]:
        """Return the alias that the requests of a series go to, if it is one for all of them; of a source whose mapping
        leads elsewhere at times, all that it leads to."""
        if not self._aliases:
            return ()
        series = self._named[number]
        found = list(dict.fromkeys(map(self.called, self.names[number])))
        if series.made_by == "source" and series.label in self.leads:
            found = list(dict.fromkeys(name for _, name in self.leads[series.label]))
        elif len(found) > 1:
            return ()
        return tuple(name for name in found if name in self._aliases)

    def versions(self, series: RequestSeries, name: str) -> Sequence[int]:
        """Return all versions, as indices of functions, that requests of a series may come to that call ``name``."""
        if not self.leads:
            return self.routes[name].versions
        return [version for route in self._led_to(series, name) for version in route.versions]

    def leads_of(self, series: RequestSeries) -> tuple[Lead, ...]:
        """Return where the mapping of a source's own requests leads; nothing where that is one function."""
        if series.made_by != "source" or series.label not in self.leads:
            return ()
        first: dict[str, int] = {}
        places = 0
        for route in self._led_to(series, ""):
            first[route.name] = places
            places += len(route.versions)
        found: list[Lead] = []
        for from_ns, name in self.leads[series.label]:
            route = self.routes[name]
            found.append(Lead(from_ns, route.versions[0], self._alias.get(route.name, -1), first[route.name]))
        return tuple(found)

    def _led_to(self, series: RequestSeries, name: str) -> list[Route]:
        """Return all routes of a series, each once; that of a source's own requests has those of its mapping."""
        names = [name]
        if series.made_by == "source":
            names = list(dict.fromkeys(own for _, own in self.leads.get(series.label, [(0, name)])))
        return [self.routes[own] for own in names]
