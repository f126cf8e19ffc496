"""What stands in log files: plain, gzip and zip archives, folders of them, as streams of UTF-8 bytes.

Nothing is ever unpacked to disk, so the paths in an archive are names and nothing else. Only a piece of a file is in
memory at a time, whatever its length.
"""

import codecs
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from lambdasim.errors import InputError

PIECE: Final = 1 << 22
LONGEST_LINE: Final = 1 << 20
"""CloudWatch Logs takes events of up to 1 MB (API PutLogEvents, 2025-04)."""
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_UTF_16: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_MOST_MEMBERS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Stream:
    """One log: a file, or one file in an archive."""

    name: str
    """For messages: the path, and the member's name after it."""
    file: IO[bytes]
    """UTF-8, without a byte order mark."""

    def pieces(self) -> Iterator[bytes]:
        """Yield whole lines, some MB at a time; a line longer than ``LONGEST_LINE`` is cut there."""
        rest = b""
        while piece := self.file.read(PIECE):
            piece = rest + piece if rest else piece
            end = piece.rfind(b"\n") + 1
            rest = piece[end:]
            if end:
                yield piece[:end]
            if len(rest) > LONGEST_LINE:
                yield rest[:LONGEST_LINE] + b"\n"
                rest = b"" if _skip_line(self.file) else rest[:0]
        if rest:
            yield rest + b"\n"


def _skip_line(file: IO[bytes]) -> bool:
    """Read on to the end of the line."""
    while part := file.readline(PIECE):
        if part.endswith(b"\n"):
            return True
    return False


def streams(paths: Sequence[str]) -> Iterator[Stream]:
    """Yield every log of some files and folders; each is closed when the next is asked for.

    Raises ``InputError`` for a file that is missing, damaged or encrypted.
    """
    for path in paths:
        for file in _files(Path(path)):
            with damage_explained(str(file)), open(file, "rb") as raw:
                yield from _opened(str(file), raw)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(one for one in path.rglob("*") if one.is_file() and not one.name.startswith("."))
    if not found:
        raise InputError.single("is a folder without files; name the logs", file=str(path))
    return found


def _opened(name: str, raw: IO[bytes], nested: bool = False) -> Iterator[Stream]:
    buffered: Any = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw)
    magic = buffered.peek(4)[:4]
    if magic.startswith(_GZIP):
        with gzip.open(buffered) as plain:
            yield _decoded(name, io.BufferedReader(plain, PIECE))
    elif magic == _ZIP and not nested:
        with zipfile.ZipFile(buffered) as archive:
            members = [one for one in archive.infolist() if not one.is_dir() and "__MACOSX" not in one.filename]
            if not members or len(members) > _MOST_MEMBERS:
                raise InputError.single(f"is an archive of {len(members):,} files; give the logs", file=name)
            for member in members:
                inner = f"{name}/{printable(member.filename)}"
                if member.flag_bits & 1:
                    raise InputError.single("is encrypted; unpack it first", file=inner)
                with archive.open(member) as packed:
                    yield from _opened(inner, packed, nested=True)
    elif magic == _ZIP:
        raise InputError.single("is an archive in an archive; unpack the outer one first", file=name)
    else:
        yield _decoded(name, buffered)


def printable(text: str) -> str:
    """Return a name from a file as it may stand in a message."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:200]


def _decoded(name: str, file: Any) -> Stream:
    first = file.peek(4)[:4]
    if first[:2] in _UTF_16:  # what PowerShell's > writes
        file.read(2)
        reader = codecs.getreader(_UTF_16[first[:2]])(file, "replace")
        return Stream(name, io.BufferedReader(_Encoded(reader), PIECE))
    if first.startswith(codecs.BOM_UTF8):
        file.read(3)
    return Stream(name, file)


class _Encoded(io.RawIOBase):
    """Text of another encoding as UTF-8."""

    def __init__(self, reader: codecs.StreamReader) -> None:
        super().__init__()
        self._reader, self._rest = reader, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = self._reader.read(1 << 16).encode("utf-8", "replace")
        part, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


@contextmanager
def damage_explained(name: str) -> Iterator[None]:
    """Turn what a file that cannot be read raises into an ``InputError`` with its name."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError) as error:
        raise InputError.single(f"is a damaged or cut off archive ({error}); make it again", file=name) from error
    except OSError as error:
        raise InputError.single(f"cannot be read: {error.strerror or error}", file=name) from error
