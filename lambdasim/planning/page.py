"""A search in words: for terminals and as Markdown. Opens with the verdict, and knows nothing of how it was found."""

import os
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from lambdasim.report import alternatives
from lambdasim.report.words import columns, count, printable, shorten

CELL_COLUMNS = 28
"""Longer cells are shortened in their middle, where a table would be too wide."""


class Rows(Protocol):
    """A table of words."""

    @property
    def headings(self) -> tuple[str, ...]:
        """What the columns are called."""

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The cells."""

    @property
    def left_out(self) -> int:
        """How many rows are not among them."""


def text(
    summary: Mapping[str, Any],
    table: Rows,
    *,
    width: int = 80,
    encoding: str = "utf-8",
    directory: str | os.PathLike[str] | None = None,
) -> str:
    """Return a summary for a terminal, its last line without a line end; ASCII where the encoding is not UTF-8."""
    width = max(width, 40)
    blocks = [_wrapped(printable(summary["verdict"]), width)]
    heading = [printable(words) for words in (summary["name"], summary["question"]) if words]
    blocks.append("\n".join(_wrapped(words, width) for words in heading))
    if tried := [*(f"{of}: {effect}; {cost}" for of, effect, cost in alternatives.rows(summary))]:
        tried += alternatives.sentences(summary)
        folded = [textwrap.fill(line, width, initial_indent="  ", subsequent_indent="    ") for line in tried]
        blocks.append("\n".join(["What to change:", *folded]))
    blocks += [_lines(part, width) for part in _side_by_side(table, width)]
    if table.left_out:
        blocks.append(f"and {table.left_out:,} more in points.csv")
    blocks += [_wrapped(printable(note), width) for note in summary.get("notes", ())]
    closing = [_wrapped(provenance(summary), width)]
    if directory is not None:
        closing.append(f"Files: {printable(os.fspath(directory))}")  # never broken: it is there to be copied
    blocks.append("\n".join(closing))
    whole = "\n\n".join(block for block in blocks if block)
    return whole if encoding.lower().replace("-", "").replace("_", "") == "utf8" else _ascii(whole)


def markdown(summary: Mapping[str, Any], table: Rows) -> str:
    """Return a summary in Markdown with a table (GitHub's kind), ending in a line end."""
    lines = [f"**{_escaped(summary['verdict'])}**", ""]
    if summary["question"]:
        lines += [f"> {_escaped(summary['question'])}", ""]
    if tried := alternatives.rows(summary):
        lines += ["| what to change | effect | cost |", "|---|---|---|", *map(_row, tried), ""]
    for sentence in alternatives.sentences(summary):
        lines += [_escaped(sentence), ""]
    if table.rows:
        lines += [_row(table.headings), "|" + "---|" * len(table.headings), *map(_row, table.rows), ""]
    if table.left_out:
        lines += [f"and {table.left_out:,} more in points.csv.", ""]
    for note in summary.get("notes", ()):
        lines += [_escaped(note), ""]
    return "\n".join([*lines, _escaped(provenance(summary))]) + "\n"


def provenance(summary: Mapping[str, Any]) -> str:
    """Return how sure the numbers are and where they come from."""
    most, confidence = summary["replications"], summary["confidence"]
    told = f"{count(most)} replications a point at most, intervals of {100 * confidence:g} % (Student's t)"
    if most == 1:
        told = "One replication a point, so no interval"
    runs = summary["simulations"]
    ran = f"{runs:,} simulations in {summary['wall_s']:.1f} s" if runs else "all of it simulated before"
    return f"{told}; {ran}, seed {summary['seed']}, engine {summary['engine']['used']}."


def _side_by_side(table: Rows, width: int) -> list[list[list[str]]]:
    """Return the table in parts of as many columns as fit, each beginning with the first column."""
    if not table.rows:
        return []
    rows = [[printable(cell) for cell in row] for row in (table.headings, *table.rows)]
    widths = _widths(rows)
    if sum(widths) + 2 * len(widths) - 2 > width:
        rows = [[shorten(cell, CELL_COLUMNS) for cell in row] for row in rows]
        widths = _widths(rows)
    parts: list[list[int]] = [[0]]
    for i in range(1, len(widths)):
        if sum(widths[j] + 2 for j in parts[-1]) + widths[i] > width and len(parts[-1]) > 1:
            parts.append([0])
        parts[-1].append(i)
    return [[[row[i] for i in part] for row in rows] for part in parts]


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(columns(row[i]) for row in rows) for i in range(len(rows[0]))]


def _lines(rows: Sequence[Sequence[str]], width: int) -> str:
    widths = _widths(rows)
    return "\n".join(
        "  ".join(cell + " " * (size - columns(cell)) for cell, size in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _wrapped(words: str, width: int) -> str:
    return textwrap.fill(words, width, break_on_hyphens=False)


def _ascii(words: str) -> str:
    plain = {"\N{PLUS-MINUS SIGN}": "+-", "\N{MULTIPLICATION SIGN}": "x", "\N{HORIZONTAL ELLIPSIS}": "~"}
    return "".join(c if c.isascii() else plain.get(c, "?" * columns(c)) for c in words)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_escaped(cell) for cell in cells) + " |"


def _escaped(words: str) -> str:
    """Return text that Markdown shows as it is."""
    words = printable(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~$#!])", r"\\\1", words)
