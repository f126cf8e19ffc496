"""``lambdasim validate``: predictions beside measurements, published ones or a log of one's own.

Without either it says how sure the assumptions are; nothing is simulated then.
"""

import argparse
import json
import textwrap
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from lambdasim.cli.arguments import Parser, add_experiment_options, override, overrides_of
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.folder import RunFolder
from lambdasim.cli.output import complain, emit, notes_as_lines, text_width, warnings_as_lines
from lambdasim.errors import InputError
from lambdasim.json_text import json_text
from lambdasim.report.words import MISSING

if TYPE_CHECKING:
    from lambdasim.validation.scoreboard import Scoreboard

EPILOG = """\
Alone it says how sure each assumption is: its source, the errors when the scoreboard
was last made, and when it matters.

--data DIR: DIR has validation.csv, a row for each published number, and a folder for
each data set with its files. Each is simulated as its authors did it, in its era, and
scored as they measured. --out gets scoreboard.html, scoreboard.json, scoreboard.csv.

FILE --against LOG: an experiment beside logs with REPORT lines of the same function;
with --after LOG, from after a change, and --set-b PATH=VALUE, that change, it says too
what the change did, measured and simulated. --out gets validation.html, validation.json.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command; raises :class:`lambdasim.errors.InputError`."""
    parser = Parser("validate", "Set predictions beside published measurements, or beside a log of yours.", EPILOG)
    add_experiment_options(parser, "?")
    parser.add_argument("--against", nargs="+", metavar="LOG", help="files or folders with REPORT lines")
    parser.add_argument("--after", nargs="+", metavar="LOG", help="logs from after a change")
    help_b = "what that change was; repeatable"
    parser.add_argument(
        "--set-b", dest="overrides_b", type=override, action="append", default=[], metavar="PATH=VALUE", help=help_b
    )
    parser.add_argument("--function", metavar="NAME", help="the function that a log without names is of")
    parser.add_argument("--strict", action="store_true", help="exit 99 where a metric is off by more than 25 %%")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with validation.csv")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for the files, with --data by default a new one"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="what stdout carries")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    options = parser.read(arguments)
    _refuse(options)
    with warnings_as_lines(), notes_as_lines(quiet=True):
        if options.against:
            return _against(options)
        return _how_sure(options.format) if options.data is None else _scoreboard(options)


def _refuse(options: argparse.Namespace) -> None:
    """Refuse what does not go together; raises ``InputError``."""
    wrong = ""
    of_logs = [options.after, options.overrides_b, options.function, options.strict, *overrides_of(options)]
    if (options.files is None) != (not options.against):
        wrong = "an experiment and a log go together: validate FILE --against LOG"
    elif options.against and options.data is not None:
        wrong = "--against is a log of yours and --data published measurements; give one of them"
    elif any(of_logs) and not options.against:
        wrong = "what changes an experiment, --after, --set-b, --function and --strict need FILE --against LOG"
    elif options.overrides_b and not options.after:
        wrong = "--set-b says what a change was, and needs a log from after it: --after LOG"
    elif options.out is not None and options.data is None and not options.against:
        wrong = "--out is for what is simulated, which needs --data DIR or FILE --against LOG"
    if wrong:
        raise InputError.single(f"lambdasim validate: {wrong}\nSee lambdasim validate --help.")


def _against(options: argparse.Namespace) -> int:
    from lambdasim.calibration.against import against
    from lambdasim.calibration.beside_page import save, text
    from lambdasim.config.overrides import parse_value
    from lambdasim.experiment import load_experiment

    experiment = load_experiment(options.files, overrides_of(options))
    folder = None if options.out is None else RunFolder.at(options.out)
    try:
        with nullcontext() if folder is None else folder.filling():
            found = against(
                experiment,
                options.against,
                function=options.function,
                after=options.after,
                change={path: parse_value(value) for path, value in options.overrides_b} or None,
            )
            if folder is not None:
                save(found, experiment.config.name, folder.path)
    except OSError as error:
        raise InputError.single(f"cannot write to {options.out}: {error.strerror}; name another --out") from error
    emit(json_text(found.to_json()) if options.format == "json" else text(found, text_width()))
    missed = options.strict and any(one.word.startswith(("off", "simulated, but")) for one in found.metrics)
    return ExitCode.SLO_MISSED if missed else ExitCode.DONE


def _scoreboard(options: argparse.Namespace) -> int:
    from lambdasim.validation.measurement import read
    from lambdasim.validation.predictors import studies
    from lambdasim.validation.scoreboard import scoreboard
    from lambdasim.validation.words import text

    measurements = read(options.data)
    folder = RunFolder.at(options.out) if options.out else RunFolder.fresh(Path("runs"), "validation")
    try:
        with folder.filling():
            found = studies(measurements, options.data, (lambda _: None) if options.quiet else complain)
            board = scoreboard(found, measurements)
            _save(folder.path, board)
    except OSError as error:
        raise InputError.single(f"cannot write to {folder.path}: {error.strerror}; name another --out") from error
    emit(json.dumps(board.to_dict(), indent=2) if options.format == "json" else text(board))
    complain(f"Files: {folder.path}")
    return ExitCode.DONE


def _how_sure(form: str) -> int:
    from dataclasses import asdict

    from lambdasim.validation.how_sure import OPENING, UNEXPLAINED, recorded, rows

    found = rows(recorded())
    if form == "json":
        emit(json.dumps([asdict(row) for row in found], indent=2, ensure_ascii=False))
        return ExitCode.DONE
    paragraphs = [textwrap.fill(paragraph, text_width()) for paragraph in (OPENING, UNEXPLAINED)]
    for row in found:
        told = {"matters": row.matters, "error": row.errors, "rests on": f"{row.kind}: {row.source}"}
        lines = [
            textwrap.fill(words, text_width(), initial_indent=f"  {key:<9} ", subsequent_indent=" " * 12)
            for key, words in told.items()
            if words != MISSING
        ]
        paragraphs.append("\n".join((row.name, *lines)))
    emit("\n\n".join(paragraphs))
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
