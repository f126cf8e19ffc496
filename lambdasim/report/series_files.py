"""``timeseries.csv`` and ``timeseries.parquet``: the time series of a run as files, written a stretch at a time."""

import csv
import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lambdasim.metrics.series import METRICS, STATISTICS, SeriesTable
from lambdasim.units import NS_PER_S

if TYPE_CHECKING:
    pass

COLUMNS: Final = ("time", "function", "metric", "statistic", "value")
CLOCK: Final = "timestamp"
"""The column after them where an experiment says when it starts: RFC 3339."""
FEW: Final = 10_000
"""So many rows are written before pyarrow would have been loaded."""
MANY: Final = 200
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
    if sum(len(part.keys) for part in table.parts) <= FEW:
        _write_few(table, path, start)
    else:
        _write_many(table, path, start)
    if output.series == "all" and len(table.functions) >= MANY:
        size_mb, took_s = path.stat().st_size / 1e6, time.perf_counter() - began
        LOG.info(
            'The series of %s functions took %.1f s and %.1f MB (timeseries.csv); output.series = "account" keeps the '
            "account's alone.", f"{len(table.functions):,}", took_s, size_mb,
        )  # fmt: skip
    if output.parquet:
        _write_parquet(table, folder / "timeseries.parquet", start)


def _moments(table: SeriesTable, start: datetime | None) -> list[str]:
    """Return when each period begins, as RFC 3339 writes it; nothing without a ``start``."""
    if start is None:
        return []
    return [
        (start + timedelta(microseconds=period * table.period_ns / 1000)).isoformat() for period in range(table.periods)
    ]


def _write_few(table: SeriesTable, path: Path, start: datetime | None) -> None:
    moments = _moments(table, start)
    times = [_shortest(period * table.period_ns / NS_PER_S) for period in range(table.periods)]
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

    moments, times = _moments(table, start), pa.array(np.arange(table.periods) * table.period_ns / NS_PER_S)
    plain = not any(set(name) & set(',"\r\n') for name in table.owners)
    options = pa.csv.WriteOptions(include_header=False, quoting_style="none" if plain else "needed")
    with path.open("wb") as stream:
        stream.write((",".join((*COLUMNS, CLOCK) if moments else COLUMNS) + "\n").encode())
        words = [pa.array(names, pa.string()) for names in (table.owners, METRICS, STATISTICS, moments)]
        times = times.cast(pa.string())  # of few periods: as fast to copy as a word
        for some in table.rows():
            columns = [times.take(some["period"])]
            columns += [
                names.take(some[of]) for names, of in zip(words, ("owner", "metric", "statistic"), strict=False)
            ]
            columns.append(pa.array(some["value"]))
            if moments:
                columns.append(words[3].take(some["period"]))
            batch = pa.record_batch(columns, names=[f"{number}" for number in range(len(columns))])
            pa.csv.write_csv(batch, stream, options)


def _write_parquet(table: SeriesTable, path: Path, start: datetime | None) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    moments = _moments(table, start)
    clock = ((CLOCK, "period", moments),) if moments else ()
    words = (("function", "owner", table.owners), ("metric", "metric", METRICS), ("statistic", "statistic", STATISTICS))
    word = pa.dictionary(pa.int32(), pa.string())
    kinds = {"time": pa.float64(), **{name: word for name, *_ in words}, "value": pa.float64()}
    schema = pa.schema([*kinds.items(), *((name, word) for name, *_ in clock)])
    with pq.ParquetWriter(path, schema) as writer:
        for some in table.rows():
            columns = {"time": some["period"] * table.period_ns / NS_PER_S, "value": some["value"]}
            for name, code, names in (*words, *clock):
                codes = pa.array(some[code].astype(np.int32))
                columns[name] = pa.DictionaryArray.from_arrays(codes, pa.array(names, pa.string()))
            writer.write_table(pa.table(columns).select(schema.names).cast(schema))
