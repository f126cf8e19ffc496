"""Events of a log: a message with what its export says beside it. What a message means is not known here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

MARK: Final = (
    r"REPORT RequestId|INIT_REPORT|platform\.report|platform\.initReport|Task timed out after|ERROR\tInvoke Error"
)
"""What a message of interest has in it: one that has none of these need not be looked at."""


@dataclass(slots=True)
class Events:
    """Some consecutive events of a log, by columns; those that the export does not have are empty."""

    messages: Any
    """Texts or platform events, as a list of either; or texts as a binary array of pyarrow's."""
    times: Sequence[str | int | None] = ()
    """Epoch ms, or dates and times; empty: as far as they stand in the messages."""
    streams: Sequence[str | None] = ()
    groups: Sequence[str | None] = ()
    """Log groups, such as ``/aws/lambda/checkout``, also with an account's number before it."""


@dataclass(slots=True)
class Fields:
    """Some rows of a table whose columns are the fields of REPORT lines, as Logs Insights discovers them."""

    columns: dict[str, list[str]] = field(default_factory=dict)
    """By the field's name, such as ``@duration``; an empty text where a row has none."""
