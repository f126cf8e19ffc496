"""Where requests go that name a function, a version or an alias: to which version, by weights that change at times."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.config.qualifier import LATEST, qualified
from lambdasim.config.rollouts import weights_over_time
from lambdasim.config.schema import ExperimentConfig
from lambdasim.model.aliases import WHOLE_Q24, AliasSpec
from lambdasim.units import share_q24
from lambdasim.workload.functions import PlannedFunction
from lambdasim.workload.random_streams import bits

Int64 = NDArray[np.int64]

Weights = tuple[int, ...]
Step = tuple[int, Weights]
"""From a time on, in ns, these weights hold, in units of 2**-24."""


ALL: Final[tuple[Step, ...]] = ((0, (WHOLE_Q24,)),)
"""Everything goes to one version, throughout."""


class Route(NamedTuple):
    """What a name leads to."""

    name: str
    versions: tuple[int, ...]
    """Indices of the functions of a workload, in the order in which :func:`lambdasim.model.aliases.chosen` asks."""
    steps: tuple[Step, ...]
    """In order of time; the first is from 0 on."""

    @classmethod
    def to(cls, name: str, version: int) -> "Route":
        """Return the route of a name that leads to one version throughout."""
        return cls(name, (version,), ALL)

    @property
    def is_settled(self) -> bool:
        """Whether it leads to one version throughout."""
        return len(self.versions) == 1

    @property
    def begins(self) -> int:
        """Index of the version that most requests go to at the start."""
        weights = self.steps[0][1]
        return self.versions[weights.index(max(weights))]

    @property
    def spec(self) -> AliasSpec:
        """What an engine is told of it; other weights come as rows of the control table."""
        return AliasSpec(self.name, self.versions, self.steps[0][1])

    def part(self, version: int, at_ns: int, whole: int) -> int:
        """Return the part of so much that a version has by its weight at a time; all parts add up to it."""
        before = 0
        for own, weight in zip(self.versions, self.weights_at(at_ns), strict=True):
            if own == version:
                return (before + weight) * whole // WHOLE_Q24 - before * whole // WHOLE_Q24
            before += weight
        return 0

    def weights_at(self, at_ns: int) -> Weights:
        """Return the weights that hold at a time."""
        return next(weights for from_ns, weights in reversed(self.steps) if from_ns <= at_ns)

    def from_then_on(self, at_ns: int, weights: Weights) -> "Route":
        """Return the route with other weights from a time on, for good."""
        return self._replace(steps=(*(step for step in self.steps if step[0] < at_ns), (at_ns, weights)))


class Routing:
    """Chooses the version of requests that loads send."""

    def __init__(self, routes: Mapping[str, Route], actors: Iterable[tuple[int, str, int]]) -> None:
        """``actors`` are the first actor of each name as a load calls it, the name, and the key of its draws.

        The actors of the versions of a route follow each other in its order.
        """
        self._routes = {name: route for name, route in routes.items() if not route.is_settled}
        self._actors = [actor for actor in actors if actor[1] in self._routes]

    def __bool__(self) -> bool:
        """Say whether any request is to be chosen for."""
        return bool(self._actors)

    def rerouted(self, routes: Mapping[str, Route]) -> "Routing":
        """Return the routing with some other routes."""
        return Routing({**self._routes, **routes}, self._actors)

    def actors(self, actor: int | Int64, index: Int64, arrival_ns: Int64) -> int | Int64:
        """Return the actor of the chosen version for requests of first actors, by their numbers there and times."""
        found: Int64 | None = None
        for first, name, key in self._actors:
            own = slice(None) if isinstance(actor, int) else np.flatnonzero(actor == first)
            if isinstance(actor, int) and actor != first:
                continue
            if found is None:
                found = np.array(np.broadcast_to(actor, len(index)))
            found[own] += _chosen(self._routes[name], key, index[own], arrival_ns[own])
        return actor if found is None else found


def _chosen(route: Route, key: int, index: Int64, arrival_ns: Int64) -> Int64:
    """Return the place of the chosen version; the twin of :func:`lambdasim.model.aliases.chosen` for many requests."""
    ends = np.cumsum([weights for _, weights in route.steps], axis=1)[:, :-1]
    step = np.searchsorted([from_ns for from_ns, _ in route.steps], arrival_ns, side="right") - 1
    u24 = (bits(key, index) >> np.uint64(40)).astype(np.int64)
    place: Int64 = (u24[:, np.newaxis] >= ends[step]).sum(axis=1)
    return place


def routes(config: ExperimentConfig, functions: Sequence[PlannedFunction]) -> dict[str, Route]:
    """Return what each name of a function, a version or an alias leads to."""
    found: dict[str, Route] = {}
    latest: dict[str, list[int]] = {}
    for index, function in enumerate(functions):
        if function.version in ("", LATEST):
            latest.setdefault(function.of, []).append(index)
        else:
            found[function.label] = Route.to(function.label, index)
    for name, indices in latest.items():
        if len(indices) == 1:
            found[name] = Route.to(name, indices[0])
        else:
            steps = [(functions[index].since_ns, {index: 1.0}) for index in indices]
            found[name] = _route(name, indices[::-1], steps)
        if functions[indices[0]].version:
            found[qualified(name, LATEST)] = found[name]
    for name, table in config.function.items():
        for key in table.alias:
            changes = weights_over_time(config, name, key)
            numbers = {number for _, weights in changes for number, share in weights.items() if share}
            leads = {number: found[qualified(name, number)].versions[0] for number in numbers}
            steps = [(at_ns, {leads[n]: share for n, share in own.items() if share}) for at_ns, own in changes]
            versions = [leads[number] for number in sorted(numbers, key=int, reverse=True)]
            found[qualified(name, key)] = _route(qualified(name, key), versions, steps)
    return found


def _route(name: str, versions: Sequence[int], changes: Sequence[tuple[int, Mapping[int, float]]]) -> Route:
    """Return a route; its weights, of two versions at most, are rounded so that they add up."""
    steps: dict[int, Weights] = {}
    for at_ns, shares in changes:
        first, *others = (version for version in versions if version in shares)
        upper = share_q24(shares[first]) if others else WHOLE_Q24
        weights = dict.fromkeys(others, WHOLE_Q24 - upper) | {first: upper}
        steps[at_ns] = tuple(weights.get(version, 0) for version in versions)
    return Route(name, tuple(versions), tuple(steps.items()))
