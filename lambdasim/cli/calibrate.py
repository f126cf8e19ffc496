"""``lambdasim calibrate``: from logs to a model that runs, with the evidence for every value."""

from collections.abc import Sequence
from pathlib import Path

from lambdasim.cli.arguments import Parser
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.folder import RunFolder
from lambdasim.cli.output import complain, emit, notes_as_lines, text_width, warnings_as_lines
from lambdasim.errors import InputError

EPILOG = """\
Logs are files or folders, plain, .gz or .zip: text logs, exports of the console and
of Logs Insights (CSV, JSON), filter-log-events, JSON logs, exports to S3, and output
of aws-lambda-power-tuning beside them. The folder gets calibrated.toml, which runs as
it is, fit.json and fit.html. stdout carries what was found, with --format json fit.json.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command; raises :class:`lambdasim.errors.InputError`."""
    parser = Parser("calibrate", "Make a model of functions from their logs.", EPILOG)
    parser.add_argument("logs", nargs="+", metavar="LOG", help="file or folder with REPORT lines")
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="folder for the files")
    parser.add_argument("--function", metavar="NAME", help="the function that is wanted, or that the log is of")
    parser.add_argument("--holdout", action="store_true", help="let the first half predict the second")
    parser.add_argument("--era", metavar="ERA", help="decides what the log does not tell (default: by its dates)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="what stdout carries")
    options = parser.read(arguments)
    from lambdasim.calibration.calibrate import calibrate
    from lambdasim.calibration.text import text
    from lambdasim.json_text import json_text

    folder = RunFolder.at(options.out)
    try:
        with folder.filling(), warnings_as_lines(), notes_as_lines(quiet=True):
            found = calibrate(options.logs, function=options.function, holdout=options.holdout, era=options.era)
            found.save(folder.path)
    except OSError as error:
        raise InputError.single(f"cannot write to {folder.path}: {error.strerror}; name another --out") from error
    emit(json_text(found.fit) if options.format == "json" else text(found, text_width()))
    left = found.log.account()
    if left:
        complain(f"Left out: {left}.")
    complain(f"Next: lambdasim run {folder.path / 'calibrated.toml'}")
    return ExitCode.DONE
