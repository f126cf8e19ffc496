"""Sources whose events invoke a function asynchronously: S3, SNS, EventBridge rules, and an SDK's ``Event`` calls."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final, Literal

from lambdasim.config import quotas
from lambdasim.config.distribution import Distribution
from lambdasim.config.evidence import NEUTRAL, by_type
from lambdasim.config.families import parse_distribution
from lambdasim.config.positions import Path
from lambdasim.config.quantity import Rate, TimeDistribution, size
from lambdasim.config.sources.base import SourceTable
from lambdasim.units import format_size

if TYPE_CHECKING:
    from lambdasim.config.function import FunctionConfig

LATENCIES: Final = {
    "async-invoke": None,
    "s3": parse_distribution("lognormal(p50=1s, p99=30s)"),
    "sns": parse_distribution("lognormal(p50=30ms, p99=300ms)"),
    "eventbridge": parse_distribution("lognormal(p50=300ms, p99=1s)"),
}
"""From an event to its acceptance by Lambda, unless the file says otherwise. Our models: AWS says no more than
"typically seconds, sometimes a minute or longer" of S3 (S3 User Guide, notifications, 2026), and nothing of the others.
"""

_RANGES: Final = {
    "s3": {"low": "constant(0s)", "high": "lognormal(p50=5s, p99=2min)"},
    "sns": {"low": "constant(0s)", "high": "lognormal(p50=150ms, p99=2s)"},
    "eventbridge": {"low": "constant(0s)", "high": "lognormal(p50=1s, p99=5s)"},
}

PayloadSize = Annotated[
    int, size(0, quotas.ASYNC_PAYLOAD.value, f"AWS's limit of asynchronous events: {quotas.ASYNC_PAYLOAD.page}")
]


class AsynchronousSource(SourceTable):
    """``[source.NAME]`` of one of these types; how Lambda retries is ``[function.NAME.async]``."""

    type: Literal["async-invoke", "s3", "sns", "eventbridge"]
    latency: Annotated[
        TimeDistribution | None,
        by_type(
            "latency of events",
            'our models: AWS says "typically seconds, sometimes a minute or longer" of S3 (S3 User Guide, '
            "notifications, 2026), nothing of the others",
            _RANGES,
        ),
    ] = None
    """Time from an event until Lambda has accepted it; None: our model of the type."""
    payload: Annotated[PayloadSize, NEUTRAL] = 1024
    """Size of an event, in bytes: above 256 KB an invocation is billed as several requests."""

    rate_limit: Annotated[Rate | None, NEUTRAL] = None
    """``async-invoke`` only: how many calls Lambda takes in each whole second, at least one; others get HTTP 429, and
    are lost. None: all (AWS documents no such quota of asynchronous invocation: DG:gettingstarted-limits, 2026)."""

    def unused_keys(self) -> frozenset[str]:
        """Return ``rate_limit`` for AWS's own sources, which are not metered."""
        return frozenset() if self.type == "async-invoke" else frozenset({"rate_limit"})

    def reason_unused(self) -> str:
        """Return why."""
        return "on AWS's own sources"

    def complaints(self, function: "FunctionConfig") -> Iterator[tuple[Path, str]]:
        """Yield what AWS refuses of a topic."""
        largest = quotas.SNS_PAYLOAD
        if self.type == "sns" and self.payload > largest.value:
            yield ("payload",), f"is above {format_size(largest.value)}, the {largest.meaning} ({largest.page})"

    def delay(self) -> Distribution | None:
        """Return the latency, or that of the type."""
        return self.latency or LATENCIES[self.type]
