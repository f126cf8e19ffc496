"""Reports made again from the folder that a run, a search or a comparison was left in, without simulating.

The figures of a run are drawn again from ``timeseries.csv``, ``latencies.csv`` and the rows that it kept; those that
show several replications, or functions whose series were not kept, are the ones that it saved.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from lambdasim import __version__
from lambdasim.config.defaults import tables_of
from lambdasim.config.load import load_config
from lambdasim.config.schema import ExperimentConfig
from lambdasim.errors import InputError
from lambdasim.report import latencies
from lambdasim.report.assumptions import assumptions
from lambdasim.report.comparison_document import ComparisonFiles, comparison_document, comparison_figures
from lambdasim.report.html import page
from lambdasim.report.plots import Drawn, drawn
from lambdasim.report.run_document import PLACED, RunFiles, run_document
from lambdasim.report.saved_folder import REMEDY, SavedFolder
from lambdasim.report.search_document import search_document
from lambdasim.report.search_files import SearchFiles
from lambdasim.report.series import RecordedFrame
from lambdasim.report.table import Table

LOG: Final = logging.getLogger("lambdasim")

COMMON: Final = ("name", "question", "verdict", "success", "engine", "seed", "replications", "wall_s", "slo")
OF_RUN: Final = (*COMMON, "simulated_s", "account", "functions", "sources", "cost")
OF_SEARCH: Final = (*COMMON, "command", "confidence", "simulations")
OF_COMPARISON: Final = ("verdict", "seed", "replications", "confidence", "before", "after", "changes", "differences")
MANIFEST: Final = ("lambdasim", "python", "quotas_read", "reproduce")


@dataclass(frozen=True, slots=True)
class SavedResult:
    """What figures read of a run, from its files."""

    config: Any
    summary: Mapping[str, Any]
    series: RecordedFrame
    stages: Sequence[tuple[int, int, str]]
    waits: Table
    lives: Any


def rebuilt_page(directory: str | os.PathLike[str]) -> str:
    """Return the report's page of a folder, made from its files.

    Raises InputError with all that is missing or cannot be read, or when the files are not as lambdasim writes them.
    """
    folder = SavedFolder(directory)
    try:
        if (folder.path / "comparison.json").is_file():
            comparison = read_comparison(folder)
            return page(comparison_document(comparison, comparison_figures(comparison)))
        if "command" in folder.manifest:
            return _page_of_search(read_search(folder))
        return page(run_document(read_run(folder)))
    except (KeyError, TypeError, AttributeError, ValueError) as error:  # a value of another kind than is written
        what = f"{directory}: its files are not as lambdasim {__version__} writes them ({error!r})"
        raise InputError.single(f"{what}; {REMEDY}") from error


def _page_of_search(search: SearchFiles) -> str:
    from lambdasim.report.search_figures import search_figures

    return page(search_document(search, {name: chart.svg() for name, chart in search_figures(search).items()}))


def read_run(folder: SavedFolder, *, figures: bool = True) -> RunFiles:
    """Return the files of a run, with or without figures; raises InputError with all that is missing or unreadable."""
    summary = folder.object("summary.json")
    folder.require("manifest.json", folder.manifest, (*MANIFEST, "packages", "prices_published", "inputs"))
    folder.require("summary.json", summary, OF_RUN)
    resolved, experiment = folder.text("resolved.toml"), folder.text("experiment.toml")
    names = [name for name in PLACED if (folder.path / "figures" / f"{name}.svg").is_file()]
    saved = {name: Drawn(folder.text(f"figures/{name}.svg"), "") for name in names if figures}
    folder.conclude()
    config = load_config(folder.path / "resolved.toml").config
    found = saved
    lacks = _lacks(folder, config)
    if figures and lacks:
        _note_missing(folder, found, lacks)
    elif figures:
        series = folder.table("timeseries.csv", ("function", "metric", "statistic"), ("time", "value"))
        kept = SavedResult(
            config, summary, RecordedFrame(series), stages_of(config), kept_waits(folder), kept_lives(folder)
        )
        found = drawn(kept)
        if summary["replications"] > 1:  # the series are means: what was drawn of each replication is in the files only
            found |= {name: Drawn(of.svg, found[name].readings) for name, of in saved.items() if name in found}
    told = assumptions(tables_of(resolved), folder.manifest, config.account.region)
    return RunFiles(summary, config, folder.manifest, told, experiment, found)


def _lacks(folder: SavedFolder, config: ExperimentConfig) -> str:
    """Return, as a clause, why a run's figures cannot be drawn again; "" where they can."""
    if config.output.series != "all":
        kept = "no series" if config.output.series == "none" else "the series of the account alone"
        return f"the run kept {kept}"
    return "" if (folder.path / "timeseries.csv").is_file() else "timeseries.csv is no longer there"


def _note_missing(folder: SavedFolder, found: Mapping[str, Drawn], lacks: str) -> None:
    """Note which figures a page does without, and what brings them."""
    from lambdasim.report.figures import FIGURES

    missing = [name for name in FIGURES if name not in found]
    which = f"the figures {', '.join(missing)}" if found else "all figures"
    if missing:
        remedy = 'run it again without --no-figures, or with output.series = "all"'
        LOG.info("%s: %s are missing, as %s; %s", folder.path, which, lacks, remedy)
    else:
        what = "the figures do not tell the values at the pointer"
        LOG.info('%s: %s, as %s; run it again with output.series = "all"', folder.path, what, lacks)


def kept_waits(folder: SavedFolder) -> Table:
    """Return the distributions of latency that a run kept, none in folders of earlier versions."""
    if not (folder.path / "latencies.csv").is_file():
        return latencies.table(np.zeros(0) for _ in latencies.COLUMNS)
    kept = folder.table("latencies.csv", ("function", "start"), ("latency_ms", "share"))
    return latencies.table(kept[name].to_numpy() for name in latencies.COLUMNS)


def kept_lives(folder: SavedFolder) -> Any:
    """Return the environments and the requests whose rows a run kept; None where it kept none."""
    import pandas as pd

    files = [folder.path / name for name in ("environments.parquet", "requests.parquet")]
    if not all(file.is_file() for file in files):
        return None
    try:
        return tuple(pd.read_parquet(file) for file in files)
    except (OSError, ValueError) as error:
        raise InputError.single(
            f"{folder.path}: its rows are not as lambdasim writes them: {error}; {REMEDY}"
        ) from error


def read_comparison(folder: SavedFolder) -> ComparisonFiles:
    """Return the files of a comparison; raises InputError with all that is missing or cannot be read."""
    comparison = folder.object("comparison.json")
    folder.require("manifest.json", folder.manifest, MANIFEST)
    folder.require("comparison.json", comparison, OF_COMPARISON)
    resolved = folder.text("after/resolved.toml")
    folder.conclude()
    region = load_config(folder.path / "after/resolved.toml").config.account.region
    return ComparisonFiles(comparison, folder.manifest, resolved, region)


def read_search(folder: SavedFolder) -> SearchFiles:
    """Return the files of a search; raises InputError with all that is missing or cannot be read."""
    summary = folder.object("summary.json")
    folder.require("manifest.json", folder.manifest, MANIFEST)
    folder.require("summary.json", summary, OF_SEARCH)
    resolved, experiment = folder.text("resolved.toml"), folder.text("experiment.toml")
    folder.conclude()
    config = load_config(folder.path / "resolved.toml").config
    points = folder.table("points.csv", ("verdict",))
    return SearchFiles(summary, config, folder.manifest, resolved, experiment, points)


def stages_of(config: Any) -> Sequence[tuple[int, int, str]]:
    """Return the phases of the loads, which figures mark; none when a trace they need is no longer there."""
    from lambdasim.workload.plan import Workload

    try:
        return Workload(config, config.simulation.seed).phases.stages
    except InputError:
        return ()
