"""Bills: the quantities that functions used, priced line by line as a person would do it on paper.

A bill knows quantities and prices; it does not know how a run came by them. On every line quantity x unit price is
the amount, and the lines sum to the total, both exactly.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from typing import Any, Final, NamedTuple

from lambdasim.cost.price_book import Item, PriceBook, Tier
from lambdasim.cost.tiers import proportional_parts, tiered_parts
from lambdasim.errors import InputError
from lambdasim.usage import FunctionUsage, SourceUsage, Span

MONTH_NS: Final = 730 * 3_600 * 1_000_000_000
"""A month of 730 hours, as AWS's Pricing Calculator has it (2026)."""

PROVISIONED_STEP_NS: Final = 300 * 1_000_000_000
"""Provisioned concurrency bills in steps of 5 minutes, rounded up (AWS Lambda pricing, 2026)."""

FREE_EPHEMERAL_MB: Final = 512
"""Ephemeral storage included in the price of duration (AWS Lambda pricing, 2026)."""

EXACT: Final = Context(prec=60)
QUANTITY_STEP: Final = Decimal("1e-13")
"""One MB-ms is 9.765625e-7 GB-s, which has 13 decimals; only units that no decimal holds are rounded to this."""


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line: ``usd`` is ``quantity`` (in ``unit``) times ``unit_price``, exactly."""

    function: str
    """Or event source."""
    item: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    usd: Decimal


@dataclass(frozen=True, slots=True)
class Bill:
    """What a span of time cost, and what a month at the same rates would cost.

    ``total`` takes the span as all that the account used in its month; ``monthly`` scales the quantities to 730
    hours first, so free tier and tiers meet a month's quantities. ``published`` is the date of the prices.
    """

    region: str
    published: str
    currency: str
    lines: tuple[BillLine, ...]
    total: Decimal
    monthly: Decimal
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the ``cost`` object of ``summary.json``; amounts are floats, whole quantities integers."""
        return {
            "total": float(self.total),
            "monthly": float(self.monthly),
            "currency": self.currency,
            "region": self.region,
            "prices_effective": self.published,
            "lines": [
                {
                    "function": line.function,
                    "item": line.item,
                    "quantity": int(line.quantity) if line.quantity == int(line.quantity) else float(line.quantity),
                    "unit": line.unit,
                    "unit_price": float(line.unit_price),
                    "usd": float(line.usd),
                }
                for line in self.lines
            ],
            "notes": list(self.notes),
        }


class CostRates(NamedTuple):
    """USD per unit of what a period counts, to multiply with its integers."""

    request: float
    billed_ms: float
    provisioned_billed_ms: float
    provisioned_ns: float
    """Of each environment's worth of provisioned concurrency that is configured."""


def bill(
    usages: Sequence[FunctionUsage],
    book: PriceBook,
    *,
    free_tier: bool,
    span_ns: int,
    sources: Sequence[SourceUsage] = (),
) -> Bill:
    """Return the bill of ``usages``, which cover ``span_ns`` nanoseconds, and of event ``sources``.

    Lines of a source have its name in place of a function's.

    Free tier and tiers are shared in proportion to use (:mod:`lambdasim.cost.tiers`); the part of a function that the
    free tier pays is a line of its own at a price of 0. Items of quantity 0 have no line. Raises InputError for extras
    that the price book does not know or does not sell for an architecture, and ValueError for a span that is not
    positive.
    """
    if span_ns <= 0:
        raise ValueError(f"a bill needs a span longer than {span_ns} ns")
    usages = [*usages, *(FunctionUsage(one.source, extras=one.quantities) for one in sources)]
    lines, notes = _lines(usages, book, free_tier)
    month, month_notes = _lines([_scaled(usage, span_ns) for usage in usages], book, free_tier)
    if free_tier:
        notes.insert(0, "the free tier is applied as if nothing else in the account used it this month")
    return Bill(
        book.region,
        book.published,
        book.currency,
        tuple(lines),
        _sum(lines),
        _sum(month),
        tuple(dict.fromkeys(notes + month_notes)),
    )


def cost_rates(usage: FunctionUsage, book: PriceBook) -> CostRates:
    """Return what one function's requests, billed ms and provisioned time cost, for a series over time.

    These are first-tier prices without free tier and without rounding of provisioned time: those belong to totals
    only, so a series sums to the bill's total where none of them applies. Of ``usage`` only the configuration counts.
    """
    prices = {
        name: float(book.unit_price(name, usage.architecture)) / book.items[name].per
        for name in ("requests", "duration", "provisioned-concurrency", "provisioned-duration", "ephemeral-storage")
    }
    storage = max(0, usage.ephemeral_mb - FREE_EPHEMERAL_MB) * prices["ephemeral-storage"]
    return CostRates(
        prices["requests"],
        usage.memory_mb * prices["duration"] + storage,
        usage.memory_mb * prices["provisioned-duration"] + storage,
        usage.memory_mb * prices["provisioned-concurrency"] / 1_000_000,
    )


def _base_quantities(usage: FunctionUsage, book: PriceBook, extra_items: dict[str | None, Item]) -> dict[str, int]:
    """Return what one function used of each item, in base units."""
    steps = sum(span.concurrency * -(-span.lasted_ns // PROVISIONED_STEP_NS) for span in usage.provisioned)
    storage_mb = max(0, usage.ephemeral_mb - FREE_EPHEMERAL_MB)
    quantities = {
        "requests": usage.requests,
        "duration": usage.billed_ms * usage.memory_mb,
        "provisioned-concurrency": steps * (PROVISIONED_STEP_NS // 1_000_000) * usage.memory_mb,
        "provisioned-duration": usage.provisioned_billed_ms * usage.memory_mb,
        "ephemeral-storage": (usage.billed_ms + usage.provisioned_billed_ms) * storage_mb,
    }
    for name, amount in usage.extras.items():
        item = extra_items.get(name)
        if item is None:
            known = ", ".join(str(extra) for extra in extra_items if extra)
            raise InputError.single(f"{usage.function}: nothing is billed by '{name}' (known: {known})")
        billed = max(amount, item.minimum) if amount else 0
        quantities[item.name] = quantities.get(item.name, 0) + billed * (usage.memory_mb if item.times_memory else 1)
    return quantities


def _lines(usages: Sequence[FunctionUsage], book: PriceBook, free_tier: bool) -> tuple[list[BillLine], list[str]]:
    """Return the lines, function by function in the order of ``usages``, and a note for each stand-in price in use."""
    extra_items = {item.extra: item for item in book.items.values()}
    used = [_base_quantities(usage, book, extra_items) for usage in usages]
    by_function: list[list[BillLine]] = [[] for _ in usages]
    notes: dict[tuple[str, str], str] = {}
    for item in book.items.values():
        quantities = [quantity.get(item.name, 0) for quantity in used]
        total = sum(quantities)
        if not total:
            continue
        free = proportional_parts(quantities, min(total, item.free) if free_tier else 0)
        paid = [quantity - part for quantity, part in zip(quantities, free, strict=True)]
        for n, part in enumerate(free):
            if part:
                by_function[n].append(_line(usages[n].function, f"{item.name}-free-tier", item, part, Decimal(0)))
        for n, name, tier, part in _tiered(item, usages, paid, book):
            by_function[n].append(_line(usages[n].function, name, item, part, tier.price))
            place = name, usages[n].architecture
            if tier.stand_in and place not in notes:
                notes[place] = _stand_in_note(book, *place, item, tier)
    return [line for lines in by_function for line in lines], list(notes.values())


def _tiered(
    item: Item, usages: Sequence[FunctionUsage], paid: Sequence[int], book: PriceBook
) -> Iterator[tuple[int, str, Tier, int]]:
    """Yield (index of the usage, name on the bill, tier, quantity) of what is paid for an item, tier by tier."""
    for architecture in sorted({usage.architecture for usage, part in zip(usages, paid, strict=True) if part}):
        members = [n for n, usage in enumerate(usages) if usage.architecture == architecture and paid[n]]
        tiers = book.tiers(item.name, architecture)
        shares = tiered_parts([paid[n] for n in members], [tier.up_to for tier in tiers])
        for number, (tier, parts) in enumerate(zip(tiers, shares, strict=True), start=1):
            name = item.name if number == 1 else f"{item.name}-tier-{number}"
            yield from ((n, name, tier, part) for n, part in zip(members, parts, strict=True) if part)


def _line(function: str, name: str, item: Item, base: int, price: Decimal) -> BillLine:
    whole, rest = divmod(base, item.per)
    quantity = EXACT.quantize(EXACT.divide(Decimal(base), Decimal(item.per)), QUANTITY_STEP) if rest else Decimal(whole)
    return BillLine(function, name, quantity, item.unit, price, EXACT.multiply(quantity, price))


def _stand_in_note(book: PriceBook, name: str, architecture: str, item: Item, tier: Tier) -> str:
    return (
        f"the price file of {book.published} has no price of {name} ({architecture}) in {book.region}; "
        f"{tier.price:f} {book.currency} per {item.unit} stands in"
    )


def _sum(lines: Sequence[BillLine]) -> Decimal:
    total = Decimal(0)
    for line in lines:
        total = EXACT.add(total, line.usd)
    return total


def _scaled(usage: FunctionUsage, span_ns: int) -> FunctionUsage:
    """Return the usage of a month at the rates of a span, each quantity rounded to a whole number of its own unit."""

    def month(amount: int) -> int:
        return (2 * amount * MONTH_NS + span_ns) // (2 * span_ns)

    return replace(
        usage,
        requests=month(usage.requests),
        billed_ms=month(usage.billed_ms),
        provisioned_billed_ms=month(usage.provisioned_billed_ms),
        provisioned=tuple(Span(span.concurrency, month(span.lasted_ns)) for span in usage.provisioned),
        extras={name: month(amount) for name, amount in usage.extras.items()},
    )
