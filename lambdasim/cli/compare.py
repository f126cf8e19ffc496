"""``lambdasim compare``: two experiments under the same random numbers, or one and what a change makes of it."""

from argparse import Namespace
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lambdasim.cli.arguments import Parser, add_experiment_options, add_figures_option, override, overrides_of
from lambdasim.cli.executor import add_executor_options, add_threads_option, chosen_executor
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.folder import RunFolder, file_name
from lambdasim.cli.output import complain, emit, notes_as_lines, text_encoding, text_width, warnings_as_lines
from lambdasim.cli.run import judge, load, requests_of_others, save, simulated
from lambdasim.cli.signals import StopRequest, stop_on_signals
from lambdasim.errors import InputError
from lambdasim.saving import mark_incomplete, whole_folder

if TYPE_CHECKING:
    from lambdasim.experiment import Experiment
    from lambdasim.planning.compare import Comparison
    from lambdasim.result import Result

REPLICATIONS: Final = 10
"""Of each, where neither the files nor the command line say how many: one has no interval."""

EPILOG: Final = """\
Give two files, or one and what is different: compare a.toml --set-b function.api.memory='2 GB'.
Both run with A's seed, so that differences come from the change and not from chance,
and with as many replications: A's, or 10 if it names none. Both runs are kept in the folder
of the results, as before/ and after/. The exit code is that of B: 99 when it misses an SLO.
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code. Raises :class:`lambdasim.errors.InputError`."""
    parser = Parser("compare", "Say what a change does, with an interval.", EPILOG)
    add_experiment_options(parser)
    help_b = "change a value of the second one only; repeatable"
    parser.add_argument(
        "--set-b", dest="overrides_b", type=override, action="append", default=[], metavar="PATH=VALUE", help=help_b
    )
    add_executor_options(parser)
    add_threads_option(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the results")
    parser.add_argument("--format", choices=("text", "json", "md"), default="text", help="what stdout carries")
    add_figures_option(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress and no notes on stderr")
    options = parser.read(arguments)
    if len(options.files) > 2 or (len(options.files) == 1 and not options.overrides_b):
        raise InputError.single("compare takes two experiment files, or one with --set-b PATH=VALUE")
    with stop_on_signals() as stop, warnings_as_lines(), notes_as_lines(quiet=options.quiet):
        before, after = _experiments(options)
        with chosen_executor(options) as executor:
            folder = _folder(options.out, before, after)
            with folder.filling():
                return _compare(before, after, folder, stop, executor, options)


def _experiments(options: Namespace) -> tuple["Experiment", "Experiment"]:
    """Return both experiments, with one seed; raises :class:`InputError` with the problems of both."""
    changes = overrides_of(options)
    first, second = options.files[0], options.files[-1]
    before, after = load([(first, changes), (second, [*changes, *options.overrides_b])])
    if "replications" not in before.config.simulation.model_fields_set:
        before = before.with_({"simulation.replications": REPLICATIONS})
    return before, after.with_({"simulation.seed": before.config.simulation.seed})


def _folder(out: Path | None, before: "Experiment", after: "Experiment") -> RunFolder:
    if out is not None:
        return RunFolder.at(out)
    names = list(dict.fromkeys((before.config.name, after.config.name)))
    return RunFolder.fresh(Path(before.config.output.dir), file_name("-against-".join((*names, "itself")[:2])))


def _compare(
    before: "Experiment",
    after: "Experiment",
    folder: RunFolder,
    stop: StopRequest,
    executor: Executor | None,
    options: Namespace,
) -> int:
    """Simulate both, save and print; return the exit code."""
    from lambdasim.config.replications import least
    from lambdasim.planning.compare import compare

    # there are as many of the second as of the first, or about so many
    as_many = {"simulation.replications": least(before.config.simulation.replications)}
    of_others = requests_of_others([before, after.with_(as_many)])
    with stop.keeping_results():
        was = simulated(before, folder, stop, executor, options, of_others[0])
        now = None
        if was is not None and not stop.requested:
            paired = after.with_({"simulation.replications": len(was.seeds)})
            now = simulated(paired, folder, stop, executor, options, of_others[1])
        mark_incomplete(folder.path)  # a comparison that is there is not of these two
        if was is not None:
            save(was, _inner(folder, "before"), figures=options.figures)
        if now is not None:
            save(now, _inner(folder, "after"), figures=options.figures)
        if was is None or now is None:
            complain("interrupted before there was anything to compare; what was simulated is kept")
            return ExitCode.INTERRUPTED
        both = [seed for seed in was.seeds if seed in now.seeds]
        comparison = compare(was.only(both), now.only(both))
        _write(comparison, now.config.account.region, folder.path, figures=options.figures)
        emit(_document(comparison, folder.path, options.format))
    if not options.quiet:
        complain(f"results: {folder.path}")
    if stop.requested:
        complain(f"interrupted; {len(both)} finished pairs are compared")
        return ExitCode.INTERRUPTED
    return _exit_code(was, now)


def _inner(folder: RunFolder, name: str) -> RunFolder:
    return RunFolder.at(folder.path / name)


def _write(comparison: "Comparison", region: str, folder: Path, *, figures: bool) -> None:
    import json

    from lambdasim.report.comparison_document import ComparisonFiles, save_comparison

    try:
        text = json.dumps(comparison.to_json(), indent=2, ensure_ascii=False, default=str) + "\n"
        manifest = json.loads((folder / "after" / "manifest.json").read_bytes())
        resolved = (folder / "after" / "resolved.toml").read_text(encoding="utf-8")
        with whole_folder(folder, manifest) as aside:
            (aside / "comparison.json").write_text(text, encoding="utf-8")
            (aside / "comparison.md").write_text(comparison.to_markdown(), encoding="utf-8")
            save_comparison(ComparisonFiles(json.loads(text), manifest, resolved, region), aside, figures=figures)
    except OSError as error:
        raise InputError.single(f"cannot write results to {folder}: {error.strerror}") from error


def _document(comparison: "Comparison", folder: Path, form: str) -> str:
    if form == "text":
        return comparison.to_text(text_width(), text_encoding())
    return (folder / f"comparison.{form}").read_text(encoding="utf-8")


def _exit_code(was: "Result", now: "Result") -> int:
    """Return the exit code of B, or that of A where its precision was not reached."""
    code = judge(now.summary)
    return code if code != ExitCode.DONE or judge(was.summary) != ExitCode.INCOMPLETE else ExitCode.INCOMPLETE
