"""Methods that dataclasses write for themselves, kept between processes as bytecode is.

A dataclass writes its methods as text and compiles each of them whenever it is loaded: of hundreds that is a third of
loading lambdasim, and no bytecode keeps it. What a text compiles to depends on Python alone.
"""

import dataclasses
import hashlib
import marshal
import sys
from contextlib import suppress
from pathlib import Path
from types import CodeType
from typing import Any, Final

from lambdasim.machine_code import cache

MOST: Final = 5_000
"""Of more methods only those are kept that were used last: sources change."""


class KeptMethods:
    """Compiled methods by the digest of their text; those of a file once the first is asked for."""

    def __init__(self) -> None:
        self._path = cache.directory() / f"methods-{sys.implementation.cache_tag}-{sys.hexversion:x}"
        self._kept: dict[bytes, CodeType] | None = None
        self._used: dict[bytes, CodeType] = {}

    def install(self) -> None:
        """Have dataclasses use them from now on, in this process."""
        setattr(dataclasses, "exec", self.execute)  # noqa: B010

    def execute(self, text: str, names: dict[str, Any], into: dict[str, Any]) -> None:
        """Do what ``exec`` does."""
        if self._kept is None:
            self._kept = _read(self._path)
        key = hashlib.sha256(text.encode()).digest()[:16]
        code = self._kept.get(key) or compile(text, "<string>", "exec", dont_inherit=True)
        self._used[key] = code
        exec(code, names, into)

    def keep(self) -> None:
        """Keep those that were new, if bytecode is kept at all and that can be done."""
        kept = self._kept or {}
        if sys.dont_write_bytecode or self._used.keys() <= kept.keys():
            return
        every = kept | self._used
        with suppress(OSError):
            cache.write(self._path, marshal.dumps(every if len(every) <= MOST else self._used))


def _read(path: Path) -> dict[bytes, CodeType]:
    """Return what is kept; nothing where it is damaged."""
    content = cache.read(path)
    with suppress(EOFError, ValueError, TypeError):
        kept = marshal.loads(content or b"")
        if isinstance(kept, dict):
            return kept
    return {}
