"""``client = {...}``: how patient the caller of a synchronous request is."""

from typing import Annotated, Literal

from lambdasim.config.quantity import BackoffText, Table, whole


class Client(Table):
    """How the caller retries a throttled request: an SDK's ``mode``, or ``retries`` with a ``backoff``."""

    mode: Literal["none", "legacy", "standard", "standard-2020"] | None = None
    """Retry mode of AWS's SDKs (``standard`` is that of botocore since 1.44, ``standard-2020`` the one before)."""
    max_attempts: Annotated[int, whole(1, 100)] | None = None
    """Attempts in all, the first included; None: the mode's own."""
    retries: Annotated[int, whole(0, 100)] | None = None
    """Attempts after the first."""
    backoff: BackoffText | None = None
    clients: Annotated[int, whole(1, 1_000_000)] = 1
    """Processes that send the requests in turn, each with its own retry quota."""
