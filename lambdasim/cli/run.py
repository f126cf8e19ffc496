"""``lambdasim run``: simulate experiments one after the other and write what happened.

Everything that can be wrong with the files and the folders is found before the first simulation starts.
"""

from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lambdasim.cli.arguments import Parser, add_experiment_options, add_figures_option, overrides_of
from lambdasim.cli.executor import add_executor_options, add_threads_option, chosen_executor
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.folder import RunFolder, file_name
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
from lambdasim.cli.progress import shown_progress
from lambdasim.cli.signals import StopRequest, stop_on_signals
from lambdasim.errors import InputError, Interrupted, Problem
from lambdasim.units import NS_PER_S

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from lambdasim.experiment import Experiment, Progress
    from lambdasim.result import Result

FIXED_BYTES: Final = 1_000_000
"""About what the figures and summaries of a run take. This and the next two were measured in 2026-11."""
BYTES_PER_FUNCTION_PERIOD: Final = 1_500
"""In timeseries.csv."""
BYTES_PER_REQUEST: Final = 40
"""In requests.parquet."""

EPILOG: Final = """\
stdout carries the result only: with json the same document as summary.json,
for several files an array of them. Without --out, results go to a new folder
under runs/ (or the file's output.dir). With --out DIR they go exactly there, for
several files to DIR/NAME of each; an earlier run of lambdasim in that folder is
replaced, any other folder that is not empty is refused.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code. Raises :class:`lambdasim.errors.InputError`."""
    parser = Parser("run", "Simulate experiments and write what happened.", EPILOG)
    add_experiment_options(parser)
    add_executor_options(parser)
    add_threads_option(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the results")
    parser.add_argument("--format", choices=("text", "json", "md"), default="text", help="what stdout carries")
    add_figures_option(parser)
    parser.add_argument(
        "--all", action="store_true", help="let the text tell all functions and sources, not the busiest"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress and no notes on stderr")
    options = parser.read(arguments)
    with stop_on_signals() as stop, warnings_as_lines(), notes_as_lines(quiet=options.quiet):
        changes = overrides_of(options)
        experiments = load([(file, changes) for file in options.files])
        collect_garbage()
        of_others = requests_of_others(experiments)
        outcomes: list[tuple[int, str | None]] = []
        with chosen_executor(options) as executor:
            folders = _prepare(experiments, options.out)
            try:
                for experiment, folder, others in zip(experiments, folders, of_others, strict=True):
                    outcomes.append(_run_one(experiment, folder, stop, executor, options, others))
                    if outcomes[-1][0] in (ExitCode.BUG, ExitCode.INTERRUPTED):
                        break
                _leave(folders[len(outcomes) :])
            except InputError:
                _leave(folders[len(outcomes) :])
                raise
            finally:
                documents = [document for _, document in outcomes if document is not None]
                _emit_all(documents, as_array=options.format == "json" and len(experiments) > 1)
    return max(code for code, _ in outcomes)


def _emit_all(documents: Sequence[str], *, as_array: bool) -> None:
    if as_array and documents:
        emit("[\n" + ",\n".join(document.rstrip() for document in documents) + "\n]")
    elif documents:
        emit("\n".join(documents))


def load(wanted: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> list["Experiment"]:
    """Read files, each with its overrides; raises one :class:`InputError` with the problems of all of them."""
    from lambdasim.experiment import load_experiment

    experiments: list[Experiment] = []
    problems: list[Problem] = []
    for file, overrides in wanted:
        try:
            experiments.append(load_experiment(file, overrides))
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(list(dict.fromkeys(problems)))
    return experiments


def requests_of_others(experiments: Sequence["Experiment"]) -> list[int]:
    """Return, for each experiment of a command, about how many requests all others have: ``auto`` counts them too."""
    from lambdasim.engine.compiled import is_installed

    chosen = any(experiment.config.simulation.engine == "auto" for experiment in experiments)
    if len(experiments) == 1 or not chosen or is_installed():
        return [0] * len(experiments)
    requests = [experiment.expected_requests() for experiment in experiments]
    return [sum(requests) - own for own in requests]


def _prepare(experiments: Sequence["Experiment"], out: Path | None) -> list[RunFolder]:
    """Make a writable folder for each experiment, or none at all."""
    folders: list[RunFolder] = []
    try:
        for experiment in experiments:
            name = experiment.config.name
            if out is None:
                folders.append(RunFolder.fresh(Path(experiment.config.output.dir), name))
            elif len(experiments) == 1:
                folders.append(RunFolder.at(out))
            else:
                path = out / file_name(name)
                if any(folder.path == path for folder in folders):
                    raise InputError.single(f"two of the experiments are called {name!r}; run them one at a time")
                folders.append(RunFolder.at(path))
            folders[-1].require_space(_expected_bytes(experiment))
            folders[-1].mark_incomplete()
    except BaseException:
        _leave(folders)
        raise
    return folders


def _leave(folders: Sequence[RunFolder]) -> None:
    """Leave folders that nothing was simulated for as they were."""
    for folder in folders:
        folder.unmark()
        folder.discard_if_unused()


def _expected_bytes(experiment: "Experiment") -> int:
    """Return about how much a run will write, as far as its file says: the length of a trace is not known here."""
    from lambdasim.planning.envelope import rates

    config = experiment.config
    ends = [load.start_time + (load.duration or 0) for load in config.load]
    periods = (config.simulation.duration or max(ends, default=0)) // config.output.period + 1
    requests = config.output.sample_size or 0
    if config.output.requests == "all":
        known = [(rates(load), load.duration) for load in config.load]
        requests = sum(round(rate[0] * span / NS_PER_S) for rate, span in known if rate and span)
    owners = {"all": len(config.function) + 1, "account": 1, "none": 0}[config.output.series]
    series = BYTES_PER_FUNCTION_PERIOD * periods * owners
    return FIXED_BYTES + series + BYTES_PER_REQUEST * requests


def _run_one(
    experiment: "Experiment",
    folder: RunFolder,
    stop: StopRequest,
    executor: "Executor | None",
    options: Namespace,
    others: int,
) -> tuple[int, str | None]:
    """Simulate and save; return the exit code and what stdout is to carry. ``others`` is as in ``Experiment.run``."""
    try:
        with stop.keeping_results():
            result = simulated(experiment, folder, stop, executor, options, others)
            if result is None:
                folder.mark_incomplete()
                complain("interrupted before anything was simulated")
                return ExitCode.INTERRUPTED, None
            save(result, folder, figures=options.figures)
            document = _document(result, folder.path, options.format, every=options.all)
    except InputError:
        raise
    except Exception as error:
        with suppress(OSError):
            folder.mark_incomplete()
        return report_bug(error, folder.path), None
    if not options.quiet and options.format != "text":
        complain(f"results: {folder.path}")  # the text says so itself
    if stop.requested:
        cut = result.summary.get("incomplete")
        complain(
            f"interrupted; {'what was simulated is kept, marked incomplete' if cut else 'the run is whole, and kept'}"
        )
        return ExitCode.INTERRUPTED, document
    return judge(result.summary), document


def simulated(
    experiment: "Experiment",
    folder: RunFolder,
    stop: StopRequest,
    executor: "Executor | None",
    options: Namespace,
    others: int = 0,
) -> "Result | None":
    """Return the result, or after a signal what there is of it; ``folder`` is where it will be saved.

    ``others`` is as in ``Experiment.run``.
    """
    with shown_progress(experiment.config.name, quiet=options.quiet) as show:

        def progressed(progress: "Progress") -> None:
            show(progress)
            stop.check()

        try:
            how = {"scratch": folder.path, "others": others, "threads": options.threads}
            return experiment.run(progress=progressed, executor=executor, **how)
        except Interrupted as error:
            partial: Result | None = error.partial
            return partial


def save(result: "Result", folder: RunFolder, *, figures: bool) -> None:
    """Write all files of a run into ``folder``, in place of an earlier run's; with or without ``figures``."""
    if figures:
        from lambdasim.report.lean import lean_matplotlib

        lean_matplotlib()
    try:
        result.save(folder.path, figures=figures)
    except OSError as error:
        raise InputError.single(f"cannot write results to {folder.path}: {error.strerror}") from error


def _document(result: "Result", folder: Path, form: str, *, every: bool) -> str:
    """Return what stdout carries; with json and md exactly what the file of that name holds."""
    if form == "text":
        from lambdasim.report.content import MOST
        from lambdasim.report.text import summary_text

        most = len(result.summary["functions"]) + len(result.summary["sources"]) if every else MOST
        return summary_text(result, width=text_width(), encoding=text_encoding(), directory=folder, most=most)
    return (folder / f"summary.{form}").read_text(encoding="utf-8")


def judge(summary: dict[str, object]) -> int:
    """Return the exit code that a finished run deserves."""
    if summary["success"] is False:
        return ExitCode.SLO_MISSED
    precision = summary.get("precision")
    imprecise = isinstance(precision, dict) and not precision["reached"]
    undecided = summary["success"] is None
    return ExitCode.INCOMPLETE if undecided or imprecise or summary.get("incomplete") else ExitCode.DONE
