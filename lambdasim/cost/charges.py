"""Charges: what is charged at one rate, by columns, and the lines and amounts that come of them.

Quantities and amounts are whole numbers, so that sums are exact in any order.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cached_property
from typing import Any, Final, NamedTuple, TypeVar

from lambdasim.cost.price_book import PRICE_DECIMALS, Evidence

T = TypeVar("T")

EXACT: Final = Context(prec=60)
STEP_DECIMALS: Final = 13
STEPS: Final = 10**STEP_DECIMALS
"""Quantities are whole numbers of so many in a unit. One MB-ms is 9.765625e-7 GB-s, which has 13 decimals; only units
that no decimal holds are rounded to that."""
USD_DECIMALS: Final = STEP_DECIMALS + PRICE_DECIMALS
USD: Final = 10**USD_DECIMALS
"""Amounts are whole numbers of so many in a USD: sums of them are exact, and faster than those of decimals."""


def usd(amount: int) -> Decimal:
    """Return an amount in USD."""
    return Decimal(amount).scaleb(-USD_DECIMALS, EXACT)


@dataclass(frozen=True)
class Rate:
    """What one thing costs on a bill: all that many lines have in common."""

    item: str
    """Tells tiers and the free tier apart too."""
    of: str
    """Name of the item in the price book."""
    unit: str
    unit_price: Decimal
    evidence: Evidence

    @cached_property
    def amount(self) -> int:
        """Of one of :data:`STEPS`."""
        return int(self.unit_price.scaleb(PRICE_DECIMALS, EXACT))

    @cached_property
    def is_uncertain(self) -> bool:
        """Whether nobody vouches for the price."""
        return self.evidence.certainty == "uncertain"


class BillLine(NamedTuple):
    """One line: ``usd`` is ``quantity`` (in the rate's ``unit``) times its ``unit_price``, exactly."""

    function: str
    """Or event source."""
    rate: Rate
    steps: int
    """The quantity, of which :data:`STEPS` make one unit."""

    @property
    def item(self) -> str:
        """What for."""
        return self.rate.item

    @property
    def of(self) -> str:
        """Name of the item in the price book."""
        return self.rate.of

    @property
    def quantity(self) -> Decimal:
        """How much, in the rate's unit."""
        return Decimal(self.steps).scaleb(-STEP_DECIMALS, EXACT)

    @property
    def unit_price(self) -> Decimal:
        """Of the rate, in USD."""
        return self.rate.unit_price

    @property
    def usd(self) -> Decimal:
        """The amount, in USD."""
        return usd(self.steps * self.rate.amount)

    @property
    def evidence(self) -> Evidence:
        """Of the rate."""
        return self.rate.evidence


class Charge(NamedTuple):
    """What is charged at one rate: columns of equal length."""

    rate: Rate
    members: Sequence[int]
    """Places among the names on a bill."""
    steps: Sequence[int]
    """The quantities, of which :data:`STEPS` make one unit."""


class Amounts(NamedTuple):
    """What the run cost and what a month costs, and how much of both is at uncertain prices; :data:`USD` make one."""

    total: int = 0
    monthly: int | None = None
    """None without a month."""
    uncertain: int = 0
    uncertain_monthly: int | None = None

    def to_dict(self) -> dict[str, float | None]:
        """Return the amounts in USD."""
        return {
            "total": self.total / USD,
            "monthly": None if self.monthly is None else self.monthly / USD,
            "uncertain": self.uncertain / USD,
            "uncertain_monthly": None if self.uncertain_monthly is None else self.uncertain_monthly / USD,
        }


def together(every: Iterable[Amounts]) -> Amounts:
    """Return the sum of amounts; of a month where all have one."""
    totals, months, uncertain, uncertain_months = zip(*every, strict=True)
    has_month = None not in months
    return Amounts(
        sum(totals),
        sum(months) if has_month else None,
        sum(uncertain),
        sum(uncertain_months) if has_month else None,
    )


def rows(names: Sequence[str], charges: Iterable[Charge], told: Callable[[Charge, Sequence[str]], list[T]]) -> list[T]:
    """Return a row for each one that is charged at each rate, one after another in the order of names.

    ``told`` are the rows of a charge.
    """
    by_name: list[list[T]] = [[] for _ in names]
    for charge in charges:
        for n, row in zip(charge.members, told(charge, names), strict=True):
            by_name[n].append(row)
    return [row for own in by_name for row in own]


def lines_of(charge: Charge, names: Sequence[str]) -> list[BillLine]:
    """Return the lines of a charge."""
    rate, members, steps = charge
    return [BillLine(names[n], rate, own) for n, own in zip(members, steps, strict=True)]


def told_of(charge: Charge, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the lines of a charge in plain values; amounts are floats, whole quantities integers."""
    rate, members, steps = charge
    item, unit, unit_price, amount = rate.item, rate.unit, float(rate.unit_price), rate.amount
    source, date, certainty = rate.evidence.text, rate.evidence.date, rate.evidence.certainty
    return [
        {
            "function": names[n],
            "item": item,
            "quantity": own / STEPS if own % STEPS else own // STEPS,
            "unit": unit,
            "unit_price": unit_price,
            "usd": own * amount / USD,
            "source": source,
            "date": date,
            "certainty": certainty,
        }
        for n, own in zip(members, steps, strict=True)
    ]


def amounts_of(charges: Iterable[Charge] | None, count: int) -> tuple[list[Any], list[Any]]:
    """Return the amount of each of ``count`` names, and what of it is at uncertain prices; None without a month."""
    if charges is None:
        return [None] * count, [None] * count
    totals, uncertain = [0] * count, [0] * count
    for rate, members, steps in charges:
        for n, own in zip(members, steps, strict=True):
            totals[n] += own * rate.amount
            if rate.is_uncertain:
                uncertain[n] += own * rate.amount
    return totals, uncertain
