"""Results read back from the folders they were left in: what can be looked at without simulating again.

The summary, the series, the bill and rows are those of the files; distributions are not kept, so a figure that needs
them says so. Takes what it finds as data: nothing is executed.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdasim.config.load import load_config
from lambdasim.errors import InputError
from lambdasim.metrics.row_log import NO_ROWS
from lambdasim.report.plots import Plots
from lambdasim.report.saved_folder import SavedFolder
from lambdasim.report.saved_run import kept_lives, kept_waits, read_comparison, read_run, read_search, stages_of
from lambdasim.report.series import RecordedFrame
from lambdasim.report.table import Table
from lambdasim.report.text import summary_text

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class KeptResult:
    """What a run left in a folder, with the names that a result has."""

    folder: Path
    config: Any
    """The experiment that was run, every default included."""
    summary: Mapping[str, Any]
    """The object of ``summary.json``: durations in ms, rates from 0 to 1, money in USD."""
    manifest: Mapping[str, Any]
    """Versions, seed and hashes of the inputs."""

    @cached_property
    def timeseries(self) -> "pd.DataFrame":
        """Columns ``time`` (s from the start), ``function`` (empty for the account), ``metric``, ``statistic``,
        ``value``; raises ``InputError`` when the run kept none (``output.series``).
        """
        if not (self.folder / "timeseries.csv").is_file():
            raise InputError.single('the run kept no series; ask for them with output.series = "all"')
        table = SavedFolder(self.folder).table
        frame: pd.DataFrame = table("timeseries.csv", ("function", "metric", "statistic"), ("time", "value"))
        return frame

    @property
    def series(self) -> RecordedFrame:
        """The time series as figures read them."""
        return RecordedFrame(self.timeseries)

    @cached_property
    def stages(self) -> Sequence[tuple[int, int, str]]:
        """``(start_ns, end_ns, label)`` of the phases of all loads."""
        return stages_of(self.config)

    @cached_property
    def requests(self) -> "pd.DataFrame":
        """One row per attempt; raises ``InputError``, which says how to get them, when none were kept."""
        return self._rows("requests.parquet")

    @cached_property
    def events(self) -> "pd.DataFrame":
        """One row per delivery of an event; raises ``InputError`` when none were kept."""
        return self._rows("events.parquet")

    @cached_property
    def environments(self) -> "pd.DataFrame":
        """One row per execution environment; raises ``InputError`` when none were kept."""
        return self._rows("environments.parquet")

    @cached_property
    def waits(self) -> Table:
        """:attr:`latencies` as figures read them."""
        return kept_waits(SavedFolder(self.folder))

    @property
    def latencies(self) -> "pd.DataFrame":
        """The share of requests (``share``) that waited longer than ``latency_ms``, by ``function`` and ``start``."""
        return self.waits.frame().rename_axis(None)

    @cached_property
    def lives(self) -> "tuple[pd.DataFrame, pd.DataFrame] | None":
        """:attr:`environments` and :attr:`requests` for figures; None where no rows were kept."""
        found: tuple[pd.DataFrame, pd.DataFrame] | None = kept_lives(SavedFolder(self.folder))
        return found

    def _rows(self, name: str) -> "pd.DataFrame":
        import pandas as pd

        if not (self.folder / name).is_file():
            raise InputError.single(NO_ROWS)
        try:
            return pd.read_parquet(self.folder / name)
        except (OSError, ValueError) as error:
            raise InputError.single(f"is not as lambdasim writes it: {error}", file=str(self.folder / name)) from error

    @cached_property
    def cost(self) -> "pd.DataFrame":
        """The lines of the bill: those of the run and, where ``of`` is ``month``, those of a month."""
        numbers = ("quantity", "unit_price", "usd")
        frame: pd.DataFrame = SavedFolder(self.folder).table("cost.csv", ("of", "function", "item", "unit"), numbers)
        return frame

    @cached_property
    def plot(self) -> Plots:
        """Figures: ``plot.concurrency()``, ``plot.latency()``, …"""
        return Plots(self)

    def __str__(self) -> str:
        return summary_text(self, directory=self.folder)

    def __repr__(self) -> str:
        return f"<KeptResult of {self.config.name!r}: {self.summary['verdict']}>"

    def _repr_html_(self) -> str:
        from lambdasim.report.notebook import notebook_html

        return notebook_html(self)


@dataclass(frozen=True, repr=False)
class KeptAnswer:
    """What a sweep, a capacity, an optimization or a sensitivity analysis left in a folder."""

    folder: Path
    config: Any
    summary: Mapping[str, Any]
    """The object of ``summary.json``, with ``command`` and ``verdict``."""
    points: "pd.DataFrame"
    """Those of ``points.csv``: a row for each point, metrics with their intervals (``.lo``, ``.hi``)."""

    def __repr__(self) -> str:
        return f"<KeptAnswer of {self.config.name!r}: {self.summary['verdict']}>"


@dataclass(frozen=True, repr=False)
class KeptComparison:
    """What a comparison left in a folder; ``before`` and ``after`` are its two results."""

    folder: Path
    comparison: Mapping[str, Any]
    """The object of ``comparison.json``: ``verdict``, ``changes``, ``differences``."""

    @cached_property
    def before(self) -> KeptResult:
        """The result of the first experiment."""
        return _run(SavedFolder(self.folder / "before"))

    @cached_property
    def after(self) -> KeptResult:
        """The result of the second experiment."""
        return _run(SavedFolder(self.folder / "after"))

    @cached_property
    def differences(self) -> "pd.DataFrame":
        """Columns ``scope``, ``name``, ``metric``, ``before``, ``after``, ``difference``, ``low``, ``high``."""
        import pandas as pd

        rows = [{**row, "low": (row["ci"] or [None])[0], "high": (row["ci"] or [None])[-1]} for row in self._rows()]
        columns = ["scope", "name", "metric", "before", "after", "difference", "low", "high"]
        return pd.DataFrame(rows, columns=columns)

    def _rows(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.comparison["differences"]
        return found

    def __repr__(self) -> str:
        return f"<KeptComparison: {self.comparison['verdict']}>"


def load_result(directory: str | os.PathLike[str]) -> KeptResult | KeptAnswer | KeptComparison:
    """Return what a run, a search or a comparison left in a folder, to be looked at without simulating again.

    Raises ``InputError`` with everything that is missing or cannot be read.
    """
    folder = SavedFolder(directory)
    if (folder.path / "comparison.json").is_file():
        return KeptComparison(folder.path, read_comparison(folder).comparison)
    if "command" in folder.manifest:
        search = read_search(folder)
        return KeptAnswer(folder.path, search.config, search.summary, search.points)
    return _run(folder)


def _run(folder: SavedFolder) -> KeptResult:
    run = read_run(folder, figures=False)
    return KeptResult(folder.path, load_config(folder.path / "resolved.toml").config, run.summary, run.manifest)
