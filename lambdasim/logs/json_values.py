"""The objects of a JSON file, one after the other, however they are wrapped: lines, pages, arrays, pretty-printed.

Arrays are gone through one element at a time, so that an export of millions of events is never in memory. What is
malformed is counted and left out, up to where JSON begins again.
"""

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from typing import IO, Any, Final

from lambdasim.logs.skipped import Reason, Skipped

_BLANK: Final = re.compile(r"[\s,:\x1e\]}]*")
_NEXT: Final = re.compile(r'[\n{\["]')
_LARGEST: Final = 1 << 22
"""An object with more characters is gone through part by part."""
_KEPT: Final = 1 << 16


def objects(
    file: IO[bytes], skipped: Skipped, wrappers: Sequence[str] = ("events", "logEvents", "results", "Events")
) -> Iterator[dict[str, Any]]:
    """Yield each object of a file; of a wrapper, such as ``{"events": [...]}``, those in its array instead."""
    text = _Text(file)
    while text.skip_blank():
        match text.current():
            case "[":
                text.at += 1
            case "{":
                found = text.value()
                if isinstance(found, dict):
                    yield from _unwrapped(found, wrappers)
                else:
                    skipped[Reason.JSON] += found is _MALFORMED
            case '"':
                if text.value() is _MALFORMED:
                    skipped[Reason.JSON] += 1
            case _:
                text.skip_word()


def _unwrapped(value: dict[str, Any], wrappers: Sequence[str]) -> Iterator[dict[str, Any]]:
    for key in wrappers:
        inner = value.get(key)
        if isinstance(inner, list):
            beside = {name: value[name] for name in ("logGroup", "logStream") if isinstance(value.get(name), str)}
            for one in inner:
                if isinstance(one, dict):
                    yield {**beside, **one}
                elif isinstance(one, list):  # GetQueryResults
                    yield query_row(one)
            return
    yield value


def query_row(pairs: list[Any]) -> dict[str, Any]:
    """Return a row of GetQueryResults as an object."""
    return {str(pair["field"]): pair.get("value") for pair in pairs if isinstance(pair, dict) and "field" in pair}


_MALFORMED: Final = object()
_TOO_LARGE: Final = object()


class _Text:
    """A window on the text of a file; ``at`` is where in it reading goes on."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._ended = file, False
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._scan = json.JSONDecoder().raw_decode
        self.window, self.at = "", 0

    def current(self) -> str:
        return self.window[self.at]

    def _fill(self, size: int) -> bool:
        """Read on; returns False at the end of the file."""
        if self._ended:
            return False
        piece = self._file.read(size)
        self._ended = not piece
        self.window = self.window[self.at :] + self._decode(piece, self._ended)
        self.at = 0
        return not self._ended

    def skip_blank(self) -> bool:
        """Go to the next value; returns False when there is none."""
        while True:
            found = _BLANK.match(self.window, self.at)
            self.at = found.end() if found else self.at
            if self.at > _KEPT:  # errors count the lines before them
                self.window, self.at = self.window[self.at :], 0
            if self.at < len(self.window):
                return True
            if not self._fill(_KEPT):
                return False

    def skip_word(self) -> None:
        """Go to where a value may begin: the rest of the line, a bracket or a quote."""
        found = _NEXT.search(self.window, self.at + 1)
        self.at = found.start() if found else len(self.window)

    def _skip_line(self) -> None:
        found = self.window.find("\n", self.at)
        self.at = len(self.window) if found < 0 else found + 1

    def value(self) -> Any:
        """Return the object or text that begins here and go beyond it; into one that is malformed or too large."""
        while True:
            try:
                value, self.at = self._scan(self.window, self.at)
                return value
            except RecursionError:
                self._skip_line()
                return _MALFORMED
            except ValueError as error:
                fault = getattr(error, "pos", self.at)
                length = len(self.window) - self.at
                cut = fault >= len(self.window) - 16 or "Unterminated" in str(error)
                if cut and length < _LARGEST and self._fill(max(length, _KEPT)):
                    continue
                large = cut and length >= _LARGEST and self.current() == "{"
                self._step_in()
                return _TOO_LARGE if large else _MALFORMED

    def _step_in(self) -> None:
        if self.current() == "{":
            self.at += 1
        else:
            self._skip_line()
