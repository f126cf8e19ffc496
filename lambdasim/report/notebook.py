"""A result as a notebook shows it: verdict, objectives, functions and sparklines in one small piece of HTML.

Draws its sparklines as SVG by hand, so that showing a result loads no plotting library.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from lambdasim.report import content
from lambdasim.report.series import Reported, Series, thin
from lambdasim.report.words import count, milliseconds, shorten

MET, MISSED, UNDECIDED = "#009E73", "#D55E00", "#767676"
COLOURS = {True: MET, False: MISSED, None: UNDECIDED}
WIDE, HIGH, POINTS = 220, 36, 120
NAME_COLUMNS = 60


def notebook_html(result: Reported) -> str:
    """Return a self-contained HTML fragment under 50 KB, which takes its text colours from the page it stands in."""
    summary = result.summary
    look = f"border-left:4px solid {COLOURS[summary['success']]};padding-left:8px;font-weight:600"
    verdict = f'<p style="{look}">{_text(summary["verdict"], 1000)}</p>'
    question = f"<p><i>{_text(summary['question'], 1000)}</i></p>" if summary["question"] else ""
    account = f"<p>{_text(content.account(summary, result.config), 400)} {_text(content.bill(summary).total, 400)}</p>"
    body = (
        verdict
        + question
        + _objectives(summary)
        + _functions(content.functions(summary))
        + account
        + _sparklines(result)
    )
    return f'<div class="lambdasim-result" style="max-width:60em">{body}</div>'


def _text(value: str, width: int = NAME_COLUMNS) -> str:
    return escape(shorten(str(value), width))


def _table(headings: Sequence[str], rows: Sequence[str]) -> str:
    head = "".join(
        f'<th style="text-align:{"right" if i else "left"}">{escape(h)}</th>' for i, h in enumerate(headings)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _objectives(summary: content.Json) -> str:
    rows = []
    every = content.objectives(summary)
    for row in every[:50]:
        mark, colour = f"{row.mark} {row.word}", COLOURS[row.met]
        cells = "".join(f"<td>{_text(cell)}</td>" for cell in (row.expression, row.observed))
        rows.append(
            f'<tr><td style="text-align:left">{_text(row.path)}</td>{cells}<td style="color:{colour}">{mark}</td></tr>'
        )
    more = f"<p>and {len(every) - 50:,} more objectives</p>" if len(every) > 50 else ""
    return _table(("objective", "allowed", "observed", ""), rows) + more if rows else ""


def _functions(table: content.Table) -> str:
    rows = []
    for name, *cells in table.rows:
        numbers = "".join(f'<td style="text-align:right">{escape(cell)}</td>' for cell in cells)
        rows.append(f'<tr><td style="text-align:left">{_text(name)}</td>{numbers}</tr>')
    more = f"<p>{_text(table.more)}</p>" if table.more else ""
    return _table(table.headings, rows) + more


def _sparklines(result: Reported) -> str:
    """Concurrency and throttles of the account and the greatest p99 of any function, over time."""
    series = Series.of(result)
    concurrency = series.account("ConcurrentExecutions", "Maximum", absent=0.0)
    throttles = series.table("Throttles", "Sum", series.functions, absent=0.0).across()
    p99 = np.fmax.reduce(series.table("Latency", "p99", series.functions).numbers(), axis=0, initial=np.nan)
    lines = (
        ("concurrency", concurrency, count(np.max(concurrency, initial=0.0)), "#0072B2"),
        ("p99 latency", p99, milliseconds(np.nanmax(p99)) if np.isfinite(p99).any() else "", "#CC79A7"),
        ("throttles", throttles, count(np.sum(throttles)), MISSED),
    )
    return "".join(
        f'<figure style="display:inline-block;margin:4px 16px 4px 0"><figcaption>{name} {escape(label)}</figcaption>'
        f"{_sparkline(values, colour, name)}</figure>"
        for name, values, label, colour in lines
    )


def _sparkline(values: "np.typing.NDArray[Any]", colour: str, name: str) -> str:
    """A line of the values over the experiment, from 0 at the bottom; gaps stay gaps."""
    x, y = thin(np.arange(len(values), dtype=float), values, POINTS)
    top = np.nanmax(y, initial=0.0) or 1.0
    step = (WIDE - 2) / max(len(values) - 1, 1)
    path, pen = [], "M"
    for at, value in zip(x, y, strict=True):
        if np.isnan(value):
            pen = "M"
        else:
            path.append(f"{pen}{1 + at * step:.1f} {HIGH - 2 - value / top * (HIGH - 4):.1f}")
            pen = "L"
    if len(path) == 1:
        path.append("h1")
    return (
        f'<svg role="img" aria-label="{name} over time" width="{WIDE}" height="{HIGH}" viewBox="0 0 {WIDE} {HIGH}">'
        f'<path d="{"".join(path)}" fill="none" stroke="{colour}" stroke-width="1.5"/></svg>'
    )
