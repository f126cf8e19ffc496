"""A result in words: for terminals, as plain text of a given width, and as Markdown.

Both open with the verdict. Knows how lines are set, not what they say (:mod:`lambdasim.report.content`).
"""

import os
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from lambdasim.report import alternatives as tried
from lambdasim.report import content, happened
from lambdasim.report.changes import HEADINGS, changes
from lambdasim.report.failures import failures
from lambdasim.report.parts import parts
from lambdasim.report.series import Reported
from lambdasim.report.words import columns, printable, shorten

DROPPED = (
    "p50",
    "peak",
    "requests",
    "cold",
    "a month",
    "cost",
    "failed",
    "Lambda's errors",
    "throttled",
    "processed",
    "received",
    "oldest",
)
"""Which columns of a table go first when it is too wide."""
NAME_COLUMNS = 12
"""A name keeps at least so many columns before other columns go."""

SURE = 3
"""Of so many functions, the busiest, a text tells intervals; a page tells more."""

PLAIN = {
    "\N{HORIZONTAL ELLIPSIS}": "~",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{CHECK MARK}": "+",
    "\N{BALLOT X}": "!",
}


def summary_text(
    result: Reported,
    *,
    width: int = 80,
    encoding: str = "utf-8",
    directory: str | os.PathLike[str] | None = None,
    most: int = content.MOST,
) -> str:
    """Return a summary for a terminal, its last line without a line end.

    ``width`` is in columns (40 at least), ``encoding`` that of the stream it is written to: unless it is UTF-8 the text
    is plain ASCII. ``directory`` is where the files of the run are, if they were written. Of functions, and of sources,
    the ``most`` busiest are told.
    """
    width = max(width, 40)
    summary, config = result.summary, result.config
    blocks = [_wrapped(printable(summary["verdict"]), width)]
    heading = [printable(text) for text in (summary["name"], summary["question"]) if text]
    if heading:
        blocks.append("\n".join(_wrapped(text, width) for text in heading))
    if summary["slo"]:
        blocks.append(_objectives(content.objectives(summary), width))
    if alternatives := _alternatives(summary):
        lines = textwrap.fill
        told = [lines(line, width, initial_indent="  ", subsequent_indent="    ") for line in alternatives]
        blocks.append("\n".join(["What to change:", *told]))
    blocks.append(_table(content.functions(summary, most), width))
    if (sources := content.sources(summary, most)) is not None:
        blocks.append(_table(sources, width))
    blocks += [_wrapped(line, width) for line in _what_happened(summary, config)]
    blocks.append(_wrapped(content.account(summary, config), width))
    blocks += [_wrapped(line, width) for line in parts(summary, config)]
    if intervals := content.intervals(summary, SURE):
        blocks.append(_intervals(intervals, width))
    if "changes" in summary:
        blocks.append(_changes(summary, width))
    blocks.append(_bill(result, width))
    blocks += [_wrapped(f"Note: {printable(note)}.", width) for note in summary.get("notes", ())]
    closing = [_wrapped(content.provenance(summary, config), width)]
    if directory is not None:
        closing.append(f"Files: {printable(os.fspath(directory))}")  # never broken: it is there to be copied
    blocks.append("\n".join(closing))
    text = "\n\n".join(blocks)
    return text if encoding.lower().replace("-", "").replace("_", "") == "utf8" else plain(text)


def _intervals(rows: Sequence[tuple[str, ...]], width: int) -> str:
    """The numbers of most weight with their bounds, a line each."""
    wide = max(columns(row[0]) for row in rows)
    lines = [f"  {_left(what, wide)}  {mean} ({low} to {high})" for what, mean, low, high, _ in rows]
    return "\n".join(["How sure:", *(shorten(line, width) for line in lines)])


def _alternatives(summary: Mapping[str, Any]) -> list[str]:
    """The alternatives that were tried, a line each."""
    lines = [f"{values}: {effects}; {cost}" for values, effects, cost in tried.rows(summary)]
    return [*lines, *tried.sentences(summary)]


def _what_happened(summary: Mapping[str, Any], config: Any) -> list[str]:
    """A plain word for the run, and what happened in the order of time; earlier versions' folders have neither."""
    if "state" not in summary:
        return []
    times = happened.times(config.output.period, summary["replications"])
    events = happened.sentence(summary["happened"], times)
    return [" ".join(filter(None, (happened.state(summary["state"], failures(summary)), events)))]


def plain(text: str) -> str:
    """Return ASCII that takes the same columns."""
    return "".join(c if c.isascii() else PLAIN.get(c, "?" * columns(c)) for c in text)


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_on_hyphens=False)


def _objectives(rows: Sequence[content.Objective], width: int) -> str:
    """A mark, what is judged, what is allowed and what was observed; in two lines each where one is too narrow."""
    paths, allowed = max(columns(r.path) for r in rows), max(columns(r.expression) for r in rows)
    observed = max(columns(r.observed) for r in rows)
    wide = max(6, *(columns(row.word) for row in rows))
    lines = []
    for row in rows:
        mark = f"{row.mark} {'MISSED' if row.met is False else row.word:<{wide}}"
        if wide + 3 + paths + 2 + allowed + 2 + observed <= width:
            lines.append(f"{mark} {_left(row.path, paths)}  {_left(row.expression, allowed)}  {row.observed}")
        else:
            lines.append(f"{mark} {shorten(row.path, width - wide - 3)}")
            lines.append(shorten(f"  {row.expression}: {row.observed}", width))
    return "\n".join(line.rstrip() for line in lines)


def _table(table: content.Table, width: int) -> str:
    """A table of functions or sources, with as many columns as fit."""
    keep = list(range(len(table.headings)))
    names = max(columns(row[0]) for row in (table.headings, *table.rows))
    widths = [max(columns(row[i]) for row in (table.headings, *table.rows)) for i in keep]
    for heading in DROPPED:
        if min(names, NAME_COLUMNS) + sum(widths[i] + 2 for i in keep[1:]) <= width:
            break
        keep = [i for i in keep if table.headings[i] != heading]
    room = width - sum(widths[i] + 2 for i in keep[1:])
    lines = []
    for name, *cells in content.cells(table, keep):
        figures = "".join(
            "  " + " " * (widths[i] - columns(cell)) + cell for i, cell in zip(keep[1:], cells, strict=True)
        )
        lines.append(_left(shorten(name, room), min(names, room)) + figures)
    if table.more:
        lines.append(_wrapped(table.more, width))
    return "\n".join(lines)


def _changes(summary: Mapping[str, Any], width: int) -> str:
    """A line for each of the first changes, broken where it is too long."""
    rows, left_out = changes(summary, content.MOST)
    wide = [max(columns(row[i]) for row in rows) for i in range(3)] if rows else []
    lines = ["Changes:" if rows else "Nothing changed during the run."]
    for *names, how in rows:
        begin = "  " + "  ".join(_left(name, of) for name, of in zip(names, wide, strict=True)) + "  "
        lines.append(
            textwrap.fill(how, max(width, columns(begin) + 20), initial_indent=begin, subsequent_indent="    ")
        )
    if left_out:
        lines.append(f"  and {left_out:,} more")
    return "\n".join(lines)


def _bill(result: Reported, width: int) -> str:
    bill = content.bill(result.summary)
    items, sums, amounts = (max((columns(line[i]) for line in bill.lines), default=0) for i in range(3))
    texts = [_wrapped(bill.total, width)]
    for item, arithmetic, usd in bill.lines:
        if items + sums + amounts + 7 <= width:
            texts.append(f"  {_left(item, items)}  {_left(arithmetic, sums)} = {usd}")
        else:
            texts.append(f"  {shorten(item, width - 3 - columns(usd))} {usd}")
            texts.append(textwrap.fill(arithmetic, width, initial_indent="    ", subsequent_indent="    "))
    if bill.left_out:
        texts.append(f"  and {bill.left_out:,} cheaper lines")
    texts += [_wrapped(f"Note: {printable(note)}.", width) for note in bill.notes]
    return "\n".join(texts)


def _left(text: str, width: int) -> str:
    return text + " " * (width - columns(text))


def summary_markdown(result: Reported, *, directory: str | os.PathLike[str] | None = None) -> str:
    """Return a summary in Markdown with tables (GitHub's kind), ending in a line end.

    ``directory`` is where the files of the run are, if they were written.
    """
    summary = result.summary
    lines = [f"**{escaped(summary['verdict'])}**", ""]
    if summary["question"]:
        lines += [f"> {escaped(summary['question'])}", ""]
    if summary["slo"]:
        lines += ["| objective | allowed | observed | |", "|---|---|---:|---|"]
        for row in content.objectives(summary):
            mark = f"{row.mark} {row.word}" if row.met else f"**{row.mark} {row.word}**"
            lines.append(f"| {escaped(row.path)} | {escaped(row.expression)} | {escaped(row.observed)} | {mark} |")
        lines.append("")
    if unlike := tried.rows(summary):
        lines += ["| what to change | effect | cost |", "|---|---|---|", *map(_row, unlike), ""]
    for sentence in tried.sentences(summary):
        lines += [sentence, ""]
    for table in (content.functions(summary), content.sources(summary)):
        if table is None:
            continue
        lines += [_row(table.headings), "|---" + "|---:" * (len(table.headings) - 1) + "|", *map(_row, table.rows), ""]
        if table.more:
            lines += [escaped(f"{table.more}."), ""]
    lines += [part for line in _what_happened(summary, result.config) for part in (escaped(line), "")]
    if rows := content.intervals(summary):
        lines += ["| number | mean | from | to | ± |", "|---|---:|---:|---:|---:|", *map(_row, rows), ""]
    bill = content.bill(summary)
    lines += [escaped(content.account(summary, result.config)), ""]
    of_run, left_out = changes(summary, content.MOST)
    if of_run:
        lines += [_row(HEADINGS), "|---" * len(HEADINGS) + "|", *map(_row, of_run), ""]
        lines += [f"and {left_out:,} more changes.", ""] if left_out else []
    lines += [escaped(bill.total), ""]
    if bill.lines:
        lines += ["| item | arithmetic | amount |", "|---|---:|---:|", *map(_row, bill.lines), ""]
    if bill.left_out:
        lines += [f"and {bill.left_out:,} cheaper lines.", ""]
    for note in (*bill.notes, *summary.get("notes", ())):
        lines += [escaped(f"Note: {note}."), ""]
    lines.append(escaped(content.provenance(summary, result.config)))
    if directory is not None:
        lines += ["", f"Files: {escaped(os.fspath(directory))}"]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(escaped(cell) for cell in cells) + " |"


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is: no markup, HTML, table cell or formula begins in it."""
    text = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~$#!])", r"\\\1", text)
