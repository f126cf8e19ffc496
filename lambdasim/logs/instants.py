"""Times as exports write them, as nanoseconds of Unix time: epoch seconds or ms, RFC 3339 and its relatives."""

from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.logs.rows import NO_TIME
from lambdasim.logs.skipped import Reason, Skipped

FIRST_S: Final = 1_388_534_400
"""2014: there was no Lambda before."""
LAST_S: Final = 4_102_444_800
_DIGITS: Final = {10: 10**9, 13: 10**6, 16: 10**3, 19: 1}
"""Epoch s, ms, us and ns by how many digits they have, from 2001 to 2286."""


def unix_ns(times: Any, skipped: Skipped) -> NDArray[np.int64]:
    """Return each time of a list or array, ``NO_TIME`` for one that is missing or unreadable; UTC without a zone."""
    alike = _all_alike(times)
    if alike is not None:
        return alike
    times = times if isinstance(times, list) else times.to_pylist()
    result = np.full(len(times), NO_TIME, np.int64)
    unread = 0
    for row, value in enumerate(times):
        if value is None or value == "":
            continue
        ns = instant(value)
        if ns is None:
            unread += 1
        else:
            result[row] = ns
    skipped[Reason.TIME] += unread
    return result


def _all_alike(times: Any) -> NDArray[np.int64] | None:
    """Return times that are all written in one way, or None where they are not."""
    import pyarrow as pa
    from pyarrow import compute

    try:
        cells = pa.array(times) if isinstance(times, list) else times
        if pa.types.is_string(cells.type):
            cells = compute.utf8_trim_whitespace(cells)
            if compute.all(compute.ascii_is_decimal(cells), min_count=0).as_py():
                cells = cells.cast(pa.int64())
            else:
                zoned = compute.any(compute.match_substring_regex(cells, r"(?:Z|[+-]\d\d:\d\d)$")).as_py()
                cells = cells.cast(pa.timestamp("ns", "UTC" if zoned else None)).cast(pa.int64())
        if not pa.types.is_integer(cells.type):
            return None
        numbers = cells.fill_null(0).to_numpy()
        seen = numbers[cells.is_valid().to_numpy(zero_copy_only=False)]
        low, high = int(seen.min(initial=2**62)), int(seen.max(initial=0))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return None
    for size in _DIGITS.values():
        if low * size >= FIRST_S * 10**9 and high * size < LAST_S * 10**9:
            return np.where(cells.is_valid().to_numpy(zero_copy_only=False), numbers * size, NO_TIME)
    return None


def instant(value: Any) -> int | None:
    """Return one time in ns, None for what is none, or outside 2014 to 2100."""
    if isinstance(value, str):
        text = value.strip()
        ns = _of_number(text) if text.isdecimal() and text.isascii() else _of_text(text)
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return None
    else:
        ns = _of_number(str(int(value))) if abs(value) < 1e19 else None
    return ns if ns is not None and FIRST_S * 10**9 <= ns < LAST_S * 10**9 else None


def _of_number(text: str) -> int | None:
    size = _DIGITS.get(len(text))
    return None if size is None else int(text) * size


def _of_text(text: str) -> int | None:
    text = text.replace(",", ".", 1)
    head, dot, rest = text.partition(".")
    decimals = ""
    if dot:
        digits = len(rest) - len(rest.lstrip("0123456789"))
        decimals, head = rest[:digits], head + rest[digits:]
    try:
        moment = datetime.fromisoformat(head.replace(" Z", "Z").replace(" +", "+"))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    whole = moment - _EPOCH
    return (whole.days * 86_400 + whole.seconds) * 10**9 + int(decimals[:9].ljust(9, "0") or 0)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
