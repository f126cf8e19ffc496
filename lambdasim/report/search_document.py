"""The report on a search: what was sought, every alternative with its interval, and what that rests on.

Numbers are those of ``summary.json`` and ``points.csv``.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from lambdasim.config.defaults import tables_of
from lambdasim.metrics.judging import RULE
from lambdasim.report.assumptions import assumptions
from lambdasim.report.document import Block, Cell, Code, Document, Exact, Figure, Mark, Section, Table, Text
from lambdasim.report.run_document import alternatives, experiment_file
from lambdasim.report.search_files import Kind, SearchFiles, kind_of, quantity
from lambdasim.report.words import count, number, percent, shortest, significant

ROWS: Final = 100
"""How many alternatives are listed; the others are in points.csv."""
SOUGHT: Final = {
    "sweep": "What was swept",
    "capacity": "What was sought",
    "optimize": "What was sought",
    "sensitivity": "What was varied",
}
WHAT: Final = {"passes": Mark(True, "passes"), "fails": Mark(False, "fails"), "undecided": Mark(None)}


def search_document(files: SearchFiles, figures: Mapping[str, str]) -> Document:
    """Return the report on a search with its ``figures``, SVG documents by name."""
    summary = files.summary
    drawn = [Figure(name, svg, data="points.csv") for name, svg in figures.items()]
    return Document(
        title=summary["name"],
        question=summary["question"],
        verdict=summary["verdict"],
        success=summary["success"] if summary["slo"] and files.command != "sensitivity" else None,
        sections=[
            Section("What to change", list(alternatives(summary))),
            Section(SOUGHT.get(files.command, "What was sought"), list(_sought(files))),
            Section("Alternatives tried", [*drawn, *_alternatives(files)]),
            Section("How sure are we", list(_certainty(files))),
            Section("Assumptions", assumptions(tables_of(files.resolved), files.manifest, files.config.account.region)),
            Section("How to reproduce", list(_reproduction(files))),
        ],
    )


def save_search(files: SearchFiles, directory: str | os.PathLike[str], *, figures: bool) -> None:
    """Write ``report.html`` of a search, and ``figures/*.svg`` if there are to be, into its folder; raises OSError."""
    from lambdasim.report.html import save_page

    folder = Path(directory)
    drawn: dict[str, str] = {}
    if figures:
        from lambdasim.report.search_figures import search_figures

        drawn = {name: chart.svg() for name, chart in search_figures(files).items()}
        (folder / "figures").mkdir(exist_ok=True)
        for name, svg in drawn.items():
            (folder / "figures" / f"{name}.svg").write_text(svg, encoding="utf-8")
    save_page(search_document(files, drawn), folder / "report.html")


def _sought(files: SearchFiles) -> Iterator[Block]:
    summary, points = files.summary, files.points
    if files.paths:
        rows = [(path, f"{points[path].map(str).nunique():,}", _range(files, path)) for path in files.paths]
        yield Table(("varied", "values tried", "which"), rows, names=3)
    if files.command == "sensitivity":
        yield Text(
            f"Each of {summary['assumptions']} assumptions about what AWS does not publish was changed alone, and the "
            f"change of {summary['metric']} was measured on the same chance."
        )
    objectives = list(_objectives(files))
    if objectives:
        yield Table(("objective", "allowed", "passes", "undecided", "fails"), objectives, names=2)
    elif files.command != "sensitivity":
        yield Text("The experiment sets no objective, so every point passes; a table [slo] in its file sets some.")
    for note in summary.get("notes", ()):
        yield Text(note)


def _range(files: SearchFiles, path: str) -> str:
    values = list(dict.fromkeys(str(value) for value in files.points[path]))
    return ", ".join(values) if len(values) <= 12 else f"{', '.join(values[:6])} … {', '.join(values[-3:])}"


def _objectives(files: SearchFiles) -> Iterator[tuple[str, ...]]:
    """Each objective with how many points pass it, leave it undecided and fail it."""
    for slo in files.summary["slo"]:
        column = f"{slo['path']} {slo['expression']}"
        if column in files.points:
            seen = files.points[column].value_counts()
            counts = (f"{int(seen.get(verdict, 0)):,}" for verdict in ("passes", "undecided", "fails"))
            yield slo["path"], slo["expression"], *counts


def _alternatives(files: SearchFiles) -> Iterator[Block]:
    """Every point with its verdict and, for each metric of weight, mean and interval; the chosen one set off."""
    ranked = files.points
    if len(ranked) > ROWS:  # those that decide: the chosen, the passing, then in their order
        order = {"passes": 0, "undecided": 1, "fails": 2}
        rank = ranked["verdict"].map(lambda verdict: order.get(verdict, 3)) - (ranked["point"] == files.chosen) * 9
        ranked = ranked.loc[rank.sort_values(kind="stable").index][:ROWS]
    sensitive = files.command == "sensitivity"
    own = ["assumption", "value", "base"] if sensitive else files.paths
    metrics = files.metrics[:5] if not sensitive else []
    names = shortest(own) if len(own) > 1 and not sensitive else own
    headings = ["point", *names, "verdict", *metrics]
    if sensitive:
        headings.append("difference")
    rows: list[list[Cell]] = []
    chosen = []
    for row in ranked.to_dict("records"):
        if row["point"] == files.chosen:
            chosen.append(len(rows))
        cells: list[Cell] = [f"{row['point']}", *(f"{row[name]}" for name in own)]
        cells.append(WHAT.get(str(row["verdict"]), str(row["verdict"])))
        cells += [_estimate(files, row, metric, kind_of(metric)) for metric in metrics]
        if sensitive:
            cells.append(_estimate(files, row, "difference", kind_of(str(files.summary["metric"])), signed=True))
        rows.append(cells)
    left = len(files.points) - len(rows)
    more = f" {left:,} more are in points.csv." if left else ""
    below = f"Below each number its interval of {percent(files.summary['confidence'])} confidence."
    note = f"{below if files.summary['replications'] > 1 else ''}{more}".strip()
    if rows:
        yield Table(headings, rows, names=len(own) + 2, chosen=chosen, note=note)


def _estimate(files: SearchFiles, row: Mapping[Any, Any], metric: str, kind: Kind, signed: bool = False) -> Cell:
    mean, low, high = (number(row.get(f"{metric}{end}")) for end in ("", ".lo", ".hi"))
    if mean != mean:
        return "-"
    words = [quantity(value, kind, signed=signed) for value in (mean, low, high)]
    return Exact(words[0], mean, f"{words[1]} to {words[2]}" if low == low and low < high else "")


def _certainty(files: SearchFiles) -> Iterator[Block]:
    summary = files.summary
    if summary.get("incomplete"):
        yield Text("The search was interrupted: what follows is of the points that were done until then.")
    most = summary["replications"]
    if most > 1:
        yield Text(
            f"{count(most)} replications a point at most. The intervals hold the mean with "
            f"{percent(summary['confidence'])} confidence (Student's t over the replications). A point passes when "
            f"all of its objectives are met. {RULE} Looks at a growing number of runs share the chance of error."
        )
    else:
        yield Text(
            "One replication a point: chance is in every number and nothing tells how much. --replications 10 gives "
            "every point its intervals."
        )
    fresh = "; the row of the chosen one is of the fresh runs that judged it" if summary.get("judged_again") else ""
    yield Text(
        "All points run with the same streams of chance (common random numbers), so that differences between them are "
        f"due to what was changed{fresh}."
    )
    undecided = int((files.points["verdict"] == "undecided").sum()) if len(files.points) else 0
    if undecided:
        plural = "s are" if undecided > 1 else " is"
        yield Text(f"{undecided:,} point{plural} undecided; more replications would decide.")


def _reproduction(files: SearchFiles) -> Iterator[Block]:
    summary, manifest = files.summary, files.manifest
    ran = f"{count(summary['simulations'])} simulations in {significant(summary['wall_s'])} s"
    known = "" if summary["simulations"] else "; the points had been simulated before"
    yield Text(f"{ran}{known}. In the folder of this search:")
    yield Code(str(manifest["reproduce"]))
    engine = summary["engine"]
    rows = [
        ("lambdasim", str(manifest["lambdasim"])),
        ("Python", str(manifest["python"])),
        ("engine", f"{engine['used']}: {engine['reason']}"),
        ("seed", str(summary["seed"])),
        ("points", f"{len(files.points):,}"),
    ]
    yield Table(("what", "which"), rows, names=2)
    yield experiment_file(files.experiment)
