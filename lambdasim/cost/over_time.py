"""A bill over time: each of its lines, spread over the periods in which what it charges was used.

Minimum charges, tiers and the free tier belong to a whole bill; they are spread in proportion to use, so that the
amounts of all periods sum to the bill.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambdasim.cost.bill import Bill
from lambdasim.cost.charges import USD
from lambdasim.cost.price_book import PriceBook
from lambdasim.usage import PeriodUse


def cost_over_time(
    bill: Bill, book: PriceBook, owners: Sequence[str], uses: Sequence[PeriodUse]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return what each owner (by its place in ``owners``) was charged in each period: owner, period, USD,
    in order of both.

    An item that was charged although no period tells of its use is in the first one.
    """
    numbers = {name: i for i, name in enumerate(owners)}
    place = np.array([numbers[name] for name in bill.names], np.int64)
    charged: dict[str, NDArray[np.float64]] = {}
    first: dict[str, int] = {}
    for rate, members, steps in bill.charges:
        if rate.amount:
            usd = charged.setdefault(rate.of, np.zeros(len(owners)))
            np.add.at(usd, place[members], [own * rate.amount / USD for own in steps])
            first[rate.of] = min(members[0], first.get(rate.of, members[0]))
    different = {(id(use.owner), id(use.period)): use for use in uses}  # several are of the same owners and periods
    keys_of = {key: use.period * len(owners) + use.owner for key, use in different.items()}
    charges: list[tuple[NDArray[np.int64], NDArray[Any]]] = []
    for name in sorted(charged, key=lambda name: first[name]):  # as lines are added up
        usd = charged[name]
        known = [use for use in uses if use.item in (name, book.items[name].extra)]
        used = np.zeros(len(owners))
        for use in known:
            used += np.bincount(use.owner, use.amount, len(owners))
        rate_of = np.divide(usd, used, out=np.zeros(len(owners)), where=used > 0)
        charges += [(keys_of[id(use.owner), id(use.period)], use.amount * rate_of.take(use.owner)) for use in known]
        unseen = np.flatnonzero((used <= 0) & (usd > 0))
        charges.append((unseen, usd[unseen]))
    keys = _distinct([own for own, _ in charges])
    total = np.zeros(len(keys))
    for own, amount in charges:
        if np.array_equal(own, keys):  # as most are
            total += amount
        else:
            np.add.at(total, np.searchsorted(keys, own), amount)
    if not total.all():
        keys, total = keys[total > 0], total[total > 0]
    period = keys // max(len(owners), 1)
    owner = keys - period * len(owners)  # in half the time of a remainder
    order = np.argsort(owner.astype(np.uint16 if len(owners) <= 1 << 16 else np.int64), kind="stable")
    return owner.take(order), period.take(order), total.take(order)


def _distinct(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return all keys in some arrays, ascending."""
    different = {id(keys): keys for keys in parts if len(keys)}
    keys = np.concatenate([np.zeros(0, np.int64), *different.values()])
    if (keys[1:] > keys[:-1]).all():
        return keys
    keys = np.sort(keys, kind="stable")  # of few ascending runs
    return keys[np.diff(keys, prepend=-1) > 0]
