"""``timeseries.csv`` and ``timeseries.parquet``: the time series of a run as files, written a stretch at a time."""

import csv
import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lambdasim.config.qualifier import qualifier_of
from lambdasim.metrics.series import METRICS, STATISTICS, SeriesTable
from lambdasim.report.series_lines import QUOTED, can_write, numbers, write_lines
from lambdasim.units import NS_PER_S

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS: Final = ("time", "function", "metric", "statistic", "value")
CLOCK: Final = "timestamp"
"""The column after them where an experiment says when it starts: RFC 3339."""
FEW: Final = 10_000
"""So many rows are written before pyarrow would have been loaded."""
MANY_FUNCTIONS: Final = 200
"""From so many functions on, a note says what their series cost."""
LOG: Final = logging.getLogger("lambdasim")


def save_series(table: SeriesTable, folder: Path, config: Any) -> None:
    """Write the series that ``[output]`` asks for into ``folder``; raises OSError when that cannot be done."""
    output, start = config.output, config.simulation.start
    if output.series == "account":
        table = table.of_account()
    if output.series == "none":
        return
    path, began = folder / "timeseries.csv", time.perf_counter()
    if table.later is None and sum(len(part.keys) for part in table.kept) <= FEW:
        _write_few(table, path, start)
    elif can_write(table):
        with path.open("wb") as stream:
            stream.write(_header(start))
            write_lines(table, _times(table), _moments(table, start), stream)
    else:
        _write_many(table, path, start)
    functions = sum(not qualifier_of(name) for name in table.functions)
    if output.series == "all" and functions >= MANY_FUNCTIONS:
        size_mb, took_s = path.stat().st_size / 1e6, time.perf_counter() - began
        LOG.info(
            'The series of %s functions took %.1f s and %.1f MB (timeseries.csv); output.series = "account" keeps the '
            "account's alone.", f"{functions:,}", took_s, size_mb,
        )  # fmt: skip
    if output.parquet:
        _write_parquet(table, folder / "timeseries.parquet", start)


def _header(start: datetime | None) -> bytes:
    return (",".join(COLUMNS if start is None else (*COLUMNS, CLOCK)) + "\n").encode()


def _times(table: SeriesTable) -> list[str]:
    """Return when each period begins, in seconds from the start."""
    return [_shortest(period * table.period_ns / NS_PER_S) for period in range(table.periods)]


def _moments(table: SeriesTable, start: datetime | None) -> list[str]:
    """Return when each period begins, as RFC 3339 writes it; nothing without a ``start``."""
    if start is None:
        return []
    return [
        (start + timedelta(microseconds=period * table.period_ns / 1000)).isoformat() for period in range(table.periods)
    ]


def _write_few(table: SeriesTable, path: Path, start: datetime | None) -> None:
    moments = _moments(table, start)
    times = _times(table)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow((*COLUMNS, CLOCK) if moments else COLUMNS)
        for some in table.rows():
            period = some["period"].tolist()
            columns: list[Sequence[str]] = [
                [times[i] for i in period],
                [table.owners[i] for i in some["owner"].tolist()],
                [METRICS[i] for i in some["metric"].tolist()],
                [STATISTICS[i] for i in some["statistic"].tolist()],
                [_shortest(value) for value in some["value"].tolist()],
            ]
            if moments:
                columns.append([moments[i] for i in period])
            writer.writerows(zip(*columns, strict=True))


def _shortest(value: float) -> str:
    """Return the shortest text that reads back as the same number."""
    return repr(value).removesuffix(".0")


def _write_many(table: SeriesTable, path: Path, start: datetime | None) -> None:
    import pyarrow as pa
    import pyarrow.csv

    moments = _moments(table, start)
    times = numbers(np.arange(table.periods) * table.period_ns / NS_PER_S)
    times = times.cast(pa.string())  # few differ: to copy one is faster than to write its digits
    words = {"owner": table.owners, "metric": METRICS, "statistic": STATISTICS}
    named = {name: _words(of) for name, of in words.items()} | ({"moment": _words(moments)} if moments else {})
    plain = QUOTED.isdisjoint(char for name in table.owners for char in name)
    options = pa.csv.WriteOptions(include_header=False, quoting_style="none" if plain else "needed")
    with path.open("wb") as stream:
        stream.write(_header(start))
        for some in table.rows():
            columns = [
                times.take(numbers(some["period"])),
                *(named[name].take(numbers(some[name])) for name in words),
                numbers(some["value"]),
                *([named["moment"].take(numbers(some["period"]))] if moments else []),
            ]
            batch = pa.record_batch(columns, names=[f"{number}" for number in range(len(columns))])
            pa.csv.write_csv(batch, stream, options)


def _write_parquet(table: SeriesTable, path: Path, start: datetime | None) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    moments = _moments(table, start)
    clock = ((CLOCK, "period", moments),) if moments else ()
    words = (("function", "owner", table.owners), ("metric", "metric", METRICS), ("statistic", "statistic", STATISTICS))
    named = {name: _words(names) for name, _, names in (*words, *clock)}
    word = pa.dictionary(pa.int32(), pa.string())
    kinds = {"time": pa.float64(), **{name: word for name, *_ in words}, "value": pa.float64()}
    schema = pa.schema([*kinds.items(), *((name, word) for name, *_ in clock)])
    with pq.ParquetWriter(path, schema) as writer:
        for some in table.rows():
            column = {"time": some["period"] * table.period_ns / NS_PER_S, "value": some["value"]}
            columns = {name: numbers(values) for name, values in column.items()}
            for name, code, _ in (*words, *clock):
                codes = numbers(some[code].astype(np.int32))
                columns[name] = pa.DictionaryArray.from_arrays(codes, named[name])
            writer.write_table(pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema))


def _words(names: Sequence[str]) -> "pa.Array":
    """Return texts as pyarrow's array, for the same reason."""
    import pyarrow as pa

    texts = [name.encode() for name in names]
    ends = np.cumsum([0, *map(len, texts)], dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(texts), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(texts))])
