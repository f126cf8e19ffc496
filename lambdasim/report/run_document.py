"""The report on a run, from the files that it leaves: what was asked, what came of it, and what that rests on.

Knows what stands where in ``summary.json`` and ``manifest.json``, not how a page looks. Every number is the summary's.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from lambdasim.metrics.judging import RULE
from lambdasim.report import alternatives as tried
from lambdasim.report import content, happened
from lambdasim.report.changes import HEADINGS, changes
from lambdasim.report.content import Json
from lambdasim.report.document import Block, Cell, Code, Document, Exact, Figure, Mark, Section, Table, Text
from lambdasim.report.failures import failures
from lambdasim.report.parts import parts
from lambdasim.report.plots import Drawn
from lambdasim.report.verdict import currency, marked
from lambdasim.report.words import count, number, percent, span
from lambdasim.units import NS_PER_S

HAPPENED: Final = ("concurrency", "throttles", "answers", "provisioned", "environments", "timeline", "connections")
WAITED: Final = ("latency", "latency_ccdf", "cold_starts")
QUEUED: Final = ("async_age", "queues", "iterator_age")
COST: Final = ("cost", "held")
PLACED: Final = (*HAPPENED, *WAITED, *QUEUED, *COST)
"""Every figure of a run, by the name of its file, in the order of the report."""
OBJECTIVES: Final = 200
INPUTS: Final = 50
CHANGES: Final = 100
EXPERIMENT_BYTES: Final = 100_000


@dataclass(frozen=True, slots=True)
class RunFiles:
    """What a run leaves, as far as its report needs it.

    ``figures`` are those there are, by name.
    """

    summary: Json
    config: Any
    manifest: Json
    assumptions: Sequence[Block]
    """What is said of the values of ``resolved.toml`` that are defaults."""
    experiment: str
    figures: Mapping[str, Drawn] = field(default_factory=dict)


def run_document(run: RunFiles) -> Document:
    """Return the report on a run."""
    summary = run.summary
    return Document(
        title=summary["name"],
        question=summary["question"],
        verdict=summary["verdict"],
        success=summary["success"] if summary["slo"] else None,
        sections=[
            Section("Objectives", list(_objectives(summary))),
            Section("What to change", list(alternatives(summary))),
            Section("What happened", [*_order(run), *_functions(run), *_figures(run, HAPPENED)]),
            Section("What changed", list(_changes(summary))),
            Section("Latency and cold starts", list(_figures(run, WAITED))),
            Section("Events, queues and streams", [*_sources(summary), *_figures(run, QUEUED)]),
            Section("Cost", [*_bill(summary), *_figures(run, COST)]),
            Section("How sure are we", list(_certainty(run))),
            Section("Assumptions", list(run.assumptions)),
            Section("How to reproduce", list(_reproduction(run))),
        ],
    )


def _objectives(summary: Json) -> Iterator[Block]:
    """The table of objectives; of very many, the missed ones first."""
    rows = list(zip(content.objectives(summary), summary["slo"], strict=True))
    if not rows:
        yield Text("The experiment sets no objective; a table [slo] in its file would have it judge the run.")
        return
    if len(rows) > OBJECTIVES:
        rows.sort(key=lambda row: (row[0].met is None, row[0].met))
    yield Table(
        ("objective", "allowed", "observed", ""),
        [
            (row.path, row.expression, Exact(row.observed, _value(slo["observed"])), Mark(row.met))
            for row, slo in rows[:OBJECTIVES]
        ],
        names=2,
        note=f"and {len(rows) - OBJECTIVES:,} more" if len(rows) > OBJECTIVES else "",
    )


def alternatives(summary: Json) -> Iterator[Block]:
    """Yield what was tried instead, with what it does to the objectives and the cost."""
    if rows := tried.rows(summary):
        yield Table(("change", "effect", "cost"), rows, names=3)
    yield from map(Text, tried.sentences(summary))


def _order(run: RunFiles) -> Iterator[Block]:
    """A plain word for the run, and what happened in the order of time."""
    summary = run.summary
    if "state" in summary:  # folders of earlier versions have none
        yield Text(happened.state(summary["state"], failures(summary)))
    if events := summary.get("happened"):
        rows = [(one["time"], one["of"], one["what"]) for one in events[: happened.MOST]]
        note = happened.times(run.config.output.period, summary["replications"])
        more = happened.left_out(events)
        yield Table(("time", "of", "what"), rows, names=3, note=f"{more}; {note}" if more else note)


def _value(observed: Any) -> float | None:
    return None if observed is None else number(observed)


def _functions(run: RunFiles) -> Iterator[Block]:
    yield Text(content.account(run.summary, run.config))
    yield from map(Text, parts(run.summary, run.config))
    table = content.functions(run.summary)
    if table.rows:
        yield Table(table.headings, table.rows, note=table.more)
    if reasons := content.reasons(run.summary, run.config):
        yield Table(("function", "throttled by", "what would help", "requests"), reasons, names=3)


def _sources(summary: Json) -> Iterator[Block]:
    table = content.sources(summary)
    if table is not None:
        yield Table(table.headings, table.rows, note=table.more)


def _changes(summary: Json) -> Iterator[Block]:
    """What controllers and schedules changed, in order of time; of several replications, in the first."""
    if "changes" not in summary:
        return
    rows, left_out = changes(summary, CHANGES)
    if rows:
        yield Table(HEADINGS, rows, names=4, note=f"and {left_out:,} more, in summary.json" if left_out else "")
    else:
        yield Text("Nothing changed during the run.")


def _figures(run: RunFiles, names: Sequence[str]) -> Iterator[Block]:
    for name in names:
        if name in run.figures:
            drawn = run.figures[name]
            yield Figure(name, drawn.svg, f"figures/{name}.csv", drawn.readings)


def _bill(summary: Json) -> Iterator[Block]:
    bill = content.bill(summary)
    yield Text(bill.total.removeprefix("Cost: "))
    if bill.lines:
        rows: list[tuple[Cell, ...]] = [*bill.lines]
        if not bill.left_out:
            shown = marked(summary["cost"]["total"], summary["cost"], currency(summary))
            rows.append(("total", "", Exact(shown, _total(summary))))
        more = f"and {bill.left_out:,} cheaper lines" if bill.left_out else ""
        chosen = () if bill.left_out else (len(rows) - 1,)
        yield Table(("item", "arithmetic", "amount"), rows, chosen=chosen, note=more)
    for note in bill.notes:
        yield Text(f"Note: {note}.")


def _total(summary: Json) -> float:
    return number(summary["cost"]["total"])


def _certainty(run: RunFiles) -> Iterator[Block]:
    """How much chance is in the numbers, what was left out, and what was checked."""
    summary, simulation = run.summary, run.config.simulation
    if summary.get("incomplete"):
        yield Text("The run was interrupted: the numbers are of what had been simulated until then.")
    runs = summary["replications"]
    if runs > 1:
        rows = content.intervals(summary)
        yield Text(
            f"{count(runs)} independent replications. The intervals hold the mean with "
            f"{percent(simulation.confidence)} confidence (Student's t over the replications)."
            + (f" {RULE}" if summary["slo"] else "")
        )
        if rows:
            yield Table(("number", "mean", "from", "to", "\N{PLUS-MINUS SIGN}"), rows)
    else:
        yield Text(
            "One replication: chance is in every number here and nothing tells how much. --replications 10 runs the "
            "same experiment with ten independent streams of chance and gives every number its interval."
        )
    if simulation.warmup:
        left_out = span(simulation.warmup / NS_PER_S)
        yield Text(f"Warm-up: the first {left_out} are in the time series and the cost, and in no other number.")
    else:
        yield Text(
            f"Warm-up: none was left out. The run begins without any execution environment{_ready(run.config)}, so the "
            "cold starts of its first minutes are in every number."
        )
    if asked := summary.get("precision"):
        relative = percent(asked["relative"]) if asked["relative"] is not None else "not known"
        got = "reached" if asked["reached"] else "not reached"
        yield Text(f"Precision asked for: {asked['until']}; {got}, half of the interval being {relative} of the mean.")
    for note in summary.get("notes", ()):
        yield Text(f"Note: {note}.")
    yield Text(
        "That no request, environment or busy time was lost or invented was checked exactly, in every replication."
    )


def _ready(config: Any) -> str:
    """Return which environments a run begins with, as an exception."""
    holders = [own for function in config.function.values() for own in (function, *function.alias.values())]
    ready = any(own.provisioned is not None and own.provisioned.concurrency for own in holders)
    return " but those of provisioned concurrency" if ready else ""


def _reproduction(run: RunFiles) -> Iterator[Block]:
    manifest = run.manifest
    yield Text(content.provenance(run.summary, run.config))
    yield Text("In the folder of this run:")
    yield Code(str(manifest["reproduce"]))
    engine = run.summary["engine"]
    packages = ", ".join(f"{name} {version}" for name, version in manifest["packages"].items())
    rows = [
        ("lambdasim", str(manifest["lambdasim"])),
        ("Python", f"{manifest['python']} with {packages}"),
        ("engine", f"{engine['used']}: {engine['reason']}"),
        ("seed", str(run.summary["seed"])),
        *((f"SHA-256 of {name}", str(digest)) for name, digest in list(manifest["inputs"].items())[:INPUTS]),
    ]
    left = len(manifest["inputs"]) - INPUTS
    yield Table(
        ("what", "which"), rows, names=2, note=f"and {left:,} more inputs, in manifest.json" if left > 0 else ""
    )
    yield experiment_file(run.experiment)


def experiment_file(text: str) -> Block:
    """Return the experiment's file, or where it is."""
    if len(text.encode()) <= EXPERIMENT_BYTES:
        return Code(text, summary="The experiment's file (experiment.toml)")
    return Text("The experiment's file, too long for this page, is experiment.toml in the same folder.")
