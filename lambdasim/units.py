"""Quantities as people write them (``"80ms"``, ``"512 MB"``, ``"300/s"``, ``"2%"``) and as the simulator holds them.

Times are integer nanoseconds, memory is integer MB (MiB, as everywhere at AWS Lambda), rates are floats per second,
fractions are floats from 0 to 1. A bare number is refused for the first three, because AWS itself mixes units.
Every parser raises ``ValueError`` with a message for the user; every formatter writes text that parses to its value.
"""

import math
import re
from functools import lru_cache
from typing import Final

NS_PER_US: Final = 1_000
NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000
NS_PER_MIN: Final = 60 * NS_PER_S
NS_PER_H: Final = 60 * NS_PER_MIN
NS_PER_D: Final = 24 * NS_PER_H
NS_PER_MONTH: Final = 730 * NS_PER_H
"""A month of 730 hours, as AWS's Pricing Calculator has it (2026)."""

MAX_NS: Final = 2**63 - 1
"""The longest time an int64 of nanoseconds holds: 292 years."""

_DURATION_UNITS: Final = {
    "ns": 1,
    "us": NS_PER_US,
    "µs": NS_PER_US,
    "ms": NS_PER_MS,
    "s": NS_PER_S,
    "m": NS_PER_MIN,
    "min": NS_PER_MIN,
    "h": NS_PER_H,
    "d": NS_PER_D,
}
_WRITTEN_UNITS: Final = ("d", "h", "min", "s", "ms", "us", "ns")
_MEMORY_UNITS: Final = {"MB": 1, "MiB": 1, "GB": 1024, "GiB": 1024}
_RATE_UNITS: Final = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_LONGEST_TEXT: Final = 64

_NUMBER: Final = r"(\d+(?:\.\d+)?)"
_DURATION_PART: Final = re.compile(rf"{_NUMBER}\s*(ns|us|µs|ms|min|s|m|h|d)\s*", re.ASCII)
_SIZE_UNITS: Final = {"B": 1} | {
    unit: 1 << bits for bits, units in ((10, "KB KiB"), (20, "MB MiB"), (30, "GB GiB")) for unit in units.split()
}
_SIZE: Final = re.compile(rf"{_NUMBER}\s*({'|'.join(_SIZE_UNITS)})", re.ASCII)
_MEMORY: Final = re.compile(rf"{_NUMBER}\s*(MB|MiB|GB|GiB)", re.ASCII)
_RATE: Final = re.compile(rf"{_NUMBER}(e[+-]?\d{{1,3}})?\s*/\s*(s|min|h|d)", re.ASCII)


def _text(value: object, examples: str) -> str:
    """Return ``value`` stripped, or explain what a quantity looks like."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not a quantity; give a number and a unit, such as {examples}")
    if isinstance(value, bool) or not isinstance(value, str):
        raise ValueError(f"{value!r} needs a number and a unit, such as {examples}"[:200])
    text = value.strip()
    if text.startswith("-"):
        raise ValueError(f"'{text[:_LONGEST_TEXT]}' is negative; give zero or more, such as {examples}")
    if not text or len(text) > _LONGEST_TEXT or text.lower() in {"nan", "inf", "+inf"}:
        raise ValueError(f"'{text[:_LONGEST_TEXT]}' is not a quantity; give a number and a unit, such as {examples}")
    return text


def _refuse(text: str, examples: str) -> ValueError:
    return ValueError(f"{text if _is_number(text) else repr(text)} needs a number and a unit, such as {examples}")


def _is_number(text: str) -> bool:
    return re.fullmatch(_NUMBER, text) is not None


def _scaled(number: str, unit: int) -> tuple[int, int]:
    """Return ``number`` x ``unit`` as an exact fraction (numerator, denominator)."""
    whole, _, decimals = number.partition(".")
    return int(whole + decimals) * unit, 10 ** len(decimals)


_DURATION_EXAMPLES: Final = "'80ms', '1.5s' or '10min'"


def parse_duration(value: object) -> int:
    """Return the nanoseconds of a text such as ``"80ms"``, ``"1.5s"``, ``"10min"``, ``"1h30m"`` or ``"2d"``.

    Units: ns, us, ms, s, m or min, h, d (24 h). Decimals below one nanosecond are rounded half up. Raises
    ``ValueError`` for anything else: a bare number, a negative one, or more than an int64 holds (292 years).
    """
    return _nanoseconds(_text(value, _DURATION_EXAMPLES))


@lru_cache(1_024)  # of a thousand functions most have the same
def _nanoseconds(text: str) -> int:
    total, end, smallest = 0, 0, MAX_NS
    while end < len(text):
        part = _DURATION_PART.match(text, end)
        if part is None or _DURATION_UNITS[part[2]] >= smallest:
            raise _refuse(text, _DURATION_EXAMPLES)
        smallest = _DURATION_UNITS[part[2]]
        numerator, denominator = _scaled(part[1], smallest)
        total += (2 * numerator + denominator) // (2 * denominator)
        end = part.end()
    if total > MAX_NS:
        raise ValueError(f"'{text}' is longer than 292 years, more than 64-bit nanoseconds can hold")
    return total


@lru_cache(1_024)  # of a thousand functions most have the same
def format_duration(ns: int) -> str:
    """Return the exact text of a time in nanoseconds that is shortest with one unit: ``"80ms"``, ``"10min"``."""
    candidates = []
    for place, unit in enumerate(_WRITTEN_UNITS):
        whole, rest = divmod(ns, _DURATION_UNITS[unit])
        decimals = _decimals(rest, _DURATION_UNITS[unit])
        if whole and decimals is not None:
            number = f"{whole}.{decimals}" if decimals else f"{whole}"
            candidates.append((len(number), place, number + unit))
    return min(candidates)[2] if candidates else "0s"


def _decimals(rest: int, size: int) -> str | None:
    """Return the decimals of ``rest / size`` (below 1), or None when they do not end within 15 places."""
    digits = ""
    while rest:
        if len(digits) == 15:
            return None
        digit, rest = divmod(rest * 10, size)
        digits += str(digit)
    return digits


_MEMORY_EXAMPLES: Final = "'512 MB' or '2 GB'"


def parse_memory(value: object) -> int:
    """Return the MB of a text such as ``"512 MB"`` or ``"2 GB"`` (1 GB = 1,024 MB); raises ``ValueError``."""
    text = _text(value, _MEMORY_EXAMPLES)
    match = _MEMORY.fullmatch(text)
    if match is None:
        raise _refuse(text, _MEMORY_EXAMPLES)
    numerator, denominator = _scaled(match[1], _MEMORY_UNITS[match[2]])
    if numerator % denominator:
        raise ValueError(f"'{text}' is not a whole number of MB")
    return numerator // denominator


def format_memory(mb: int) -> str:
    """Return the text of a memory size in MB, in AWS's unit: ``"1769 MB"``."""
    return f"{mb} MB"


_SIZE_EXAMPLES: Final = "'256 B', '2 KB' or '1 MB'"


def parse_size(value: object) -> int:
    """Return the bytes of a text such as ``"2 KB"`` (1 KB = 1,024 B, as AWS counts payloads); raises ``ValueError``."""
    text = _text(value, _SIZE_EXAMPLES)
    match = _SIZE.fullmatch(text)
    if match is None:
        raise _refuse(text, _SIZE_EXAMPLES)
    numerator, denominator = _scaled(match[1], _SIZE_UNITS[match[2]])
    if numerator % denominator:
        raise ValueError(f"'{text}' is not a whole number of bytes")
    return numerator // denominator


def format_size(size: int) -> str:
    """Return the exact text of a size in bytes: ``"2 KB"``, ``"1500 B"``."""
    unit = next(unit for unit in ("GB", "MB", "KB", "B") if size % _SIZE_UNITS[unit] == 0 and (size or unit == "B"))
    return f"{size // _SIZE_UNITS[unit]} {unit}"


_RATE_EXAMPLES: Final = "'300/s', '5/min' or '2/h'"


def parse_rate(value: object) -> float:
    """Return the events per second of a text such as ``"300/s"``, ``"5/min"``, ``"2/h"`` or ``"1/d"``.

    Raises ``ValueError`` for a bare number, a negative one, or anything else.
    """
    text = _text(value, _RATE_EXAMPLES)
    match = _RATE.fullmatch(text)
    if match is None:
        raise _refuse(text, _RATE_EXAMPLES)
    rate = float(match[1] + (match[2] or "")) / _RATE_UNITS[match[3]]
    if not math.isfinite(rate):
        raise ValueError(f"'{text}' is not a finite rate")
    return rate


def format_rate(rate: float) -> str:
    """Return the shortest exact text of a rate in events per second: ``"300/s"``, ``"5/min"``."""
    best = f"{repr(float(rate)).removesuffix('.0')}/s"
    for unit, seconds in _RATE_UNITS.items():
        number = f"{rate * seconds:.15g}"
        if len(number) + 1 + len(unit) < len(best) and float(number) / seconds == rate:  # as it is read
            best = f"{number}/{unit}"
    return best


def parse_fraction(value: object) -> float:
    """Return the fraction (0 to 1) given as a number such as ``0.02`` or as a text such as ``"2%"``.

    Raises ``ValueError`` for anything else and for values outside 0 to 1.
    """
    fraction = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        fraction = float(value)
    elif isinstance(value, str) and len(value) <= _LONGEST_TEXT:
        match = re.fullmatch(rf"\s*{_NUMBER}\s*(%?)\s*", value, re.ASCII)
        if match is not None:
            fraction = float(match[1]) / 100 if match[2] else float(match[1])
    if math.isnan(fraction):
        raise ValueError(f"{value!r} is not a fraction; give a number from 0 to 1 or a text such as '2%'"[:200])
    if not 0 <= fraction <= 1:
        raise ValueError(f"{value!r} is outside 0 to 1 (0% to 100%)"[:200])
    return fraction


def share_q24(fraction: float) -> int:
    """Return a fraction (0 to 1) in units of 2**-24, as the law compares it with 24 random bits."""
    return round(fraction * (1 << 24))
