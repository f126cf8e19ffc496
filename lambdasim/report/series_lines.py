"""``timeseries.csv`` by a compiled loop: the bytes that pyarrow would write, in a third of the time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.machine_code.native import is_ready
from lambdasim.machine_code.program import METRICS as PROGRAM
from lambdasim.memory import give_back
from lambdasim.metrics.cells import Int64
from lambdasim.metrics.compiled.line_tables import MOST_DIGITS, is_odd, powers_of_ten
from lambdasim.metrics.series import METRICS, STATISTICS, SeriesTable

if TYPE_CHECKING:
    import pyarrow as pa

QUOTED: Final = frozenset(',"\r\n')
"""What a name may not hold that is written as it is."""
STRETCHES: Final = 32
"""After so many stretches of rows free memory is given back, where there are many functions."""
Bytes = NDArray[np.uint8]


def can_write(table: SeriesTable) -> bool:
    """Say whether the loop is at hand, and no name of the table needs quotes."""
    return is_ready(PROGRAM) and QUOTED.isdisjoint(char for name in table.owners for char in name)


def write_lines(table: SeriesTable, times: Sequence[str], moments: Sequence[str], stream: BinaryIO) -> None:
    """Write all rows of a table: ``times`` are the texts of its periods, and ``moments`` end the lines, if any."""
    from lambdasim.metrics.compiled.native import loops

    metrics = [f"{metric},{statistic}," for metric in METRICS for statistic in STATISTICS]
    groups = [[f"{time}," for time in times], [f"{owner}," for owner in table.owners], metrics]
    groups += [[f",{moment}" for moment in moments]] if moments else []
    words = [[word.encode() for word in group] for group in groups]
    begin = np.cumsum([0, *(len(word) for group in words for word in group)], dtype=np.int64)
    text = np.frombuffer(b"".join(word for group in words for word in group), np.uint8)
    first = np.zeros(3, np.int64)
    first[: len(words) - 1] = np.cumsum([len(group) for group in words[:-1]])
    room = sum(max(map(len, group), default=0) for group in words) + 1
    powers, into = powers_of_ten(), np.empty(0, np.uint8)
    for number, some in enumerate(table.rows()):
        if number % STRETCHES == 0:
            give_back(len(table.functions))
        values = some["value"]
        odd = np.flatnonzero(is_odd(values))
        given_begin, given = _texts(values[odd]) if len(odd) else (np.zeros(1, np.int64), np.empty(0, np.uint8))
        longest = max(MOST_DIGITS, int(np.diff(given_begin).max(initial=0)))
        if len(into) < len(values) * (room + longest):
            into = np.empty(len(values) * (room + longest), np.uint8)
        metric = some["metric"] * len(STATISTICS) + some["statistic"]
        rows = (some["period"], some["owner"], metric, values, np.append(odd, len(values)))
        size = loops()["writing"]((*rows, given_begin, given, first, begin, text, powers, into))
        stream.write(into[:size].data)


def _texts(values: NDArray[np.float64]) -> tuple[Int64, Bytes]:
    """Return where the text of each of some numbers begins, and the last one ends, in all of them together."""
    import pyarrow as pa

    _, begin, content = numbers(values).cast(pa.string()).buffers()
    return np.frombuffer(begin, np.int32, len(values) + 1).astype(np.int64), np.frombuffer(content, np.uint8)


def numbers(values: NDArray[Any]) -> "pa.Array":
    """Return an array as pyarrow's: ``pa.array`` would load pandas to see whether it is one of its own."""
    import pyarrow as pa

    values = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(values)])
