"""The ``[[load]]`` tables: who calls the functions, and when."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, model_validator

from lambdasim.config.call import Call
from lambdasim.config.client import Client
from lambdasim.config.evidence import NEUTRAL, neutral, ours
from lambdasim.config.quantity import (
    ConfigTable,
    Duration,
    PositiveDuration,
    Quantity,
    Rate,
    TimeDistribution,
    number,
    whole,
)
from lambdasim.units import parse_duration

TimeUnit = Literal["ns", "us", "ms", "s", "min", "h", "unix-s", "unix-ms"]
"""Of a column of a trace."""


class Trace(ConfigTable):
    """``trace = {...}``: a file of requests to replay."""

    model_config = ConfigDict(populate_by_name=True)

    file: str
    """CSV or Parquet file, or a log of AWS; gzip is allowed."""
    format: Literal[
        "events", "counts", "azure2019", "azure2021", "cloudwatch", "reports", "insights", "alb-log", "apigateway-log"
    ]
    """What the file holds: a row for each event, counts of periods, Azure's traces, or what AWS exports (metrics,
    REPORT lines, results of Logs Insights, access logs). Durations, inits and errors that ``events``, ``azure2021`` and
    ``reports`` have are replayed, in place of what is declared of the function."""
    unit: Annotated[TimeUnit, NEUTRAL] = "s"
    """Unit of the file's time columns; ``unix-s`` and ``unix-ms`` count from 1970, and the first row is time 0."""
    columns: Annotated[dict[str, str], Field(examples=[{"time": "@timestamp"}]), NEUTRAL] = Field(default_factory=dict)
    """What the file calls its columns ``time``, ``count``, ``function``, ``duration``, ``init`` and ``error``, as in
    ``{ time = "@timestamp" }``."""
    units: Annotated[dict[str, TimeUnit], Field(examples=[{"time": "unix-ms"}]), NEUTRAL] = Field(default_factory=dict)
    """Units of single columns, as in ``{ time = "unix-ms", duration = "ms" }``; others have ``unit``."""
    metric: str | None = None
    """Which metric of a file with several: its Id or Label (cloudwatch); None: its only one, or Invocations."""
    scale: Annotated[float, number(1e-6, 1e6), NEUTRAL] = 1.0
    """Requests for each request of the file."""
    speed: Annotated[float, number(1e-6, 1e6), NEUTRAL] = 1.0
    """How much faster than the file time passes."""
    within_bin: Annotated[
        Literal["poisson", "uniform", "even"],
        ours(
            "arrivals within a bin of a trace",
            "a count per minute does not say when in its minute a request came",
            even="even",
            poisson="poisson",
        ),
    ] = "poisson"
    """Where in its bin a counted request falls."""
    bin: PositiveDuration | None = None
    """Width of a bin in ns; None: from the file."""
    from_: Duration | None = Field(default=None, alias="from")
    """Start of the window of the file that is replayed, which is moved to time 0; None: the file's start."""
    until: Duration | None = None
    """End of that window; None: the file's end."""
    durations: str | None = None
    """File of the durations (azure2019)."""
    memory: str | None = None
    """File of the memory sizes (azure2019)."""

    decided_by = "format"

    def unused_keys(self) -> frozenset[str]:
        """Return the keys of other formats; Azure's say themselves how long a bin and a unit of time are."""
        companions, own = {"durations", "memory"}, {"unit", "units", "columns"}
        unused = {
            "events": companions | {"bin", "within_bin", "metric"},
            "counts": companions | {"metric"},
            "azure2019": own | {"bin", "metric"},
            "azure2021": companions | own | {"bin", "within_bin", "metric"},
            "cloudwatch": companions | own,
            "reports": companions | own | {"bin", "within_bin", "metric"},
            "insights": companions | {"unit", "units", "metric"},
            "alb-log": companions | own | {"bin", "within_bin", "metric"},
            "apigateway-log": companions | own | {"bin", "metric"},
        }
        return frozenset(unused[self.format])

    def named_columns(self) -> tuple[str, ...]:
        """Return the columns that ``columns`` may name."""
        return {
            "events": ("time", "function", "duration", "init", "error"),
            "counts": ("time", "count", "function"),
            "insights": ("time", "count", "function"),
        }.get(self.format, ())

    def unit_of(self, column: str) -> tuple[int, bool]:
        """Return the unit of a time column in ns, and whether its times count from 1970."""
        unit = self.units.get(column, self.unit)
        return parse_duration(f"1{unit.removeprefix('unix-')}"), unit.startswith("unix-")

    def reason_unused(self) -> str:
        """Return why."""
        return f"with the format '{self.format}'"


class Stage(ConfigTable):
    """One stage of a ramping load: the rate goes linearly to ``target`` in ``duration``."""

    duration: Duration
    """How long the ramp takes; 0: a jump."""
    target: Rate
    """Rate at its end."""


class Per(ConfigTable):
    """``per = {...}``: a load that follows the invocations of another source, function or load."""

    source: str
    """Name of the source, function or load whose invocations send its events."""
    on: Annotated[Literal["success", "failure", "any"], NEUTRAL] = "success"
    """After which of their ends."""
    count: Annotated[float, number(0, 100_000), NEUTRAL] = 1.0
    """Events for each of them; a fraction is the chance of one more."""
    max_rounds: Annotated[int, whole(1, 100_000)] | None = None
    """How often an event goes round a loop through this load at most, as its function sees to; None: no bound."""


@dataclass(frozen=True, slots=True)
class Executor:
    """The keys that one kind of load takes."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """Every key it takes."""
        return frozenset(self.required + self.optional)


EXECUTORS: Final = {
    "constant-arrival-rate": Executor(("rate", "duration"), ("process",)),
    "poisson": Executor(("rate", "duration")),
    "ramping-arrival-rate": Executor(("stages",), ("start_rate", "process")),
    "diurnal": Executor(("rate", "peak", "duration"), ("period", "peak_at", "process")),
    "bursty": Executor(("rates", "sojourns", "duration")),
    "spike": Executor(("rate", "spike_rate", "spike_at", "spike_duration", "duration"), ("process",)),
    "constant-vus": Executor(("vus", "duration"), ("think_time",)),
}
"""Kinds of load by name; a trace is none of them."""

EXECUTOR_KEYS: Final = frozenset(key for executor in EXECUTORS.values() for key in executor.keys)


def parse_process(value: object) -> str:
    """Return the arrival process ``poisson``, ``deterministic`` or ``gamma(cv=...)``; raises ``ValueError``."""
    if value in ("poisson", "deterministic"):
        return str(value)
    try:
        call = Call.parse(value) if isinstance(value, str) else None
        cv = float(call.bind("cv").get("cv", "nan")) if call is not None and call.name == "gamma" else float("nan")
    except ValueError:
        cv = float("nan")
    if not 0.01 <= cv <= 100:
        raise ValueError(f"{value!r} is not a process: poisson, deterministic or gamma(cv=0.01 to 100)"[:200])
    return f"gamma(cv={cv!r})"


ProcessText = Annotated[
    str,
    Quantity(
        parse_process,
        str,
        {"type": "string", "pattern": r"^(poisson|deterministic|gamma\(.*\))$", "examples": ["gamma(cv=2)"]},
    ),
]


class LoadConfig(ConfigTable):
    """``[[load]]``: requests over time. Rates are per second, times in ns; which keys apply is up to ``executor``."""

    name: Annotated[str, neutral("the target's name")] = ""
    """Unique; by default the target, then ``<target>-2`` and so on."""
    target: str | None = None
    """Function or source that is called; only a trace that names functions itself needs none."""
    client: Client | None = None
    """Retries of this load's caller; None: those of the source, or none."""
    start_time: Annotated[Duration, NEUTRAL] = 0
    """When the load begins, from the start of the experiment."""
    executor: (
        Literal[
            "constant-arrival-rate",
            "poisson",
            "ramping-arrival-rate",
            "diurnal",
            "bursty",
            "spike",
            "constant-vus",
        ]
        | None
    ) = None
    """None: the load is a trace, or follows others."""
    trace: Trace | None = None
    """Requests replayed from a file; None: the load has an executor, or follows others."""
    per: Per | None = None
    """Whom the load follows; None: it has an executor or a trace."""
    duration: PositiveDuration | None = None
    """How long the load lasts."""
    process: Annotated[ProcessText, NEUTRAL] = "poisson"
    """``poisson``, ``deterministic`` or ``gamma(cv=...)``: how arrivals scatter around the rate."""
    rate: Rate | None = None
    """The rate; for ``diurnal`` its mean, for ``spike`` the rate outside the spike."""
    start_rate: Annotated[Rate, NEUTRAL] = 0.0
    """Rate at which a ramp begins."""
    stages: tuple[Stage, ...] | None = None
    """The ramps of ``ramping-arrival-rate``, one after the other."""
    peak: Rate | None = None
    """Highest rate of the day, at most twice the mean: the rate is ``mean + (peak - mean) x cos``."""
    period: Annotated[PositiveDuration, NEUTRAL] = 86_400_000_000_000
    """Length of the day of ``diurnal``."""
    peak_at: Annotated[Duration | None, neutral("half of the period")] = None
    """When in the period the peak is; half of the period unless given."""
    rates: tuple[Rate, ...] | None = None
    """Rate of each state of a Markov-modulated Poisson process."""
    sojourns: tuple[PositiveDuration, ...] | None = None
    """Mean time in each state, exponentially distributed."""
    spike_rate: Rate | None = None
    """Rate during the spike."""
    spike_at: Duration | None = None
    """When the spike begins, from the start of the load."""
    spike_duration: PositiveDuration | None = None
    """How long the spike lasts."""
    vus: Annotated[int, whole(1, 100_000, "this simulator's own limit")] | None = None
    """Virtual users, each with one request at a time."""
    think_time: TimeDistribution | None = None
    """Pause of a virtual user after each answer; None: none."""

    decided_by = "executor"

    @model_validator(mode="after")
    def _fill(self) -> "LoadConfig":
        if self.executor == "diurnal" and self.peak_at is None:
            object.__setattr__(self, "peak_at", self.period // 2)
        return self

    @property
    def process_cv(self) -> float:
        """Coefficient of variation of the time between arrivals at a constant rate."""
        if self.process.startswith("gamma"):
            return float(self.process[len("gamma(cv=") : -1])
        return 1.0 if self.process == "poisson" else 0.0

    def unused_keys(self) -> frozenset[str]:
        """Return the keys of the other executors, for a trace those of all; none while it is neither."""
        if self.per is not None:
            return EXECUTOR_KEYS | {"start_time"}
        if self.executor is not None:
            return EXECUTOR_KEYS - EXECUTORS[self.executor].keys
        return EXECUTOR_KEYS if self.trace is not None else frozenset()

    def reason_unused(self) -> str:
        """Return why."""
        if self.per is not None:
            return "in a load that follows others"
        return f"with the executor '{self.executor}'" if self.executor is not None else "beside a trace"
