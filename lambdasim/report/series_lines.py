"""``timeseries.csv`` by a compiled loop: the bytes that pyarrow would write, in a third of the time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from lambdasim.machine_code.native import is_at_hand
from lambdasim.machine_code.program import SERIES
from lambdasim.metrics.cells import Int64
from lambdasim.metrics.compiled.line_tables import BEYOND, CHUNK, MOST_DIGITS, SMALLEST, is_odd, powers_of_ten
from lambdasim.metrics.series import METRICS, STATISTICS, Series, SeriesTable

if TYPE_CHECKING:
    import pyarrow as pa

QUOTED: Final = frozenset(',"\r\n')
"""What a name may not hold that is written as it is."""
AT_ONCE: Final = 2**18
"""So many bytes are written at a time: of more Linux makes pages of up to 2 MB, which it rarely has at hand."""
WIDE: Final = 8
"""Bytes of a number that may be odd; narrower ones are integers."""
Bytes = NDArray[np.uint8]


def can_write(table: SeriesTable) -> bool:
    """Say whether the loop is at hand, and no name of the table needs quotes."""
    return is_at_hand(SERIES) and QUOTED.isdisjoint(char for name in table.owners for char in name)


def write_lines(table: SeriesTable, times: Sequence[str], moments: Sequence[str], stream: BinaryIO) -> None:
    """Write all rows of a table: ``times`` are the texts of its periods, and ``moments`` end the lines, if any."""
    from lambdasim.metrics.compiled.native import loops_of_series

    writing, words = loops_of_series()["writing"], _Words.of(table, times, moments)
    keys, values, into = np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint8)
    for first, parts, bounds in table.pieces():
        ends = np.cumsum(bounds[:, -1])
        rows = int(ends[-1])
        if len(keys) < rows:
            keys, values = np.empty(rows, np.int64), np.empty(rows)
        np.concatenate([part.keys for part in parts], out=keys[:rows])
        np.concatenate([part.values for part in parts], out=values[:rows])
        odd = _odd(parts, ends)
        given_begin, given = _texts(values[odd]) if len(odd) else (np.zeros(1, np.int64), np.empty(0, np.uint8))
        longest = max(MOST_DIGITS, int(np.diff(given_begin).max(initial=0)))
        if len(into) < rows * (words.longest + longest) + CHUNK:
            into = np.empty(rows * (words.longest + longest) + CHUNK, np.uint8)
        place = table.place_of(first)
        size = writing(
            (
                np.array([bounds.shape[1] - 1, first * table.periods, words.owner + place, table.periods, words.end]),
                np.array([words.metrics[part.metric, part.statistic] for part in parts]),
                (bounds + (ends - bounds[:, -1])[:, np.newaxis]).ravel(),
                *(keys, values, odd, given_begin, given, words.begin, words.text, words.powers),
                *(words.prefix, words.texts, into),
            )
        )
        for begin in range(0, size, AT_ONCE):
            stream.write(into[begin : min(begin + AT_ONCE, size)].data)


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
    """How long a line may be without its number."""
    powers: Int64
    prefix: Bytes
    texts: Int64

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
            text=np.frombuffer(b"".join(word for group in words for word in group) + bytes(CHUNK), np.uint8),
            owner=owner,
            metrics={name: metric + number for number, name in enumerate(names)},
            end=end if moments else 0,
            longest=sum(size) + 1,
            powers=powers_of_ten(),
            prefix=np.empty(size[1] + size[2] + CHUNK, np.uint8),
            texts=np.empty(2 * table.periods, np.int64),
        )


def _odd(parts: Sequence[Series], ends: Int64) -> Int64:
    """Return the rows whose values' texts are to be given, where parts stand one after another."""
    found = [np.zeros(0, np.int64)]
    for part, end in zip(parts, ends.tolist(), strict=True):
        values = part.values
        if values.dtype.itemsize == WIDE and not (values.min() >= SMALLEST and values.max() < BEYOND):
            found.append(np.flatnonzero(is_odd(values)) + (end - len(values)))
    return np.concatenate(found)


def _texts(values: NDArray[np.float64]) -> tuple[Int64, Bytes]:
    """Return where the text of each of some numbers begins, and the last one ends, in all of them together."""
    import pyarrow as pa

    _, begin, content = numbers(values).cast(pa.string()).buffers()
    begins = np.frombuffer(begin, np.int32, len(values) + 1).astype(np.int64)
    return begins, np.frombuffer(content.to_pybytes() + bytes(CHUNK), np.uint8)


def numbers(values: NDArray[Any]) -> "pa.Array":
    """Return an array as pyarrow's: ``pa.array`` would load pandas to see whether it is one of its own."""
    import pyarrow as pa

    values = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(values)])
