"""The tables in which the compiled loop counts: of fixed size, and small enough to stay in the processor's caches.

Groups and pages are numbered in the order in which they appear; hash tables of those numbers (open addressing) find
them by their keys. A page holds the counts of neighbouring keys. Data only; numpy only.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.metrics.cells import Int64
from lambdasim.metrics.tally import code_of
from lambdasim.model.events import StartKind, Status

GROUP_BITS: Final = 14
GROUPS: Final = 1 << GROUP_BITS
PAGE_BITS: Final = 5
"""A page holds the counts of so many bits' worth of keys."""
PAGE_INDEX_BITS: Final = 15
PAGES: Final = 1 << PAGE_INDEX_BITS

BOTH, DURATION, LATENCY_WARM, LATENCY_COLD, INIT, ATTEMPT = range(6)
"""What is counted in a group: values of four kinds, by bin, and attempts, by code. ``BOTH`` is a value that is the
duration as well as the latency, as nearly every warm start's is: it is counted once for the two."""
SAMPLED: Final = 5
KIND_BITS: Final = 3
"""A count's key is ``(group << KIND_BITS | kind) << CODE_BITS | bin or code``."""

USUAL: Final = int(code_of(Status.SUCCESS, 0, StartKind.WARM, 0, 0, 1, 0, 0))  # type: ignore[no-untyped-call]
"""The code of nearly every attempt: a warm success at once. It is counted in its group."""

HIGH, LOW, LARGEST, SMALLEST = range(4)
"""A kind's moments in a group: the sum of its values, in two parts as in ``Histograms``, and their extremes."""

GROUP: Final = np.dtype(
    [
        (name, np.int64)
        for name in (
            "key",  # (cell << 1 | measured) << 1 | arrived after the warm-up
            "usual",  # attempts of the code `USUAL`
            # the executions that began here
            "executions",
            "busy_ns", "billed_ms", "provisioned_billed_ms",
            "function_concurrency", "provisioned_concurrency", "environments",
            "account_concurrency", "unreserved_concurrency", "claimed_concurrency",
            "cold_ns",
            # changes of `Occupancy`: how many, and their sums
            "changes", "enter", "part", "at_warmup", "before_ns",
            "provisioned_changes", "provisioned_enter", "provisioned_part",
            "provisioned_at_warmup", "provisioned_before_ns",
        )
    ]
)  # fmt: skip
"""All that is summed of the attempts of one function and load that arrive in one period; zero in the beginning."""

LOOP: Final = np.dtype(
    [
        (name, np.int64)
        for name in ("groups", "pages", "in_flight", "area_high", "area_low", "sojourn_high", "sojourn_low")
    ]
)
"""How many groups and pages there are, how many rows were left out because they are in flight, and the sums over all
rows that no period has."""


class Tables(NamedTuple):
    """All that the loop writes."""

    loop: NDArray[Any]
    """One record."""
    group_index: NDArray[np.int32]
    """The number of a group, by the hash of its key; -1 for none."""
    groups: NDArray[Any]
    moments: Int64
    """(group, kind, moment)"""
    page_index: Int64
    page_keys: Int64
    """By page: the upper bits of its counts' keys."""
    counts: NDArray[np.int32]
    """(page, lower bits of the key)"""


NO_VALUE: Final = (1 << 63) - 1
"""The smallest of no values."""


def empty() -> Tables:
    """Return tables with nothing in them."""
    tables = Tables(
        loop=np.zeros(1, LOOP),
        group_index=np.full(2 * GROUPS, -1, np.int32),
        groups=np.zeros(GROUPS, GROUP),
        moments=np.zeros((GROUPS, SAMPLED, 4), np.int64),
        page_index=np.full(2 * PAGES, -1, np.int64),
        page_keys=np.zeros(PAGES, np.int64),
        counts=np.zeros((PAGES, 1 << PAGE_BITS), np.int32),
    )
    tables.moments[:, :, SMALLEST] = NO_VALUE
    return tables


def clear(tables: Tables) -> None:
    """Forget everything that was counted."""
    groups, pages = int(tables.loop["groups"][0]), int(tables.loop["pages"][0])
    tables.group_index.fill(-1)
    tables.groups[:groups] = np.zeros((), GROUP)
    tables.moments[:groups] = 0
    tables.moments[:groups, :, SMALLEST] = NO_VALUE
    tables.page_index.fill(-1)
    tables.counts[:pages] = 0
    tables.loop[0] = np.zeros((), LOOP)
