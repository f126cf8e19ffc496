"""``lambdasim check``: is the file right, what does it leave to defaults, and what does it amount to?

Answers without numpy, so at once; only a file that names data files loads what reads them.
"""

import json
import tomllib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lambdasim.cli.arguments import Parser, add_experiment_options, overrides_of
from lambdasim.cli.exit_code import ExitCode
from lambdasim.cli.output import emit, notes_as_lines
from lambdasim.errors import InputError, Problem

if TYPE_CHECKING:
    from lambdasim.config.load import LoadedExperiment
    from lambdasim.planning.envelope import LoadEstimate

EPILOG = "With --format json stdout carries one object, for several files an array of them."


def main(arguments: Sequence[str]) -> int:
    """Run the command; raises :class:`lambdasim.errors.InputError` with every problem of every file."""
    parser = Parser("check", "Validate experiment files; show defaults and a back-of-the-envelope.", EPILOG)
    add_experiment_options(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="what stdout carries")
    options = parser.read(arguments)
    with notes_as_lines(quiet=False):
        loaded, given = _load(options.files, overrides_of(options))
    if options.format == "json":
        documents = [_document(*one) for one in zip(options.files, loaded, given, strict=True)]
        emit(json.dumps(documents if len(documents) > 1 else documents[0], indent=2, ensure_ascii=False, default=str))
    else:
        texts = ["\n".join(_lines(*one)) for one in zip(options.files, loaded, given, strict=True)]
        emit("\n\n".join(texts))
    return ExitCode.DONE


def _load(
    files: Sequence[str], overrides: Sequence[tuple[str, str]]
) -> tuple[list["LoadedExperiment"], list[list[str]]]:
    """Return each experiment, and what is to be noted of its data files."""
    from lambdasim.config.load import load_config
    from lambdasim.engine import choose

    loaded: list[LoadedExperiment] = []
    given: list[list[str]] = []
    problems: list[Problem] = []
    for file in files:
        try:
            loaded.append(load_config(file, overrides))
            choose(loaded[-1].config.simulation.engine)
            given.append(_read_data_files(loaded[-1]))
            _check_engine(loaded[-1])
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return loaded, given


def _read_data_files(loaded: "LoadedExperiment") -> list[str]:
    """Read the files that an experiment names from end to end, as a run would; return what is to be noted of them."""
    from lambdasim.config.files import named_files
    from lambdasim.config.month import require_month

    config = loaded.config
    if not any(named_files(config)):
        return []
    from lambdasim.workload.plan import Workload

    try:
        workload = Workload(config, config.simulation.seed)
        require_month(config, workload.span_ns)
    except InputError as error:
        raise loaded.located(error) from None
    return [note for one in workload.replayed for note in one.notes]


def _check_engine(loaded: "LoadedExperiment") -> None:
    """Raise what a run would, where it asks for the compiled engine and that cannot run it."""
    if loaded.config.simulation.engine != "compiled":
        return
    from lambdasim.engine import choose
    from lambdasim.scenario import planned

    try:
        choose("compiled", planned(loaded.config, loaded.config.simulation.seed)[0])
    except InputError as error:
        raise loaded.located(error) from None


def _document(file: str, loaded: "LoadedExperiment", given: Sequence[str]) -> dict[str, Any]:
    from lambdasim.config.advice import advice
    from lambdasim.config.notes import notes
    from lambdasim.config.resolved import resolved_toml
    from lambdasim.planning.envelope import estimates, month_estimate

    resolved = resolved_toml(loaded.config)
    month = month_estimate(loaded.config)
    return {
        "file": file,
        "name": loaded.config.name,
        "resolved": tomllib.loads(resolved),
        "resolved_toml": resolved,
        "loads": [load.to_dict() for load in estimates(loaded.config)],
        "monthly_usd": month.usd,
        "notes": [*month.notes, *given, *notes(loaded.config)],
        "advice": [one.to_dict() for one in advice(loaded.config)],
    }


def _lines(file: str, loaded: "LoadedExperiment", given: Sequence[str]) -> Iterator[str]:
    from lambdasim.config.advice import advice
    from lambdasim.config.notes import notes
    from lambdasim.config.resolved import resolved_toml
    from lambdasim.planning.envelope import estimates, month_estimate
    from lambdasim.report.words import money, printable

    config = loaded.config
    yield f"{file}: valid"
    if config.question:
        yield printable(config.question)
    yield ""
    yield resolved_toml(config)
    yield "Back of the envelope (Erlang B; without cold starts, retries, bursts and scaling rates):"
    loads = estimates(config)
    if not loads:
        yield "  only the traces know"
    for load in loads:
        yield from _load_lines(load)
    month = month_estimate(config)
    if month.usd is not None:
        yield f"A month of such traffic costs about {money(month.usd)} in {config.account.region}, Lambda alone."
    yield from (f"Note: {note}." for note in (*month.notes, *given, *notes(config)))
    yield from (f"Advice: {one.path}: {one.words} ({one.source})." for one in advice(config))


def _load_lines(load: "LoadEstimate") -> Iterator[str]:
    from lambdasim.report.words import milliseconds, percent, printable, significant

    yield f"{printable(load.load)} -> {printable(load.function)}" if load.function else load.load
    if load.peak_rate is not None and load.mean_rate is not None:
        peak = "" if load.mean_rate == load.peak_rate else f" at the peak, {significant(load.mean_rate)}/s on average"
        yield f"  requests: {significant(load.peak_rate)}/s{peak}; up to {significant(load.rate_limit)}/s are admitted"
        if load.offered_erlangs is not None and load.concurrency is not None:
            product = f"{significant(load.peak_rate)}/s x {milliseconds(load.duration_ms)} = " if load.function else ""
            yield f"  offered load: {product}{significant(load.offered_erlangs)} erlangs"
            yield f"  concurrency: about {significant(load.concurrency)} of {load.concurrency_limit:,}"
    if load.blocking is not None:
        share = "under 0.001 %" if 0 < load.blocking < 1e-5 else percent(load.blocking)
        yield f"  throttled for want of concurrency: {share}"
    for note in load.notes:
        yield f"  {note}"
