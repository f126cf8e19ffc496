"""What the commands that simulate many points have in common: options, folder, workers, progress, exit code."""

import argparse
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdasim.cli.arguments import Parser, add_experiment_options, add_figures_option, overrides_of
from lambdasim.cli.executor import add_executor_options, chosen_executor
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.folder import RunFolder
from lambdasim.cli.output import (
    complain,
    emit,
    notes_as_lines,
    report_bug,
    text_encoding,
    text_width,
    warnings_as_lines,
)
from lambdasim.cli.process import collect_garbage
from lambdasim.cli.progress import point_numbers, shown_progress
from lambdasim.cli.signals import StopRequest, stop_on_signals
from lambdasim.errors import InputError, Interrupted

if TYPE_CHECKING:
    from lambdasim.experiment import Experiment
    from lambdasim.planning.answer import Answer

FOLDER_BYTES = 5_000_000
"""About what a search leaves."""

EPILOG = """\
stdout carries the result only: with json the same document as summary.json. Every
point is kept as it is done, in DIR/points with --out DIR and in .points beside the
runs without, so that a search that is stopped or repeated goes on where it was.
Simulations are spread over the processes of --jobs, of which each uses one thread.
"""


def search_parser(command: str, purpose: str) -> Parser:
    """Return the parser of a command that searches, with the options that all of them have."""
    parser = Parser(command, purpose, EPILOG)
    add_experiment_options(parser, files=1)
    add_executor_options(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the results")
    add_figures_option(parser)
    parser.add_argument("--format", choices=("text", "json", "md"), default="text", help="what stdout carries")
    parser.add_argument("--quiet", action="store_true", help="no progress and no notes on stderr")
    return parser


def run_search(
    options: argparse.Namespace,
    search: "Callable[..., Answer]",
    overrides: list[tuple[str, str]] | None = None,
) -> int:
    """Let ``search(experiment, executor=..., cache=..., progress=...)`` do the work; return the exit code.

    ``overrides`` are changes to the file that a command's own options stand for.
    """
    with stop_on_signals() as stop, warnings_as_lines(), notes_as_lines(quiet=options.quiet):
        from lambdasim.experiment import load_experiment

        experiment = load_experiment(options.files[0], [*overrides_of(options), *(overrides or ())])
        collect_garbage()
        folder, cache = _folders(experiment, options.out)
        try:
            with chosen_executor(options) as executor:
                return _search(experiment, search, executor, folder, cache, stop, options)
        finally:
            folder.discard_if_unused()


def _folders(experiment: "Experiment", out: Path | None) -> tuple[RunFolder, Path]:
    """Return the folder for the results, and the one that keeps points."""
    if out is not None:
        folder, cache = RunFolder.at(out), out / "points"
    else:
        base = Path(experiment.config.output.dir)
        folder, cache = RunFolder.fresh(base, experiment.config.name), base / ".points"
    try:
        folder.require_space(FOLDER_BYTES)
    except BaseException:
        folder.discard_if_unused()
        raise
    return folder, cache


def _search(
    experiment: "Experiment",
    search: "Callable[..., Answer]",
    executor: Executor | None,
    folder: RunFolder,
    cache: Path,
    stop: StopRequest,
    options: argparse.Namespace,
) -> int:
    try:
        folder.mark_incomplete()  # so that what is kept in it is known for ours, whatever happens
        with (
            stop.keeping_results(),
            shown_progress(experiment.config.name, quiet=options.quiet, words=point_numbers) as show,
        ):

            def progressed(progress: Any) -> None:
                show(progress)
                stop.check()

            try:
                answer: Answer | None = search(experiment, executor=executor, cache=cache, progress=progressed)
            except Interrupted as error:
                answer = error.partial
        if answer is None:
            complain(f"interrupted; what was simulated is kept in {cache}")
            return ExitCode.INTERRUPTED
        _save(answer, folder, figures=options.figures)
    except InputError:
        folder.unmark()
        raise
    except Exception as error:
        with suppress(OSError):
            folder.mark_incomplete()
        return report_bug(error, folder.path)
    emit(_document(answer, folder.path, options.format))
    if not options.quiet and options.format != "text":
        complain(f"results: {folder.path}")  # the text says so itself
    if stop.requested:
        complain(f"interrupted; the points that were done are kept in {cache}, and the same command goes on")
        return ExitCode.INTERRUPTED
    if answer.success is False:
        return ExitCode.SLO_MISSED
    incomplete = answer.success is None or answer.summary.get("imprecise")
    return ExitCode.INCOMPLETE if incomplete else ExitCode.DONE


def _save(answer: "Answer", folder: RunFolder, *, figures: bool) -> None:
    try:
        answer.save(folder.path, figures=figures)
    except OSError as error:
        raise InputError.single(f"cannot write results to {folder.path}: {error.strerror}") from error


def _document(answer: "Answer", folder: Path, form: str) -> str:
    if form == "text":
        return answer.text(width=text_width(), encoding=text_encoding(), directory=folder)
    return (folder / f"summary.{form}").read_text(encoding="utf-8")
