"""``client = {...}``: how patient the caller of a synchronous request is, and how insistent."""

from typing import Annotated, Literal

from lambdasim.config.evidence import NEUTRAL
from lambdasim.config.quantity import BackoffText, ConfigTable, PositiveDuration, whole


class Client(ConfigTable):
    """How the caller retries: by an SDK's ``mode``, or ``retries`` times with a ``backoff``."""

    mode: Literal["none", "legacy", "standard", "standard-2020"] | None = None
    """Retry mode of AWS's SDKs (``standard`` is that of botocore since 1.44, ``standard-2020`` the one before)."""
    max_attempts: Annotated[int, whole(1, 100)] | None = None
    """Attempts in all, the first included; None: the mode's own."""
    retries: Annotated[int, whole(0, 100)] | None = None
    """Attempts after the first."""
    backoff: BackoffText | None = None
    """Wait before each retry, where ``retries`` are given."""
    timeout: PositiveDuration | None = None
    """How long it waits for an answer before it gives up or tries again, while the function runs on; None: until there
    is one. Only clients of a source can be late."""
    retry_on: tuple[Literal["429", "5xx", "timeout"], ...] | None = None
    """After what it retries; None: after all of them."""
    clients: Annotated[int, whole(1, 1_000_000), NEUTRAL] = 1
    """Processes that send the requests in turn, each with its own retry quota."""

    @property
    def is_impatient(self) -> bool:
        """Whether what it sees may differ from what becomes of its request, so that it must be told with a source."""
        return self.timeout is not None or self.retry_on is not None
