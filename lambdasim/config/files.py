"""The data files that an experiment names, and whether a file can be read at all."""

import os
import stat
from collections.abc import Iterator
from typing import Any, Final

from lambdasim.config.distribution import Distribution
from lambdasim.config.idle import IdlePolicy
from lambdasim.config.positions import Path
from lambdasim.config.quantity import PLAIN, ConfigTable
from lambdasim.config.traffic import Trace

MISSING: Final = "there is no such file"


def named_files(table: ConfigTable) -> Iterator[tuple[Path, str]]:
    """Yield every file that a table, or one inside it, has its data in: the path of the key, and the name."""
    for name, value in vars(table).items():
        if type(value) not in PLAIN:
            for path, file in _files_of(value):
                yield (type(table).model_fields[name].alias or name, *path), file


def _files_of(value: Any) -> Iterator[tuple[Path, str]]:
    match value:
        case Trace():
            names = {"file": value.file, "durations": value.durations, "memory": value.memory}
            yield from (((key,), file) for key, file in names.items() if file is not None)
        case ConfigTable():
            yield from named_files(value)
        case Distribution(file=str(file)):
            yield ("file",), file
        case IdlePolicy():
            yield from _files_of({"lone": value.lone, "surplus": value.surplus})
        case dict():
            yield from (((key, *path), file) for key, item in value.items() for path, file in _files_of(item))
        case tuple():
            yield from _files_of({str(index): item for index, item in enumerate(value)})


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
