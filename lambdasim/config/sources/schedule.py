"""``type = "schedule"``: EventBridge Scheduler, or a rule with a schedule, that invokes a function asynchronously."""

from typing import Annotated, Final, Literal

from lambdasim.config import quotas
from lambdasim.config.cron import Schedule, parse_schedule, parse_zone
from lambdasim.config.distribution import Distribution
from lambdasim.config.evidence import NEUTRAL, official, ours
from lambdasim.config.families import parse_distribution
from lambdasim.config.quantity import Quantity, TimeDistribution, duration, whole
from lambdasim.config.sources.asynchronous import PayloadSize
from lambdasim.config.sources.base import SourceTable
from lambdasim.units import NS_PER_MIN

PRECISION: Final = parse_distribution("uniform(0s, 60s)")
"""A schedule is invoked within the minute it is due (EventBridge Scheduler User Guide, 2026); evenly: our model."""


class ScheduleSource(SourceTable):
    """``[source.NAME]`` with ``type = "schedule"``; it makes its events itself."""

    type: Literal["schedule"]
    expression: Annotated[
        Schedule,
        Quantity(
            parse_schedule,
            lambda schedule: schedule.text,
            {
                "type": "string",
                "pattern": r"^\s*(rate|cron|at)\(",
                "examples": ["rate(5 minutes)", "cron(0 9 * * ? *)"],
            },
        ),
    ]
    """When it is due: a rate, a cron expression with AWS's six fields, or a time."""
    timezone: Annotated[
        str,
        Quantity(parse_zone, str, {"type": "string", "examples": ["Europe/Berlin", "UTC"]}),
        official("AWS, API scheduler CreateSchedule, 2026-11-23"),
    ] = "UTC"
    """Time zone of cron expressions and times."""
    schedules: Annotated[int, whole(1, 1_000_000), NEUTRAL] = 1
    """How many schedules are due at the same time."""
    flexible_window: Annotated[
        int,
        duration(0, quotas.FLEXIBLE_WINDOW.value, f"AWS's windows: {quotas.FLEXIBLE_WINDOW.page}", NS_PER_MIN),
        official("AWS, API scheduler CreateSchedule, 2026-11-23"),
    ] = 0
    """FlexibleTimeWindow: each invocation comes at a random time within it; AWS's are of at least 1 minute."""
    latency: Annotated[
        TimeDistribution | None,
        ours(
            "lateness of a schedule",
            "within the minute it is due (EventBridge Scheduler User Guide, 2026); where in it is our model",
            low="constant(0s)",
            high="constant(59s)",
        ),
    ] = None
    """From the time an invocation is due until Lambda has accepted it; None: within a minute."""
    payload: Annotated[PayloadSize, NEUTRAL] = 1024
    """Size of an event."""

    takes_loads = False

    def delay(self) -> Distribution | None:
        """Return the latency, or AWS's precision."""
        return self.latency or PRECISION
