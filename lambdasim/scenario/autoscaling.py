"""The controllers of a run that its experiment asks for: Application Auto Scaling of provisioned concurrency."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from heapq import merge

from lambdasim.config.provisioned import Autoscaling, Provisioned, ScheduledAction
from lambdasim.config.qualifier import qualified
from lambdasim.config.schema import ExperimentConfig
from lambdasim.control.autoscaling import Autoscaler, Bounds
from lambdasim.control.controller import Controller
from lambdasim.control.recovery import Recovery
from lambdasim.model.alarms import MISSING_DATA_NAMES, PERIOD_NS
from lambdasim.model.autoscaling import TargetTracking
from lambdasim.model.losses import Loss
from lambdasim.scenario.rollouts import phase_ns
from lambdasim.units import NS_PER_S
from lambdasim.workload.plan import Workload


def autoscalers(config: ExperimentConfig, workload: Workload, ends_ns: int) -> list[Controller]:
    """Return a controller, for one run, for each function whose provisioned concurrency varies until ``ends_ns``."""
    found: list[Controller] = []
    for name, provisioned in held(config, workload):
        if not provisioned.varies:
            continue
        route = workload.destinations.routes[name]
        scaling = provisioned.autoscaling
        found.append(
            Autoscaler(
                route.begins,
                name,
                minimum=scaling.min if scaling is not None else 0,
                maximum=scaling.max if scaling is not None else config.account.concurrency,
                policy=None if scaling is None else target_tracking(scaling),
                schedule=bounds_over_time(provisioned.schedule, config.simulation.start, ends_ns),
                alias="" if route.is_settled else name,
                phase_ns=phase_ns(config.simulation.start, PERIOD_NS),
            )
        )
    return found


def held(config: ExperimentConfig, workload: Workload) -> Iterator[tuple[str, Provisioned]]:
    """Yield each name for which concurrency is provisioned, and how: functions, versions, aliases."""
    for name, first in workload.first_versions.items():
        declared = config.function.get(name)
        table = (declared or workload.functions[first].config).provisioned
        if table is not None:
            yield name, table
        if declared is None:
            continue
        for number, version in declared.version.items():
            if version.provisioned is not None:
                yield qualified(name, number), version.provisioned
        for key, alias in declared.alias.items():
            if alias.provisioned is not None:
                yield qualified(name, key), alias.provisioned


def recovery(workload: Workload, losses: Sequence[Loss]) -> list[Controller]:
    """Return a controller, for one run, that lets AWS allocate anew what is lost of provisioned concurrency."""
    if not losses or all(function.config.provisioned is None for function in workload.functions):
        return []
    return [Recovery([f.name for f in workload.functions], sorted({loss.at_ns for loss in losses}))]


def target_tracking(scaling: Autoscaling) -> TargetTracking:
    """Return the policy of a table."""
    return TargetTracking(
        target=_exact(scaling.target_utilization),
        is_maximum=scaling.statistic == "Maximum",
        high_datapoints=scaling.high_alarm_datapoints,
        low_datapoints=scaling.low_alarm_datapoints,
        missing=MISSING_DATA_NAMES[scaling.missing_data],
        in_cooldown_ns=scaling.scale_in_cooldown,
        out_cooldown_ns=scaling.scale_out_cooldown,
        in_step=_exact(scaling.scale_in_step),
        delay_ns=max(scaling.metric_delay, 1),
    )


def bounds_over_time(actions: Sequence[ScheduledAction], start: datetime | None, ends_ns: int) -> Iterator[Bounds]:
    """Yield what each scheduled action sets until ``ends_ns``, in order of time and then of the file."""

    def of(number: int, action: ScheduledAction) -> Iterator[tuple[int, int, Bounds]]:
        assert action.due is not None
        for time_s in action.due.times_s(start, ends_ns / NS_PER_S, action.timezone):
            yield time_s * NS_PER_S, number, Bounds(time_s * NS_PER_S, action.min, action.max)

    for _, _, bounds in merge(*(of(number, action) for number, action in enumerate(actions)), key=lambda one: one[:2]):
        yield bounds


def _exact(share: float) -> Fraction:
    """Return a share as it was written, not as a binary fraction."""
    return Fraction(repr(share))
