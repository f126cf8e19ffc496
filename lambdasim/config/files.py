"""The data files that an experiment names, and whether a file can be read at all."""

import os
import stat
from typing import Any, Final

from lambdasim.config.distribution import Distribution
from lambdasim.config.idle import IdlePolicy
from lambdasim.config.positions import Path
from lambdasim.config.quantity import PLAIN, ConfigTable, rich_keys
from lambdasim.config.traffic import Trace

MISSING: Final = "there is no such file"


def named_files(table: ConfigTable) -> list[tuple[Path, str]]:
    """Return every file that a table, or one inside it, has its data in: the path of the key, and the name."""
    found: list[tuple[Path, str]] = []
    _add_files(table, (), found, set())
    return found


def _add_files(value: Any, path: Path, found: list[tuple[Path, str]], without: set[int]) -> None:
    """Add the files of a value; ``without`` are tables that were seen to name none, as many functions may share."""
    match value:  # models last, for it takes longest to say that something is none
        case Distribution():
            if value.file is not None:
                found.append(((*path, "file"), value.file))
        case IdlePolicy():
            _add_files({"lone": value.lone, "surplus": value.surplus}, path, found, without)
        case dict():
            for key, own in value.items():
                _add_files(own, (*path, key), found, without)
        case tuple():
            for index, own in enumerate(value):
                _add_files(own, (*path, str(index)), found, without)
        case Trace():
            names = {"file": value.file, "durations": value.durations, "memory": value.memory}
            found += (((*path, key), file) for key, file in names.items() if file is not None)
        case ConfigTable() if id(value) not in without:
            values, before = vars(value), len(found)
            for name in rich_keys(type(value)):
                if type(own := values[name]) not in PLAIN and own:
                    _add_files(own, (*path, type(value).model_fields[name].alias or name), found, without)
            if len(found) == before:
                without.add(id(value))


def refusal(file: str) -> str | None:
    """Return why ``file`` cannot be read, as in "is a folder, not a file"; None when it can.

    What is neither file nor folder is refused before it is opened: a pipe that nobody writes to, or a device that
    never ends, would be waited for forever.
    """
    try:
        mode = os.stat(file).st_mode
    except FileNotFoundError:
        return MISSING
    except (OSError, ValueError) as error:
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"
    if stat.S_ISDIR(mode):
        return "is a folder, not a file"
    if not stat.S_ISREG(mode):
        return "is a pipe, a device or a socket; save what it gives as a file"
    return None if os.access(file, os.R_OK) else "cannot be read: permission denied"


def complaint(file: str) -> str | None:
    """Return the same as a sentence that names the file."""
    reason = refusal(file)
    return f"there is no file {file!r}" if reason == MISSING else reason and f"{file!r} {reason}"
