"""How an account's free quantity and tiers are shared among its functions: exactly, in integers.

AWS applies both to the sum over an account and does not say which function they fall to. Here every function gets
its proportional part, so that no order of functions decides who is cheap.
"""

from collections.abc import Sequence


def proportional_parts(quantities: Sequence[int], amount: int) -> list[int]:
    """Split ``amount`` (0 .. their sum) in proportion to ``quantities``; the parts sum to it exactly.

    No part is larger than its quantity, and each is within one base unit of its exact share.
    """
    total = sum(quantities)
    if not amount:
        return [0] * len(quantities)
    if amount == total:
        return list(quantities)
    parts, seen, given = [], 0, 0
    for quantity in quantities:
        seen += quantity
        upto = seen * amount // total
        parts.append(upto - given)
        given = upto
    return parts


def tiered_parts(quantities: Sequence[int], limits: Sequence[int | None]) -> list[list[int]]:
    """Split quantities by tier: one list for each tier, in which every function has its proportional part.

    ``limits`` are the tiers' upper ends, rising; the last is ``None``. Each function's parts sum to its quantity.
    """
    remaining = list(quantities)
    lower = 0
    tiers = []
    for limit in limits:
        left = sum(remaining)
        parts = proportional_parts(remaining, left if limit is None else min(left, limit - lower))
        if left:
            remaining = [quantity - part for quantity, part in zip(remaining, parts, strict=True)]
        lower = limit or lower
        tiers.append(parts)
    return tiers
