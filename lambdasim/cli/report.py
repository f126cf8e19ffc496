"""``lambdasim report``: make the report of runs again, from the files they left."""

from collections.abc import Sequence
from pathlib import Path

from lambdasim.cli.arguments import Parser
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.output import emit, notes_as_lines, warnings_as_lines
from lambdasim.errors import InputError, Problem
from lambdasim.saving import write_whole

EPILOG = """\
Nothing is simulated: the page is made of summary.json, resolved.toml and manifest.json,
and its figures are drawn again from timeseries.csv and latencies.csv. stdout carries
the paths of the pages written.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command; raises :class:`lambdasim.errors.InputError` for folders that hold no whole run."""
    parser = Parser("report", "Make report.html of runs again, from the files they left.", EPILOG)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a run")
    options = parser.read(arguments)
    from lambdasim.report.saved_run import rebuilt_page

    problems: list[Problem] = []
    with warnings_as_lines(), notes_as_lines(quiet=False):
        for folder in options.runs:
            try:
                _write(folder / "report.html", rebuilt_page(folder))
            except InputError as error:
                problems += error.problems
            else:
                emit(str(folder / "report.html"))
    if problems:
        raise InputError(problems)
    return ExitCode.DONE


def _write(file: Path, page: str) -> None:
    try:
        write_whole(file, page)
    except OSError as error:
        raise InputError.single(f"cannot write {file}: {error.strerror}") from error
