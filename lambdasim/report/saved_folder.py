"""A folder that a run, a search or a comparison has left: its files as values, and all that is wrong with them.

Takes what it finds as data: nothing is executed, and what cannot be read is named.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lambdasim.errors import InputError, Problem

OTHERS: Final = {"calibrate": "fit.html", "validate": "validation.html or scoreboard.html"}
"""Commands whose folders hold no run, and the pages that they leave."""
REMEDY: Final = "simulate it again"


class SavedFolder:
    """The files of one folder. Problems are gathered while files are read, and raised together."""

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        """Open a folder; raises InputError unless a run or a search has left results in it."""
        self.path = Path(directory)
        self._problems: list[Problem] = []
        if not self.path.is_dir():
            raise InputError.single(f"{self.path}: there is no such folder; give the folder of a run")
        if not (self.path / "manifest.json").is_file():
            raise InputError.single(f"{self.path}: this is not the folder of a run, for it has no manifest.json")
        self.manifest = self.object("manifest.json")
        command = self.manifest.get("command")
        if command in OTHERS:
            raise InputError.single(
                f"{self.path}: this is the folder of lambdasim {command}, whose page is {OTHERS[command]}; give that "
                "of a run, a search or a comparison"
            )
        if self.manifest.get("complete") is False and "seed" not in self.manifest:
            raise InputError.single(f"{self.path}: the run ended before its results were saved; {REMEDY}")

    def text(self, name: str) -> str:
        """Return the text of a file; notes why there is none."""
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            self._note(name, "is missing")
        except (OSError, UnicodeDecodeError) as error:
            self._note(name, f"cannot be read: {error}")
        return ""

    def object(self, name: str) -> dict[str, Any]:
        """Return the JSON object that a file holds; notes why there is none."""
        known = len(self._problems)
        text = self.text(name)
        if len(self._problems) > known:
            return {}
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            self._note(name, f"is no JSON: {error}", getattr(error, "lineno", None))
            return {}
        if not isinstance(found, dict):
            self._note(name, "holds no object")
            return {}
        return found

    def require(self, name: str, found: Mapping[str, Any], keys: Sequence[str]) -> None:
        """Note which of the ``keys`` of a file's object are not there; a file that could not be read has its note."""
        absent = [repr(key) for key in keys if key not in found]
        if absent and not any(problem.file == str(self.path / name) for problem in self._problems):
            self._note(name, f"has no {', '.join(absent)}")

    def conclude(self) -> None:
        """Raise InputError with everything noted, if anything was."""
        if self._problems:
            raise InputError(self._problems)

    def table(self, name: str, words: Sequence[str], numbers: Sequence[str] = ()) -> Any:
        """Return a CSV file as a DataFrame with at least the columns named; raises InputError.

        Only empty cells are missing values: a function may well be called NA.
        """
        import pandas as pd

        file = self.path / name
        types = dict.fromkeys(words, str) | dict.fromkeys(numbers, float)
        try:
            frame = pd.read_csv(file, dtype=types, keep_default_na=False, na_values={c: [""] for c in numbers} or [""])
            missing = [column for column in types if column not in frame]
            if missing:
                raise ValueError(f"there is no column {missing[0]!r}")
        except (OSError, ValueError, OverflowError) as error:
            reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
            raise InputError.single(f"is not as lambdasim writes it: {reason}; {REMEDY}", file=str(file)) from error
        return frame

    def _note(self, name: str, message: str, line: int | None = None) -> None:
        self._problems.append(Problem(str(self.path / name), line, None, f"{message}; {REMEDY}"))
