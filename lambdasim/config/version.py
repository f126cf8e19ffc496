"""Published versions of a function (``[function.NAME.version.N]``), and aliases of them."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from lambdasim.config.anatomy import ColdStart
from lambdasim.config.downstream import Call, Use
from lambdasim.config.evidence import NEUTRAL
from lambdasim.config.limits import EphemeralSize, MemorySize, Timeout
from lambdasim.config.provisioned import Provisioned
from lambdasim.config.quantity import (
    ConfigTable,
    Duration,
    Fraction,
    MemoryDistribution,
    TimeDistribution,
    size,
    whole,
)


class FunctionVersion(ConfigTable):
    """A published version: where it differs from its function."""

    runtime: str | None = None
    """Its runtime."""
    package: Literal["zip", "image"] | None = None
    """Its kind of package."""
    architecture: Literal["x86_64", "arm64"] | None = None
    """Its architecture."""
    memory: MemorySize | None = None
    """Its memory."""
    timeout: Timeout | None = None
    """Its timeout."""
    duration: TimeDistribution | None = None
    """Its handler time in a warm environment."""
    duration_memory: MemorySize | None = None
    """Memory at which its duration was measured."""
    cpu_share: Fraction | None = None
    """Part of its duration that is CPU work."""
    threads: Annotated[int, whole(1, 64)] | None = None
    """Threads its CPU work can use."""
    memory_used: MemoryDistribution | None = None
    """Memory that one of its invocations needs."""
    init: TimeDistribution | None = None
    """Its Init Duration."""
    placement: TimeDistribution | None = None
    """Its time of placement before init."""
    cold_start: ColdStart | None = None
    """What its cold starts consist of beside ``placement`` and ``init``, such as its package and layers."""
    errors: Fraction | None = None
    """Share of its invocations that return an error."""
    crashes: Fraction | None = None
    """Share of its invocations in which the runtime exits."""
    ephemeral_storage: EphemeralSize | None = None
    """Its size of /tmp."""
    logs: Annotated[int, size(0, 1 << 30, "this simulator's own limit")] | None = None
    """Bytes that its handler writes to its log at each invocation."""
    per_record: Duration | None = None
    """What each record of a batch adds to its duration."""
    uses: tuple[Use, ...] | None = None
    """Downstreams that each of its invocations uses."""
    calls: tuple[Call, ...] | None = None
    """Other functions that its handler calls and waits for."""
    snapstart: StrictBool | None = None
    """Whether it starts from a snapshot."""
    provisioned: Provisioned | None = None
    """Its provisioned concurrency."""


class Alias(ConfigTable):
    """An alias: the version that its requests go to, or two with their weights."""

    weights: Annotated[dict[str, Fraction], Field(examples=[{"1": 0.9, "2": 0.1}]), NEUTRAL]
    """Share of the requests by version; the shares add up to 1."""
    provisioned: Provisioned | None = None
    """Provisioned concurrency of the version that the alias leads to."""
