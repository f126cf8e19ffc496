"""Machine code between processes: where its files are, what they are called, how they are read and written whole.

Code is called by the sources it was compiled from. Which those are stands in lists beside it, as only whoever compiles
finds out: if all files of a list are what they were, so is all that they could lead to. Knows no compiler.
"""

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from lambdasim.saving import write_whole

_CHECKSUM_BYTES = hashlib.sha256().digest_size

PACKAGES = Path(__file__).parents[2]
"""The directory that the package is in."""


def directory() -> Path:
    """Return where machine code is kept: ``LAMBDASIM_CACHE_DIR``, ``NUMBA_CACHE_DIR`` or the user's cache."""
    chosen = os.environ.get("LAMBDASIM_CACHE_DIR") or os.environ.get("NUMBA_CACHE_DIR")
    return Path(chosen) if chosen else _users() / "lambdasim"


def name(kind: str, sources: Iterable[Path]) -> str:
    """Return a name for what is compiled of the sources as they are now: another edit of any has another name."""
    sha = hashlib.sha256()
    for file in (*sources, *sorted(Path(__file__).parent.glob("*.py"))):
        sha.update(file.read_bytes())
    return f"{kind}-{sha.hexdigest()[:16]}"


def digests() -> dict[Path, bytes]:
    """Return a digest of every source of the package as it is now."""
    return {file: hashlib.sha256(file.read_bytes()).digest() for file in (PACKAGES / "lambdasim").rglob("*.py")}


def lists(kind: str) -> Iterator[list[Path]]:
    """Yield the lists of sources, as far as they exist, that something of a kind was ever compiled from."""
    for file in sorted(directory().glob(f"{kind}-{'[0-9a-f]' * 16}.sources")):
        sources = [PACKAGES / source for source in (read(file) or b"").decode().split("\n")]
        if all(map(Path.is_file, sources)):
            yield sources


def write_list(kind: str, sources: Iterable[str]) -> None:
    """Keep a list of sources, given as they are to be found from where the package is. Raises OSError as below."""
    text = "\n".join(sources).encode()
    write(directory() / f"{kind}-{hashlib.sha256(text).hexdigest()[:16]}.sources", text)


def read(path: Path) -> bytes | None:
    """Return what :func:`write` wrote there; None when there is nothing, or not the whole of it."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    checksum, data = content[:_CHECKSUM_BYTES], content[_CHECKSUM_BYTES:]
    return data if hashlib.sha256(data).digest() == checksum else None


def write(path: Path, data: bytes) -> None:
    """Keep ``data`` at ``path``, wholly or not at all. Raises OSError when that cannot be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, hashlib.sha256(data).digest() + data)


def _users() -> Path:
    """Return the user's cache directory, by the custom of the platform."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
