"""What simulations came to, kept in a folder, so that a search that is repeated or was interrupted goes on.

A measurement is found by the content of all that decides it: every value of the experiment that a simulation reads,
the bytes of its data files, the seed, and the code and prices of this lambdasim. What another version wrote, or what
was damaged since, is not found, and so is simulated again. The folder may be deleted at any time.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from lambdasim import __version__
from lambdasim.config.files import named_files
from lambdasim.config.resolved import resolved_tree
from lambdasim.config.schema import ExperimentConfig
from lambdasim.errors import InputError
from lambdasim.planning import sources
from lambdasim.saving import write_whole

Measurements = dict[str, Any]
"""Account, functions, sources and cost of one simulation, as ``executors.measure`` returns them."""

_UNREAD: Final = {
    "": ("name", "question", "slo", "sweep", "optimize"),
    "simulation": ("seed", "replications", "confidence", "engine"),
    "output": ("dir", "requests", "series", "parquet"),
}
"""Keys that do not decide what a simulation measures; both engines give the same."""

_NOT_SIMULATING: Final = ("cli", "planning", "report")


class Store:
    """Measurements by key, in a folder or, without one, in memory only."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._known: dict[str, Measurements] = {}
        self._files: dict[str, str] = {}
        self._code = sources.digest(*_NOT_SIMULATING)

    def keys(self, config: ExperimentConfig, seeds: Sequence[int]) -> list[str]:
        """Return under which name the simulation of ``config`` with each of ``seeds`` is kept."""
        return keys_of(self.content(config), seeds)

    def content(self, config: ExperimentConfig) -> str:
        """Return a digest of all that decides what ``config`` measures, but its seed."""
        tree = resolved_tree(config)
        for section, unread in _UNREAD.items():
            table = tree.get(section, {}) if section else tree
            for key in unread:
                table.pop(key, None)
        files = {file: self._digest(file) for _, file in named_files(config)}
        return _digest_of([self._code, tree, files])

    def find(self, key: str) -> Measurements | None:
        """Return what is kept under ``key``; None when there is nothing, or nothing whole."""
        if key not in self._known and self._folder is not None:
            try:
                kept = json.loads((self._folder / f"{key}.json").read_bytes())
                if kept["sha256"] == _digest_of(kept["measurements"]):
                    self._known[key] = kept["measurements"]
            except (OSError, ValueError, KeyError, TypeError):
                return None
        return self._known.get(key)

    def keep(self, key: str, measurements: Measurements) -> None:
        """Keep what a simulation came to; raises ``InputError`` when the folder cannot be written."""
        self._known[key] = measurements
        if self._folder is None:
            return
        kept = {"lambdasim": __version__, "sha256": _digest_of(measurements), "measurements": measurements}
        target = self._folder / f"{key}.json"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(target, json.dumps(kept))
        except OSError as error:
            raise InputError.single(f"cannot keep points in {self._folder}: {error.strerror}") from error

    def _digest(self, file: str) -> str:
        if file not in self._files:
            with open(file, "rb") as stream:
                self._files[file] = hashlib.file_digest(stream, "sha256").hexdigest()
        return self._files[file]


def keys_of(content: str, seeds: Sequence[int]) -> list[str]:
    """Return under which name the simulation of a :meth:`Store.content` with each of ``seeds`` is kept."""
    return [hashlib.sha256(f"{seed} {content}".encode()).hexdigest()[:40] for seed in seeds]


def _digest_of(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
