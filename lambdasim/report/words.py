"""Numbers and names as a reader wants them: three digits, a unit, separators, nothing that breaks a page.

Knows neither results nor where its words are printed. Standard library only.
"""

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

MISSING = "-"


def number(value: Any) -> float:
    """Return a metric of summary.json as a number: itself, or the mean when it is ``{"mean", "ci"}``; NaN for None."""
    if type(value) is float:  # as most are
        return value
    if isinstance(value, dict):
        value = value.get("mean")
    return math.nan if value is None else float(value)


def numbers(objects: Iterable[Mapping[str, Any]], key: str) -> list[float]:
    """Return a metric of each of some objects, as :func:`number` does."""
    values = [*map(itemgetter(key), objects)]
    try:
        return [*map(float, values)]
    except TypeError:  # of several replications they are tables
        return [*map(number, values)]


def leaders(objects: Mapping[str, Mapping[str, Any]], key: str, most: int) -> list[str]:
    """Return the names of so many of the objects, those with most of a metric first."""
    ranked = sorted(zip(numbers(objects.values(), key), objects, strict=True), key=itemgetter(0), reverse=True)
    return [name for _, name in ranked[:most]]


def significant(value: float, digits: int = 3) -> str:
    """Return ``value`` with that many significant digits, never fewer than its whole part: 0.0812, 4.2, 1,234."""
    if not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def count(value: Any) -> str:
    """Return a count, which is whole unless it is a mean."""
    value = number(value)
    return f"{value:,.0f}" if value == round(value) else significant(value)


def counted(number: int, one: str, many: str = "") -> str:
    """Return a count with its noun: ``1 value``, ``2,000 values``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def milliseconds(value: Any) -> str:
    """Return a duration given in ms: ``0.8 ms``, ``731 ms``, ``1,234 ms``, ``12.3 s``, ``15.2 min``."""
    value = number(value)
    for limit, unit, size in ((10_000, "ms", 1), (600_000, "s", 1_000), (36_000_000, "min", 60_000)):
        if abs(value) < limit:
            return f"{significant(value / size)} {unit}"
    return f"{significant(value / 3_600_000)} h" if value == value else MISSING


def percent(rate: Any, digits: int = 3) -> str:
    """Return a rate of 0..1 as ``4.2 %``."""
    rate = number(rate)
    return f"{significant(rate * 100, digits)} %" if math.isfinite(rate) else MISSING


def points(difference: Any) -> str:
    """Return by how much a rate of 0..1 differs from another, in percentage points: ``0.3 points``."""
    return f"{significant(number(difference) * 100)} points"


def money(value: Any, currency: str = "USD") -> str:
    """Return an amount: ``$1.87``, ``$1,365``, ``$0.00123``, ``CNY 12.50``."""
    value = number(value)
    if not math.isfinite(value):
        return MISSING
    text = f"{abs(value):,.2f}" if 0.1 <= abs(value) < 1000 or value == 0 else significant(abs(value))
    return ("-" if value < 0 else "") + _symbol(currency) + text


def unit_price(value: Any, currency: str = "USD") -> str:
    """Return a price with all its digits and no exponent: ``$0.0000166667``."""
    return _symbol(currency) + f"{number(value):.12f}".rstrip("0").rstrip(".")


def _symbol(currency: str) -> str:
    return "$" if currency == "USD" else f"{printable(currency)} "


def span(seconds: float) -> str:
    """Return a simulated time such as ``90 s``, ``10 min``, ``1 h`` or ``14 days``."""
    if seconds == 86_400:
        return "1 day"
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 3 * size or (seconds >= size and seconds % size == 0):
            return f"{significant(seconds / size)} {unit}"
    return f"{significant(seconds)} s"


def printable(text: str) -> str:
    """Return ``text`` with whatever cannot be printed, or would break a line, replaced."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def shorten(text: str, width: int) -> str:
    """Return a printable ``text`` of at most ``width`` columns, its middle left out if need be."""
    text = printable(text)
    if columns(text) <= width:
        return text
    head, tail = text[: max(width // 2, 1)], text[len(text) - (width - 1) // 2 :] if width > 2 else ""
    while columns(head) + columns(tail) >= width and (tail or len(head) > 1):
        head, tail = (head, tail[1:]) if columns(tail) >= columns(head) else (head[:-1], tail)
    return f"{head}\N{HORIZONTAL ELLIPSIS}{tail}"


def columns(text: str) -> int:
    """Return how many columns of a terminal ``text`` takes."""
    return sum(
        0 if unicodedata.combining(c) or c in "\u200d\ufe0f" else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def shortest(paths: Sequence[str]) -> list[str]:
    """Return the shortest ends of dotted paths that tell them apart."""
    for length in range(1, 1 + max((path.count(".") + 1 for path in paths), default=0)):
        ends = [".".join(path.split(".")[-length:]) for path in paths]
        if len(set(ends)) == len(paths):
            return ends
    return list(paths)
