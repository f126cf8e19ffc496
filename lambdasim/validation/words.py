"""The scoreboard as a reader wants it: lines of text, and a page with scatter plots."""

import csv
import math
import textwrap
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Final

from lambdasim.report.document import Block, Document, Exact, Figure, Section, Table, Text
from lambdasim.report.figures import scatter
from lambdasim.report.words import MISSING, percent, significant
from lambdasim.validation.how_sure import how_sure
from lambdasim.validation.scoreboard import Score, Scoreboard

QUESTION: Final = "How far are predictions from what others have measured at AWS?"
HEADINGS: Final = ("measured", "n", "error", "bias", "by chance", "SimFaaS", "analytic", "era")
NOTE: Final = (
    "An error is the mean of absolute errors: a share of what was measured, or in a unit, which is that of the numbers "
    "beside it too. By chance is the error of predictions that are right: what was measured is one run, or few, and "
    "another would differ."
)
COLUMNS: Final = (
    "kind", "dataset", "experiment", "metric", "unit", "era", "measured", "spread", "spread_kind", "predicted",
    "error_by_chance", "simfaas", "analytic", "source",
)  # fmt: skip
"""Of ``scoreboard.csv``."""


def error_words(score: Score, value: float | None) -> str:
    """Return an error of a kind in words."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{significant(value)} {score.kind.unit}" if score.kind.unit else percent(value)


def verdict(board: Scoreboard) -> str:
    """Return one sentence."""
    better = [score for score in board.scores if score.simfaas is not None and score.error < score.simfaas]
    rivals = [score for score in board.scores if score.simfaas is not None]
    found = f"{board.predicted:,} of {board.measurements:,} published measurements are predicted"
    shares = sorted(score.error for score in board.scores if not score.kind.unit)
    if shares:
        found += f"; half of the kinds that have a relative error are within {percent(shares[len(shares) // 2], 2)}"
    if rivals:
        found += f", and {len(better)} of {len(rivals)} are nearer than SimFaaS's"
    return found + "."


def text(board: Scoreboard) -> str:
    """Return the lines of the terminal."""
    rows = [HEADINGS, *(_row(score) for score in board.scores)]
    wide = [max(len(row[place]) for row in rows) for place in range(len(HEADINGS))]
    lines = [verdict(board), ""]
    for row in rows:
        cells = [cell.ljust(width) if place in (0, len(HEADINGS) - 1) else cell.rjust(width)
                 for place, (cell, width) in enumerate(zip(row, wide, strict=True))]  # fmt: skip
        lines.append("  ".join(cells).rstrip())
    lines += ["", *textwrap.wrap(NOTE, 100)]
    if board.left_out:
        lines.append(f"Not predicted: {len(board.left_out)} metrics or data sets; the page says why.")
    return "\n".join(lines)


def _row(score: Score) -> tuple[str, ...]:
    """Return a score in words; only its error tells the unit, which is that of all others beside it."""
    bias, chance, simfaas, analytic = (
        _without_unit(score, value) for value in (score.bias, score.chance, score.simfaas, score.analytic)
    )
    return (
        score.kind.name,
        f"{len(score.predictions)}",
        error_words(score, score.error),
        bias if bias.startswith("-") or score.bias == 0 else f"+{bias}",
        chance,
        simfaas,
        analytic,
        ", ".join(sorted({one.era for one in score.predictions})),
    )


def _without_unit(score: Score, value: float | None) -> str:
    return error_words(score, value).removesuffix(f" {score.kind.unit}")


def table(board: Scoreboard) -> str:
    """Return the text of ``scoreboard.csv``: a row for each measurement that was scored."""
    page = StringIO()
    rows = csv.writer(page, lineterminator="\n")
    rows.writerow(COLUMNS)
    for score in board.scores:
        for one in score.predictions:
            row = one.measurement
            cells = (
                score.kind.name, row.dataset, row.experiment, row.metric, row.unit, one.era, row.measured, row.spread,
                row.spread_kind, one.predicted, one.chance, row.simfaas, row.analytic, row.source,
            )  # fmt: skip
            rows.writerow(cells)
    return page.getvalue()


def document(board: Scoreboard) -> Document:
    """Return the page."""
    errors = {score.kind.name: error_words(score, score.error) for score in board.scores}
    return Document(
        "Predictions beside measurements",
        QUESTION,
        verdict(board),
        None,
        (
            Section("Scoreboard", tuple(_scores(board.scores))),
            Section("Each prediction", (_scatter(board),)),
            Section("What was not published", tuple(_assumed(board))),
            Section(
                "How sure",
                tuple(how_sure(errors)),
            ),
            Section("Not predicted", tuple(_left_out(board))),
        ),
    )


def _scores(scores: Sequence[Score]) -> Iterator[Block]:
    yield Table(
        HEADINGS,
        [[_row(score)[0], _row(score)[1], Exact(_row(score)[2], score.error), *_row(score)[3:]] for score in scores],
        note=f"{NOTE} SimFaaS and the authors' analytical model are scored on the measurements that they were computed "
        "for. Of each measurement scoreboard.csv has the numbers.",
    )


def _scatter(board: Scoreboard) -> Figure:
    panels = [
        scatter.Panel(
            score.kind.name,
            [one.measurement.measured for one in score.predictions],
            [one.predicted for one in score.predictions],
            [math.nan if one.measurement.spread is None else one.measurement.spread for one in score.predictions],
            [math.nan if one.measurement.simfaas is None else one.measurement.simfaas for one in score.predictions],
        )
        for score in board.scores
    ]
    chart = scatter.figure(panels, other="SimFaaS", finding="Predicted against measured; on the line they are alike")
    return Figure("scatter", chart.svg(), "scoreboard.csv")


def _assumed(board: Scoreboard) -> Iterator[Block]:
    rows = [(study.dataset, sentence) for study in board.studies for sentence in study.assumed]
    if rows:
        yield Text("What a measurement's authors did not publish, and what was assumed in its place:")
        yield Table(("data", "assumed"), rows, names=2)


def _left_out(board: Scoreboard) -> Iterator[Block]:
    if board.left_out:
        yield Table(("data", "why"), list(board.left_out.items()), names=2)
