"""Logs of rows as tables that a person can query: all rows of a run, a fair sample, or none.

All rows go to a Parquet file as they come, so memory does not grow with their number: beside where results will go, if
that is known, for there is room for them. A sample is of requests or
events, with all their rows, and is the same whatever the chunks: one is in it if its keyed hash is among the smallest.
"""

import errno
import io
import os
import shutil
import tempfile
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lambdasim.errors import InputError
from lambdasim.records import Int64, RecordTable
from lambdasim.saving import LEFTOVERS

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

NO_ROWS: Final = (
    'no rows of requests were kept; ask for them with output.requests = "all" (one row for each attempt) or '
    '"sample(100000)", as in exp.with_({"output.requests": "all"}).run()'
)
"""What says that there is no log."""

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)


class RowLog(ABC):
    """Rows of a run; ``mode`` is ``none``, ``all`` or ``sample(N)``.

    ``key`` is the column that numbers what is sampled, ``order`` the one that orders its rows; ``scratch`` is the
    folder to gather them in, the system's temporary one by default and where there is no such folder.
    """

    def __init__(self, mode: str, columns: int, key: int, order: int, scratch: Path | None) -> None:
        self._key, self._order = key, order
        self._all = mode == "all"
        self._wanted = int(mode[len("sample(") : -1]) if mode.startswith("sample") else 0
        self._rows = np.empty((0, columns), np.int64)
        self._writer: Any = None
        self._scratch = scratch if scratch is not None and scratch.is_dir() else None
        self._path: Path | None = None
        self._content: bytes | None = None

    def consume(self, table: RecordTable) -> None:
        """Take a chunk's rows; raises :class:`InputError` when they cannot be kept."""
        if not len(table):
            return
        if self._all:
            self._write(table.rows)
        elif self._wanted:
            self._rows = np.concatenate((self._rows, table.rows))
            if len(self._rows) > 3 * self._wanted + 100_000:
                self._thin()

    def finish(self) -> None:
        """Take note that no more rows come; raises :class:`InputError` when they cannot be kept."""
        if self._wanted:
            self._thin()
            self._write(self._rows[np.lexsort((self._rows[:, self._order], self._rows[:, self._key]))])
        if self._writer is not None:
            with self._keeping():
                self._writer.close()

    def frame(self) -> "pd.DataFrame | None":
        """Return the rows, or None when there is no log."""
        kept = self._path if self._content is None else io.BytesIO(self._content)
        if kept is None:
            return None
        import pandas as pd

        return pd.read_parquet(kept)

    def save(self, path: Path) -> None:
        """Put the log at ``path`` if there is one; raises OSError when that cannot be written."""
        if self._content is not None:
            path.write_bytes(self._content)
        elif self._path is not None:
            try:
                os.link(self._path, path)  # takes no room
            except OSError:
                shutil.copyfile(self._path, path)

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs of a finished log: its rows go along as the file they are in."""
        content = self._path.read_bytes() if self._path is not None else self._content
        return {**self.__dict__, "_writer": None, "_path": None, "_content": content}

    def _new_path(self) -> Path:
        """Return a file of a folder that is there as long as the log."""
        folder = tempfile.mkdtemp(prefix=LEFTOVERS[:-1], dir=self._scratch)
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder) / "rows.parquet"

    def _write(self, rows: Int64) -> None:
        import pyarrow.parquet as pq

        table = self._table(rows)
        with self._keeping():
            if self._writer is None:
                self._path = self._new_path()
                self._writer = pq.ParquetWriter(self._path, table.schema)
            self._writer.write_table(table)

    @contextmanager
    def _keeping(self) -> Iterator[None]:
        """Tell what cannot be written as something that the user can mend."""
        try:
            yield
        except OSError as error:
            writer, self._writer = self._writer, None
            if writer is not None:
                with suppress(OSError):
                    writer.close()
            if self._path is not None:
                shutil.rmtree(self._path.parent, ignore_errors=True)
            where = f"--out, now {self._scratch}," if self._scratch else f"TMPDIR, now {tempfile.gettempdir()},"
            raise InputError.single(
                f"cannot keep the rows that output.requests asks for: {os.strerror(error.errno or errno.EIO)}; let "
                f'{where} be a folder with more room, or ask for fewer: output.requests = "sample(100000)"'
            ) from error

    def _thin(self) -> None:
        z = self._rows[:, self._key].astype(np.uint64) * _GOLDEN
        z = (z ^ (z >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
        z ^= z >> np.uint64(29)
        known = np.unique(z)
        if len(known) > self._wanted:
            self._rows = self._rows[z <= known[self._wanted - 1]]

    @abstractmethod
    def _table(self, rows: Int64) -> "pa.Table":
        """Return rows with names for numbers."""


def words(index: Int64, names: list[str]) -> "pa.Array":
    """Return a column of words, of which few differ; several may be the same."""
    import pyarrow as pa

    codes = index.astype(np.int32)
    distinct = list(dict.fromkeys(names))
    if len(distinct) < len(names):
        codes = np.array([distinct.index(name) for name in names], np.int32)[codes]
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(distinct, pa.string()))
