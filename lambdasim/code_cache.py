"""Where compiled code is kept between processes, and for which sources it is valid. Knows no compiler."""

import hashlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path


def directory() -> Path:
    """Return where machine code is kept: ``LAMBDASIM_CACHE_DIR``, ``NUMBA_CACHE_DIR`` or the user's cache."""
    chosen = os.environ.get("LAMBDASIM_CACHE_DIR") or os.environ.get("NUMBA_CACHE_DIR")
    return Path(chosen) if chosen else _users() / "lambdasim"


def name(kind: str, sources: Iterable[Path]) -> str:
    """Return a name for what is compiled of the sources as they are now: another edit of any has another name."""
    sha = hashlib.sha256()
    for file in sources:
        sha.update(file.read_bytes())
    return f"{kind}-{sha.hexdigest()[:16]}"


def _users() -> Path:
    """Return the user's cache directory, by the custom of the platform."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
