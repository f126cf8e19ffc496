"""Where the compiled loop is kept between processes, and for which sources it is valid. Knows no Numba.

Numba notices an edit of the file of the function it compiles, not of those that are compiled into it. So each state of
all sources has a directory of its own, named by their digest.
"""

import hashlib
import os
import sys
from pathlib import Path

from lambdasim import plan, records
from lambdasim.model import events, rules


def directory() -> Path:
    """Return where the loop of these sources is kept, whether it is there or not.

    ``LAMBDASIM_CACHE_DIR`` or else ``NUMBA_CACHE_DIR`` names the place for all of them; the default is the user's cache
    directory.
    """
    chosen = os.environ.get("LAMBDASIM_CACHE_DIR") or os.environ.get("NUMBA_CACHE_DIR")
    return (Path(chosen) if chosen else _users() / "lambdasim") / f"loop-{digest()}"


def digest() -> str:
    """Return what tells these sources from all others: 16 hexadecimal digits."""
    files = [Path(str(module.__file__)) for module in (rules, events, plan, records)]
    files += sorted(Path(__file__).parent.glob("*.py"))
    sha = hashlib.sha256()
    for file in files:
        sha.update(file.read_bytes())
    return sha.hexdigest()[:16]


def holds_loop() -> bool:
    """Say whether the loop of these sources seems to be there, so that the first run need not wait for a compiler."""
    return any(directory().glob("*/*.nbi"))


def _users() -> Path:
    """Return the user's cache directory, by the custom of the platform."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
