"""A run read back from the folder it was left in, so that its report can be made again without simulating.

Takes what the folder holds as data: nothing in it is executed, and what cannot be read is named. A figure that is
not there is drawn again from ``timeseries.csv``.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lambdasim import __version__
from lambdasim.config.load import load_config
from lambdasim.errors import InputError, Problem
from lambdasim.report.html import page
from lambdasim.report.plots import drawn
from lambdasim.report.run_document import PLACED, RunFiles, run_document

if TYPE_CHECKING:
    import pandas as pd

SUMMARY_KEYS: Final = (
    "name",
    "question",
    "verdict",
    "success",
    "engine",
    "seed",
    "replications",
    "simulated_s",
    "wall_s",
    "slo",
    "account",
    "functions",
    "cost",
)
MANIFEST_KEYS: Final = ("lambdasim", "python", "packages", "quotas_read", "prices_published", "reproduce", "inputs")
REMEDY: Final = "simulate it again with `lambdasim run`"


@dataclass(frozen=True, slots=True)
class SavedResult:
    """What figures read of a run, without the distributions, which its files do not hold."""

    config: Any
    summary: Mapping[str, Any]
    timeseries: "pd.DataFrame"
    stages: Sequence[tuple[int, int, str]]
    measured: None = None


def rebuilt_page(directory: str | os.PathLike[str]) -> str:
    """Return the report's page of a run's folder, made from its files.

    Raises InputError with all that is missing or cannot be read, or when the files are not as lambdasim writes them.
    """
    run = read_run(directory)
    try:
        return page(run_document(run))
    except (KeyError, TypeError, AttributeError, ValueError) as error:  # a value of another kind than a run writes
        what = f"{directory}: its files are not as lambdasim {__version__} writes them ({error!r})"
        raise InputError.single(f"{what}; {REMEDY}") from error


def read_run(directory: str | os.PathLike[str]) -> RunFiles:
    """Return the files of a run's folder; raises InputError with all that is missing or cannot be read."""
    folder = Path(directory)
    if not folder.is_dir():
        raise InputError.single(f"{folder}: there is no such folder; give the folder of a run")
    if not (folder / "manifest.json").is_file():
        raise InputError.single(f"{folder}: this is not the folder of a run, for it has no manifest.json")
    problems: list[Problem] = []
    manifest = _object(folder / "manifest.json", problems)
    if manifest.get("complete") is False and not (folder / "summary.json").is_file():
        raise InputError.single(f"{folder}: the run ended before it had results; {REMEDY}")
    summary = _object(folder / "summary.json", problems)
    if not problems:
        _require(folder / "manifest.json", manifest, MANIFEST_KEYS, problems)
        _require(folder / "summary.json", summary, SUMMARY_KEYS, problems)
    resolved, experiment = (_text(folder / f"{name}.toml", problems) for name in ("resolved", "experiment"))
    if problems:
        raise InputError(problems)
    config = load_config(folder / "resolved.toml").config
    return RunFiles(summary, config, manifest, resolved, experiment, _figures(folder, config, summary))


def _text(file: Path, problems: list[Problem]) -> str:
    """Return the text of a file; notes why there is none."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        problems.append(Problem(str(file), None, None, f"is missing; {REMEDY}"))
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(str(file), None, None, f"cannot be read: {error}"))
    return ""


def _object(file: Path, problems: list[Problem]) -> dict[str, Any]:
    """Return the JSON object that a file holds; notes why there is none."""
    known = len(problems)
    text = _text(file, problems)
    if len(problems) > known:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        problems.append(Problem(str(file), getattr(error, "lineno", None), None, f"is no JSON: {error}; {REMEDY}"))
        return {}
    if not isinstance(found, dict):
        problems.append(Problem(str(file), None, None, f"holds no object; {REMEDY}"))
        return {}
    return found


def _require(file: Path, found: Mapping[str, Any], keys: Sequence[str], problems: list[Problem]) -> None:
    absent = [repr(key) for key in keys if key not in found]
    if absent:
        problems.append(Problem(str(file), None, None, f"has no {', '.join(absent)}; {REMEDY}"))


def _figures(folder: Path, config: Any, summary: Mapping[str, Any]) -> dict[str, str]:
    """Return the figures that were saved, by name; where none was, those that the time series can give."""
    problems: list[Problem] = []
    files = [(name, folder / "figures" / f"{name}.svg") for name in PLACED]
    saved = {name: _text(file, problems) for name, file in files if file.is_file()}
    if problems:
        raise InputError(problems)
    if saved or not (folder / "timeseries.csv").is_file():
        return saved
    return drawn(SavedResult(config, summary, _timeseries(folder / "timeseries.csv"), _stages(config)))


def _timeseries(file: Path) -> "pd.DataFrame":
    """Return a time series as a run writes it."""
    import pandas as pd

    try:
        words = {"function": str, "metric": str, "statistic": str}  # also a function called NA is a word
        frame = pd.read_csv(file, dtype=words | {"time": float, "value": float}, keep_default_na=False)
        return frame[["time", *words, "value"]]
    except (OSError, ValueError, KeyError) as error:
        raise InputError.single(f"is no time series of a run: {error}; {REMEDY}", file=str(file)) from error


def _stages(config: Any) -> Sequence[tuple[int, int, str]]:
    """Return the phases of the loads, which figures mark; none when a trace they need is no longer there."""
    from lambdasim.workload.plan import Workload

    try:
        return Workload(config, config.simulation.seed).stages
    except InputError:
        return ()
