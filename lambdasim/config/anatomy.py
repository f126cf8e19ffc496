"""What a cold start consists of: ``[function.NAME.cold_start]``."""

from typing import Annotated, Any, Final, Literal

from pydantic import StrictBool

from lambdasim.config.evidence import NEUTRAL, measured, ours
from lambdasim.config.families import parse_distribution, parse_time
from lambdasim.config.quantity import (
    ConfigTable,
    Duration,
    Fraction,
    Quantity,
    TimeDistribution,
    number,
    size,
    whole,
)
from lambdasim.units import NS_PER_MS, format_duration

ZIP_BYTES: Final = 250 << 20
IMAGE_BYTES: Final = 10 << 30
MOST_LAYERS: Final = 5
"""AWS's limits of a function's package: of a zip unzipped with its layers, of an image, and of layers
(DG:gettingstarted-limits, 2026-11-23)."""
_PAGE: Final = "DG:gettingstarted-limits"
PackageSize = Annotated[int, size(0, IMAGE_BYTES, f"AWS's limit of an image, 10 GB: {_PAGE}")]
LayerSize = Annotated[int, size(0, ZIP_BYTES, f"AWS's limit of an unzipped package with its layers, 250 MB: {_PAGE}")]

OF_RUNTIME: Final = "runtime"
_FIRST: Final = Quantity(
    lambda value: OF_RUNTIME if value == OF_RUNTIME else parse_time(value),
    lambda value: value if value == OF_RUNTIME else format_duration(value),
    {"type": "string", "examples": ["300ms", OF_RUNTIME]},
)


class ColdStart(ConfigTable):
    """Parts of a cold start beside ``placement`` and ``init`` of the function, each of which adds to one of these.

    An ``init`` that was measured on the function itself has its package, layers and extensions in it already.
    """

    package_size: PackageSize | None = None
    """Size of the package, unzipped; its loading adds ``load_per_mb`` to init."""
    layers: Annotated[tuple[LayerSize, ...], NEUTRAL] = ()
    """Size of each layer, unzipped; AWS allows five, which count as the package does."""
    load_per_mb: Annotated[
        Duration | None,
        measured(
            "what loading a package adds to init",
            "1.4 s for 14 MB, 3.6 s for 35 MB of zipped JavaScript (mikhail.io, 2021-01), about 100 ms for each MB, "
            "taken to be four unzipped; none for images, whose size had no effect (same page; arXiv 2305.13162, 2023)",
            low="0ms",
            high="100ms",
        ),
    ] = None
    """What each MB of package and layers adds to init; None: 25 ms of a zip, nothing of an image, which is loaded as it
    is read."""
    vpc: Annotated[StrictBool, NEUTRAL] = False
    """Whether the function is connected to a VPC, which adds ``vpc_delay`` to placement."""
    vpc_delay: Annotated[
        Duration,
        measured(
            "placement in a VPC",
            "a cold start creates no network interface since 2019-09 (AWS); 230 ms more in 2021-01 (mikhail.io), up to "
            "50 ms in later reports",
            high="230ms",
        ),
    ] = 0
    """What a VPC adds to placement."""
    extensions: Annotated[int, whole(0, 10), NEUTRAL] = 0
    """External extensions, whose init comes before the function's; each adds ``extension_init``."""
    extension_init: Annotated[
        Duration,
        ours(
            "init of an extension",
            "AWS's pages say that it is part of Init Duration (DG:lambda-runtime-environment, 2026-11-23), not how "
            "long it takes",
            low="10ms",
            high="300ms",
        ),
    ] = 50 * NS_PER_MS
    """What the init of each extension takes, one after the other."""
    first_invocation: Annotated[int | Literal["runtime"], _FIRST, NEUTRAL] = 0
    """What the first invocation in an environment takes longer than others, at ``duration_memory`` or else ``memory``;
    "runtime": what the runtime alone does, as measured at 128 to 1,024 MB."""
    first_cpu_share: Annotated[Fraction, NEUTRAL] = 0.0
    """Part of that which is CPU work, and so scales with memory: 1 for code that is compiled or interpreted at its
    first call (SeBS, Middleware 2021: ten times as long at 128 MB as at 1,280 MB)."""
    proactive: Annotated[
        Fraction,
        measured(
            "environments that are initialised ahead of their requests",
            "AWS says that it happens (DG:lambda-runtime-environment, 2026-11-23); 50 to 85 % of all initialisations "
            "(aaronstuyvenberg.com, 2023-07-13)",
            high=0.85,
        ),
    ] = 0.0
    """Share of environments that are initialised before a request needs them: it finds one warm, and its init is
    billed all the same."""
    restore: Annotated[
        TimeDistribution,
        measured(
            "restore from a snapshot",
            "REPORT lines of Java at 1 to 3 GB, 2023 to 2026: 282 to 790 ms with light state, 963 to 1,262 ms with "
            "heavy; of Python and .NET none are public",
            low="lognormal(p50=300ms, p99=680ms)",
            high="lognormal(p50=1.1s, p99=2.5s)",
        ),
    ] = parse_distribution("lognormal(p50=500ms, p99=1.13s)")
    """Restore Duration, with SnapStart, of a version that has been restored often."""
    restore_billed: Annotated[
        Fraction,
        measured(
            "billed part of a restore",
            "Billed Restore Duration beside Restore Duration in REPORT lines, 2023 to 2026: 5 to 60 %",
            low=0.05,
            high=0.6,
        ),
    ] = 0.3
    """Part of a restore that loads the runtime and runs hooks: it is billed, and limited to 10 s."""
    first_restores: Annotated[
        float,
        number(1, 10),
        measured(
            "first restores of a version",
            "Java 21, 1,024 MB: 2.1 s for the first ten cold starts of a version, 1.5 s later (2025); "
            "the snapshot is in caches by then",
            low=1.0,
            high=2.0,
        ),
    ] = 1.4
    """How many times as long the first ten restores of a version take; of later ones less and less."""

    def load_ns(self, package: str) -> int:
        """Return what loading the package and its layers adds to init."""
        each_ns = self.load_per_mb
        if each_ns is None:
            each_ns = 25 * NS_PER_MS if package == "zip" else 0
        return self.bytes * each_ns >> 20

    @property
    def bytes(self) -> int:
        """Size of the package with its layers."""
        return (self.package_size or 0) + sum(self.layers)


DEFAULT: Final[Any] = ColdStart()
"""What holds where a function has no such table."""
