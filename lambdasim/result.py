"""The result of a run: its summary, time series, requests, bill and figures, and the folder it can be kept in.

A result is derived from the outcomes of simulations and is never changed afterwards.
"""

import hashlib
import platform
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lambdasim import __version__
from lambdasim.config import quotas
from lambdasim.config.chance import random_values
from lambdasim.config.files import named_files
from lambdasim.config.links import leads_over_time
from lambdasim.config.load import LoadedExperiment
from lambdasim.config.qualifier import function_of
from lambdasim.config.replications import Until
from lambdasim.config.schema import ExperimentConfig
from lambdasim.engine import Choice
from lambdasim.errors import InputError
from lambdasim.garbage import uncollected
from lambdasim.json_text import json_parts
from lambdasim.measurements import measurements
from lambdasim.memory import give_back
from lambdasim.metrics.happened import happened
from lambdasim.metrics.inference.bands import bands
from lambdasim.metrics.inference.merging import merged, merged_lines
from lambdasim.metrics.judging import judge, success_of
from lambdasim.metrics.level import level_stretches
from lambdasim.metrics.measured import Measured
from lambdasim.metrics.one_run import is_one_run
from lambdasim.metrics.row_log import NO_ROWS
from lambdasim.metrics.series import SeriesTable
from lambdasim.metrics.steadiness import Steadiness, notes_of, steadiness
from lambdasim.metrics.trend import of_runs, trend
from lambdasim.policies.chosen import NO_POLICIES, Policies
from lambdasim.report import happened as happenings
from lambdasim.report.cost_file import COST_COLUMNS, save_costs
from lambdasim.report.latencies import latencies, save_latencies
from lambdasim.report.plots import Plots, drawn
from lambdasim.report.precision import Precision
from lambdasim.report.series import Series
from lambdasim.report.series_files import save_series
from lambdasim.report.series_lines import AT_ONCE
from lambdasim.report.table import Table
from lambdasim.report.text import summary_markdown, summary_text
from lambdasim.report.verdict import verdict
from lambdasim.saving import whole_folder
from lambdasim.simulate import RunOutcome
from lambdasim.workload.block import Stage
from lambdasim.workload.given import Replayed

if TYPE_CHECKING:
    import pandas as pd

    from lambdasim.config.defaults import Table as Defaults


CUT: Final = "the run was interrupted before its end"
"""What objectives of such a run lack."""

PACKAGES: Final = ("numpy", "simpy", "pandas", "pyarrow", "pydantic", "matplotlib")


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """The answer to what a question asks, as it was worked out on the run and on changes to it."""

    document: Mapping[str, Any]
    """``answer`` in ``summary.json``."""
    sentence: str
    alternatives: Sequence[Mapping[str, Any]]
    """``what_to_change`` in ``summary.json``: changes that were tried."""


class Result:
    """What one or more replications of an experiment came to."""

    def __init__(
        self,
        experiment: LoadedExperiment,
        outcomes: Sequence[RunOutcome],
        precision: "Precision | None" = None,
        answer: WorkedOut | None = None,
        policies: Policies = NO_POLICIES,
    ) -> None:
        self._experiment = experiment
        self._outcomes = tuple(outcomes)
        self._precision = precision
        self._answer, self._policies = answer, policies

    @property
    def config(self) -> ExperimentConfig:
        """The experiment that was run."""
        return self._experiment.config

    @property
    def measured(self) -> Measured:
        """The measurements of the first replication: histograms, usage, exact laws."""
        return self._outcomes[0].measured

    @property
    def stages(self) -> list[Stage]:
        """``(start_ns, end_ns, label)`` of the phases of all loads."""
        return self._outcomes[0].phases.stages

    @property
    def replayed(self) -> tuple[Replayed, ...]:
        """What traces decide."""
        return self._outcomes[0].replayed

    @property
    def engine(self) -> Choice:
        """Which engine simulated, and why."""
        return self._outcomes[0].engine

    @property
    def requests_simulated(self) -> int:
        """How many requests arrived in all replications together."""
        return sum(usage.requests for outcome in self._outcomes for usage in outcome.measured.usage.values())

    @property
    def complete(self) -> bool:
        """False when the run was interrupted; it then holds what was simulated until then."""
        planned = self.config.simulation.replications
        as_many = self._precision is not None if isinstance(planned, Until) else len(self._outcomes) == planned
        return as_many and all(o.complete for o in self._outcomes)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seed of each replication."""
        return tuple(outcome.seed for outcome in self._outcomes)

    def only(self, seeds: Collection[int]) -> "Result":
        """Return the result of the replications with these seeds."""
        kept = [outcome for outcome in self._outcomes if outcome.seed in seeds]
        return self if len(kept) == len(self._outcomes) else Result(self._experiment, kept)

    def with_answer(
        self, document: Mapping[str, Any], sentence: str, alternatives: Sequence[Mapping[str, Any]]
    ) -> "Result":
        """Return the result with the answer that its experiment asks for, and with alternatives that were tried."""
        return Result(self._experiment, self._outcomes, self._precision, WorkedOut(document, sentence, alternatives))

    def with_policies(self, policies: Policies) -> "Result":
        """Return the result as one of an experiment with policies of a user's own, which it then names."""
        return Result(self._experiment, self._outcomes, self._precision, self._answer, policies)

    @cached_property
    def replications(self) -> list[dict[str, Any]]:
        """What the summary says of each replication: ``account``, ``functions``, ``sources`` and ``cost`` as numbers.

        Replication i has the same random numbers in every experiment of the same seed.
        """
        return [measurements(outcome, self.config) for outcome in self._outcomes]

    @cached_property
    @uncollected
    def summary(self) -> dict[str, Any]:
        """The object of ``summary.json``: durations in ms, rates from 0 to 1, money in USD.

        With several replications a metric is ``{"mean", "ci": [lo, hi]}``, else a number.
        """
        each = self.replications
        numbers = each[0]
        if len(each) > 1:
            numbers = merged(each, self.config.simulation.confidence)
            numbers["cost"] |= {"lines": merged_lines([one["cost"]["lines"] for one in each])}
            months = [one["cost"]["month"] for one in each if one["cost"]["month"] is not None]
            numbers["cost"] |= {"month": merged_lines(months) if months else None}
        judged = judge(self.config.slo, each, self.config.simulation.confidence)
        if not all(outcome.complete for outcome in self._outcomes):
            judged = [replace(one, verdict="undecided", lacks=CUT) for one in judged]
        summary = {
            "name": self.config.name,
            "question": self.config.asked,
            "verdict": "",
            "success": success_of(judged),
            "engine": {"used": self.engine.used, "reason": self.engine.reason},
            "seed": self._outcomes[0].seed,
            "replications": len(self._outcomes),
            "simulated_s": max(outcome.simulated_ns for outcome in self._outcomes) / 1e9,
            "wall_s": round(sum(outcome.wall_s for outcome in self._outcomes), 3),
            "slo": [one.to_dict() for one in judged],
            **numbers,
            "state": self._state(),
            "happened": happenings.told(happened(self._happenings), self.config.simulation.start),
        }
        if self._outcomes[0].changes is not None:
            summary["changes"] = list(self._outcomes[0].changes)
        if self._is_one_run:
            summary["one_run"] = True
        if not self.complete:
            summary["incomplete"] = True
        if self._policies != NO_POLICIES:
            summary["policies"] = self._policies.all_names
        if notes := [
            *(note for one in self.replayed for note in one.notes),
            *notes_of(self.steadiness, self.config),
            *self._note_of_one_run(),
        ]:
            summary["notes"] = notes
        summary["verdict"] = str(verdict(summary, self.config))  # words alone, which copy and pickle
        if self._answer is not None:
            summary["answer"], summary["what_to_change"] = self._answer.document, list(self._answer.alternatives)
            judged_too = f" {summary['verdict']}" if summary["slo"] else ""
            summary["verdict"] = self._answer.sentence + judged_too
        if self._precision is not None:
            summary["precision"] = self._precision.to_json()
            summary["verdict"] += "" if self._precision.reached else f" {self._precision.shortfall(len(each))}"
        return summary

    def _state(self) -> dict[str, Any]:
        """Return the plain word for the run, or for most of its replications: whether it kept up with its loads."""
        waiting = {source.function for source in self.config.event_sources.values() if not hasattr(source, "client")}
        called = {load.target or "" for load in self.config.load}
        own = {name for source in self.config.source for _, name in leads_over_time(self.config, source)}
        called |= own - waiting
        callers, words = set(map(function_of, called)), []
        for outcome in self._outcomes:
            ends_ns = outcome.loads_span_ns if outcome.phases.ends_ns is None else outcome.phases.ends_ns
            series = self._happenings if outcome is self._outcomes[0] else outcome.measured.happenings
            level = level_stretches(self.config, ends_ns)
            words.append(trend(series, ends_ns, callers, self.config.simulation.confidence, level))
        return of_runs(words).to_json()

    @cached_property
    def _is_one_run(self) -> bool:
        return is_one_run(self.config, self.replications)

    def _note_of_one_run(self) -> list[str]:
        if self._is_one_run:
            several = f"all {len(self._outcomes)} replications are the same run, for nothing is drawn by chance"
            return [f"{several}: there are no intervals, and one run says as much"]
        if len(self._outcomes) > 1 or not self.config.slo or not (drawn := random_values(self.config)):
            return []
        return [
            f"one run decides nothing where chance plays a part (here in {drawn[0]}): another seed may meet or miss an "
            "objective; --replications 30 judges it"
        ]

    @cached_property
    def steadiness(self) -> Steadiness:
        """How long the run took to settle, and with one long replication the intervals of its means."""
        if not self.complete:
            return Steadiness()
        return steadiness(self.config, (outcome.measured.observations for outcome in self._outcomes))

    @cached_property
    def series(self) -> SeriesTable:
        """The time series as columns; of several replications, means over those that have a value, of sums over all."""
        if len(self._series) == 1:
            return self._series[0]
        return bands(self._series, self.config.simulation.confidence)

    @cached_property
    def timeseries(self) -> "pd.DataFrame":
        """Columns ``time`` (s from the start to the period's start), ``function`` (empty for the account),
        ``metric``, ``statistic``, ``value``; means over the replications that have a value, of sums over all.
        """
        return self.series.frame()

    @cached_property
    def bands(self) -> "pd.DataFrame":
        """The time series with the interval of each mean over replications: instead of ``value`` the columns
        ``mean``, ``low``, ``high`` (NaN where one replication has a value) and ``n``, how many have one.
        """
        series = bands(self._series, self.config.simulation.confidence)
        return series.frame(spread=True).rename(columns={"value": "mean"})

    @cached_property
    def _happenings(self) -> SeriesTable:
        return self.measured.happenings

    @cached_property
    def _series(self) -> list[SeriesTable]:
        return [outcome.measured.series(outcome.cost_by_period) for outcome in self._outcomes]

    @cached_property
    def requests(self) -> "pd.DataFrame | None":
        """One row per attempt of the first replication, None where nothing was requested.

        Raises ``InputError``, which says how to get them, where ``output.requests`` asks for none.
        """
        self._require_rows()
        return self._outcomes[0].requests.frame()

    @cached_property
    def events(self) -> "pd.DataFrame | None":
        """One row per delivery of an event in the first replication, None where there was no event.

        Raises ``InputError``, which says how to get them, where ``output.requests`` asks for none.
        """
        self._require_rows()
        return self._outcomes[0].events.frame()

    @cached_property
    def lives(self) -> "tuple[pd.DataFrame, pd.DataFrame] | None":
        """:attr:`environments` and :attr:`requests` for figures; None where they were not asked for."""
        environments = self._outcomes[0].environments.frame()
        requests = self._outcomes[0].requests.frame()
        return None if environments is None or requests is None else (environments, requests)

    @cached_property
    def waits(self) -> Table:
        """:attr:`latencies` as figures read them."""
        leaders = Series(self).leaders("requests")
        return latencies(self.measured.histograms_of({"", *leaders}), leaders)

    @property
    def latencies(self) -> "pd.DataFrame":
        """The share of requests (``share``) that waited longer than ``latency_ms``, of the account (``function`` is
        empty) and the functions with most requests, after a warm or a cold ``start``; of the first replication.
        """
        return self.waits.frame().rename_axis(None)

    @cached_property
    def environments(self) -> "pd.DataFrame | None":
        """One row per execution environment of the first replication.

        Raises ``InputError``, which says how to get them, where ``output.requests`` asks for none.
        """
        self._require_rows()
        return self._outcomes[0].environments.frame()

    def _require_rows(self) -> None:
        if self.config.output.requests == "none":
            raise InputError.single(NO_ROWS)

    @cached_property
    def cost(self) -> "pd.DataFrame":
        """The lines of the bill: those of the run and, where ``of`` is ``month``, those of a month."""
        import pandas as pd

        return pd.DataFrame(self._cost_lines(), columns=["of", *COST_COLUMNS])

    def _cost_lines(self) -> list[dict[str, Any]]:
        return [{"of": of, **line} for of, lines in self._bills() for line in lines]

    def _bills(self) -> tuple[tuple[str, Sequence[Mapping[str, Any]]], ...]:
        return ("run", self.summary["cost"]["lines"]), ("month", self.summary["cost"]["month"] or ())

    @cached_property
    def plot(self) -> Plots:
        """Figures: ``plot.concurrency()``, ``plot.latency()``, …"""
        return Plots(self)

    def __str__(self) -> str:
        return summary_text(self)

    def __repr__(self) -> str:
        return f"<Result of {self.config.name!r}: {self.summary['verdict']}>"

    def _repr_html_(self) -> str:
        from lambdasim.report.notebook import notebook_html

        return notebook_html(self)

    @uncollected
    def save(self, directory: str | Path, *, figures: bool = True) -> None:
        """Write the files of a run into a new folder or in place of an earlier run's: all of them, or none.

        Raises OSError when that cannot be done; an earlier run is then still there.
        """
        from lambdasim.report.assumptions import assumptions
        from lambdasim.report.html import save_page
        from lambdasim.report.run_document import RunFiles, run_document

        told = summary_markdown(self)
        give_back(len(self.measured.usage))
        own, manifest = self._experiment.source_text or self._experiment.to_toml(), self._manifest()
        with whole_folder(Path(directory), manifest) as folder:
            (folder / "summary.md").write_text(told, encoding="utf-8")
            (folder / "experiment.toml").write_text(own, encoding="utf-8")
            region = self.config.account.region
            defaults = assumptions(_save_resolved(self.config, folder / "resolved.toml"), manifest, region)
            with (folder / "summary.json").open("wb") as stream:
                stream.writelines(json_parts(self.summary))
            self._outcomes[0].requests.save(folder / "requests.parquet")
            self._outcomes[0].events.save(folder / "events.parquet")
            self._outcomes[0].environments.save(folder / "environments.parquet")
            save_series(self.series, folder, self.config)
            save_costs(self._bills(), folder / "cost.csv")
            save_latencies(self.waits, folder / "latencies.csv")
            found = drawn(self, folder / "figures") if figures else {}
            run = RunFiles(self.summary, self.config, manifest, defaults, own, found)
            save_page(run_document(run), folder / "report.html")

    def _manifest(self) -> Mapping[str, Any]:
        requests = sum(f.requests for outcome in self._outcomes for f in outcome.measured.usage.values())
        wall_s = sum(outcome.wall_s for outcome in self._outcomes)
        return {
            "lambdasim": __version__,
            "complete": self.complete,
            "seed": self._outcomes[0].seed,
            "replications": len(self._outcomes),
            "engine": self.engine.used,
            "wall_s": round(wall_s, 3),
            "invocations_per_s": round(requests / wall_s) if wall_s else None,
            "python": platform.python_version(),
            "packages": {name: metadata.version(name) for name in PACKAGES},
            "quotas_read": quotas.DATE,
            "prices_published": self._outcomes[0].bill.published,
            "reproduce": f"lambdasim run resolved.toml --seed {self._outcomes[0].seed}",
            "inputs": {name: _sha256(Path(name)) for name in self._inputs()},
        }

    def _inputs(self) -> list[str]:
        files = [*self._experiment.origins.files(), *(file for _, file in named_files(self.config))]
        return [file for file in dict.fromkeys(files) if file and Path(file).is_file()]


def _save_resolved(config: ExperimentConfig, path: Path) -> "list[Defaults]":
    """Write ``resolved.toml``, which is long, and return what a report reads of it."""
    from lambdasim.config.defaults import tables_in
    from lambdasim.config.resolved import resolved_tables, texts_of

    tables = list(resolved_tables(config))
    with path.open("wb", AT_ONCE) as stream:
        stream.writelines(text.encode() for text in texts_of(tables))
    return tables_in(tables)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
