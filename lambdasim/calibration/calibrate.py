"""From logs to a model: ``calibrated.toml`` that runs as it is, ``fit.json`` with the evidence, and ``fit.html``."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from lambdasim import __version__
from lambdasim.calibration.memory import tuned_means
from lambdasim.calibration.model import FunctionModel
from lambdasim.calibration.observed import Observed, observed
from lambdasim.calibration.written import Written, written
from lambdasim.config.call import shortened
from lambdasim.config.eras import ERAS
from lambdasim.errors import InputError
from lambdasim.json_text import json_text
from lambdasim.logs.log import MOST_ROWS, Log, read_log
from lambdasim.logs.rows import Kind
from lambdasim.logs.skipped import Reason
from lambdasim.saving import whole_folder

NAME: Final = re.compile("[A-Za-z0-9_-]{1,64}")
EXTENSIONS: Final = re.compile(r"(\.(csv|json|jsonl|log|txt|gz|zip|tsv))+$", re.IGNORECASE)
GENERIC: Final = ("log-events-viewer-result", "logs-insights-results", "results", "log", "logs", "report", "reports")
"""What AWS's console, or everybody, calls such files."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """What some logs come to. In a notebook it shows its fits."""

    log: Log
    models: tuple[FunctionModel, ...]
    holdout: dict[str, Any] | None = None
    """What the first half predicted of the second."""
    era: str | None = None
    """The one that was asked for; else ``calibrated.toml`` has that of the log's dates."""

    @cached_property
    def fit(self) -> dict[str, Any]:
        """The object of ``fit.json``: times in ms, memory in MB, rates from 0 to 1."""
        result: dict[str, Any] = {
            "lambdasim": __version__,
            "logs": list(self.log.paths),
            "skipped": {reason.value: count for reason, count in self.log.skipped.items() if count},
            "functions": {model.name: model.to_json() for model in self.models},
        }
        if self.holdout is not None:
            result["holdout"] = self.holdout
        return result

    @cached_property
    def written(self) -> Written:
        """``calibrated.toml`` and the files that it names."""
        left = self.log.account()
        rests_on = [
            f"Calibrated by lambdasim {__version__} from {self._files()}.",
            "Every value with what it rests on; fit.json and fit.html have the rest.",
            *([f"Left out: {left}."] if left else []),
            *(f"{model.name}: {note}." for model in self.models for note in model.notes()),
        ]
        name = f"calibrated-{self.models[0].name}"
        return written(self.models, name, [_plain(line) for line in rests_on], era=self.era)

    def _files(self) -> str:
        return ", ".join(Path(path).name for path in self.log.paths)[:200]

    @property
    def toml(self) -> str:
        """The text of ``calibrated.toml``."""
        return self.written.toml

    def document(self) -> Any:
        """Return the report of the fits (a ``report.document.Document``)."""
        from lambdasim.calibration.page import document

        return document(self)

    def save(self, directory: str | os.PathLike[str]) -> None:
        """Write all files into a folder, in place of an earlier calibration's; raises OSError."""
        from lambdasim.report.html import page

        manifest = {"lambdasim": __version__, "complete": True, "command": "calibrate", "logs": list(self.log.paths)}
        with whole_folder(Path(directory), manifest) as folder:
            files = {"calibrated.toml": self.toml, "fit.json": json_text(self.fit), "fit.html": page(self.document())}
            for name, text in {**files, **self.written.files}.items():
                (folder / name).write_text(text, encoding="utf-8")

    def _repr_html_(self) -> str:
        from lambdasim.report.html import page

        return page(self.document())


def calibrate(
    logs: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    function: str | None = None,
    holdout: bool = False,
    era: str | None = None,
) -> Calibration:
    """Return the model that some logs support: files or folders of any shape, gzip and zip archives among them.

    ``function`` is the one that is wanted where a log names several, and the name for one that names none; else that
    comes from the file. ``holdout`` calibrates on the first half, and sets its prediction of the second beside that.
    ``era`` decides what the log does not tell (``account.era``), else the dates of its invocations do.
    Raises ``InputError`` for what cannot be read, and where nothing of use is in it.
    """
    if function is not None and not NAME.fullmatch(function):
        raise InputError.single(f"{function[:80]!r} is no function's name: 1 to 64 letters, digits, '-' and '_'")
    if era is not None and era not in ERAS:
        raise InputError.single(f"no era is called {shortened(repr(era))}; there are {', '.join(ERAS)}")
    paths = [logs] if isinstance(logs, str | os.PathLike) else list(logs)
    log = read_log([os.fspath(path) for path in paths], MOST_ROWS)
    functions = functions_of(log, function)
    tuned = tuned_means(log.tunings)
    models = tuple(FunctionModel(one, tuned) for one in functions)
    found = None
    if holdout:
        from lambdasim.calibration.holdout import held_out

        found = held_out(functions, era)
    return Calibration(log, models, found, era)


def functions_of(log: Log, wanted: str | None = None) -> list[Observed]:
    """Return the functions of a log that have invocations, or the one that is wanted.

    Raises ``InputError`` for one that the log does not name.
    """
    rows = log.rows
    codes = [code for code in np.unique(rows.function).tolist() if (rows.function[rows.kind == 0] == code).any()]
    if not codes:
        raise InputError.single("has no invocation, only output of power tuning; give a log as well", file=log.paths[0])
    named = {code: log.functions[code] for code in codes if code >= 0}
    if wanted is not None:
        chosen = [code for code, name in named.items() if name == wanted] or [code for code in codes if code < 0]
        if not chosen:
            shown = ", ".join(sorted(named.values())[:10])
            raise InputError.single(f"is no log of the function '{wanted}', but of {shown}", file=log.paths[0])
        others = ~np.isin(rows.function, chosen) & (rows.kind == Kind.REPORT)
        log.skipped[Reason.FUNCTION] += int(others.sum())
        return [observed(log.of(chosen[0]), wanted)]
    return [observed(log.of(code), named.get(code) or _named_after(log.paths[0])) for code in codes]


def _named_after(path: str) -> str:
    """Return a function's name for a file that names none."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", EXTENSIONS.sub("", Path(path).name)).strip("-")[:64]
    return stem if stem and stem.lower().rstrip("-0123456789") not in GENERIC else "function"


def _plain(text: str) -> str:
    """Return a line that cannot end the comment it stands in."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
