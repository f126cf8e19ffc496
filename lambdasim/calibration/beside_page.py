"""An experiment beside a log, as lines for a terminal and as a page."""

from collections.abc import Iterator
from pathlib import Path

from lambdasim import __version__
from lambdasim.calibration.against import Comparison
from lambdasim.calibration.beside import Beside
from lambdasim.calibration.page import metrics_table
from lambdasim.json_text import json_text
from lambdasim.report.document import Document, Section, Text
from lambdasim.report.words import printable
from lambdasim.saving import whole_folder


def text(found: Comparison) -> str:
    """Return the verdict and a row for each metric."""
    lines = [found.verdict, "", f"{'':<40} {'measured':>12} {'simulated':>12} {'bias':>9}"]
    lines += list(_rows(found.metrics))
    if found.change:
        lines += ["", "What the change did to each, as a factor:", *_rows(found.change)]
    return "\n".join([*lines, *(f"note: {printable(note)}" for note in found.notes)])


def _rows(metrics: tuple[Beside, ...]) -> Iterator[str]:
    for one in metrics:
        bias = "-" if one.bias is None else f"{one.bias:+.1%}"
        yield f"{printable(one.path):<40} {one.measured:>12.5g} {one.simulated:>12.5g} {bias:>9}  {one.word}"


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
