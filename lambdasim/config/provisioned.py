"""The ``provisioned`` table: provisioned concurrency, and how Application Auto Scaling changes it.

What needs the account or a clock is checked in ``control_checks``.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from lambdasim.config.cron import Schedule, parse_schedule, parse_zone
from lambdasim.config.evidence import NEUTRAL, measured, official, ours
from lambdasim.config.families import parse_distribution
from lambdasim.config.limits import Concurrency
from lambdasim.config.quantity import ConfigTable, Duration, Quantity, TimeDistribution, duration, number, whole
from lambdasim.units import NS_PER_S, parse_fraction

Datapoints = Annotated[int, whole(1, 1_440, "minutes of a day, the longest that CloudWatch evaluates")]


def _target(value: object) -> float:
    fraction = parse_fraction(value)
    if not 0.1 <= fraction <= 0.9:
        raise ValueError(f"{value!r} is outside 0.1 to 0.9 (AWS's limits: DG:provisioned-concurrency)")
    return fraction


class Autoscaling(ConfigTable):
    """``function.NAME.provisioned.autoscaling``: a target tracking policy and the bounds that it keeps."""

    min: Concurrency
    """MinCapacity: scaling in stops here."""
    max: Concurrency
    """MaxCapacity: scaling out stops here."""
    target_utilization: Annotated[
        float,
        Quantity(_target, float, {"type": "number", "minimum": 0.1, "maximum": 0.9}),
    ]
    """Share of the allocated environments that are to be busy, 0.1 to 0.9."""
    statistic: Annotated[Literal["Average", "Maximum"], official("AWS, DG:provisioned-concurrency, 2026-11-23")] = (
        "Average"
    )
    """Of ProvisionedConcurrencyUtilization in each minute. Average is over invocations, not over time; Maximum needs a
    customized metric."""
    high_alarm_datapoints: Annotated[
        Datapoints, official('AWS, "for at least 3 minutes", DG:provisioned-concurrency, 2026-11-23')
    ] = 3
    """Minutes in a row above the target before it scales out."""
    low_alarm_datapoints: Annotated[
        Datapoints,
        measured(
            "minutes before autoscaling scales in",
            "alarms that AWS made in 2020 have 15 (G. Mao, 2020-09); its guide says 3 for both (2026-11-27)",
            low=3,
            high=15,
        ),
    ] = 15
    """Minutes in a row below 90 % of the target before it scales in."""
    missing_data: Annotated[
        Literal["missing", "ignore", "breaching", "notBreaching"],
        official("AWS, treat missing data as missing, Application Auto Scaling guide, 2026-11-27"),
    ] = "missing"
    """How the low alarm treats minutes without any invocation on provisioned concurrency; with ``breaching``, a common
    workaround, idle capacity is scaled in."""
    scale_in_cooldown: Annotated[Duration, official("AWS, 0 s for Lambda, API application-autoscaling, 2026-11-27")] = 0
    """Time after scaling in before it scales in again; scaling out ends it."""
    scale_out_cooldown: Annotated[
        Duration, official("AWS, 0 s for Lambda, API application-autoscaling, 2026-11-27")
    ] = 0
    """Time after scaling out in which what was added counts towards the next increase."""
    scale_in_step: Annotated[
        float,
        number(0.001, 1.0),
        ours(
            "step of scaling in",
            'AWS says "smaller periodic steps" (DG22:provisioned-concurrency, 2026-11-27), not how small',
            low=0.02,
            high=1.0,
        ),
    ] = 0.1
    """Largest share of the capacity that one step takes away, at least one environment."""
    metric_delay: Annotated[
        int,
        duration(0, 59 * NS_PER_S, "a datapoint is evaluated before the next"),
        ours(
            "delay of CloudWatch's metrics",
            "from the end of a minute until an alarm can see it; AWS does not publish it",
            low="0s",
            high="59s",
        ),
    ] = 30 * NS_PER_S
    """From the end of a minute until its datapoint is evaluated."""


def _inside(kind: str) -> Any:
    """Return the reader of what stands in ``cron(...)``, ``rate(...)`` or ``at(...)``."""

    def parse(value: object) -> Schedule:
        if isinstance(value, Schedule):
            return value
        if kind == "at" and (instant := _instant(value)) is not None:
            return Schedule(f"at({instant.isoformat()})", once=instant)
        if isinstance(value, datetime):
            value = value.isoformat()
        return parse_schedule(f"{kind}({value})")

    return parse


def _instant(value: object) -> datetime | None:
    """Return a date-time with an offset, which needs no time zone; None for any other value."""
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _written(schedule: Schedule) -> str:
    return schedule.text.partition("(")[2].removesuffix(")")


def _when(kind: str, example: str) -> Quantity:
    return Quantity(_inside(kind), _written, {"type": "string", "examples": [example]})


class ScheduledAction(ConfigTable):
    """One of ``function.NAME.provisioned.schedule``: at these times other bounds hold, until the next action."""

    cron: Annotated[Schedule, _when("cron", "0 9 * * ? *")] | None = None
    """AWS's cron expression with six fields: minutes hours day month weekday year."""
    rate: Annotated[Schedule, _when("rate", "1 hour")] | None = None
    """An interval, from the start of the experiment on."""
    at: Annotated[Schedule, _when("at", "2026-11-27T08:00:00")] | None = None
    """A single time, of ``timezone`` or with an offset of its own."""
    timezone: Annotated[
        str,
        Quantity(parse_zone, str, {"type": "string", "examples": ["Europe/Berlin", "UTC"]}),
        official("AWS, API application-autoscaling PutScheduledAction, 2026-11-27"),
    ] = "UTC"
    """Time zone of ``cron`` and ``at``."""
    min: Concurrency | None = None
    """Less is scaled out to this at once; None: as before."""
    max: Concurrency | None = None
    """More is scaled in to this at once; None: as before."""

    @property
    def due(self) -> Schedule | None:
        """When it is due; None when it does not say so once."""
        given = [schedule for schedule in (self.cron, self.rate, self.at) if schedule is not None]
        return given[0] if len(given) == 1 else None


class Provisioned(ConfigTable):
    """``[function.NAME.provisioned]``: provisioned concurrency, constant or scaled by Application Auto Scaling."""

    concurrency: Concurrency
    """Environments kept initialised."""
    requested_at: Duration | None = None
    """When it is asked for, from the start; None: long before, so that it is ready when the experiment starts."""
    preparation: Annotated[
        TimeDistribution,
        ours(
            "preparation of provisioned concurrency",
            'our model of AWS\'s "a minute or two", DG:lambda-concurrency, 2026-11-23',
            low="constant(60s)",
            high="constant(120s)",
        ),
    ] = parse_distribution("uniform(60s, 120s)")
    """Time before AWS allocates the first environment ("a minute or two": DG:lambda-concurrency, 2026-11-23)."""
    autoscaling: Autoscaling | None = None
    """Target tracking of Application Auto Scaling."""
    schedule: Annotated[tuple[ScheduledAction, ...], NEUTRAL] = ()
    """Scheduled actions of Application Auto Scaling."""

    decided_by = "requested_at"

    @property
    def varies(self) -> bool:
        """Whether Application Auto Scaling changes it during the experiment."""
        return self.autoscaling is not None or bool(self.schedule)

    def unused_keys(self) -> frozenset[str]:
        """Return ``preparation`` when it was over before the experiment."""
        return frozenset({"preparation"} if self.requested_at is None and not self.varies else ())

    def reason_unused(self) -> str:
        """Return why."""
        return "without requested_at, autoscaling or a schedule"
