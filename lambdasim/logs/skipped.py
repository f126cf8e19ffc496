"""What a log holds that is not read, counted by reason: nothing is left out silently."""

from collections import Counter
from enum import StrEnum


class Reason(StrEnum):
    """Why something was left out; the words of messages and pages."""

    OTHER = "other lines"
    CUT = "REPORT lines that are cut off"
    NUMBER = "REPORT lines with a number that cannot be read"
    IMPOSSIBLE = "REPORT lines with an impossible value"
    JSON = "pieces of JSON that are cut or malformed"
    LONG = "table cells that are too long"
    DUPLICATE = "duplicates"
    TIME = "times that cannot be read"
    FUNCTION = "invocations of other functions"
    MANY = "invocations beyond those that fit"


Skipped = Counter[Reason]
