"""``timeseries.csv`` by a compiled loop: the bytes that pyarrow would write, in a third of the time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.machine_code.native import is_at_hand
from lambdasim.machine_code.program import SERIES
from lambdasim.machine_code.shipped import address
from lambdasim.metrics.cells import Int64
from lambdasim.metrics.compiled.line_tables import (
    LACKS,
    MOST_DIGITS,
    NEXT,
    SPARE,
    is_odd,
    powers_of_ten,
)
from lambdasim.metrics.ledger import Floats
from lambdasim.metrics.series import METRICS, STATISTICS, Series, SeriesTable

if TYPE_CHECKING:
    import pyarrow as pa

QUOTED: Final = frozenset(',"\r\n')
"""What a name may not hold that is written as it is."""
AT_ONCE: Final = 2**18
"""So many bytes are written at a time: of more Linux makes pages of up to 2 MB, which it rarely has at hand."""
ROWS: Final = 2**19
"""About so many rows are looked at together; they are not copied."""
Bytes = NDArray[np.uint8]


def can_write(table: SeriesTable) -> bool:
    """Say whether the loop is at hand, and no name of the table needs quotes."""
    return is_at_hand(SERIES) and QUOTED.isdisjoint(char for name in table.owners for char in name)


def write_lines(table: SeriesTable, times: Sequence[str], moments: Sequence[str], stream: BinaryIO) -> None:
    """Write all rows of a table: ``times`` are the texts of its periods, and ``moments`` end the lines, if any."""
    from lambdasim.metrics.compiled.native import loops_of_series

    writing, words = loops_of_series()["writing"], _Words.of(table, times, moments)
    texts, into = np.empty(0, np.int64), np.empty(AT_ONCE, np.uint8)
    for first, parts, own in table.pieces(ROWS):
        keys = [*(np.ascontiguousarray(part.keys, np.int64) for part in parts), np.zeros(0, np.int64)]
        values = [*(np.ascontiguousarray(part.values, np.float64) for part in parts), np.zeros(0)]
        bounds = np.append(own, np.zeros_like(own[:1]), axis=0)
        rows, most = bounds[:, -1], np.diff(bounds).max(axis=1)
        needed = int(words.longest * np.diff(own.sum(axis=0)).max()) + SPARE
        into = into if len(into) >= needed else np.empty(needed, np.uint8)
        texts = texts if len(texts) >= most.sum() else np.empty(most.sum(), np.int64)
        owners, key, word = own.shape[1] - 1, first * table.periods, words.owner + table.place_of(first)
        numbers = np.array([owners, key, word, table.periods, words.end, words.longest, 0, 0])
        before = np.cumsum(rows) - rows
        lines = (
            numbers,
            np.array([words.metrics[part.metric, part.statistic] for part in parts]),
            *(_alike(parts), bounds.ravel(), np.array(list(map(address, keys))), np.array(list(map(address, values)))),
            *(before, words.begin, words.text, words.powers, words.prefix),
            *(np.cumsum(most) - most, texts, into),
        )
        given = np.zeros(0, np.int64), np.zeros(1, np.int64), np.empty(0, np.uint8)
        while numbers[NEXT] < owners:
            size = writing((*lines, *given))
            for begin in range(0, size, AT_ONCE):
                stream.write(into[begin : min(begin + AT_ONCE, size)].data)
            if numbers[LACKS]:
                given, numbers[LACKS] = _texts(values[:-1], before), 0


def _alike(parts: Sequence[Series]) -> Int64:
    """Return :attr:`Lines.alike`: of latencies the same statistic of durations, and the two statistics before it.

    What is no cold start has a latency that is its duration; all statistics of a single request are the same, and high
    percentiles of a few are their maximum.
    """
    durations = {part.statistic: number for number, part in enumerate(parts) if part.metric == "Duration"}
    alike = [
        (durations.get(part.statistic, -1) if part.metric == "Latency" else -1, number - 1, number - 2)
        for number, part in enumerate(parts)
    ]
    return np.array([number if number >= 0 else len(parts) for some in alike for number in some])


@dataclass(frozen=True, slots=True)
class _Words:
    """What lines are made of but numbers, and what the loop works with."""

    begin: Int64
    text: Bytes
    owner: int
    """The number of the first owner's word."""
    metrics: Mapping[tuple[str, str], int]
    end: int
    """The number of the first word that ends a line, 0 where there is none."""
    longest: int
    """How long a line may be."""
    powers: Int64
    prefix: Bytes

    @classmethod
    def of(cls, table: SeriesTable, times: Sequence[str], moments: Sequence[str]) -> "_Words":
        names = [(metric, statistic) for metric in METRICS for statistic in STATISTICS]
        groups = [[f"{time}," for time in times], [f"{owner}," for owner in table.owners]]
        groups += [[f"{metric},{statistic}," for metric, statistic in names], [f",{moment}" for moment in moments]]
        words = [[word.encode() for word in group] for group in groups]
        owner, metric, end, _ = np.cumsum([len(group) for group in words]).tolist()
        size = [max(map(len, group), default=0) for group in words]
        return cls(
            begin=np.cumsum([0, *(len(word) for group in words for word in group)], dtype=np.int64),
            text=np.frombuffer(b"".join(word for group in words for word in group) + bytes(SPARE), np.uint8),
            owner=owner,
            metrics={name: metric + number for number, name in enumerate(names)},
            end=end if moments else 0,
            longest=sum(size) + MOST_DIGITS + 1,
            powers=powers_of_ten(),
            prefix=np.empty(size[1] + size[2] + SPARE, np.uint8),
        )


def _texts(columns: Sequence[Floats], before: Int64) -> tuple[Int64, Int64, Bytes]:
    """Return which rows of columns need their texts, where each of these begins, and the last one ends, and the texts.

    Rows are counted through all columns; ``before`` says how many there are before each.
    """
    import pyarrow as pa

    odd = [np.flatnonzero(is_odd(column)) for column in columns]
    values = np.concatenate([column[some] for column, some in zip(columns, odd, strict=True)])
    rows = np.concatenate([some + row for some, row in zip(odd, before.tolist(), strict=False)])
    _, begin, content = numbers(values).cast(pa.string()).buffers()
    begins = np.frombuffer(begin, np.int32, len(values) + 1).astype(np.int64)
    return rows, begins, np.frombuffer(content.to_pybytes() + bytes(SPARE), np.uint8)


def numbers(values: NDArray[Any]) -> "pa.Array":
    """Return an array as pyarrow's: ``pa.array`` would load pandas to see whether it is one of its own."""
    import pyarrow as pa

    values = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(values)])
