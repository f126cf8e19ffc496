"""The experiment as a frozen value, one model for each table of the file; attribute names are the TOML keys.

Values are in base units: times in integer ns, memory in MB, rates per second, fractions from 0 to 1. A model
checks its own keys one by one; what needs two keys or two tables is checked in ``validate``.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, StrictBool, model_validator

from lambdasim.config import quotas
from lambdasim.config.answer import Asked
from lambdasim.config.call import shortened
from lambdasim.config.change import Alarm, Change, Fault, Warmer
from lambdasim.config.client import Client
from lambdasim.config.downstream import Downstream
from lambdasim.config.eras import ERAS, NEWEST
from lambdasim.config.evidence import NEUTRAL, neutral, official, ours
from lambdasim.config.function import Asynchronous, FunctionConfig
from lambdasim.config.idle import IdlePolicy
from lambdasim.config.limits import MAX_CONCURRENCY
from lambdasim.config.links import asynchronous, destination_functions
from lambdasim.config.month import Repeats
from lambdasim.config.provisioned import Provisioned
from lambdasim.config.qualifier import qualified
from lambdasim.config.quantity import (
    AlreadyRead,
    Backoff,
    ConfigTable,
    Duration,
    Instant,
    PositiveDuration,
    Quantity,
    Rate,
    duration,
    number,
    whole,
)
from lambdasim.config.replications import Replications
from lambdasim.config.slo import SloExpression, SloText
from lambdasim.config.source_kinds import DOWNSTREAM
from lambdasim.config.sources import AnySource, SourceTable
from lambdasim.config.sources.asynchronous import AsynchronousSource
from lambdasim.config.suggest import hint
from lambdasim.config.sweep import Optimize, Sweep
from lambdasim.config.template import TEMPLATE
from lambdasim.config.traffic import LoadConfig, Stage, Trace
from lambdasim.config.versions import qualifiers
from lambdasim.units import NS_PER_MIN, NS_PER_MS

__all__ = [
    "TEMPLATE",
    "Account",
    "ApiGateway",
    "Asked",
    "Asynchronous",
    "Backoff",
    "Billing",
    "Change",
    "Client",
    "ExperimentConfig",
    "FunctionConfig",
    "IdlePolicy",
    "LoadConfig",
    "Optimize",
    "Output",
    "Provisioned",
    "Scaling",
    "Simulation",
    "SloExpression",
    "SourceTable",
    "Stage",
    "Sweep",
    "Trace",
]


class Simulation(ConfigTable):
    """``[simulation]``: how long, how often, with which randomness and engine."""

    duration: PositiveDuration | None = None
    """When the simulation is cut; None: at the end of the loads, once everything in flight has ended."""
    warmup: Annotated[Duration, NEUTRAL] = 0
    """Time left out of statistics, though not of time series."""
    seed: Annotated[int, whole(0, 2**63 - 1), NEUTRAL] = 0
    """Seed of all random numbers; the same seed gives the same result."""
    replications: Annotated[Replications, NEUTRAL] = 1
    """How many, or a table that says until which precision."""
    confidence: Annotated[float, number(0.5, 0.9999), NEUTRAL] = 0.95
    """Confidence of intervals and verdicts, above 0.5 and below 1."""
    engine: Annotated[Literal["auto", "simpy", "compiled"], NEUTRAL] = "auto"
    """``auto`` takes the compiled engine where that pays; both give the same numbers. Kafka, Amazon MQ, DocumentDB,
    ``map`` and policies of your own are simulated by SimPy's alone."""
    start: Instant | None = None
    """Clock time of the start; UTC when the file gives no offset."""


class Scaling(ConfigTable):
    """``account.scaling``: how fast execution environments may be added."""

    policy: Annotated[
        Literal["per-function", "legacy-burst"], official("AWS since 2023-11-26, DG:scaling-behavior, 2026-11-23")
    ] = "per-function"
    """``per-function``: since November 2023. ``legacy-burst``: before, one budget for all functions of the account."""
    environments: Annotated[int, whole(1, MAX_CONCURRENCY), official(quotas.SCALING_ENVIRONMENTS.source)] = (
        quotas.SCALING_ENVIRONMENTS.value
    )
    """Execution environments that each function may add in ``per``, with the policy ``per-function``."""
    per: Annotated[PositiveDuration, official(quotas.SCALING_PERIOD.source)] = quotas.SCALING_PERIOD.value
    """Time in which ``environments`` may be added."""
    refill: Annotated[
        Literal["continuous", "step"] | None,
        ours(
            "refill of the scaling rate",
            'AWS says "best effort" and "continuously" (DG:scaling-behavior, 2026-11-23); the shape is not published',
            continuous="continuous",
            step="step",
        ),
    ] = None
    """How the budget comes back; by default ``continuous`` per function, ``step`` for the legacy burst."""
    burst: Annotated[Annotated[int, whole(1, MAX_CONCURRENCY)] | None, official(quotas.BURST_DEFAULT.source)] = None
    """Initial budget of ``legacy-burst``; by default that of the Region."""
    per_minute: Annotated[int, whole(1, MAX_CONCURRENCY), official(quotas.BURST_PER_MINUTE.source)] = (
        quotas.BURST_PER_MINUTE.value
    )
    """Environments that all functions together may add in a minute after the burst, with ``legacy-burst``."""

    decided_by = "policy"

    @model_validator(mode="after")
    def _fill(self) -> "Scaling":
        if self.refill is None:
            object.__setattr__(self, "refill", "continuous" if self.policy == "per-function" else "step")
        return self

    def unused_keys(self) -> frozenset[str]:
        """Return the keys of the other policy."""
        return frozenset({"burst", "per_minute"} if self.policy == "per-function" else {"environments", "per"})

    def reason_unused(self) -> str:
        """Return why."""
        return f"with the policy '{self.policy}'"


def _region(value: object) -> str:
    if value not in quotas.REGIONS:
        word = shortened(str(value))
        raise ValueError(f"unknown Region '{word}'; {hint(word, quotas.REGIONS, 'the Regions are')}")
    return str(value)


def _era(value: object) -> str:
    era = str(value) if isinstance(value, int) else value  # as 2020 is one where it has no quotes
    if era not in ERAS:
        raise ValueError(f"unknown value {shortened(repr(value))}; {hint(str(value), ERAS, 'the values are')}")
    return str(era)


class ApiGateway(ConfigTable):
    """``account.api_gateway``: the rate that all APIs of API Gateway of the account share."""

    rate_limit: Annotated[Rate, official(quotas.API_GATEWAY_RATE.source)] = float(quotas.API_GATEWAY_RATE.value)
    """Requests that API Gateway takes in a second, of all APIs of the account together."""
    burst_limit: Annotated[int, whole(1, 1_000_000), official(quotas.API_GATEWAY_BURST.source)] = (
        quotas.API_GATEWAY_BURST.value
    )
    """Requests that pass at once after a while without any."""


class Account(ConfigTable):
    """``[account]``: one AWS account in one Region."""

    era: Annotated[str, Quantity(_era, str, {"type": "string", "enum": list(ERAS)}), NEUTRAL] = NEWEST
    """Dated preset of the defaults of what AWS has changed or does not publish: idle timeouts, lifetimes, reuse,
    scaling of functions and queues, billing of init and rounding, network time of clients. Any key overrides it."""
    region: Annotated[str, Quantity(_region, str, {"enum": list(quotas.REGIONS)}), NEUTRAL] = "us-east-1"
    """AWS Region, which decides prices and the burst of ``legacy-burst``."""
    concurrency: Annotated[
        int, whole(1, MAX_CONCURRENCY, "this simulator's own limit"), official(quotas.ACCOUNT_CONCURRENCY.source)
    ] = quotas.ACCOUNT_CONCURRENCY.value
    """Account concurrency, AWS's quota of that name."""
    unreserved_minimum: Annotated[
        int, whole(0, MAX_CONCURRENCY, "this simulator's own limit"), official(quotas.UNRESERVED_MIN.source)
    ] = quotas.UNRESERVED_MIN.value
    """What AWS keeps unreserved of it; 10 or 50 were seen in accounts with small quotas."""
    scaling: Scaling = Field(default_factory=Scaling)
    """How fast execution environments may be added."""
    request_meter: Annotated[
        Literal["bucket", "second"],
        ours(
            "meter of requests per second",
            "AWS names the quota, ten times the concurrency (DG:gettingstarted-limits, 2026-11-23), and not how it is "
            "metered",
            bucket="bucket",
            second="second",
        ),
    ] = "bucket"
    """``bucket``: one second's quota, which refills steadily. ``second``: counted afresh in each whole second."""
    api_gateway: ApiGateway = Field(default_factory=ApiGateway)
    """The rate that all APIs of API Gateway of the account share."""
    free_tier: Annotated[StrictBool, NEUTRAL] = False
    """Whether the bill is reduced by the monthly free tier."""

    @model_validator(mode="after")
    def _fill(self) -> "Account":
        if self.scaling.burst is None:
            scaling = self.scaling.model_copy()
            object.__setattr__(scaling, "burst", quotas.initial_burst(self.region).value)
            object.__setattr__(self, "scaling", scaling)
        return self


RepeatsText = Annotated[
    Repeats,
    Quantity(
        Repeats.parse,
        lambda repeats: repeats.text,
        {
            "type": "string",
            "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*/\s*(min|h|d|day|week|month)\s*$",
            "examples": ["3/day"],
        },
    ),
]


class Billing(ConfigTable):
    """``[billing]``: which of AWS's billing rules hold, and how often a month holds the run."""

    init_policy: Annotated[
        Literal["2025-08", "legacy"], official("AWS since 2025-08-01, BLOG:init-phase-billing, 2026-11-23")
    ] = "2025-08"
    """``2025-08``: every init is billed. ``legacy``: not that of a zip with a managed runtime on demand."""
    timed_out_init: Annotated[
        StrictBool,
        ours(
            "bill of an init that timed out",
            "AWS does not say whether the first of two inits is billed",
            billed=True,
            not_billed=False,
        ),
    ] = True
    """Whether an init that fails before the first invocation is billed, on which AWS is silent."""
    rounding: Annotated[Literal["1ms", "100ms"], official("AWS since 2020-12-01, PRICE, 2026-11-23")] = "1ms"
    """What the Billed Duration is rounded up to."""
    sources: Annotated[StrictBool, NEUTRAL] = True
    """Whether the bill has what other services charge: logs, queues, gateways, streams, schedules, topics."""
    repeats: RepeatsText | None = None
    """How often a month holds this run; None: it is repeated without pause, as densely as its own peak allows."""

    @property
    def unit_ms(self) -> int:
        """What the Billed Duration is rounded up to, in ms."""
        return int(self.rounding.removesuffix("ms"))


def _folder(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError(f"{shortened(repr(value))} is not the name of a folder, such as 'runs'")
    return value


def _requests(value: object) -> str:
    match = re.fullmatch(r"sample\(\s*([0-9]{1,12})\s*\)", value, re.ASCII) if isinstance(value, str) else None
    if match is not None and int(match[1]) > 0:
        return f"sample({int(match[1])})"
    if value in ("none", "all"):
        return str(value)
    raise ValueError(f"{shortened(repr(value))} is not 'none', 'all' or a sample such as 'sample(100000)'")


class Output(ConfigTable):
    """``[output]``: what a run leaves."""

    dir: Annotated[str, Quantity(_folder, str, {"type": "string", "examples": ["runs"]}), NEUTRAL] = "runs"
    """Folder under which each run makes its own; relative to the working directory."""
    period: Annotated[int, duration(10 * NS_PER_MS), NEUTRAL] = NS_PER_MIN
    """Length of a period of the time series; by default shorter in runs of less than half an hour, so that the loads
    have 30 periods (but not below 10 s where a queue or stream may be worked on after them), and 1 h where the loads
    last more than 105 days."""
    requests: Annotated[
        str,
        Quantity(
            _requests,
            str,
            {"type": "string", "pattern": r"^(none|all|sample\([0-9]+\))$", "examples": ["sample(100000)"]},
        ),
        NEUTRAL,
    ] = "none"
    """Rows of ``requests.parquet`` and ``events.parquet``: ``none``, ``all`` or ``sample(N)``; with any of them
    ``environments.parquet`` has all execution environments."""
    series: Annotated[Literal["all", "account", "none"], NEUTRAL] = "all"
    """Whose series ``timeseries.csv`` holds: everybody's, only the account's, or there is no such file."""
    parquet: Annotated[StrictBool, NEUTRAL] = False
    """Whether the series are also written as ``timeseries.parquet``."""

    @property
    def sample_size(self) -> int | None:
        """N of ``sample(N)``, else None."""
        return int(self.requests[len("sample(") : -1]) if self.requests.startswith("sample") else None


class ExperimentConfig(ConfigTable):
    """A whole experiment."""

    name: Annotated[str, neutral("the file's name")] = "experiment"
    """Name of the experiment, and of the folder of its results."""
    question: str | None = None
    """What the experiment is to answer; it opens every report."""
    version: Annotated[int, whole(1, 1, "the version of the file format that this program reads"), NEUTRAL] = 1
    """Version of the file format."""
    simulation: Annotated[Simulation, AlreadyRead(Simulation)] = Field(default_factory=Simulation)
    """How long, how often, with which randomness and engine."""
    account: Annotated[Account, AlreadyRead(Account)] = Field(default_factory=Account)
    """The AWS account and Region whose quotas hold."""
    billing: Annotated[Billing, AlreadyRead(Billing)] = Field(default_factory=Billing)
    """Which billing rules hold, and how often a month holds the run."""
    function: dict[str, Annotated[FunctionConfig, AlreadyRead(FunctionConfig)]]
    """By name, in the order of the file; ``"*"`` is the base of the others, and the template of those of a trace."""
    source: dict[str, Annotated[AnySource, AlreadyRead(AnySource, "type")]] = Field(default_factory=dict)
    """Event sources by name; their keys depend on their ``type``."""
    downstream: dict[str, Annotated[Downstream, AlreadyRead(Downstream)]] = Field(default_factory=dict)
    """What functions depend on and Lambda does not scale, by name: databases, APIs of others."""
    load: Annotated[tuple[Annotated[LoadConfig, AlreadyRead(LoadConfig)], ...], NEUTRAL] = ()
    """There is at least one, unless a source makes events itself."""
    slo: dict[str, tuple[SloText, ...]] = Field(
        default_factory=dict, examples=[{"checkout.latency": ["p99 < 800ms"], "checkout.throttles": ["rate < 0.1%"]}]
    )
    """Objectives by path, such as ``checkout.latency``."""
    sweep: Annotated[Sweep, AlreadyRead(Sweep)] | None = None
    """Which values ``sweep`` tries."""
    optimize: Annotated[Optimize, AlreadyRead(Optimize)] | None = None
    """What ``optimize`` makes smallest, and over which values."""
    answer: Annotated[Asked, AlreadyRead(Asked)] | None = None
    """What the question asks for; None: the verdict is on the objectives alone."""
    output: Annotated[Output, AlreadyRead(Output)] = Field(default_factory=Output)
    """What a run leaves in its folder."""
    change: Annotated[tuple[Annotated[Change, AlreadyRead(Change)], ...], NEUTRAL] = ()
    """What is set, deployed or broken at a time."""
    alarm: dict[str, Annotated[Alarm, AlreadyRead(Alarm)]] = Field(default_factory=dict)
    """CloudWatch's alarms, by name."""
    warmer: dict[str, Annotated[Warmer, AlreadyRead(Warmer)]] = Field(default_factory=dict)
    """Scheduled pings that keep environments warm, by name."""

    _moments: tuple["Moment", ...] = PrivateAttr(())

    @property
    def asked(self) -> str | None:
        """The question in one line, however its file breaks it."""
        return None if self.question is None else " ".join(self.question.split())

    @property
    def moments(self) -> tuple["Moment", ...]:
        """When changes begin or end, in order of time, with what holds from then on."""
        return self._moments

    @property
    def highest_concurrency(self) -> int:
        """The account's quota of concurrency when it is highest."""
        return max(one.account.concurrency for one in (self, *(moment.config for moment in self._moments)))

    def of_changes(self, changes: Iterable[Change]) -> "ExperimentConfig":
        """Return the experiment with these of its changes alone, at whose moments it is as it is with all of them."""
        found = self.model_copy(update={"change": tuple(changes)})
        found.remember(self._moments)
        return found

    def remember(self, moments: tuple["Moment", ...]) -> None:
        """Keep what its changes come to; it follows from them."""
        self._moments = moments

    @property
    def callables(self) -> tuple[str, ...]:
        """Everything that is measured as a function is: functions, their versions and aliases."""
        own = (qualified(name, key) for name, function in self.function.items() for key in qualifiers(function))
        return (*self.function, *own)

    @property
    def types(self) -> dict[str, str]:
        """The type of each source and downstream, by name: it decides what can be measured of them."""
        types = {name: str(source.type) for name, source in self.source.items()}
        return types | dict.fromkeys(self.downstream, DOWNSTREAM)

    @property
    def event_sources(self) -> dict[str, SourceTable]:
        """The sources that take in events, by name; the others pass requests straight to their function.

        A function that is a destination is invoked asynchronously, as by a source that the file does not name.
        """
        taking: dict[str, SourceTable] = {name: own for name, own in self.source.items() if own.takes_events}
        return taking | {
            asynchronous(name): AsynchronousSource(type="async-invoke", function=name)
            for name in destination_functions(self)
        }


@dataclass(frozen=True, slots=True)
class Moment:
    """A time at which changes begin or end."""

    at_ns: int
    config: ExperimentConfig
    """The experiment as it is set from then on."""
    faults: tuple[Fault, ...]
    """What is broken from then on."""
