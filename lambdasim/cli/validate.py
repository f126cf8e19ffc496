"""``lambdasim validate``: predictions beside published measurements, and how sure they make of each assumption."""

import json
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lambdasim.cli.arguments import Parser
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.folder import RunFolder
from lambdasim.cli.output import complain, emit
from lambdasim.errors import InputError
from lambdasim.report.words import MISSING

if TYPE_CHECKING:
    from lambdasim.validation.scoreboard import Scoreboard

EPILOG = """\
Without --data stdout carries *How sure*: each assumption with its source, the errors
when the scoreboard was last made, and when it matters.
With it: DIR has validation.csv, a row for each published number, and a folder for each data
set with its files. Each is simulated as its authors did it, in the era in which they
did, and scored as they measured. The folder gets scoreboard.html, scoreboard.json and
scoreboard.csv. stdout carries the scoreboard, with --format json the whole document.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command; raises :class:`lambdasim.errors.InputError`."""
    parser = Parser("validate", "Set predictions beside published measurements.", EPILOG)
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with validation.csv")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the files, default: a new one under runs/")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="what stdout carries")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    options = parser.read(arguments)
    if options.data is None:
        return _how_sure(options.format)
    from lambdasim.validation.measurement import read
    from lambdasim.validation.predictors import studies
    from lambdasim.validation.scoreboard import scoreboard
    from lambdasim.validation.words import text

    measurements = read(options.data)
    folder = RunFolder.at(options.out) if options.out else RunFolder.fresh(Path("runs"), "validation")
    try:
        found = studies(measurements, options.data, (lambda _: None) if options.quiet else complain)
        board = scoreboard(found, measurements)
        _save(folder.path, board)
    except OSError as error:
        raise InputError.single(f"cannot write to {folder.path}: {error.strerror}; name another --out") from error
    finally:
        folder.discard_if_unused()
    emit(json.dumps(board.to_dict(), indent=2) if options.format == "json" else text(board))
    complain(f"Files: {folder.path}")
    return ExitCode.DONE


def _how_sure(form: str) -> int:
    """Print each assumption; nothing is simulated."""
    from dataclasses import asdict

    from lambdasim.cli.output import text_width
    from lambdasim.validation.how_sure import OPENING, UNEXPLAINED, recorded, rows

    found = rows(recorded())
    if form == "json":
        emit(json.dumps([asdict(row) for row in found], indent=2, ensure_ascii=False))
        return ExitCode.DONE
    paragraphs = [OPENING, UNEXPLAINED]
    lines = [textwrap.fill(paragraph, text_width()) for paragraph in paragraphs]
    for row in found:
        told = {"matters": row.matters, "error": row.errors, "rests on": f"{row.kind}: {row.source}"}
        own = [row.name]
        own += [
            textwrap.fill(words, text_width(), initial_indent=f"  {key:<9} ", subsequent_indent=" " * 12)
            for key, words in told.items()
            if words != MISSING
        ]
        lines.append("\n".join(own))
    emit("\n\n".join(lines))
    return ExitCode.DONE


def _save(path: Path, board: "Scoreboard") -> None:
    from lambdasim import __version__
    from lambdasim.report.html import page
    from lambdasim.saving import whole_folder
    from lambdasim.validation.words import document, table

    with whole_folder(path, {"lambdasim": __version__, "command": "validate", "complete": True}) as aside:
        (aside / "scoreboard.html").write_text(page(document(board)), encoding="utf-8")
        (aside / "scoreboard.json").write_text(json.dumps(board.to_dict(), indent=2) + "\n", encoding="utf-8")
        (aside / "scoreboard.csv").write_text(table(board), encoding="utf-8")
