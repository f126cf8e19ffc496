"""A bill over time: each of its lines, spread over the periods in which what it charges was used.

Minimum charges, tiers and the free tier belong to a whole bill; they are spread in proportion to use, so that the
amounts of all periods sum to the bill.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lambdasim.cost.bill import BillLine
from lambdasim.cost.price_book import PriceBook
from lambdasim.usage import PeriodUse


def cost_over_time(
    lines: Sequence[BillLine], book: PriceBook, owners: Sequence[str], uses: Sequence[PeriodUse]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return what each owner (by its place in ``owners``) was charged in each period: owner, period, USD,
    in order of both.

    An item that was charged although no period tells of its use is in the first one.
    """
    place = {name: i for i, name in enumerate(owners)}
    charged: dict[str, NDArray[np.float64]] = {}
    for line in lines:
        if line.usd:
            usd = charged.setdefault(line.of, np.zeros(len(owners)))
            usd[place[line.function]] += float(line.usd)
    periods = max((int(use.period.max(initial=0)) for use in uses), default=0) + 1
    charges: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
    for name, usd in charged.items():
        known = [use for use in uses if use.item in (name, book.items[name].extra)]
        used = np.zeros(len(owners))
        for use in known:
            np.add.at(used, use.owner, use.amount)
        rate = np.divide(usd, used, out=np.zeros(len(owners)), where=used > 0)
        for use in known:
            amount = use.amount * rate[use.owner]
            some = np.flatnonzero(amount > 0)
            charges.append((use.owner[some] * periods + use.period[some], amount[some]))
        unseen = np.flatnonzero((used <= 0) & (usd > 0))
        charges.append((unseen * periods, usd[unseen]))
    every = np.sort(
        np.concatenate([np.zeros(0, np.int64), *(keys for keys, _ in charges)]), kind="stable"
    )  # of few ascending runs
    keys = every[np.diff(every, prepend=-1) > 0]
    total = np.zeros(len(keys))
    for own, amount in charges:
        if np.array_equal(own, keys):  # as most are
            total += amount
        else:
            np.add.at(total, np.searchsorted(keys, own), amount)
    return keys // periods, keys % periods, total
