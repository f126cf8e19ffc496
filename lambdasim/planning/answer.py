"""What a search came to: a summary with its verdict, and its points as a table. A value; it draws nothing."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lambdasim import __version__
from lambdasim.config import quotas
from lambdasim.config.load import LoadedExperiment
from lambdasim.config.resolved import resolved_toml
from lambdasim.config.schema import ExperimentConfig
from lambdasim.json_text import json_text
from lambdasim.planning import page
from lambdasim.planning.points import Points
from lambdasim.report.search_document import save_search
from lambdasim.report.search_files import SearchFiles
from lambdasim.saving import whole_folder

if TYPE_CHECKING:
    import pandas as pd


MOST_ROWS: Final = 40


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of words for people, at most as many as they want to read."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = 0


@dataclass(frozen=True, repr=False)
class Answer:
    """What every search returns.

    ``summary`` is the object of ``summary.json``: ``name``, ``question``, ``command``, ``verdict`` (one sentence, whose
    numbers are in it), ``success``, ``engine``, ``seed``, ``replications`` (the most that a point had), ``confidence``,
    ``simulations`` (those not taken from the cache), ``wall_s``, ``slo`` (the objectives), then what the
    search alone knows; ``incomplete`` when it was interrupted. ``points`` is that of ``points.csv``.
    """

    experiment: LoadedExperiment
    summary: dict[str, Any]
    points: "pd.DataFrame"
    table: Table

    @property
    def config(self) -> ExperimentConfig:
        """The experiment that the search varied."""
        return self.experiment.config

    @property
    def success(self) -> bool | None:
        """Whether what was sought was found; None where the budget ended before that was decided."""
        found: bool | None = self.summary["success"]
        return found

    @property
    def complete(self) -> bool:
        """False when the search was interrupted; it then holds the points that were done."""
        return not self.summary.get("incomplete", False)

    def text(self, *, width: int = 80, encoding: str = "utf-8", directory: str | Path | None = None) -> str:
        """Return it for a terminal of ``width`` columns; ``directory`` is where its files are."""
        return page.text(self.summary, self.table, width=width, encoding=encoding, directory=directory)

    def markdown(self) -> str:
        """Return it in Markdown, ending in a line end."""
        return page.markdown(self.summary, self.table)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.config.name!r}: {self.summary['verdict']}>"

    def _repr_html_(self) -> str:
        verdict = html.escape(self.summary["verdict"])
        table = self.points.to_html(escape=True, index=False, max_rows=60, float_format="{:.6g}".format)
        return f"<p><b>{verdict}</b></p>{table}"

    def save(self, directory: str | Path, *, figures: bool = True) -> None:
        """Write the files of a search into a new folder or in place of an earlier one's: all of them, or none.

        Without ``figures`` the page has none: ``lambdasim report`` draws them later.

        Raises OSError when that cannot be done; what was there is then still there.
        """
        own = self.experiment.source_text or self.experiment.to_toml()
        texts = {
            "experiment.toml": own,
            "resolved.toml": resolved_toml(self.config),
            "summary.json": json_text(self.summary),
            "summary.md": self.markdown(),
        }
        manifest = self._manifest()
        files = SearchFiles(self.summary, self.config, manifest, texts["resolved.toml"], own, self.points)
        with whole_folder(Path(directory), manifest) as folder:
            for name, text in texts.items():
                (folder / name).write_text(text, encoding="utf-8")
            self.points.to_csv(folder / "points.csv", index=False)
            save_search(files, folder, figures=figures)

    def _manifest(self) -> Mapping[str, Any]:
        import platform

        return {
            "lambdasim": __version__,
            "command": self.summary["command"],
            "complete": self.complete,
            "seed": self.summary["seed"],
            "points": len(self.points),
            "simulations": self.summary["simulations"],
            "wall_s": self.summary["wall_s"],
            "engine": self.summary["engine"]["used"],
            "python": platform.python_version(),
            "quotas_read": quotas.DATE,
            "reproduce": f"lambdasim {self.summary['command']} resolved.toml --seed {self.summary['seed']}",
        }


def table_of(headings: Sequence[str], rows: Sequence[Sequence[str]], most: int = MOST_ROWS) -> Table:
    """Return the first rows of a table, with how many were left out."""
    return Table(tuple(headings), tuple(tuple(row) for row in rows[:most]), max(0, len(rows) - most))


def opening(points: Points, command: str, *, success: bool | None, replications: int, wall_s: float) -> dict[str, Any]:
    """Return the keys that open the summary of every search; its ``verdict`` is still to be written."""
    config, engine = points.config, points.engine
    return {
        "name": config.name,
        "question": config.asked,
        "command": command,
        "verdict": "",
        "success": success,
        # without an engine every point was refused before it was simulated
        "engine": {"used": engine.used, "reason": engine.reason} if engine else {"used": "none", "reason": "refused"},
        "seed": config.simulation.seed,
        "replications": replications,
        "confidence": config.simulation.confidence,
        "simulations": points.simulations,
        "wall_s": round(wall_s, 3),
        "slo": [{"path": path, "expression": one.text} for path, ones in config.slo.items() for one in ones],
    }
