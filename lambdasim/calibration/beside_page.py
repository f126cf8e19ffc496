"""An experiment beside a log, as lines for a terminal and as a page."""

import textwrap
from pathlib import Path

from lambdasim import __version__
from lambdasim.calibration.against import Comparison
from lambdasim.calibration.beside import Beside
from lambdasim.calibration.page import metrics_table
from lambdasim.json_text import json_text
from lambdasim.report.document import Document, Section, Text
from lambdasim.report.words import MISSING, printable, significant
from lambdasim.saving import whole_folder


def text(found: Comparison, width: int) -> str:
    """Return the verdict in lines of ``width`` columns, and a row for each metric."""
    rows: list[tuple[str, ...]] = [("metric", "measured", "simulated", "difference", "in a word")]
    for part, metrics in (("", found.metrics), ("the change: ", found.change)):
        rows += [_row(part, one) for one in metrics]
    wide = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [textwrap.fill(found.verdict, width), ""]
    for row in rows:
        numbers = "  ".join(cell.rjust(columns) for cell, columns in zip(row[1:4], wide[1:4], strict=True))
        lines.append(f"{row[0].ljust(wide[0])}  {numbers}  {row[4]}".rstrip())
    for note in found.notes:
        told = f"note: {printable(note)}"
        lines.append(textwrap.fill(told, width, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False))
    return "\n".join(lines)


def _row(part: str, one: Beside) -> tuple[str, ...]:
    difference = MISSING if one.bias is None else f"{one.bias:+.1%}"
    return part + printable(one.path), significant(one.measured), significant(one.simulated), difference, one.word


def save(found: Comparison, name: str, folder: Path) -> None:
    """Write ``validation.json`` and ``validation.html`` into a folder; raises OSError."""
    from lambdasim.report.html import page

    changed = [Text("Factors: after the change over before.")] if found.change else []
    changed_rows = [metrics_table([one.to_json() for one in found.change])] if found.change else []
    document = Document(
        title=f"{name} beside its log",
        question="",
        verdict=found.verdict,
        success=None,
        sections=[
            Section("Metrics", [metrics_table([one.to_json() for one in found.metrics])]),
            Section("What the change did", [*changed, *changed_rows]),
            Section("Notes", [Text(note) for note in found.notes]),
        ],
    )
    manifest = {"lambdasim": __version__, "complete": True, "command": "validate"}
    with whole_folder(folder, manifest) as aside:
        (aside / "validation.json").write_text(json_text(found.to_json()), encoding="utf-8")
        (aside / "validation.html").write_text(page(document), encoding="utf-8")
