"""Bills: the quantities that functions used, priced line by line as a person would do it on paper.

A bill knows quantities and prices; it does not know how a run came by them. On every line quantity x unit price is
the amount, and the lines sum to the total, both exactly.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import islice
from typing import Any

from lambdasim.cost.charges import (
    STEPS,
    Amounts,
    BillLine,
    Charge,
    Rate,
    amounts_of,
    lines_of,
    rows,
    together,
    told_of,
    usd,
)
from lambdasim.cost.month import Month
from lambdasim.cost.price_book import Evidence, Item, PriceBook, Tier
from lambdasim.cost.quantities import Used
from lambdasim.cost.tiers import proportional_parts, tiered_parts
from lambdasim.garbage import uncollected
from lambdasim.units import NS_PER_S
from lambdasim.usage import FunctionUsage, SourceUsage


@dataclass(frozen=True)
class Bill:
    """What a run cost, and what a month of it costs.

    ``names`` are those of functions and event sources, more than once where one was updated to other code. ``charges``
    take the run as all that the account used in its month; those of ``monthly_charges`` (None where there is no month)
    are of quantities scaled first, so that free tier and tiers meet a month's. ``published`` is the date of the prices,
    ``services`` says whether other services' charges are on the bill, ``period_ns`` how often the month holds the run,
    ``longer_ns`` what it is for functions whose own work takes longer.
    """

    region: str
    published: str
    currency: str
    names: Sequence[str]
    charges: Sequence[Charge]
    monthly_charges: Sequence[Charge] | None
    period_ns: int | None
    services: bool
    notes: tuple[str, ...]
    longer_ns: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def lines(self) -> tuple[BillLine, ...]:
        """The charges of the run one by one, function by function."""
        return tuple(rows(self.names, self.charges, lines_of))

    @cached_property
    def month(self) -> tuple[BillLine, ...] | None:
        """Those of the month; None where there is none."""
        return None if self.monthly_charges is None else tuple(rows(self.names, self.monthly_charges, lines_of))

    @property
    def total(self) -> Decimal:
        """USD of the run."""
        return usd(self.amounts.total)

    @property
    def monthly(self) -> Decimal | None:
        """USD of a month."""
        return None if self.amounts.monthly is None else usd(self.amounts.monthly)

    @cached_property
    def amounts(self) -> Amounts:
        """Those of the account."""
        return together((self.nothing, *self.owners.values()))

    @property
    def nothing(self) -> Amounts:
        """The amounts of who is charged nothing."""
        return Amounts() if self.monthly_charges is None else Amounts(monthly=0, uncertain_monthly=0)

    @cached_property
    def owners(self) -> dict[str, Amounts]:
        """The amounts of each function and event source; they sum to the account's."""
        totals, uncertain = amounts_of(self.charges, len(self.names))
        months, uncertain_months = amounts_of(self.monthly_charges, len(self.names))
        found: dict[str, Amounts] = {}
        for name, *own in zip(self.names, totals, months, uncertain, uncertain_months, strict=True):
            found[name] = Amounts(*own) if name not in found else together((found[name], Amounts(*own)))
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the ``cost`` object of ``summary.json``."""
        month = self.monthly_charges
        return {
            **self.amounts.to_dict(),
            "period_s": None if self.period_ns is None else self.period_ns / NS_PER_S,
            **({"longer_s": {name: ns / NS_PER_S for name, ns in self.longer_ns.items()}} if self.longer_ns else {}),
            "sources": self.services,
            "currency": self.currency,
            "region": self.region,
            "prices_effective": self.published,
            "lines": rows(self.names, self.charges, told_of),
            "month": None if month is None else rows(self.names, month, told_of),
            "notes": list(self.notes),
        }


@uncollected
def bill(
    usages: Sequence[FunctionUsage],
    book: PriceBook,
    *,
    free_tier: bool,
    month: Month,
    sources: Sequence[SourceUsage] = (),
    services: bool = True,
) -> Bill:
    """Return the bill of ``usages``, and of event ``sources``, which a ``month`` holds as often as it says.

    Lines of a source have its name in place of a function's. Without ``services`` there are only Lambda's own lines.

    Free tier and tiers are shared in proportion to use (:mod:`lambdasim.cost.tiers`); the part of a function that the
    free tier pays is a line of its own at a price of 0. Items of quantity 0 have no line. Raises InputError for extras
    that the price book does not know or does not sell for an architecture.
    """
    if not services:
        book = replace(book, items={name: item for name, item in book.items.items() if item.service is None})
    of_sources = [FunctionUsage(one.source, extras=one.quantities, timed_ns=one.timed_ns) for one in sources]
    used = Used.of([*usages, *of_sources])
    charges, scaled = _charges(used, book, free_tier, services), None
    if month.period_ns is not None:
        whose = [*(usage.part_of or usage.function for usage in usages), *(one.function for one in sources)]
        scaled = _charges(used.month(list(map(month.of, whose)), _by_extra(book)), book, free_tier, services)
    notes = ["the free tier is applied as if nothing else in the account used it this month"] if free_tier else []
    uncertain = [
        line
        for every in (charges, scaled or ())
        for line in rows(used.function, [one for one in every if one.rate.is_uncertain and one.rate.amount], lines_of)
    ]
    notes += [*month.notes, *_price_notes(book, usages, uncertain)]
    if not services:
        notes.append("what other services charge is not on the bill, for billing.sources is false")
    return Bill(
        book.region,
        book.published,
        book.currency,
        used.function,
        charges,
        scaled,
        month.period_ns,
        services,
        tuple(notes),
        month.longer_ns,
    )


def _charges(used: Used, book: PriceBook, free_tier: bool, services: bool) -> list[Charge]:
    """Return what is charged, in the order of items."""
    by_item = used.by_item(_by_extra(book), services)
    charges = [
        Charge(rate, [n for n, part in zip(members, parts, strict=True) if part], _steps(filter(None, parts), item.per))
        for item in book.items.values()
        for rate, members, parts in _of_item(item, by_item.get(item.name, ()), used, book, free_tier)
        if any(parts)
    ]
    return charges if len(set(used.function)) == len(used.function) else _together(charges, used.function)


def _by_extra(book: PriceBook) -> dict[str | None, Item]:
    """Return the items of a price book by the extra that they bill."""
    return {item.extra: item for item in book.items.values()}


def _of_item(
    item: Item, quantities: Sequence[int], used: Used, book: PriceBook, free_tier: bool
) -> Iterator[tuple[Rate, Sequence[int], Sequence[int]]]:
    """Yield what is charged for an item, price by price: the rate, who is charged, and how many base units each."""
    architectures = sorted({name for name, some in zip(used.architecture, quantities, strict=False) if some})
    if not architectures:
        return
    members = {name: [n for n, own in enumerate(used.architecture) if own == name] for name in architectures}
    tiers = {name: book.tiers(item.name, name) for name in architectures}
    free = min(sum(quantities), item.free) if free_tier else 0
    if free:
        parts = proportional_parts(quantities, free)
        quantities = [quantity - part for quantity, part in zip(quantities, parts, strict=True)]
        for name in architectures:
            nothing = replace(tiers[name][0], price=Decimal(0))
            yield _rate(item, "-free-tier", nothing), members[name], [parts[n] for n in members[name]]
    for sharing in [architectures] if item.shared else [[name] for name in architectures]:
        paid = [quantities[n] for name in sharing for n in members[name]]
        for number, shares in enumerate(tiered_parts(paid, [tier.up_to for tier in tiers[sharing[0]]])):
            left = iter(shares)
            for name in sharing:
                rate = _rate(item, f"-tier-{number + 1}" if number else "", tiers[name][number])
                yield rate, members[name], list(islice(left, len(members[name])))


def _rate(item: Item, suffix: str, tier: Tier) -> Rate:
    return Rate(f"{item.name}{suffix}", item.name, item.unit, tier.price, tier.evidence)


def _steps(amounts: Iterable[int], per: int) -> list[int]:
    """Return amounts in base units, ``per`` of which make one unit, in steps; to the nearest where it is none."""
    factor, rest = divmod(STEPS, per)
    return [amount * factor if not rest else round(Fraction(amount * STEPS, per)) for amount in amounts]


def _together(charges: Iterable[Charge], names: Sequence[str]) -> list[Charge]:
    """Return charges of one name at one rate as one, of its first place: it was updated to other code meanwhile."""
    found: dict[Rate, dict[str, tuple[int, int]]] = {}
    for rate, members, steps in charges:
        own = found.setdefault(rate, {})
        for n, more in zip(members, steps, strict=True):
            first, before = own.get(names[n], (n, 0))
            own[names[n]] = min(first, n), before + more
    return [Charge(rate, *map(list, zip(*sorted(own.values()), strict=True))) for rate, own in found.items()]


def _price_notes(book: PriceBook, usages: Sequence[FunctionUsage], lines: Sequence[BillLine]) -> Iterator[str]:
    """Yield what is to be said of prices in use, given the lines at uncertain ones."""
    architectures = {usage.function: usage.architecture for usage in usages}
    standing: dict[str, None] = {}
    uncertain: dict[Evidence, dict[str, None]] = {}
    for line in lines:
        architecture = architectures.get(line.function, "x86_64")
        tiers = book.tiers(line.of, architecture)
        if book.region != book.home and any(tier.stand_in and tier.evidence == line.evidence for tier in tiers):
            standing[f"{line.item} ({architecture})" if architecture != "x86_64" else line.item] = None
        else:
            uncertain.setdefault(line.evidence, {})[line.item] = None
    if (note := book.note()) is not None:
        yield note
    elif standing:
        yield (
            f"the price file of {book.published} has no price of {', '.join(standing)} in {book.region}; "
            f"{book.home}'s stand in"
        )
    for evidence, items in uncertain.items():
        plural = "prices" if len(items) > 1 else "price"
        yield f"uncertain {plural}: {', '.join(items)} ({evidence.text}, {evidence.date})"
