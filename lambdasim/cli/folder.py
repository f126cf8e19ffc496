"""The folder a run leaves its files in: chosen, and known to be writable, before anything is simulated.

Never takes a folder for its own that holds anything but an earlier run of lambdasim.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lambdasim.errors import InputError
from lambdasim.saving import LEFTOVERS, MANIFEST, holds_run, mark_incomplete

PROBE_BYTES: Final = 16 * 2**20
"""At most this much is really written to see whether it can be."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A folder that exists, can be written, and is empty or holds an earlier run."""

    path: Path
    made: bool
    """Whether it did not exist before."""

    @classmethod
    def fresh(cls, base: Path, name: str) -> "RunFolder":
        """Make ``base/name-1``, or the next number that is free. Raises :class:`InputError`."""
        number = 0
        while True:
            number += 1
            path = base / f"{file_name(name)}-{number}"
            try:
                path.mkdir(parents=True)
            except FileExistsError:
                if path.exists():
                    continue
                raise _unwritable(path, "a part of the path is a file") from None
            except OSError as error:
                raise _unwritable(path, error.strerror) from error
            return cls(path, made=True)

    @classmethod
    def at(cls, path: Path) -> "RunFolder":
        """Take exactly ``path``: new, empty or holding an earlier run. Raises :class:`InputError` for any other."""
        try:
            if not path.exists():
                path.mkdir(parents=True)
                return cls(path, made=True)
            if path.is_dir() and (holds_run(path) or all(entry.match(LEFTOVERS) for entry in path.iterdir())):
                _sweep(path)
                return cls(path, made=False)
        except OSError as error:
            raise _unwritable(path, error.strerror) from error
        what = "is not empty and holds no earlier run of lambdasim" if path.is_dir() else "is not a folder"
        raise InputError.single(f"{path} {what}; give --out a new or empty folder")

    def require_space(self, expected_bytes: int) -> None:
        """Raise :class:`InputError` unless about ``expected_bytes`` can be written here."""
        free = shutil.disk_usage(self.path).free
        if free < expected_bytes:
            raise _unwritable(
                self.path, f"about {_megabytes(expected_bytes)} are needed and {_megabytes(free)} are free"
            )
        try:
            with tempfile.TemporaryFile(dir=self.path, prefix=LEFTOVERS[:-1]) as probe:
                for _ in range(0, min(expected_bytes, PROBE_BYTES), 2**20):
                    probe.write(bytes(2**20))
                probe.flush()
                os.fsync(probe.fileno())
        except OSError as error:
            raise _unwritable(self.path, error.strerror) from error

    def mark_incomplete(self) -> None:
        """Leave word that a run ended before its files were whole; an earlier run stays as it is. Raises OSError."""
        if not (self.path / MANIFEST).exists():
            mark_incomplete(self.path)

    def unmark(self) -> None:
        """Take the word back where nothing else is left."""
        if [entry.name for entry in self.path.iterdir()] == [MANIFEST]:
            (self.path / MANIFEST).unlink()

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Have it say that it is not whole until something is saved in it, whatever ends the work.

        Where bad input ends it, the folder is left as it was.
        """
        try:
            self.mark_incomplete()
            yield
        except InputError:
            self.unmark()
            raise
        finally:
            self.discard_if_unused()

    def discard_if_unused(self) -> None:
        """Remove the folder again if it was made for a run that left nothing."""
        if self.made and not any(self.path.iterdir()):
            self.path.rmdir()


def file_name(name: str) -> str:
    """Return ``name`` as one path component that any file system takes."""
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip(".-")[:60] or "run"


def _sweep(path: Path) -> None:
    """Remove what a process that was killed has left."""
    for entry in [*path.glob(LEFTOVERS), *path.glob(f"*/{LEFTOVERS}")]:
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)


def _unwritable(path: Path, why: str | None) -> InputError:
    return InputError.single(f"cannot write results to {path}: {why}; name another folder with --out")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
