"""``type = "invoke"``: a direct synchronous call, as of an SDK."""

from typing import Literal

from lambdasim.config.client import Client
from lambdasim.config.sources.base import SourceTable


class Invoke(SourceTable):
    """``[source.NAME]`` with ``type = "invoke"``."""

    type: Literal["invoke"]
    """``invoke``: a synchronous call, as of an SDK."""
    client: Client | None = None

    def caller(self) -> Client | None:
        """Return how the caller retries."""
        return self.client
