"""Where each value of a merged experiment comes from, and the problems that were found in it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from lambdasim.config.positions import Path, dotted
from lambdasim.errors import InputError, Problem

ARRAYS: Final = ("load", "change")
PLAIN_NAME: Final = re.compile(r"(?![0-9]+$)[A-Za-z0-9_-]{1,128}")
"""A name by which a path can call one of an array."""

Place = tuple[str | None, int | None]
"""A file and a line, as far as they are known."""


class Origins:
    """The place of each path of the experiment's tree."""

    def __init__(self, file: str | None = None, lines: dict[Path, int] | None = None) -> None:
        self.file = file
        self._places: dict[Path, Place] = {path: (file, line) for path, line in (lines or {}).items()}

    def place(self, path: Path) -> Place:
        """Return the place of ``path``, or of the nearest table around it."""
        for length in range(len(path), 0, -1):
            place = self._places.get(path[:length])
            if place is not None:
                return place
        return self.file, None

    def mark(self, path: Path, place: Place) -> None:
        """Say that the value at ``path``, with all inside it, comes from ``place``."""
        self._places = {known: at for known, at in self._places.items() if known[: len(path)] != path}
        self._places[path] = place

    def adopt(self, other: "Origins", paths: set[Path]) -> None:
        """Take the places of ``paths`` and of all inside them from ``other``."""

        def inside(known: Path) -> bool:
            return any(known[:length] in paths for length in range(1, len(known) + 1))

        self._places = {known: at for known, at in self._places.items() if not inside(known)}
        self._places |= {known: at for known, at in other._places.items() if inside(known)}

    def files(self) -> list[str]:
        """Return the files that values come from, each once."""
        places = [(self.file, None), *self._places.values()]
        return list(dict.fromkeys(file for file, _ in places if file is not None))

    def copy(self) -> "Origins":
        """Return an independent copy."""
        copy = Origins(self.file)
        copy._places = dict(self._places)
        return copy


class Problems:
    """A growing list of what is wrong, each with its place."""

    def __init__(self, origins: Origins, found: Iterable[Problem] = ()) -> None:
        self._origins = origins
        self._found: dict[Problem, None] = dict.fromkeys(found)
        self._doubtful: set[Path] = set()
        self._names: dict[Path, str] = {}

    def call_by_name(self, tree: Mapping[str, Any]) -> None:
        """Let messages call the loads and changes of an experiment's tree by their names, as paths may."""
        for section in ARRAYS:
            tables = tree.get(section)
            tables = tables if isinstance(tables, list) else []
            named = [own.get("name") if isinstance(own, dict) else None for own in tables]
            for number, name in enumerate(named):
                if isinstance(name, str) and PLAIN_NAME.fullmatch(name) and named.count(name) == 1:
                    self._names[section, str(number)] = name

    def add(self, path: Path, message: str) -> None:
        """Note that the value at ``path`` is wrong."""
        file, line = self._origins.place(path)
        name = self._names.get(path[:2])
        called = path if name is None else (path[0], name, *path[2:])
        self._found[Problem(file, line, dotted(called) or None, message)] = None

    def doubt(self, path: Path) -> None:
        """Say that the value at ``path`` is not what the user meant, because what was given there is wrong."""
        self._doubtful.add(path)

    def is_doubtful(self, path: Path) -> bool:
        """Return whether the value at ``path`` is, or a table around it."""
        return any(path[:length] in self._doubtful for length in range(1, len(path) + 1))

    def doubts_within(self, path: Path) -> bool:
        """Return whether the value at ``path`` is doubtful, or any inside it."""
        return self.is_doubtful(path) or any(own[: len(path)] == path for own in self._doubtful)

    def conclude(self, path: Path, message: str, *keys: str) -> None:
        """Note that a rule between several values is broken at ``path``, unless a doubtful value may be the reason.

        The values are the one at ``path``, or, when ``path`` is a table, those of its ``keys``.
        """
        if not any(self.is_doubtful((*path, key)) for key in keys or ("",)):
            self.add(path, message)

    def __len__(self) -> int:
        return len(self._found)

    def problems(self) -> list[Problem]:
        """Return what was noted, in that order."""
        return list(self._found)

    def take(self, found: Iterable[Problem]) -> None:
        """Note what was found elsewhere."""
        self._found |= dict.fromkeys(found)

    def raise_if_any(self) -> None:
        """Raise ``InputError`` with all problems, file by file, in the order of their lines."""
        if self._found:
            files = list(dict.fromkeys(problem.file for problem in self._found))
            raise InputError(sorted(self._found, key=lambda problem: (files.index(problem.file), problem.line or 0)))


def merge(base: dict[str, Any], child: dict[str, Any], at: Path = ()) -> set[Path]:
    """Lay ``child`` over ``base``, in place, and return the paths that changed.

    Tables are merged, anything else (arrays too) is replaced.
    """
    changed: set[Path] = set()
    for key, value in child.items():
        path = (*at, key)
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            changed |= merge(base[key], value, path)
        else:
            base[key] = value
            changed.add(path)
    return changed
