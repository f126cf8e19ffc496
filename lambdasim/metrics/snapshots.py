"""What SnapStart charges for: the memory of restored environments, and the time for which a snapshot is kept.

Functions of a managed runtime of Java pay for neither (AWS Lambda pricing, 2026).
"""

import numpy as np

from lambdasim.metrics import timeline
from lambdasim.metrics.ledger import Ledger
from lambdasim.units import NS_PER_MS
from lambdasim.usage import PeriodUse

RESTORED_MB, CACHED_MS = "snapstart-restore-mb", "snapstart-cache-ms"


def extras(ledger: Ledger, function: int) -> dict[str, int]:
    """Return what a function that pays used over a run, by the price book's names for extras."""
    amounts = {use.item: int(use.amount[use.owner == function].sum()) for use in uses(ledger)}
    return amounts | {CACHED_MS: kept_ms(ledger)}


def kept_ms(ledger: Ledger) -> int:
    """Return for how long a snapshot is kept: from the beginning of a run to its end, and so with every environment."""
    return ledger.end_ns // NS_PER_MS


def uses(ledger: Ledger) -> list[PeriodUse]:
    """Return the same over time, of all functions; none where nobody pays."""
    paying = np.flatnonzero([function.snapstart == "paid" for function in ledger.functions])
    if not len(paying):
        return []
    memory_mb = np.array([function.memory_mb for function in ledger.functions])
    restores = timeline.events(ledger, "restores")
    own, period = np.divmod(restores.keys, ledger.periods)
    paid = np.isin(own, paying)
    restored_mb = (restores["restores"] * memory_mb[own])[paid].astype(np.float64)
    everywhere = np.repeat(paying, ledger.periods), np.tile(np.arange(ledger.periods), len(paying))
    kept_ms = np.tile(ledger.span_ns() / NS_PER_MS, len(paying))
    return [PeriodUse(RESTORED_MB, own[paid], period[paid], restored_mb), PeriodUse(CACHED_MS, *everywhere, kept_ms)]
