"""What a cold start consists of: ``[function.NAME.cold_start]``."""

from typing import Annotated, Final

from pydantic import StrictBool

from lambdasim.config.evidence import NEUTRAL, measured
from lambdasim.config.quantity import ConfigTable, Fraction, TimeDistribution, size, whole

ZIP_BYTES: Final = 250 << 20
IMAGE_BYTES: Final = 10 << 30
_PAGE: Final = "DG:gettingstarted-limits"
PackageSize = Annotated[int, size(0, IMAGE_BYTES, f"AWS's limit of an image, 10 GB: {_PAGE}")]
LayerSize = Annotated[int, size(0, ZIP_BYTES, f"AWS's limit of an unzipped package with its layers, 250 MB: {_PAGE}")]


class ColdStart(ConfigTable):
    """Parts of a cold start beside ``placement`` and ``init`` of the function."""

    package_size: PackageSize | None = None
    """Size of the package, unzipped."""
    layers: Annotated[tuple[LayerSize, ...], NEUTRAL] = ()
    """Size of each layer, unzipped; AWS allows five."""
    vpc: Annotated[StrictBool, NEUTRAL] = False
    """Whether the function is connected to a VPC."""
    extensions: Annotated[int, whole(0, 10), NEUTRAL] = 0
    """External extensions, whose init comes before the function's."""
    first_invocation: TimeDistribution | None = None
    """What the first invocation in an environment takes longer than others."""
    first_cpu_share: Annotated[Fraction, NEUTRAL] = 0.0
    """Part of that which is CPU work, and so scales with memory."""
    proactive: Annotated[
        Fraction,
        measured(
            "environments that are initialised ahead of their requests",
            "AWS says that it happens (DG:lambda-runtime-environment, 2026-11-23); 50 to 85 % of all initialisations "
            "(aaronstuyvenberg.com, 2023-07-13)",
            high=0.85,
        ),
    ] = 0.0
    """Share of environments that are initialised before a request needs them."""
