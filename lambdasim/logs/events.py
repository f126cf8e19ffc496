"""Events of a log: a message with what its export says beside it. What a message means is not known here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

TIMED_OUT: Final = "Task timed out after"
EXITED: Final = "Error: Runtime exited with error|Process exited before completing request"
"""What Lambda wrote of a runtime that ended, before REPORT lines had a Status (2024)."""
RAISED: Final = r"ERROR\tInvoke Error|(?:fail|crit)\t(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*Exception: "
"""What runtimes write of a handler's error, after the id of its request: Node.js and .NET (Developer Guide,
nodejs-logging and csharp-logging)."""
RAISED_WITHOUT_ID: Final = (
    r"\[ERROR\] [A-Za-z_][\w.]*(?::|\s*(?:$|Traceback))"
    r"|Error raised from handler method|Critical exception from handler"
    r'|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \{"errorMessage":'
    r"|^[^\n]*: (?:[a-z_]\w*\.)+[A-Z][\w$]*(?:Exception|Error|Throwable)\s*(?:\n|$)"
    r"|^[^\n]*: (?:errorString|wrapErrors?|joinError|fundamental|withStack|withMessage|requestError)\s*(?:\n|$)"
)
"""The same of those that name no request: Python, Ruby, Go (aws-lambda-go from 1.28 on) and Java, whose first line ends
with the class (Developer Guide, python-exceptions, ruby-exceptions, java-exceptions; aws-lambda-go, PR 416). The
runtime go1.x ended the line with the type instead, here those of the standard library, pkg/errors and AWS's SDK: a type
of one's own looks like any other word."""
MARK: Final = (
    r"REPORT RequestId|INIT_REPORT|platform\.report|platform\.initReport"
    f"|{TIMED_OUT}|{EXITED}|{RAISED}|{RAISED_WITHOUT_ID}"
)
"""What a message of interest has in it: one that has none of these need not be looked at."""
FRAME: Final = r"^(?:\S+\s+){0,2}(?:START RequestId|END RequestId|INIT_START|RESTORE_START|XRAY TraceId)"
"""Lines around each invocation that tell nothing which its REPORT line does not, also with a time and a stream before
them, as the commands of SAM and of AWS's CLI print them."""


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
