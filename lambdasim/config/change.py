"""The ``[[change]]`` tables: what is set, deployed or broken at a time."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import StrictBool

from lambdasim.config.call import shortened
from lambdasim.config.evidence import NEUTRAL, ours
from lambdasim.config.families import parse_time
from lambdasim.config.quantity import (
    ConfigTable,
    Duration,
    Fraction,
    Instant,
    PositiveDuration,
    Quantity,
    duration,
    number,
    parse_instant,
    whole,
)
from lambdasim.errors import InputError
from lambdasim.units import NS_PER_S, format_duration

LINEAR: Final = {f"Linear10PercentEvery{n}Minute{'s' * (n > 1)}": (0.1, n) for n in (1, 2, 3, 10)}
CANARY: Final = {f"Canary10Percent{n}Minutes": (0.1, n) for n in (5, 10, 15, 30)}
STRATEGIES: Final = ("AllAtOnce", *CANARY, *LINEAR)
"""CodeDeploy's presets by SAM's names (SAM translator, 2026-11-27); CodeDeploy's own begin with Lambda."""


class Steps(ConfigTable):
    """``strategy = {...}`` of a deployment: steps of one's own."""

    linear: Fraction | None = None
    """Share that each step adds, the first at once."""
    every: PositiveDuration | None = None
    """Time between two steps."""
    canary: Fraction | None = None
    """Share of the first step; the rest follows in a second."""
    after: PositiveDuration | None = None
    """Time between the two."""


def _strategy(value: object) -> str | Steps:
    """Return the name of a preset, or steps of one's own; raises ``ValueError``."""
    if isinstance(value, Steps):
        return value
    if isinstance(value, Mapping):
        try:
            return Steps(**value)
        except InputError as error:
            raise ValueError("; ".join(f"{one.path}: {one.message}" for one in error.problems)) from None
    name = str(value).removeprefix("CodeDeployDefault.").removeprefix("Lambda")
    if name not in STRATEGIES:
        raise ValueError(f"unknown strategy {shortened(repr(value))}; there are {', '.join(STRATEGIES)}")
    return name


def _version(value: object) -> str:
    """Return the name of a version; AWS's are numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"{shortened(repr(value))} is no version, such as '2'")
    return str(value)


def _strategy_raw(strategy: str | Steps) -> Any:
    return strategy if isinstance(strategy, str) else plain_steps(strategy)


def plain_steps(steps: Steps) -> dict[str, Any]:
    """Return steps as a file holds them."""
    shares = {key: share for key in ("linear", "canary") if (share := getattr(steps, key)) is not None}
    times = {key: format_duration(own) for key in ("every", "after") if (own := getattr(steps, key)) is not None}
    return shares | times


class DeploymentAlarm(ConfigTable):
    """``alarm = {...}`` of a deployment: what rolls it back."""

    metric: str
    """Such as ``checkout:2.errors``."""
    expression: str
    """Such as ``rate > 1%``."""
    minutes: Annotated[int, whole(1, 1_440), NEUTRAL] = 1
    """How many minutes in a row it must hold."""


class Deployment(ConfigTable):
    """``deploy = {...}`` of a change: a version behind an alias, or an update in place."""

    alias: str | None = None
    """Such as ``checkout:live``."""
    version: Annotated[str, Quantity(_version, str, {"type": ["string", "integer"], "examples": ["2", 2]})] | None = (
        None
    )
    """The version that the alias leads to in the end, by its number, with or without quotes."""
    function: str | None = None
    """Instead of an alias: the function that is updated in place."""
    set: dict[str, Any] | None = None
    """What the update changes, by key of the function."""
    strategy: Annotated[
        str | Steps,
        Quantity(
            _strategy,
            _strategy_raw,
            {"type": ["string", "object"], "examples": ["Canary10Percent5Minutes", "Linear10PercentEvery1Minute"]},
        ),
        NEUTRAL,
    ] = "AllAtOnce"
    """One of CodeDeploy's presets, or steps of one's own."""
    alarm: str | DeploymentAlarm | None = None
    """What rolls it back: the name of an alarm, or one of its own. CodeDeploy looks at alarms while traffic is shifted,
    so nothing rolls back what is all at once."""


class Fault(ConfigTable):
    """``fault = {...}`` of a change: what breaks; with ``until`` for a while."""

    downstream: str | None = None
    """Name of the downstream that is slow or down."""
    down: StrictBool | None = None
    """Whether it is down: every invocation that uses it returns an error, after its ``error_after``."""
    slowdown: Annotated[float, number(0, 10_000)] | None = None
    """How many times as long everything takes that begins in it meanwhile."""
    function: str | None = None
    """Name of the function, or of a version of it, whose handler fails."""
    errors: Fraction | None = None
    """Share of its invocations that return an error beside those that do anyway."""
    source: str | None = None
    """Name of the source that stops, or whose records fail."""
    disabled: StrictBool | None = None
    """Whether the source stops; its events wait, and it catches up."""
    record_errors: Fraction | None = None
    """Share of the records of each batch that fail."""
    environments_lost: Fraction | None = None
    """Share of all execution environments that are lost at once, as with an Availability Zone."""
    lambda_errors: Fraction | None = None
    """Share of the requests that Lambda itself answers with an error 500."""


def _parse_until(value: object) -> int | datetime:
    """Return a time from the start in ns, or a clock time; raises ``ValueError``."""
    is_clock = isinstance(value, str) and value[:4].isdecimal() and "-" in value
    return parse_instant(value) if is_clock or isinstance(value, date) else parse_time(value)


Until = Annotated[
    int | datetime,
    Quantity(
        _parse_until,
        lambda until: format_duration(until) if isinstance(until, int) else until,
        {"type": "string", "examples": ["2h10m", "2026-11-27T10:10:00Z"]},
    ),
]


class Change(ConfigTable):
    """``[[change]]``: at a time something is set, deployed or breaks."""

    name: str | None = None
    """By which ``changes`` and dotted paths call it; by default ``change`` and its number."""
    time: Duration | None = None
    """When, from the start of the experiment."""
    at: Instant | None = None
    """When, as a clock time; needs ``simulation.start``."""
    until: Until | None = None
    """When what was set, or is broken, is again as before; a time from the start or a clock time."""
    set: dict[str, Any] | None = None
    """Values by dotted path, such as ``account.concurrency``."""
    deploy: Deployment | None = None
    """A deployment that begins then."""
    fault: Fault | None = None
    """What breaks then."""


class Alarm(ConfigTable):
    """``[alarm.NAME]``: an alarm of CloudWatch's on a metric of the run."""

    metric: str
    """Such as ``checkout.errors``, ``account.throttles``, ``jobs.age_of_oldest`` or ``clicks.iterator_age``. Of
    ``service_errors``, Lambda's own, CloudWatch has no metric: an alarm on them is one on what clients report."""
    expression: str
    """When a datapoint breaches, such as ``rate > 1%``, ``Sum > 5`` or ``p99 > 800ms``: statistic, comparison,
    threshold."""
    period: Annotated[PositiveDuration, NEUTRAL] = 60_000_000_000
    """Length of the period of one datapoint."""
    evaluation_periods: Annotated[int, whole(1, 1_440), NEUTRAL] = 1
    """How many of the latest periods are looked at."""
    datapoints: Annotated[int, whole(1, 1_440)] | None = None
    """How many of them must breach; None: all."""
    missing_data: Annotated[Literal["missing", "ignore", "breaching", "notBreaching"], NEUTRAL] = "notBreaching"
    """What a period without data counts as; CloudWatch's own default is ``missing``."""
    metric_delay: Annotated[
        int,
        duration(0, 59 * NS_PER_S, "a datapoint is evaluated before the next"),
        ours(
            "delay of CloudWatch's metrics for alarms",
            "from the end of a period until an alarm sees its datapoint; AWS does not publish it",
            low="0s",
            high="59s",
        ),
    ] = 30 * NS_PER_S
    """From the end of a period until its datapoint is evaluated."""


class Warmer(ConfigTable):
    """``[warmer.NAME]``: scheduled pings that keep a number of environments of a function warm."""

    function: str
    """Name of the function, or of a version or alias such as ``checkout:live``."""
    environments: Annotated[int, whole(0, 10_000), NEUTRAL] = 1
    """How many pings are sent at once, and so how many environments they keep; with 0 there are none."""
    every: Annotated[PositiveDuration, NEUTRAL] = 300_000_000_000
    """Time between two rounds of pings."""
    duration: Annotated[PositiveDuration, NEUTRAL] = 50_000_000
    """How long the handler holds its environment at a ping, so that the next ping finds another one."""
