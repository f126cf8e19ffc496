"""Alarms: what they are on, and AWS's rules on them. What is wrong is added to a list, never raised."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lambdasim.config import source_kinds as kinds
from lambdasim.config.change import Alarm, Change, DeploymentAlarm
from lambdasim.config.measurable import Metric
from lambdasim.config.origins import Problems
from lambdasim.config.positions import Path
from lambdasim.config.qualifier import function_of, qualifier_of
from lambdasim.config.slo import SloExpression, find_metric
from lambdasim.config.sources.sqs import SqsSource
from lambdasim.units import NS_PER_D, NS_PER_S

if TYPE_CHECKING:
    from lambdasim.config.schema import ExperimentConfig

WATCHABLE: Final = (
    "errors", "timeouts", "crashes", "service_errors", "cold_starts", "throttles", "invocations", "requests", "latency",
    "duration", "init_duration", "concurrency",
)  # fmt: skip
"""Metrics of requests that an alarm can be on, minute by minute: of a function, a source, a load or the account."""

OF_SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    kinds.QUEUE: ("age_of_oldest", "backlog", "dead_lettered", "dead_letters", "dropped"),
    kinds.STREAM: ("iterator_age", "dead_lettered", "dropped"),
    kinds.KAFKA: ("offset_lag", "dead_lettered", "dropped"),
    kinds.BROKER: ("dropped",),
    kinds.ASYNCHRONOUS: ("dead_lettered", "dropped"),
    **dict.fromkeys(kinds.GATEWAYS, ("answers.4xx", "answers.5xx")),
}
"""Metrics of a source that an alarm can be on besides, by its kind."""

DEAD_LETTERS: Final = Metric("level", {"max": ("dead_letters",)})
"""What lies in a queue's dead-letter queue, which nobody reads: alarms alone have it."""

CLOUDWATCH: Final = {
    "ApproximateAgeOfOldestMessage": "age_of_oldest",
    "ApproximateNumberOfMessagesVisible": "backlog",
    "IteratorAge": "iterator_age",
    "IteratorAgeMilliseconds": "iterator_age",
    "OffsetLag": "offset_lag",
    "AsyncEventsDropped": "dropped",
    "DroppedEventCount": "dropped",
    "4XXError": "answers.4xx",
    "5XXError": "answers.5xx",
    "Errors": "errors",
    "Throttles": "throttles",
    "Invocations": "invocations",
    "Duration": "duration",
    "ConcurrentExecutions": "concurrency",
}
"""CloudWatch's names of metrics, and ours."""

STATISTICS: Final = {"Sum": "count", "Average": "mean", "Maximum": "max"}
"""CloudWatch's names of statistics, and ours; its Average of Errors is our rate."""

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
    if metric in CLOUDWATCH:
        raise ValueError(f"'{metric}' is CloudWatch's name; write '{owner}.{CLOUDWATCH[metric]}'")
    known = (*WATCHABLE, *(OF_SOURCES.get(kinds.KINDS.get(config.types.get(owner, ""), ""), ())))
    source = config.source.get(owner)
    if metric in ("dead_letters", "dead_lettered") and isinstance(source, SqsSource):
        if source.max_receive_count is None:
            raise ValueError(f"'{owner}' has no dead-letter queue; give it max_receive_count, such as 5")
        if metric == "dead_letters" and source.dead_letter_queue in config.source:
            queue = source.dead_letter_queue
            raise ValueError(f"'{queue}' is a source of its own, which is read; write '{queue}.backlog'")
    if metric == "dead_letters" and metric in known:
        return DEAD_LETTERS
    found = find_metric(alarm.metric, config.callables, others, config.types)
    if metric not in known or owner in config.downstream:
        raise ValueError(f"no alarm can be on '{metric}'; an alarm is on one of {', '.join(known)}")
    return found


def _expression(alarm: Alarm | DeploymentAlarm, found: Metric) -> SloExpression:
    """Return when a datapoint of an alarm breaches; raises ``ValueError``."""
    first, _, rest = alarm.expression.strip().partition(" ")
    own = "rate" if (first, found.kind) == ("Average", "events") else STATISTICS.get(first, first)
    expression = SloExpression.parse(f"{own} {rest}", found)
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


def check_called(config: "ExperimentConfig", right: Iterable[Change], problems: Problems) -> None:
    """Check that requests come to what each alarm is on, given what the ``right`` changes of an experiment come to.

    Nothing is said of versions and aliases where other changes are wrong: they may have been to lead requests there.
    """
    right = tuple(right)
    whole = len(right) == len(config.change)
    alarms: list[tuple[Path, Alarm | DeploymentAlarm]] = [(("alarm", name), own) for name, own in config.alarm.items()]
    alarms += _of_deployments(config)
    called = called_names(config.of_changes(right)) if alarms else set()
    for path, alarm in alarms:
        owner = alarm.metric.partition(".")[0]
        try:
            _metric(alarm, config)
        except ValueError:
            continue
        if function_of(owner) in config.function and owner not in called and (whole or not qualifier_of(owner)):
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
    from lambdasim.config.links import leads_over_time, links
    from lambdasim.config.request_series import request_series
    from lambdasim.config.rollouts import weights_over_time

    if any(load.trace is not None for load in config.load):
        return set(config.callables)
    through = {name: source.function for name, source in (config.source | config.event_sources).items()}
    found = {str(through.get(one.target or "", one.target)) for one in request_series(config, links(config))}
    found |= {function for name in config.source for _, function in leads_over_time(config, name)}
    for name in list(found):
        function, qualifier = function_of(name), qualifier_of(name)
        if function in config.function and qualifier in config.function[function].alias:
            steps = weights_over_time(config, function, qualifier)
            found |= {f"{function}:{version}" for _, own in steps for version, share in own.items() if share}
        elif function in config.function and config.function[function].version and not qualifier:
            found.add(f"{function}:$LATEST")
        found.add(function)
    return found
