"""Where each key of a TOML text stands. ``tomllib`` does not say, so the text is read a second time, for lines only.

The text is known to be valid TOML of bounded depth; this reader trusts that and understands no more than it must.
"""

import re
import tomllib
from bisect import bisect_right
from typing import Final

Path = tuple[str, ...]
"""Keys from the top of the file; the elements of arrays are called "0", "1" and so on."""

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_STRING: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})' r"|'''.*?'''(?:'{0,2})" r'|"(?:\\.|[^"\\])*"' r"|'[^']*'", re.DOTALL
)
_PLAIN: Final = re.compile(r"[^,\]}\n#]+")


def index_lines(text: str) -> dict[Path, int]:
    """Return the line (from 1) of every table, key and array element of a valid TOML text."""
    return _Reader(text).read()


def dotted(path: Path) -> str:
    """Return a path as it is written: ``function.api.timeout``, with quotes where TOML needs them."""
    return ".".join(key if _BARE_KEY.fullmatch(key) else '"' + key.replace('"', '\\"') + '"' for key in path)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.newlines = [match.start() for match in re.finditer("\n", text)]
        self.lines: dict[Path, int] = {}
        self.arrays: dict[Path, int] = {}

    def read(self) -> dict[Path, int]:
        table: Path = ()
        self.skip()
        while self.at < len(self.text):
            if self.text.startswith("[", self.at):
                table = self.header()
            else:
                self.assignment(table)
            self.skip()
        return self.lines

    def skip(self) -> None:
        """Go past blanks, line ends and comments."""
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def expect(self, token: str) -> bool:
        """Go past ``token`` and the blanks after it if it is here; say whether it was."""
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        self.skip()
        return True

    def mark(self, path: Path, start: int) -> None:
        self.lines.setdefault(path, bisect_right(self.newlines, start - 1) + 1)

    def header(self) -> Path:
        """Read ``[a.b]`` or ``[[a.b]]``; return the path of the table that it opens."""
        start = self.at
        is_element = self.text.startswith("[[", self.at)
        self.expect("[[" if is_element else "[")
        keys = self.keys()
        self.expect("]]" if is_element else "]")
        path: Path = ()
        for key in keys[:-1]:
            path += (key,)
            self.mark(path, start)
            if path in self.arrays:
                path += (str(self.arrays[path] - 1),)
        path += (keys[-1],)
        self.mark(path, start)
        if is_element:
            count = self.arrays.get(path, 0)
            self.arrays[path] = count + 1
            path += (str(count),)
            self.mark(path, start)
        return path

    def keys(self) -> list[str]:
        """Read a dotted key."""
        keys = [self.key()]
        while self.expect("."):
            keys.append(self.key())
        return keys

    def key(self) -> str:
        self.skip()
        match = _STRING.match(self.text, self.at) or _BARE_KEY.match(self.text, self.at)
        if match is None:
            raise ValueError(f"no key at character {self.at}")
        self.at = match.end()
        self.skip()
        token = match[0]
        return str(tomllib.loads(f"key = {token}")["key"]) if token[0] in "\"'" else token

    def assignment(self, table: Path) -> None:
        """Read ``a.b = value``."""
        start = self.at
        path = table
        for key in self.keys():
            path += (key,)
            self.mark(path, start)
        self.expect("=")
        self.value(path)

    def value(self, path: Path) -> None:
        if self.expect("["):
            index = 0
            while not self.expect("]"):
                element = (*path, str(index))
                self.mark(element, self.at)
                self.value(element)
                self.skip()
                self.expect(",")
                index += 1
        elif self.expect("{"):
            while not self.expect("}"):
                self.assignment(path)
                self.skip()
                self.expect(",")
        else:
            match = _STRING.match(self.text, self.at) or _PLAIN.match(self.text, self.at)
            if match is None:
                raise ValueError(f"no value at character {self.at}")
            self.at = match.end()
