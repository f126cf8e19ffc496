"""*How sure*: a row for each assumption: what it rests on, how far predictions with it were off, and when it matters.

What is assumed stands where its default is (:mod:`lambdasim.config.evidence`, :mod:`lambdasim.config.eras`); errors are
the scoreboard's.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lambdasim.config.eras import ERAS, GOVERNED, NEWEST
from lambdasim.config.evidence import Evidence, evidence_of
from lambdasim.config.reading import table_types
from lambdasim.config.schema import ExperimentConfig
from lambdasim.report.document import Block, Table, Text
from lambdasim.report.words import MISSING

MATTERS: Final[Mapping[str, str]] = {
    "idle timeout": "when requests of a function are minutes apart, or its concurrency comes and goes",
    "longest life of an environment": "when a function is busy for hours: its few cold starts are these",
    "which idle environment is reused": "when traffic falls: which environments expire, and how many",
    "client network time": "when latency at the client is what you judge, and handlers are short",
    "placement before init": "when p99 is made by cold starts",
    "an init that is run again": "when inits come near 10 s, or environments crash",
    "bill of an init that timed out": "when inits come near 10 s",
    "refill of the scaling rate": "when a function grows by over 1,000 environments within 10 s",
    "meter of requests per second": "when requests per second come near ten times the concurrency",
    "environments that are initialised ahead of their requests": "when cold starts decide: each one ahead is one less",
    "restore from a snapshot": "with SnapStart",
    "billed part of a restore": "with SnapStart, on the bill",
    "first restores of a version": "with SnapStart, just after a deployment",
    "placement in a VPC": "for functions in a VPC",
    "init of an extension": "for functions with extensions",
    "preparation of provisioned concurrency": "when provisioned concurrency changes while traffic grows",
    "minutes before autoscaling scales in": "with autoscaling, on the bill",
    "step of scaling in": "with autoscaling, on the bill",
    "delay of CloudWatch's metrics": "with autoscaling, when traffic grows within minutes",
    "dwell time of async events": "when the age of events is judged in ms",
    "back-off of async events": "when asynchronous events are throttled",
    "async events that run twice": "when a handler must not run twice",
    "whose a batching window is": "with a batching window at low rates",
    "visibility timeout with a batching window": "with a batching window and a short visibility timeout",
    "latency of a poller": "when batches take well under a second",
    "growth of a queue": "in the first minutes of a backlog",
    "a queue after errors": "when batches of a queue fail or are throttled",
    "floor of a queue": "when most batches fail",
    "a throttled batch": "when a queue meets reserved concurrency: which messages are dead-lettered",
    "tries of a throttled batch": "when a queue meets reserved concurrency and on_throttle is give-up",
    "back-off after a throttle": "when a queue is throttled",
    "messages delivered twice": "when a handler must not run twice",
    "latency of enhanced fan-out": "when iterator age is judged in ms",
    "back-off of a failed batch": "when batches of a stream or broker fail",
    "delay of Kafka's pollers": "in the first minutes of a lag",
    "arrivals within a bin of a trace": "when a trace has counts per minute and bursts decide",
    "status of a throttle": "when clients tell throttles from errors",
    "status of an error": "when clients tell errors apart",
}
"""When an assumption decides, in words."""

SCORED: Final[Mapping[str, tuple[str, ...]]] = {
    "idle timeout": (
        "idle probes 2025: P(cold)",
        "idle probes 2019 and 2021: P(cold)",
        "eviction (SeBS): warm ones left",
        "raw logs replayed: cold starts",
    ),
    "longest life of an environment": ("raw logs replayed: cold starts", "steady Poisson: cold-start probability"),
    "which idle environment is reused": (
        "raw logs replayed: mean environments",
        "steady Poisson: environments",
    ),
    "client network time": ("function URL 2026: client p50", "bursts 2020: start delay p50, warm"),
    "placement before init": ("bursts 2020: start delay p50, cold",),
    "growth of a queue": ("SQS 2018: environments", "SQS 2018: time to drain"),
    "latency of a poller": ("SQS 2018: time to drain",),
    "a queue after errors": ("SQS 2026 under errors: concurrency",),
    "floor of a queue": ("SQS 2026 under errors: concurrency",),
}
"""Which kinds of the scoreboard an assumption decides."""

HEADINGS: Final = ("assumption", "kind", "rests on", "latest", "measured error", "matters")
OPENING: Final = (
    "What AWS does not publish, and what is taken in its place. The error is that of predictions which it decides, "
    "among other things, in the era of their measurements; where there is none, nobody has published what could be "
    "compared."
)
UNEXPLAINED: Final = (
    "Of the step loads of 2020 (coen, ssf) nobody knows why so many environments were started: half to nine tenths of "
    "the cold starts that were measured are not predicted. Under steady Poisson traffic of 0.3 to 0.9/s in 2020 some "
    "3.5 % fewer environments were there than predicted, twice what chance explains: surplus ones would have ended "
    "earlier than at 0.1/s, of which there are logs."
)
RECORDED: Final = "scores.csv"
"""The errors of the scoreboard when it was last made, beside this file."""


@dataclass(frozen=True, slots=True)
class Row:
    """One assumption."""

    name: str
    kind: str
    source: str
    latest: str
    """The latest date that the source names."""
    errors: str
    matters: str

    @property
    def cells(self) -> tuple[str, ...]:
        """In the order of the headings."""
        return (self.name, self.kind, self.source, self.latest, self.errors, self.matters)


def rows(errors: Mapping[str, str]) -> list[Row]:
    """Return every assumption once, those that were tried first; ``errors`` are those of kinds, in words."""
    found: dict[str, Evidence] = {}
    for evidence in _assumed():
        found.setdefault(evidence.name, evidence)
    made = [_row(name, evidence, errors) for name, evidence in found.items()]
    return sorted(made, key=lambda row: row.errors == MISSING)


def recorded() -> dict[str, str]:
    """Return the errors of kinds, in words, as they were when the scoreboard was last made."""
    with Path(__file__).with_name(RECORDED).open(encoding="utf-8", newline="") as file:
        return {row["kind"]: row["error"] for row in csv.DictReader(file)}


def how_sure(errors: Mapping[str, str]) -> Iterator[Block]:
    """Yield the page's paragraphs and its table."""
    yield Text(OPENING)
    yield Table(HEADINGS, [row.cells for row in rows(errors)], names=len(HEADINGS))
    yield Text(UNEXPLAINED)
    yield Text(f"Eras are {', '.join(ERAS)}; what each decides, and what that was read from, `lambdasim explain` says.")


def _assumed() -> Iterator[Evidence]:
    for model in table_types(ExperimentConfig):
        for field in model.model_fields.values():
            evidence = evidence_of(field)
            if evidence is not None and evidence.is_assumed and evidence.name:
                yield evidence


def _row(name: str, evidence: Evidence, errors: Mapping[str, str]) -> Row:
    told = [f"{kind}: {errors[kind]}" for kind in SCORED.get(name, ()) if kind in errors]
    dated = [evidence.source, *_presets(name)]
    return Row(
        name,
        evidence.kind,
        "; ".join(dict.fromkeys(dated)),
        max(re.findall(r"\b20[0-9]{2}(?:-[0-9]{2}){0,2}\b", evidence.source), default=MISSING),
        "; ".join(told) or MISSING,
        MATTERS.get(name, "when that part of an experiment is used"),
    )


def _presets(name: str) -> Iterator[str]:
    """Yield what older eras rest on, those together that rest on the same."""
    for governed in GOVERNED:
        told: dict[str, list[str]] = {}
        for era, preset in governed.presets.items():
            if preset.evidence.name == name:
                told.setdefault(preset.evidence.source, []).append(era)
        for source, eras in told.items():
            if NEWEST not in eras:
                yield f"{'eras' if len(eras) > 1 else 'era'} {', '.join(eras)}: {source}"
