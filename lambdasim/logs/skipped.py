"""What a log holds that is not read, counted by reason: nothing is left out silently."""

from collections import Counter
from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Why something was left out; the words of messages and pages."""

    OTHER = "other lines"
    CUT = "REPORT lines that are cut off"
    NUMBER = "REPORT lines with a number that cannot be read"
    IMPOSSIBLE = "REPORT lines with an impossible value"
    JSON = "pieces of JSON that are cut or malformed"
    LONG = "table cells that are too long"
    SHIFTED = "table rows with more cells than the header has"
    DUPLICATE = "duplicates"
    TIME = "times that cannot be read"
    NO_TIME = "invocations without a time"
    COUNT = "counts that cannot be read"
    SUM = "periods without a Sum"
    FUNCTION = "invocations of other functions"
    MANY = "invocations beyond those that fit"


_ONE: Final = {
    Reason.OTHER: "other line",
    Reason.CUT: "REPORT line that is cut off",
    Reason.NUMBER: "REPORT line with a number that cannot be read",
    Reason.IMPOSSIBLE: "REPORT line with an impossible value",
    Reason.JSON: "piece of JSON that is cut or malformed",
    Reason.LONG: "table cell that is too long",
    Reason.SHIFTED: "table row with more cells than the header has",
    Reason.DUPLICATE: "duplicate",
    Reason.TIME: "time that cannot be read",
    Reason.NO_TIME: "invocation without a time",
    Reason.COUNT: "count that cannot be read",
    Reason.SUM: "period without a Sum",
    Reason.FUNCTION: "invocation of another function",
    Reason.MANY: "invocation beyond those that fit",
}
Skipped = Counter[Reason]


def account(skipped: Skipped) -> str:
    """Return what was left out, as the words of a message; nothing if nothing was."""
    return ", ".join(
        f"{count:,} {_ONE[reason] if count == 1 else reason.value}" for reason, count in skipped.items() if count
    )
