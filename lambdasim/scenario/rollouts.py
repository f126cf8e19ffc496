"""The controllers of a run's alarms and deployments."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from lambdasim.config.alarms import WATCHABLE, alarm_of, watched_path
from lambdasim.config.change import Alarm, DeploymentAlarm
from lambdasim.config.deployments import ends_after_ns
from lambdasim.config.function import FunctionConfig
from lambdasim.config.provisioned import Provisioned
from lambdasim.config.qualifier import function_of, qualifier_of
from lambdasim.config.rollouts import begins_ns
from lambdasim.config.schema import ExperimentConfig
from lambdasim.control.alarm import AlarmWatch
from lambdasim.control.datapoints import Datapoints, RequestDatapoints, Watched
from lambdasim.control.periods import Periods
from lambdasim.control.rollout import Rollout, Shift
from lambdasim.control.source_datapoints import SourceDatapoints
from lambdasim.model.alarms import MISSING_DATA_NAMES
from lambdasim.model.aliases import WHOLE_Q24
from lambdasim.units import NS_PER_S
from lambdasim.workload.plan import Workload
from lambdasim.workload.routes import Route


def phase_ns(start: datetime | None, period_ns: int) -> int:
    """Return how far a period of the clock has gone when the experiment starts: CloudWatch's begin at whole ones."""
    return 0 if start is None else round(start.timestamp() * NS_PER_S) % period_ns


def alarm_watches(config: ExperimentConfig, workload: Workload) -> dict[str, AlarmWatch]:
    """Return the controller of each alarm for one run, by name; those that deployments bring have their names."""
    found = {name: _watch(name, table, config, workload) for name, table in config.alarm.items()}
    for change in config.change:
        if change.deploy is not None and isinstance(change.deploy.alarm, DeploymentAlarm):
            name = f"{change.name}'s alarm"
            found[name] = _watch(name, alarm_of(change.deploy.alarm), config, workload)
    return found


def _watch(name: str, table: Alarm, config: ExperimentConfig, workload: Workload) -> AlarmWatch:
    path = watched_path(table, config)
    owner, _, metric = path.path.partition(".")
    periods = Periods(table.period, phase_ns(config.simulation.start, table.period))
    return AlarmWatch(
        name,
        table.metric,
        table.expression,
        path.expression.holds,
        _datapoints(owner, metric, path.expression.statistic, periods, config, workload),
        table.evaluation_periods,
        table.datapoints or table.evaluation_periods,
        MISSING_DATA_NAMES[table.missing_data],
        max(table.metric_delay, 1),
    )


def _datapoints(
    owner: str, metric: str, statistic: str, periods: Periods, config: ExperimentConfig, workload: Workload
) -> Datapoints:
    if metric not in WATCHABLE:
        return SourceDatapoints(metric, statistic, list(config.event_sources).index(owner), periods)
    functions, loads = _owned(owner, config, workload)
    return RequestDatapoints(Watched(metric, statistic, functions, loads, not qualifier_of(owner)), periods)


def _owned(
    owner: str, config: ExperimentConfig, workload: Workload
) -> tuple[frozenset[int] | None, frozenset[int] | None]:
    """Return whose requests an alarm watches: the indices of versions, and of series; None for all."""
    if owner == "account":
        return None, None
    named = list(enumerate(workload.named))
    if function_of(owner) not in {planned.of for planned in workload.functions}:  # a load or a source
        return None, frozenset(number for number, one in named if owner in (one.label, one.target))
    own = [(index, one) for index, one in enumerate(workload.functions) if one.of == function_of(owner)]
    if not qualifier_of(owner):
        return frozenset(index for index, _ in own), None
    if labelled := frozenset(index for index, one in own if one.label == owner):
        return labelled, None
    return frozenset(index for index, _ in own), frozenset(
        n for n, _ in named if owner in workload.destinations.aliases_of(n)
    )


def rollouts(config: ExperimentConfig, workload: Workload, alarms: Mapping[str, AlarmWatch]) -> list[Rollout]:
    """Return the controller of each name that leads from version to version, where one is needed."""
    found, first = [], 0
    for route in workload.destinations.moving:
        shifts, table = list(_shifts(config, route, alarms)), _provisioned(config, route)
        if shifts or table is not None:
            found.append(
                Rollout(
                    route.name, route.versions, first, route.steps, shifts,
                    _held(config, route) if table is not None else (),
                    table is not None and table.varies,
                )
            )  # fmt: skip
        first += len(route.versions)
    return found


def _shifts(config: ExperimentConfig, route: Route, alarms: Mapping[str, AlarmWatch]) -> Iterator[Shift]:
    for change in config.change:
        deployment = change.deploy
        if deployment is None or deployment.alias != route.name or deployment.alarm is None:
            continue
        name, at_ns = str(change.name), begins_ns(change, config.simulation.start)
        alarm = deployment.alarm if isinstance(deployment.alarm, str) else f"{name}'s alarm"
        yield Shift(name, at_ns, at_ns + ends_after_ns(deployment), _before(route, at_ns), alarms[alarm])


def _before(route: Route, at_ns: int) -> tuple[int, ...]:
    """Return the weights before a deployment: all requests go to the version that keeps most in its first step."""
    if at_ns:
        return next(weights for from_ns, weights in reversed(route.steps) if from_ns < at_ns)
    first = route.steps[0][1]
    return tuple(WHOLE_Q24 if place == first.index(max(first)) else 0 for place in range(len(first)))


def _provisioned(config: ExperimentConfig, route: Route) -> Provisioned | None:
    """Return what is provisioned for a name."""
    return table_of(config.function[function_of(route.name)], route.name)


def table_of(function: FunctionConfig, name: str) -> Provisioned | None:
    """Return what is provisioned for a function, one of its versions or an alias, by its name."""
    qualifier = qualifier_of(name)
    holder = function.alias.get(qualifier) or function.version.get(qualifier)
    return function.provisioned if holder is None else holder.provisioned


def _held(config: ExperimentConfig, route: Route) -> tuple[tuple[int, int], ...]:
    """Return how much is provisioned for a name from each time on."""
    found: list[tuple[int, int]] = []
    for at_ns, own in ((0, config), *((moment.at_ns, moment.config) for moment in config.moments)):
        table = table_of(own.function[function_of(route.name)], route.name)
        count = 0 if table is None else table.concurrency
        if not found or found[-1][1] != count:
            found.append((at_ns, count))
    return tuple(found)
