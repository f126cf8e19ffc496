"""The ``[function.NAME]`` table: what a function is, how long it takes, and how its environments live."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StrictBool, model_validator

from lambdasim.config import quotas
from lambdasim.config.anatomy import ColdStart
from lambdasim.config.downstream import Call, Use
from lambdasim.config.eras import IDLE_2025, IDLE_2025_EVIDENCE
from lambdasim.config.evidence import NEUTRAL, measured, official, ours
from lambdasim.config.families import parse_distribution
from lambdasim.config.idle import IdleTimeout, Lifetime, parse_idle_timeout
from lambdasim.config.limits import Concurrency, EphemeralSize, MemorySize, Timeout
from lambdasim.config.provisioned import Provisioned
from lambdasim.config.quantity import (
    Backoff,
    BackoffText,
    ConfigTable,
    Duration,
    Fraction,
    MemoryDistribution,
    TimeDistribution,
    duration,
    number,
    size,
    whole,
)
from lambdasim.config.version import Alias, FunctionVersion
from lambdasim.units import NS_PER_MS, NS_PER_S


class Asynchronous(ConfigTable):
    """``[function.NAME.async]``: how Lambda processes the events that invoke the function asynchronously."""

    maximum_retry_attempts: Annotated[
        int,
        whole(0, quotas.ASYNC_RETRIES.value, f"AWS's limits: {quotas.ASYNC_RETRIES.page}"),
        official(quotas.ASYNC_RETRIES.source),
    ] = quotas.ASYNC_RETRIES.value
    """Retries after function errors, 1 and 2 minutes later."""
    maximum_event_age: Annotated[
        int,
        duration(
            quotas.ASYNC_AGE_MIN.value, quotas.ASYNC_AGE.value, f"AWS's limits: {quotas.ASYNC_AGE.page}", NS_PER_S
        ),
        official(quotas.ASYNC_AGE.source),
    ] = quotas.ASYNC_AGE.value
    """How old an event may become before it is given up."""
    on_failure: str | None = None
    """Destination of events that are given up: the name of a source or function, or of something outside. Where a
    change sets another one, or "none", it counts for what is given up from then on."""
    on_success: str | None = None
    """Destination of the results of events that were processed."""
    dead_letter_queue: str | None = None
    """Dead-letter queue of the function."""
    dequeue_latency: Annotated[
        Duration,
        measured(
            "dwell time of async events",
            "X-Ray's example of a Dwell Time, DG22:services-xray, 2026-11-23",
            low="5ms",
            high="500ms",
        ),
    ] = 45 * NS_PER_MS
    """From the acceptance of an event to its first attempt (X-Ray's example of a Dwell Time, DG22:services-xray)."""
    backoff: Annotated[
        BackoffText,
        ours(
            "back-off of async events",
            "AWS, DG:invocation-async-error-handling, 2026-11-23; its jitter: our model",
            no_jitter="exponential(base=1s, max=5min, jitter=none)",
        ),
    ] = Backoff.parse("exponential(base=1s, max=5min, jitter=full)")
    """Wait after a throttle, scattered by half to either side (DG:invocation-async-error-handling; our jitter)."""
    delivery_failures: Annotated[Fraction, NEUTRAL] = 0.0
    """Fraction of events that the destination or dead-letter queue does not take."""
    duplicates: Annotated[
        Fraction,
        ours(
            "async events that run twice",
            "AWS says that it may happen (DG:invocation-async-error-handling, 2026-11-23), not how often",
            high=0.001,
        ),
    ] = 0.0
    """Fraction of events that are processed twice: the queue is eventually consistent (same page)."""


class FunctionConfig(ConfigTable):
    """``[function.NAME]``. Times are in ns, memory in MB, fractions from 0 to 1."""

    runtime: str | None = None
    """Such as ``python3.13``: brings a cold-start profile when ``init`` is absent."""
    package: Annotated[Literal["zip", "image"], official("AWS, API CreateFunction, 2026-11-23")] = "zip"
    """How the code is deployed: a zip archive or a container image."""
    architecture: Annotated[Literal["x86_64", "arm64"], official("AWS, API CreateFunction, 2026-11-23")] = "x86_64"
    """Instruction set; arm64 costs less for each GB-second."""
    memory: Annotated[MemorySize, official(quotas.MEMORY_MIN.source)] = quotas.MEMORY_MIN.value
    """Memory of an execution environment; its share of CPU grows with it, to one vCPU at 1,769 MB."""
    timeout: Annotated[Timeout, official(quotas.TIMEOUT_DEFAULT.source)] = quotas.TIMEOUT_DEFAULT.value
    """Longest handler time; what runs longer is stopped, and counts as an error."""
    duration: TimeDistribution
    """Handler time in a warm environment."""
    duration_memory: MemorySize | None = None
    """Memory at which ``duration`` was measured; None: at ``memory``."""
    cpu_share: Annotated[Fraction, NEUTRAL] = 0.0
    """Part of the duration that is CPU work, and so scales with memory."""
    threads: Annotated[int, whole(1, 64), NEUTRAL] = 1
    """Threads the CPU work can use."""
    memory_used: MemoryDistribution | None = None
    """Memory an invocation needs; more than ``memory`` is out of memory. None: never out of memory."""
    init: TimeDistribution | None = None
    """Init Duration, the extra time of a cold start; None: from the profile of ``runtime``."""
    placement: Annotated[
        TimeDistribution | None,
        ours(
            "placement before init",
            "no REPORT line shows it; for a small zip a median of 110 ms (mikhail.io, 2021-01, less its Init Duration)",
            low="constant(0s)",
            high="lognormal(p50=220ms, p99=500ms)",
        ),
    ] = None
    """Time to place and download before init, which no REPORT line shows; None: from the profile, or none."""
    suppressed_init_slowdown: Annotated[
        float,
        number(1, 100),
        ours(
            "an init that is run again",
            "inside an invocation it lacks the CPU of the init phase; by how much AWS does not say",
            low=1.0,
            high=3.0,
        ),
    ] = 1.0
    """How much longer an init takes when it runs again inside an invocation, without the CPU burst of init."""
    errors: Annotated[Fraction, NEUTRAL] = 0.0
    """Fraction of invocations whose handler returns an error."""
    crashes: Annotated[Fraction, NEUTRAL] = 0.0
    """Fraction of invocations in which the runtime exits, so that the environment is reset."""
    reserved_concurrency: Concurrency | None = None
    """Concurrency that only this function has, and its ceiling; None: it shares the account's."""
    provisioned: Provisioned | None = None
    """Execution environments kept initialised; None: there are none."""
    snapstart: Annotated[StrictBool, official("AWS, API CreateFunction, 2026-11-23")] = False
    """Whether environments are restored from a snapshot of the published version instead of initialised."""
    version: dict[str, FunctionVersion] = Field(default_factory=dict)
    """Published versions by their numbers; what one does not name is the function's."""
    alias: dict[str, Alias] = Field(default_factory=dict)
    """Aliases by name, each of one version or two."""
    cold_start: ColdStart | None = None
    """What a cold start consists of beside ``placement`` and ``init``."""
    idle_timeout: Annotated[IdleTimeout, IDLE_2025_EVIDENCE] = parse_idle_timeout(IDLE_2025)
    """How long an environment stays idle before it is removed, of which AWS promises nothing. A table tells lone and
    surplus environments apart: with expiry "together" all of a function end once none was in use for the lone time,
    with "halves" half of them do, and half of the rest after as long again; until then each has the surplus one."""
    max_lifetime: Annotated[
        Lifetime,
        ours(
            "longest life of an environment",
            'our model of "every few hours", DG:lambda-runtime-environment, 2026-11-23',
            low="lognormal(p50=1h, p99=5h)",
            high="none",
        ),
    ] = parse_distribution("lognormal(p50=2.1h, p99=10h)")
    """How long an environment lives at most, or "none" ("every few hours": DG:lambda-runtime-environment). One of
    provisioned concurrency is replaced then, as soon as it is idle, by one that was initialised before; that init is
    billed (DG:provisioned-concurrency, 2026-11-23)."""
    reuse: Annotated[
        Literal["most-recent", "least-recent", "random", "newest-created"],
        ours(
            "which idle environment is reused",
            "AWS does not say; experiments are consistent with the most recent",
            least_recent="least-recent",
            random="random",
        ),
    ] = "most-recent"
    """Which idle environment a request is given; AWS does not say."""
    ephemeral_storage: Annotated[EphemeralSize, official(quotas.EPHEMERAL_MIN.source)] = quotas.EPHEMERAL_MIN.value
    """Size of /tmp."""
    logs: Annotated[int, size(0, 1 << 30, "this simulator's own limit"), NEUTRAL] = 0
    """Bytes that the handler writes to its log at each invocation, besides the platform's own lines."""
    recursive_loop: Annotated[
        Literal["terminate", "allow"], official("AWS, API PutFunctionRecursionConfig, 2026-11-23")
    ] = "terminate"
    """Whether AWS stops an event that has gone round a loop through the function about 16 times."""
    per_record: Annotated[Duration, NEUTRAL] = 0
    """What each record of a batch adds to the duration, at ``duration_memory``."""
    uses: Annotated[tuple[Use, ...], NEUTRAL] = ()
    """Downstreams that each invocation uses."""
    calls: Annotated[tuple[Call, ...], NEUTRAL] = ()
    """Other functions that the handler calls and waits for."""
    async_: Asynchronous = Field(default_factory=Asynchronous, alias="async")
    """How events that invoke it asynchronously are processed."""

    model_config = ConfigDict(populate_by_name=True)

    @model_validator(mode="after")
    def _fill(self) -> "FunctionConfig":
        if self.snapstart and self.cold_start is None:  # so that what is assumed of restores is seen
            object.__setattr__(self, "cold_start", ColdStart())
        return self
