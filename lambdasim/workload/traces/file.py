"""A trace file as a stream of column batches: CSV or Parquet, plain or gzip, told apart by content.

Only one batch is in memory at a time, whatever the length of the file, and nothing in it is ever executed. This
module knows files and their damage; it does not know what any column means.
"""

import codecs
import csv
import errno
import gzip
import re
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from shutil import copyfileobj
from typing import IO, Any, Final

from lambdasim.errors import InputError
from lambdasim.workload.traces.column import Column

_GZIP: Final = b"\x1f\x8b"
_PARQUET: Final = b"PAR1"
_BLOCK_BYTES: Final = 1 << 20
_BLOCK_BYTES_PER_COLUMN: Final = 1 << 13  # so that a batch of a wide file still has about a thousand rows
_BATCH_ROWS: Final = 1 << 16
_ROW: Final = re.compile(r"Row #(\d+)")


@dataclass(frozen=True, slots=True)
class Batch:
    """Some consecutive rows of a trace file."""

    columns: dict[str, Column]
    first_row: int
    """Number of the first of them; the first row below the header is 0."""

    def slice(self, low: int, high: int) -> "Batch":
        """Return rows ``low`` to ``high`` - 1 of this batch."""
        columns = {name: column.slice(low, high) for name, column in self.columns.items()}
        return Batch(columns, self.first_row + low)


def asking(path: str, key: str, message: str) -> InputError:
    """Return the error to raise where a key of a load, such as ``target``, has to say what its file does not."""
    return InputError.single(f"{path} {message}", path=key)


class TraceFile:
    """A table in a file, of which the header has been read."""

    def __init__(self, path: str, called: Mapping[str, str] | None = None) -> None:
        """Open ``path`` far enough to know its columns; ``called`` is what it calls some of them.

        Raises ``InputError`` when the file is missing, empty, cut off, or is neither text nor Parquet.
        """
        self.path = path
        self._called = dict(called or {})
        with self._damage_explained():
            with open(path, "rb") as raw:
                magic = raw.read(4)
            self._gzip = magic.startswith(_GZIP)
            if path.endswith(".gz") and magic and not self._gzip:
                raise self.error("is not gzip data in spite of its name; rename or compress it")
            with self._bytes() as stream:
                first_line = stream.readline(_BLOCK_BYTES)
            self._parquet = first_line.startswith(_PARQUET)
            self.columns = self._parquet_columns() if self._parquet else self._header(first_line)
        self._own = self.columns
        self.columns = self._renamed()
        if len(set(self.columns)) < len(self.columns):
            twice = next(name for name in self.columns if self.columns.count(name) > 1)
            raise self.error(f"two columns are called '{twice}'; rename or remove one", line=self._first_line)

    def error(
        self, message: str, *, column: str | None = None, row: int | None = None, line: int | None = None
    ) -> InputError:
        """Return the error to raise about this file, with the line of data row ``row`` when the file has lines."""
        if row is not None and self._parquet:
            message = f"row {row + 1}: {message}"
        elif row is not None:
            line = self._line(row)
        return InputError.single(message, file=self.path, line=line, path=self._called.get(column or "", column))

    def _renamed(self) -> tuple[str, ...]:
        """Return the columns by the names that a format has for them; another that is called so is none of them."""
        given = {own: name for name, own in self._called.items()}
        for own in given:
            if own not in self._own:
                near = _alike(own, self._own, 0.6)
                remedy = f"did you mean '{near}'?" if near else self._columns_shown()
                raise self.error(f"no column is called '{own}'; {remedy}", line=self._first_line)
        return tuple(given.get(own, f"{own} (not used)" if own in self._called else own) for own in self._own)

    def require(self, columns: Sequence[str], optional: Sequence[str] = ()) -> tuple[str, ...]:
        """Return ``columns`` and those of ``optional`` the file has.

        Raises ``InputError`` when one of ``columns`` is missing, or when an optional one seems to be misspelled.
        """
        others = [name for name in self.columns if name not in columns and name not in optional]
        for wanted in columns:
            if wanted not in self.columns:
                near = _alike(wanted, others, 0.6)
                remedy = f"rename '{near}' if that is it" if near else self._columns_shown()
                raise self.error(f"no column is called '{wanted}'; {remedy}", line=self._first_line)
        for wanted in optional:
            near = _alike(wanted, others, 0.8)
            if near and wanted not in self.columns:
                raise self.error(
                    f"'{near}' looks like the column '{wanted}'; rename or remove it", line=self._first_line
                )
        return (*columns, *(name for name in optional if name in self.columns))

    def _columns_shown(self) -> str:
        if self._parquet or len(self.columns) > 1:
            shown = ", ".join(f"'{name}'" for name in self.columns[:8])
            return f"the columns are {shown}{', ...' if len(self.columns) > 8 else ''}"
        return f"the first line '{self.columns[0][:80]}' has no comma; name the columns there, with commas between"

    @property
    def _first_line(self) -> int | None:
        return None if self._parquet else 1

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Yield all rows in order, with only ``columns``.

        Raises ``InputError`` on damage, and at the end when there was no row at all.
        """
        first_row = 0
        with self._damage_explained():
            for record_batch in self._parquet_batches(columns) if self._parquet else self._csv_batches(columns):
                cells = {name: Column(self, name, first_row, _as_string(record_batch.column(name))) for name in columns}
                yield Batch(cells, first_row)
                first_row += record_batch.num_rows
        if first_row == 0:
            raise self.error("has a header but no rows")

    def _parquet_columns(self) -> tuple[str, ...]:
        with self._parquet_file() as file:
            return tuple(file.schema_arrow.names)

    def _parquet_batches(self, columns: Sequence[str]) -> Iterator[Any]:
        with self._parquet_file() as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=[self._called.get(c, c) for c in columns]):
                yield batch.rename_columns([self.columns[self._own.index(own)] for own in batch.schema.names])

    @contextmanager
    def _parquet_file(self) -> Iterator[Any]:
        """Open the file as Parquet; a compressed one is unpacked to disk first, because its index is at its end."""
        from pyarrow import parquet

        if not self._gzip:
            with parquet.ParquetFile(self.path) as file:
                yield file
            return
        with tempfile.TemporaryFile() as plain:
            with self._bytes() as packed:
                copyfileobj(packed, plain)
            plain.seek(0)
            with parquet.ParquetFile(plain) as file:
                yield file

    def _header(self, line: bytes) -> tuple[str, ...]:
        if not line:
            raise self.error("is empty")
        if self.path.removesuffix(".gz").endswith((".parquet", ".pq")):
            raise self.error("is not a Parquet file: it does not begin with PAR1")
        if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise self.error("is UTF-16 text; save it as UTF-8")
        if b"\0" in line or len(line) >= _BLOCK_BYTES:
            raise self.error("is neither text nor Parquet; give a CSV or Parquet file")
        text = line.decode("utf-8-sig").rstrip("\r\n")
        if "\r" in text:
            raise self.error("ends its lines with CR only; save it with LF or CR LF", line=1)
        names = next(csv.reader([text]), [])
        if not "".join(names).strip():
            raise self.error("begins with an empty line; its first line must name the columns", line=1)
        return tuple(name.strip() for name in names)

    def _csv_batches(self, columns: Sequence[str]) -> Iterator[Any]:
        import pyarrow
        from pyarrow import csv as arrow_csv

        with self._bytes() as stream:
            reader = arrow_csv.open_csv(
                stream,
                arrow_csv.ReadOptions(
                    use_threads=False,  # or errors would not say their row
                    block_size=_BLOCK_BYTES + _BLOCK_BYTES_PER_COLUMN * len(self.columns),
                    column_names=list(self.columns),
                    skip_rows=1,
                ),
                convert_options=arrow_csv.ConvertOptions(
                    include_columns=list(columns), column_types={name: pyarrow.string() for name in columns}
                ),
            )
            yield from reader

    def _bytes(self) -> IO[bytes]:
        return gzip.open(self.path) if self._gzip else open(self.path, "rb")  # type: ignore[return-value]

    def _line(self, row: int) -> int:
        """Return the line of a data row: the reader does not count empty lines, so they are counted here."""
        current = -1  # the header
        with self._bytes() as stream:
            for number, line in enumerate(stream, 1):
                if line.strip(b"\r\n"):
                    if current == row:
                        return number
                    current += 1
        return number

    @contextmanager
    def _damage_explained(self) -> Iterator[None]:
        """Turn what reading a damaged file raises into an ``InputError``."""
        try:
            yield
        except InputError:
            raise
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self.error(f"is damaged or cut off gzip data ({error}); make it again") from error
        except UnicodeDecodeError as error:
            raise self.error("is not UTF-8 text; save it as UTF-8", line=1) from error
        except OSError as error:
            if error.errno == errno.ENOSPC:
                where = f"TMPDIR, now {tempfile.gettempdir()},"
                message = f"cannot be unpacked: {error.strerror}; let {where} be a folder with more room, or unpack it"
                raise self.error(message) from error
            if error.strerror is None:  # how pyarrow reports damage
                raise self.error(f"cannot be read as a table: {_first_sentence(error)}") from error
            raise self.error(f"cannot be read: {error.strerror}") from error
        except csv.Error as error:
            raise self.error(f"does not begin with the names of columns: {error}", line=1) from error
        except ValueError as error:  # pyarrow's errors are ValueErrors
            raise self._arrow_error(error) from error

    def _arrow_error(self, error: ValueError) -> InputError:
        found = _ROW.search(str(error))
        row = int(found[1]) - 2 if found else None  # pyarrow counts from 1, the header too
        message = _first_sentence(error)
        for phrase, meaning in _MEANINGS:
            if phrase in message:
                return self.error(meaning(message), row=row)
        return self.error(f"cannot be read as a table: {message}", row=row)


def _alike(wanted: str, names: Sequence[str], cutoff: float) -> str | None:
    """Return the name that seems to mean ``wanted``."""
    return next((name for name in names if name.lower() == wanted), None) or next(
        iter(get_close_matches(wanted, names, n=1, cutoff=cutoff)), None
    )


def _as_string(values: Any) -> Any:
    """Return texts of any of pyarrow's kinds as its plainest kind, and anything else as it is."""
    import pyarrow

    types = pyarrow.types
    kind = values.type.value_type if types.is_dictionary(values.type) else values.type
    is_text = types.is_large_string(kind) or types.is_string_view(kind) or types.is_string(kind)
    return values.cast(pyarrow.string()) if is_text else values


def _first_sentence(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _columns_expected(message: str) -> str:
    counts = re.search(r"Expected (\d+) columns, got (\d+)", message)
    return f"has {counts[2]} columns where the header has {counts[1]}" if counts else message


_MEANINGS: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    ("Expected", _columns_expected),
    ("invalid UTF8", lambda message: "is not UTF-8 text; save the file as UTF-8"),
    ("straddling", lambda message: "has a line longer than 1 MB: this is no CSV file"),
    ("Empty CSV file", lambda message: "has a header but no rows"),
)
