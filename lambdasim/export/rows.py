"""The rows that a run has kept, read back for an export, and a file that is written whole or not at all."""

import gzip
import io
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdasim.errors import InputError

if TYPE_CHECKING:
    import pyarrow.parquet as pq

KEEP = 'simulate it again with output.requests = "all" (or "sample(100000)")'


def kept_rows(folder: Path, name: str) -> "pq.ParquetFile":
    """Return a Parquet file of a run; raises ``InputError``, with the key that keeps it, where there is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not (folder / name).is_file():
        raise InputError.single(f"{folder}: the run kept no {name}; {KEEP}")
    try:
        return pq.ParquetFile(folder / name)
    except (OSError, pa.ArrowException) as error:
        raise InputError.single(f"{folder / name}: is no Parquet file ({error}); {KEEP}") from error


def columns(file: "pq.ParquetFile", names: list[str]) -> Iterator[list[list[Any]]]:
    """Yield some columns as lists, a stretch of rows at a time; raises ``InputError`` for a file without them.

    What is missing is -1 among whole numbers and 0.0 among others.
    """
    missing = sorted(set(names) - set(file.schema_arrow.names))
    if missing:
        raise InputError.single(f"a file of the run has no column {missing[0]!r}; {KEEP}")
    for batch in file.iter_batches(columns=names):
        yield [_values(batch.column(batch.schema.get_field_index(name))) for name in names]


def _values(column: Any) -> list[Any]:
    """Return a column as a list, faster than its own ``to_pylist``."""
    import pyarrow.types as kinds

    if kinds.is_dictionary(column.type):
        words = column.dictionary.to_pylist()
        return [words[i] for i in column.indices.to_numpy().tolist()]
    if kinds.is_integer(column.type):
        column = column.fill_null(-1)
    elif kinds.is_floating(column.type):
        column = column.fill_null(0.0)
    found: list[Any] = column.to_numpy(zero_copy_only=False).tolist()
    return found


@contextmanager
def whole_text(path: Path) -> Iterator[io.TextIOWrapper]:
    """Yield a file to write text into, compressed where its name ends with ``.gz``; it is in its place at the end."""
    aside = path.with_name(f".lambdasim-{secrets.token_hex(6)}")
    try:
        with aside.open("wb") as raw:
            inner: Any = gzip.GzipFile("", "wb", 4, raw, mtime=0) if path.suffix == ".gz" else raw
            with inner, io.TextIOWrapper(inner, encoding="utf-8", newline="\n", write_through=False) as text:
                yield text
        aside.replace(path)
    finally:
        with suppress(OSError):
            aside.unlink()
