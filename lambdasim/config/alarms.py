"""Alarms: what they are on, and AWS's rules on them. What is wrong is added to a list, never raised."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lambdasim.config.change import Alarm, DeploymentAlarm
from lambdasim.config.measurable import Metric
from lambdasim.config.origins import Problems
from lambdasim.config.positions import Path
from lambdasim.config.qualifier import function_of, qualifier_of
from lambdasim.config.slo import SloExpression, find_metric
from lambdasim.units import NS_PER_D, NS_PER_S

if TYPE_CHECKING:
    from lambdasim.config.schema import ExperimentConfig

WATCHABLE: Final = (
    "errors", "timeouts", "crashes", "cold_starts", "throttles", "invocations", "requests", "latency", "duration",
    "init_duration", "concurrency",
)  # fmt: skip
"""Metrics that an alarm can be on: those of requests, minute by minute."""

LONGEST_NS: Final = 7 * NS_PER_D
"""Periods times their length are at most a day, or a week from an hour on (API PutMetricAlarm, 2026)."""


@dataclass(frozen=True, slots=True)
class WatchedPath:
    """A metric, and when its datapoint breaches."""

    path: str
    expression: SloExpression


def alarm_of(alarm: DeploymentAlarm) -> Alarm:
    """Return the alarm that a deployment brings itself: so many minutes in a row."""
    return Alarm(metric=alarm.metric, expression=alarm.expression, evaluation_periods=alarm.minutes)


def watched_path(alarm: Alarm | DeploymentAlarm, config: "ExperimentConfig") -> WatchedPath:
    """Return what an alarm is on; raises ``ValueError`` where that is nothing."""
    return WatchedPath(alarm.metric, _expression(alarm, _metric(alarm, config)))


def _metric(alarm: Alarm | DeploymentAlarm, config: "ExperimentConfig") -> Metric:
    """Return the metric that an alarm is on; raises ``ValueError``."""
    others = (*config.types, *(load.name for load in config.load))
    owner, _, metric = alarm.metric.partition(".")
    found = find_metric(alarm.metric, config.callables, others, config.types)
    if metric not in WATCHABLE or owner in config.downstream:
        raise ValueError(f"no alarm can be on '{metric}'; an alarm is on one of {', '.join(WATCHABLE)}")
    return found


def _expression(alarm: Alarm | DeploymentAlarm, found: Metric) -> SloExpression:
    """Return when a datapoint of an alarm breaches; raises ``ValueError``."""
    expression = SloExpression.parse(alarm.expression, found)
    if expression.probability is not None:
        raise ValueError("P(…) is of many runs; an alarm is of one period, as 'rate > 1%'")
    if alarm.metric.endswith(".concurrency") and expression.statistic != "max":
        raise ValueError("CloudWatch's ConcurrentExecutions is told by its maximum: write 'max > 900'")
    return expression


def check_alarms(config: "ExperimentConfig", problems: Problems) -> None:
    """Check that each alarm, a deployment's own too, is on something that is measured."""
    for name, alarm in config.alarm.items():
        path = ("alarm", name)
        _check(path, alarm, config, problems)
        if alarm.datapoints is not None and alarm.datapoints > alarm.evaluation_periods:
            message = (
                f"{alarm.datapoints} is above evaluation_periods, {alarm.evaluation_periods}: CloudWatch takes M of "
                "the latest N (API PutMetricAlarm); make that at least as large"
            )
            problems.conclude((*path, "datapoints"), message)
        if alarm.period % (60 * NS_PER_S):
            message = "Lambda's metrics have a datapoint a minute (DG:monitoring-metrics); write whole minutes"
            problems.conclude((*path, "period"), message)
        longest = LONGEST_NS if alarm.period >= 3_600 * NS_PER_S else NS_PER_D
        if alarm.period * alarm.evaluation_periods > longest:
            rule = "evaluation_periods times period is at most a day, or a week with periods of an hour"
            problems.conclude((*path, "evaluation_periods"), f"{rule} (API PutMetricAlarm)")
    for at, own in _of_deployments(config):
        _check(at, own, config, problems)


def check_called(config: "ExperimentConfig", problems: Problems) -> None:
    """Check that requests come to what each alarm is on, given what the changes of an experiment come to."""
    alarms: list[tuple[Path, Alarm | DeploymentAlarm]] = [(("alarm", name), own) for name, own in config.alarm.items()]
    alarms += _of_deployments(config)
    called = called_names(config) if alarms else set()
    for path, alarm in alarms:
        owner = alarm.metric.partition(".")[0]
        if function_of(owner) in config.function and owner not in called:
            problems.conclude((*path, "metric"), f"nothing calls '{owner}', so nothing measures this; send it requests")


def _of_deployments(config: "ExperimentConfig") -> Iterator[tuple[Path, DeploymentAlarm]]:
    """Yield the alarms that deployments bring themselves, with their paths."""
    for number, change in enumerate(config.change):
        if change.deploy is not None and isinstance(change.deploy.alarm, DeploymentAlarm):
            yield ("change", str(number), "deploy", "alarm"), change.deploy.alarm


def _check(path: Path, alarm: Alarm | DeploymentAlarm, config: "ExperimentConfig", problems: Problems) -> None:
    try:
        found = _metric(alarm, config)
    except ValueError as error:
        problems.conclude((*path, "metric"), str(error))
        return
    try:
        _expression(alarm, found)
    except ValueError as error:
        problems.conclude((*path, "expression"), str(error))


def called_names(config: "ExperimentConfig") -> set[str]:
    """Return the functions, versions and aliases that requests may come to; with a trace all of them."""
    from lambdasim.config.links import links
    from lambdasim.config.request_series import request_series
    from lambdasim.config.rollouts import weights_over_time

    if any(load.trace is not None for load in config.load):
        return set(config.callables)
    through = {name: source.function for name, source in (config.source | config.event_sources).items()}
    found = {str(through.get(one.target or "", one.target)) for one in request_series(config, links(config))}
    for name in list(found):
        function, qualifier = function_of(name), qualifier_of(name)
        if function in config.function and qualifier in config.function[function].alias:
            steps = weights_over_time(config, function, qualifier)
            found |= {f"{function}:{version}" for _, own in steps for version, share in own.items() if share}
        elif function in config.function and config.function[function].version and not qualifier:
            found.add(f"{function}:$LATEST")
        found.add(function)
    return found
