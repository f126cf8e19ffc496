"""The loop's machine code between processes: what its file is called, and how it is read and written whole."""

import hashlib
import os
import tempfile
from pathlib import Path

from lambdasim import code_cache, plan, records
from lambdasim.code_cache import directory
from lambdasim.model import events, rules

_CHECKSUM_BYTES = hashlib.sha256().digest_size


def name() -> str:
    """Return a name for the loop as the sources have it now."""
    files = [Path(str(module.__file__)) for module in (rules, events, plan, records)]
    return code_cache.name("event-loop", [*files, *sorted(Path(__file__).parent.glob("*.py"))])


def holds_loop() -> bool:
    """Say whether the loop of these sources is kept, so that a first run need not wait for the compiler."""
    return any(directory().glob(f"{name()}-*"))


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
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            file.write(hashlib.sha256(data).digest() + data)
            file.close()
            os.replace(file.name, path)
        except OSError:
            file.close()
            os.unlink(file.name)
            raise
