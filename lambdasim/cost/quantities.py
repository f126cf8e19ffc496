"""What is billed of each item, by columns: a number for each function and event source, in base units of the item.

The numbers are Python's integers, for a month's may be of any size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from lambdasim.cost.price_book import Item
from lambdasim.errors import InputError
from lambdasim.units import NS_PER_MONTH, NS_PER_MS
from lambdasim.usage import FunctionUsage, Span

PROVISIONED_STEP_NS: Final = 300 * 1_000_000_000
"""Provisioned concurrency bills in steps of 5 minutes, rounded up (AWS Lambda pricing, 2026)."""

FREE_EPHEMERAL_MB: Final = 512
"""Ephemeral storage included in the price of duration (AWS Lambda pricing, 2026)."""

Column = Sequence[int]


@dataclass(frozen=True, slots=True)
class Used:
    """Usages, field by field: see :class:`lambdasim.usage.FunctionUsage`."""

    function: Sequence[str]
    architecture: Sequence[str]
    memory_mb: Column
    ephemeral_mb: Column
    requests: Column
    billed_ms: Column
    provisioned_billed_ms: Column
    provisioned: Sequence[tuple[Span, ...]]
    extras: Mapping[str, Column]
    """By name, of those that any has."""
    timed_ns: Column

    @classmethod
    def of(cls, usages: Sequence[FunctionUsage]) -> Self:
        """Turn usages into columns."""
        extras: dict[str, list[int]] = {}
        for n, usage in enumerate(usages):
            for name, amount in usage.extras.items():
                if name not in extras:
                    extras[name] = [0] * len(usages)
                extras[name][n] = amount
        return cls(
            function=[usage.function for usage in usages],
            architecture=[usage.architecture for usage in usages],
            memory_mb=[usage.memory_mb for usage in usages],
            ephemeral_mb=[usage.ephemeral_mb for usage in usages],
            requests=[usage.requests for usage in usages],
            billed_ms=[usage.billed_ms for usage in usages],
            provisioned_billed_ms=[usage.provisioned_billed_ms for usage in usages],
            provisioned=[usage.provisioned for usage in usages],
            extras=extras,
            timed_ns=[usage.timed_ns for usage in usages],
        )

    def month(self, periods_ns: Column, items: Mapping[str | None, Item]) -> Self:
        """Return the usages of a month that holds a run once in each one's period, in whole numbers of each unit.

        What is charged by time is there all month, at its mean over the time for which it was billed. ``items`` are
        those of a price book, by the extra that they bill.
        """
        timed_ns = [timed_ns or period_ns for timed_ns, period_ns in zip(self.timed_ns, periods_ns, strict=True)]
        by_time = {extra for extra, item in items.items() if item.by_time}
        return replace(
            self,
            requests=_monthly(self.requests, periods_ns),
            billed_ms=_monthly(self.billed_ms, periods_ns),
            provisioned_billed_ms=_monthly(self.provisioned_billed_ms, periods_ns),
            provisioned=[
                tuple(
                    span._replace(lasted_ns=NS_PER_MONTH if span.stays else _monthly([span.lasted_ns], [period_ns])[0])
                    for span in spans
                )
                if spans
                else ()
                for spans, period_ns in zip(self.provisioned, periods_ns, strict=True)
            ],
            extras={
                name: _monthly(amounts, timed_ns if name in by_time else periods_ns)
                for name, amounts in self.extras.items()
            },
        )

    def by_item(self, items: Mapping[str | None, Item], services: bool) -> dict[str, Column]:
        """Return what is billed of each item by its name, given the items by the extra that they bill.

        Raises InputError for an extra that none bills; without ``services``, it may be one that only those bill.
        """
        memory_mb, billed_ms, provisioned_billed_ms = self.memory_mb, self.billed_ms, self.provisioned_billed_ms
        duration_ms = list(map(int.__add__, billed_ms, provisioned_billed_ms))
        more_mb = [max(0, ephemeral_mb - FREE_EPHEMERAL_MB) for ephemeral_mb in self.ephemeral_mb]
        quantities = {
            "requests": self.requests,
            "duration": _products(billed_ms, memory_mb),
            "provisioned-concurrency": _products(
                [_provisioned_ms(spans) if spans else 0 for spans in self.provisioned], memory_mb
            ),
            "provisioned-duration": _products(provisioned_billed_ms, memory_mb),
            "ephemeral-storage": _products(duration_ms, more_mb),
        }
        for name, amounts in self.extras.items():
            item = items.get(name)
            whose = next((function for function, amount in zip(self.function, amounts, strict=True) if amount), None)
            if item is None and services and whose is not None:
                known = ", ".join(str(extra) for extra in items if extra)
                raise InputError.single(f"{whose}: nothing is billed by '{name}' (known: {known})")
            if item is not None:
                billed = [max(amount, item.minimum) if amount else 0 for amount in amounts]
                own = _products(billed, memory_mb) if item.times_memory else billed
                before = quantities.get(item.name)
                quantities[item.name] = own if before is None else list(map(int.__add__, before, own))
        return quantities


def _provisioned_ms(spans: Sequence[Span]) -> int:
    """Return provisioned concurrency times ms, in whole steps."""
    steps = sum(span.concurrency * -(-span.lasted_ns // PROVISIONED_STEP_NS) for span in spans)
    return steps * (PROVISIONED_STEP_NS // NS_PER_MS)


def _monthly(amounts: Column, periods_ns: Column) -> Column:
    """Return what amounts are in a month that holds each once in its period."""
    if not any(amounts):
        return amounts
    return [
        (2 * amount * NS_PER_MONTH + period_ns) // (2 * period_ns)
        for amount, period_ns in zip(amounts, periods_ns, strict=True)
    ]


def _products(amounts: Column, factors: Column) -> Column:
    if not any(amounts) or not any(factors):
        return [0] * len(amounts)
    return [amount * factor for amount, factor in zip(amounts, factors, strict=True)]
