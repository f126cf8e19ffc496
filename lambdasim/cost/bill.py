"""Bills: the quantities that functions used, priced line by line as a person would do it on paper.

A bill knows quantities and prices; it does not know how a run came by them. On every line quantity x unit price is
the amount, and the lines sum to the total, both exactly.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

from lambdasim.cost.month import Month
from lambdasim.cost.price_book import Evidence, Item, PriceBook, Tier
from lambdasim.cost.tiers import proportional_parts, tiered_parts
from lambdasim.errors import InputError
from lambdasim.garbage import uncollected
from lambdasim.units import NS_PER_MONTH, NS_PER_S
from lambdasim.usage import FunctionUsage, SourceUsage, Span

PROVISIONED_STEP_NS: Final = 300 * 1_000_000_000
"""Provisioned concurrency bills in steps of 5 minutes, rounded up (AWS Lambda pricing, 2026)."""

FREE_EPHEMERAL_MB: Final = 512
"""Ephemeral storage included in the price of duration (AWS Lambda pricing, 2026)."""

EXACT: Final = Context(prec=60)
NOTHING: Final = (Decimal(0), Decimal(0))
STEP_DECIMALS: Final = 13
STEPS: Final = 10**STEP_DECIMALS
QUANTITY_STEP: Final = Decimal(1).scaleb(-STEP_DECIMALS)
"""One MB-ms is 9.765625e-7 GB-s, which has 13 decimals; only units that no decimal holds are rounded to this."""


class BillLine(NamedTuple):
    """One line: ``usd`` is ``quantity`` (in ``unit``) times ``unit_price``, exactly."""

    function: str
    """Or event source."""
    item: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    usd: Decimal
    of: str
    """Name of the item in the price book; ``item`` also tells tiers and the free tier apart."""
    evidence: Evidence

    def to_dict(self) -> dict[str, Any]:
        """Return the line in plain values; amounts are floats, whole quantities integers."""
        whole = int(self.quantity)
        return {
            "function": self.function,
            "item": self.item,
            "quantity": whole if whole == self.quantity else float(self.quantity),
            "unit": self.unit,
            "unit_price": _float(self.unit_price),
            "usd": float(self.usd),
            "source": self.evidence.text,
            "date": self.evidence.date,
            "certainty": self.evidence.certainty,
        }


@lru_cache(1_024)  # many lines have few prices
def _float(price: Decimal) -> float:
    return float(price)


@dataclass(frozen=True, slots=True)
class Amounts:
    """What the run cost and what a month costs, and how much of both is at uncertain prices; USD."""

    total: Decimal = Decimal(0)
    monthly: Decimal | None = None
    """None without a month."""
    uncertain: Decimal = Decimal(0)
    uncertain_monthly: Decimal | None = None

    def to_dict(self) -> dict[str, float | None]:
        """Return the amounts as floats."""
        return {
            "total": float(self.total),
            "monthly": None if self.monthly is None else float(self.monthly),
            "uncertain": float(self.uncertain),
            "uncertain_monthly": None if self.uncertain_monthly is None else float(self.uncertain_monthly),
        }


def together(every: Iterable[Amounts]) -> Amounts:
    """Return the sum of amounts; of a month where all have one."""
    found = list(every)
    months = [own.monthly for own in found], [own.uncertain_monthly for own in found]
    monthly, uncertain = (
        None if None in month else sum((own for own in month if own is not None), Decimal(0)) for month in months
    )
    total = sum((own.total for own in found), Decimal(0))
    return Amounts(total, monthly, sum((own.uncertain for own in found), Decimal(0)), uncertain)


@dataclass(frozen=True)
class Bill:
    """What a run cost, and what a month of it costs.

    ``lines`` take the run as all that the account used in its month; those of ``month`` (None where there is none) are
    of quantities scaled first, so that free tier and tiers meet a month's. ``published`` is the date of the prices,
    ``services`` says whether other services' charges are on the bill, ``period_ns`` how often the month holds the run.
    """

    region: str
    published: str
    currency: str
    lines: tuple[BillLine, ...]
    month: tuple[BillLine, ...] | None
    period_ns: int | None
    services: bool
    notes: tuple[str, ...]

    @property
    def total(self) -> Decimal:
        """USD of the run."""
        return self.amounts.total

    @property
    def monthly(self) -> Decimal | None:
        """USD of a month."""
        return self.amounts.monthly

    @cached_property
    def amounts(self) -> Amounts:
        """Those of the account."""
        total, uncertain = _sums(self._by_owner.values())
        of_month = (None, None) if self._month_by_owner is None else _sums(self._month_by_owner.values())
        return Amounts(total, of_month[0], uncertain, of_month[1])

    @cached_property
    def owners(self) -> dict[str, Amounts]:
        """The amounts of each function and event source that has a line; they sum to the account's."""
        lines, month = self._by_owner, self._month_by_owner
        found = {}
        for owner in lines | (month or {}):
            total, uncertain = lines.get(owner, NOTHING)
            of_month = (None, None) if month is None else month.get(owner, NOTHING)
            found[owner] = Amounts(total, of_month[0], uncertain, of_month[1])
        return found

    @cached_property
    def _by_owner(self) -> dict[str, tuple[Decimal, Decimal]]:
        return _by_owner(self.lines)

    @cached_property
    def _month_by_owner(self) -> dict[str, tuple[Decimal, Decimal]] | None:
        return None if self.month is None else _by_owner(self.month)

    def to_dict(self) -> dict[str, Any]:
        """Return the ``cost`` object of ``summary.json``."""
        return {
            **self.amounts.to_dict(),
            "period_s": None if self.period_ns is None else self.period_ns / NS_PER_S,
            "sources": self.services,
            "currency": self.currency,
            "region": self.region,
            "prices_effective": self.published,
            "lines": [line.to_dict() for line in self.lines],
            "month": None if self.month is None else [line.to_dict() for line in self.month],
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
    every = [(usage, usage.part_of or usage.function) for usage in usages] + [
        (FunctionUsage(one.source, extras=one.quantities, timed_ns=one.timed_ns), one.function) for one in sources
    ]
    lines = _lines([usage for usage, _ in every], book, free_tier, services)
    scaled = None
    if month.period_ns is not None:
        extras = {item.extra: item for item in book.items.values()}
        monthly = [_monthly(usage, month.of(function), extras) for usage, function in every]
        scaled = tuple(_lines(monthly, book, free_tier, services))
    notes = ["the free tier is applied as if nothing else in the account used it this month"] if free_tier else []
    notes += [*month.notes, *_price_notes(book, usages, (*lines, *(scaled or ())))]
    if not services:
        notes.append("what other services charge is not on the bill, for billing.sources is false")
    return Bill(
        book.region, book.published, book.currency, tuple(lines), scaled, month.period_ns, services, tuple(notes)
    )


def _base_quantities(
    usages: Sequence[FunctionUsage], extra_items: Mapping[str | None, Item], services: bool
) -> dict[str, list[int]]:
    """Return what functions used of each item, in base units; extras that only other services bill may be there."""
    quantities = {
        "requests": [usage.requests for usage in usages],
        "duration": [usage.billed_ms * usage.memory_mb for usage in usages],
        "provisioned-concurrency": [_provisioned(usage) if usage.provisioned else 0 for usage in usages],
        "provisioned-duration": [usage.provisioned_billed_ms * usage.memory_mb for usage in usages],
        "ephemeral-storage": [
            (usage.billed_ms + usage.provisioned_billed_ms) * max(0, usage.ephemeral_mb - FREE_EPHEMERAL_MB)
            for usage in usages
        ],
    }
    for n, usage in enumerate(usages):
        for name, amount in usage.extras.items():
            item = extra_items.get(name)
            if item is None and not services:
                continue
            if item is None:
                known = ", ".join(str(extra) for extra in extra_items if extra)
                raise InputError.single(f"{usage.function}: nothing is billed by '{name}' (known: {known})")
            billed = max(amount, item.minimum) if amount else 0
            if item.name not in quantities:
                quantities[item.name] = [0] * len(usages)
            quantities[item.name][n] += billed * (usage.memory_mb if item.times_memory else 1)
    return quantities


def _provisioned(usage: FunctionUsage) -> int:
    """Return the MB-ms of provisioned concurrency, in whole steps."""
    steps = sum(span.concurrency * -(-span.lasted_ns // PROVISIONED_STEP_NS) for span in usage.provisioned)
    return steps * (PROVISIONED_STEP_NS // 1_000_000) * usage.memory_mb


def _lines(usages: Sequence[FunctionUsage], book: PriceBook, free_tier: bool, services: bool) -> list[BillLine]:
    """Return the lines, function by function in the order of ``usages``."""
    used = _base_quantities(usages, {item.extra: item for item in book.items.values()}, services)
    by_function: list[list[BillLine]] = [[] for _ in usages]
    for item in book.items.values():
        quantities = used.get(item.name, ())
        total = sum(quantities)
        if not total:
            continue
        free = proportional_parts(quantities, min(total, item.free) if free_tier else 0)
        paid = [quantity - part for quantity, part in zip(quantities, free, strict=True)]
        for n, part in enumerate(free):
            if part:
                tier = replace(book.tiers(item.name, usages[n].architecture)[0], price=Decimal(0))
                by_function[n].append(_line(usages[n].function, f"{item.name}-free-tier", item, part, tier))
        for n, name, tier, part in _tiered(item, usages, paid, book):
            by_function[n].append(_line(usages[n].function, name, item, part, tier))
    lines = [line for lines in by_function for line in lines]
    return lines if len({usage.function for usage in usages}) == len(usages) else _together(lines)


def _together(lines: Sequence[BillLine]) -> list[BillLine]:
    """Return lines of one function and price as one: it was updated to other code meanwhile."""
    found: dict[tuple[str, str, Decimal, Evidence], BillLine] = {}
    for line in lines:
        key = line.function, line.item, line.unit_price, line.evidence
        same = found.get(key)
        if same is not None:
            quantity, usd = EXACT.add(same.quantity, line.quantity), EXACT.add(same.usd, line.usd)
            line = line._replace(quantity=quantity, usd=usd)
        found[key] = line
    return list(found.values())


def _tiered(
    item: Item, usages: Sequence[FunctionUsage], paid: Sequence[int], book: PriceBook
) -> Iterator[tuple[int, str, Tier, int]]:
    """Yield (index of the usage, name on the bill, tier, quantity) of what is paid for an item, tier by tier."""
    paying = [n for n, part in enumerate(paid) if part]
    known = {name: book.tiers(item.name, name) for name in sorted({usages[n].architecture for n in paying})}
    together: dict[str, list[int]] = {}
    for n in sorted(paying, key=lambda n: usages[n].architecture):
        together.setdefault("" if item.shared else usages[n].architecture, []).append(n)
    for members in together.values():
        tiers = [known[usages[n].architecture] for n in members]
        shares = tiered_parts([paid[n] for n in members], [tier.up_to for tier in tiers[0]])
        for number, parts in enumerate(shares):
            name = item.name if not number else f"{item.name}-tier-{number + 1}"
            yield from (
                (n, name, own[number], part) for n, own, part in zip(members, tiers, parts, strict=True) if part
            )


def _line(function: str, name: str, item: Item, base: int, tier: Tier) -> BillLine:
    whole, rest = divmod(base, item.per)
    if not rest:
        quantity = Decimal(whole)
    else:
        steps, more = divmod(base * STEPS, item.per)
        quantity = Decimal(steps).scaleb(-STEP_DECIMALS, EXACT)
        if more:
            quantity = EXACT.quantize(EXACT.divide(Decimal(base), Decimal(item.per)), QUANTITY_STEP)
    usd = EXACT.multiply(quantity, tier.price)
    return BillLine(function, name, quantity, item.unit, tier.price, usd, item.name, tier.evidence)


def _price_notes(book: PriceBook, usages: Sequence[FunctionUsage], lines: Sequence[BillLine]) -> Iterator[str]:
    """Yield what is to be said of uncertain prices in use."""
    architectures = {usage.function: usage.architecture for usage in usages}
    standing: dict[str, None] = {}
    uncertain: dict[Evidence, dict[str, None]] = {}
    for line in lines:
        if line.evidence.certainty == "uncertain" and line.usd:
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


def _sums(amounts: Iterable[tuple[Decimal, Decimal]]) -> tuple[Decimal, Decimal]:
    """Return the sums of both parts of amounts, exactly."""
    total = uncertain = Decimal(0)
    for own, own_uncertain in amounts:
        total, uncertain = EXACT.add(total, own), EXACT.add(uncertain, own_uncertain)
    return total, uncertain


def _by_owner(lines: Iterable[BillLine]) -> dict[str, tuple[Decimal, Decimal]]:
    """Return USD of lines, and of those at uncertain prices, by function or event source."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for line in lines:
        total, uncertain = found.get(line.function, NOTHING)
        if line.evidence.certainty == "uncertain":
            uncertain = EXACT.add(uncertain, line.usd)
        found[line.function] = EXACT.add(total, line.usd), uncertain
    return found


def _monthly(usage: FunctionUsage, period_ns: int, extra_items: Mapping[str | None, Item]) -> FunctionUsage:
    """Return the usage of a month that holds a run once in ``period_ns``, in whole numbers of each quantity's unit.

    What is charged by time is there all month, at its mean over the time for which it was billed.
    """

    def month(amount: int, over_ns: int = period_ns) -> int:
        return (2 * amount * NS_PER_MONTH + over_ns) // (2 * over_ns)

    def is_timed(name: str) -> bool:
        item = extra_items.get(name)
        return item is not None and item.by_time

    return usage._replace(
        requests=month(usage.requests),
        billed_ms=month(usage.billed_ms),
        provisioned_billed_ms=month(usage.provisioned_billed_ms),
        provisioned=tuple(
            Span(span.concurrency, NS_PER_MONTH if span.stays else month(span.lasted_ns), span.stays)
            for span in usage.provisioned
        ),
        extras={
            name: month(amount, usage.timed_ns or period_ns) if is_timed(name) else month(amount)
            for name, amount in usage.extras.items()
        },
    )
