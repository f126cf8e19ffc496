"""Reports made again from the folder that a run, a search or a comparison was left in, without simulating.

The figures of a run are those that it saved; where there are none they are drawn again from ``timeseries.csv``.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lambdasim import __version__
from lambdasim.config.load import load_config
from lambdasim.errors import InputError
from lambdasim.report.comparison_document import ComparisonFiles, comparison_document, comparison_figures
from lambdasim.report.html import page
from lambdasim.report.plots import drawn
from lambdasim.report.run_document import PLACED, RunFiles, run_document
from lambdasim.report.saved_folder import REMEDY, SavedFolder
from lambdasim.report.search_document import search_document
from lambdasim.report.search_files import SearchFiles
from lambdasim.report.series import RecordedFrame

COMMON: Final = ("name", "question", "verdict", "success", "engine", "seed", "replications", "wall_s", "slo")
OF_RUN: Final = (*COMMON, "simulated_s", "account", "functions", "sources", "cost")
OF_SEARCH: Final = (*COMMON, "command", "confidence", "simulations")
OF_COMPARISON: Final = ("verdict", "seed", "replications", "confidence", "before", "after", "changes", "differences")
MANIFEST: Final = ("lambdasim", "python", "quotas_read", "reproduce")


@dataclass(frozen=True, slots=True)
class SavedResult:
    """What figures read of a run, without the distributions, which its files do not hold."""

    config: Any
    summary: Mapping[str, Any]
    series: RecordedFrame
    stages: Sequence[tuple[int, int, str]]
    measured: None = None


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
    svgs = {name: folder.text(f"figures/{name}.svg") for name in names if figures}
    folder.conclude()
    config = load_config(folder.path / "resolved.toml").config
    if figures and not svgs and (folder.path / "timeseries.csv").is_file():
        series = folder.table("timeseries.csv", ("function", "metric", "statistic"), ("time", "value"))
        svgs = drawn(SavedResult(config, summary, RecordedFrame(series), stages_of(config)))
    return RunFiles(summary, config, folder.manifest, resolved, experiment, svgs)


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
        return Workload(config, config.simulation.seed).stages
    except InputError:
        return ()
