"""A comparison as text, Markdown and HTML: the verdict, what was changed, and the numbers that matter.

Knows how they are set, not what they say (:mod:`lambdasim.report.difference`).
"""

import json
import textwrap
from collections.abc import Sequence
from html import escape
from typing import Any, Final

from lambdasim.report.difference import Compared, Difference
from lambdasim.report.text import escaped, plain
from lambdasim.report.words import columns, printable, shorten, significant

MOST_ROWS: Final = 12
MOST_CHANGES: Final = 20
COMMENTED: Final = 8
"""So many changes stand in Markdown, which is a comment of at most 30 lines on a pull request."""
SHOWN: Final = (
    "latency.p50",
    "latency.p99",
    "throttle_rate",
    "cold_start_rate",
    "error_rate",
    "concurrency.max",
    "environments.created",
)
"""Metrics of functions that are shown where they differ for certain, beside those of the verdict."""


def comparison_text(compared: Compared, width: int = 80, encoding: str = "utf-8") -> str:
    """Return a comparison for a terminal of so many columns (40 at least); plain ASCII unless it takes UTF-8."""
    width = max(width, 40)
    blocks = [textwrap.fill(printable(compared.verdict), width, break_on_hyphens=False)]
    lines, more = _changed(compared)
    blocks.append("\n".join(shorten(line, width) for line in lines) + (f"\n{more}" if more else ""))
    blocks.append("\n".join(_set(_table(compared), width)))
    blocks.append(textwrap.fill(_closing(compared), width))
    text = "\n\n".join(blocks)
    return text if encoding.lower().replace("-", "").replace("_", "") == "utf8" else plain(text)


def comparison_markdown(compared: Compared) -> str:
    """Return a comparison in Markdown with a table (GitHub's kind), of at most 30 lines, ending in a line end."""
    lines, more = _changed(compared, COMMENTED)
    headings, *rows = _table(compared)
    body = [f"**{escaped(compared.verdict)}**", "", *(f"- {escaped(line)}" for line in lines)]
    body += [more] if more else []
    body += ["", _cells(headings), "|---" + "|---:" * (len(headings) - 1) + "|", *map(_cells, rows)]
    return "\n".join([*body, "", escaped(_closing(compared))]) + "\n"


def comparison_html(compared: Compared) -> str:
    """Return a self-contained HTML fragment for notebooks."""
    lines, more = _changed(compared)
    headings, *rows = _table(compared)
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join("<tr>" + "".join(_cell(i, cell) for i, cell in enumerate(row)) + "</tr>" for row in rows)
    changes = "".join(f"<li><code>{escape(line)}</code></li>" for line in (*lines, *([more] if more else [])))
    return (
        f'<div class="lambdasim-comparison" style="max-width:60em"><p style="font-weight:600">'
        f"{escape(printable(compared.verdict))}</p><ul>{changes}</ul>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{escape(_closing(compared))}</p></div>"
    )


def _cell(column: int, text: str) -> str:
    return f'<td style="text-align:{"right" if column else "left"}">{escape(text)}</td>'


def _changed(compared: Compared, most: int = MOST_CHANGES) -> tuple[list[str], str]:
    """Return a line for each change, and how many are left out."""
    changes = compared.changes
    lines = [f"{printable(c.path)}: {_setting(c.before)} -> {_setting(c.after)}" for c in changes[:most]]
    left = len(changes) - len(lines)
    return lines or ["nothing is configured differently"], f"and {left:,} more changes" if left else ""


def _setting(value: Any) -> str:
    if value is None:
        return "not set"
    return shorten(value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False), 60)


def _rows(compared: Compared) -> list[Difference]:
    """Return the headlines, then what else differs for certain, greatest first, and the cost."""
    first = list(compared.headlines)
    keys = {difference.key for difference in first}
    others = [
        d for d in compared.every if d.key[0] == "function" and d.key[2] in SHOWN and d.key not in keys and d.is_certain
    ]
    ranked = (first + sorted(others, key=lambda difference: -difference.weight))[:MOST_ROWS]
    return [*ranked, compared.cost]


def _table(compared: Compared) -> list[tuple[str, ...]]:
    """Return headings and rows in words."""
    level = f"{significant(100 * compared.confidence)} % CI"
    rows = [
        (d.path, d.value(d.before), d.value(d.after), d.change(d.difference), d.interval()) for d in _rows(compared)
    ]
    return [("metric", "before", "after", "difference", level), *rows]


def _set(table: Sequence[tuple[str, ...]], width: int) -> list[str]:
    """Return the lines of a table, its last columns left out where it is too narrow."""
    shown = len(table[0])
    widths = [max(columns(row[i]) for row in table) for i in range(shown)]
    while shown > 4 and min(widths[0], 20) + sum(2 + w for w in widths[1:shown]) > width:
        shown -= 1
    room = max(8, width - sum(2 + w for w in widths[1:shown]))
    lines = []
    for name, *cells in table:
        name = shorten(name, room)
        line = name + " " * (min(widths[0], room) - columns(name))
        lines.append(
            line + "".join(f"  {' ' * (w - columns(c))}{c}" for w, c in zip(widths[1:shown], cells, strict=False))
        )
    return [line.rstrip() for line in lines]


def _closing(compared: Compared) -> str:
    return (
        f"{compared.count:,} pair{'s' if compared.count > 1 else ''} of replications with the same random numbers, "
        f"seed {compared.before.summary['seed']}; before: {printable(compared.before.summary['name'])}, "
        f"after: {printable(compared.after.summary['name'])}.{''.join(f' {note}' for note in compared.notes)}"
    )


def _cells(row: Sequence[str]) -> str:
    return "| " + " | ".join(escaped(cell) for cell in row) + " |"
