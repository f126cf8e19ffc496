"""Runs functions under a trace written by hand: every request, its time and its length, is in the test."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

import lambdasim as ls

PLAIN = {"duration": "constant(100ms)", "init": "constant(0ms)", "timeout": "15min", "idle_timeout": "constant(1h)",
         "max_lifetime": "none"}  # fmt: skip
"""A function that does what the trace says: no init unless it has one, no expiry in the short time of a test."""

Row = Sequence[object]


def replay(
    folder: Path,
    functions: Mapping[str, Mapping[str, Any]],
    rows: Iterable[Row],
    *,
    columns: Sequence[str] = ("time", "function", "duration", "init", "error"),
    unit: str = "ms",
    client: Mapping[str, Any] | None = None,
    **tables: Any,
) -> ls.Result:
    """Run ``functions``, each laid over :data:`PLAIN`, under ``rows`` of an ``events`` trace, and log all requests.

    Rows may be shorter than ``columns``; what they lack is drawn from the function's distributions.
    """
    rows = [tuple(row) for row in rows]
    columns = columns[: max(map(len, rows))]
    lines = [columns, *(row + ("",) * (len(columns) - len(row)) for row in rows)]
    file = folder / "events.csv"
    file.write_text("".join(",".join(map(str, line)) + "\n" for line in lines))
    load: dict[str, Any] = {"name": "trace", "trace": {"file": str(file), "format": "events", "unit": unit}}
    if client is not None:
        load["client"] = client
    output = {"requests": "all", **tables.pop("output", {})}
    laid = {name: PLAIN | dict(function) for name, function in functions.items()}
    return ls.Experiment(functions=laid, loads=[load], output=output, **tables).run()


def attempts(result: ls.Result) -> pd.DataFrame:
    """Return the request log in order of arrival, the load's sequence and attempt."""
    assert result.requests is not None
    return result.requests.sort_values(["arrival_ns", "sequence", "attempt"], ignore_index=True)


def values(result: ls.Result, metric: str, statistic: str, function: str = "") -> dict[float, float]:
    """Return a series of the result: value by the start of the period, in s; of the account without ``function``."""
    series = result.timeseries
    chosen = series[(series.metric == metric) & (series.statistic == statistic) & (series.function == function)]
    return dict(zip(chosen.time, chosen.value, strict=True))
