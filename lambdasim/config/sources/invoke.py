"""``type = "invoke"``: a direct synchronous call, as of an SDK."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from lambdasim.config.client import Client
from lambdasim.config.distribution import Distribution
from lambdasim.config.positions import Path
from lambdasim.config.quantity import PositiveDuration, TimeDistribution
from lambdasim.config.sources.base import SourceTable

if TYPE_CHECKING:
    from lambdasim.config.function import FunctionConfig


class Invoke(SourceTable):
    """``[source.NAME]`` with ``type = "invoke"``."""

    type: Literal["invoke"]
    """``invoke``: a synchronous call, as of an SDK."""
    timeout: PositiveDuration | None = None
    """How long the client waits for an answer (boto3: 60 s) before it gives up or tries again, while the function runs
    on; None: as long as it takes."""
    latency: TimeDistribution | None = None
    """Time that the client's network adds before the function is invoked; None: none, as within a Region."""
    client: Client | None = None
    """How the caller retries, and how long it waits; None: it does neither."""

    @property
    def takes_events(self) -> bool:
        """Whether what its client sees may differ from what becomes of its request."""
        late = self.timeout is not None or self.latency is not None
        return late or (self.client is not None and self.client.is_impatient)

    def delay(self) -> Distribution | None:
        """Return the latency."""
        return self.latency

    def caller(self) -> Client | None:
        """Return how the caller retries."""
        return self.client

    def complaints(self, function: "FunctionConfig") -> Iterator[tuple[Path, str]]:
        """Yield a timeout that is given twice."""
        if self.timeout is not None and self.client is not None and self.client.timeout is not None:
            yield ("client", "timeout"), "is given twice; the source's own timeout is the client's too"
