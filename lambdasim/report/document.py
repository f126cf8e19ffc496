"""A report as plain values: sections of tables, figures, sentences and code, whatever kind of result they tell of.

Whoever has something to report (a run, a search, a comparison) makes a :class:`Document` of it; how that looks as a
page is :mod:`lambdasim.report.html`'s affair. Texts are plain: nothing here is markup, and nothing needs escaping
before it is put in. Standard library only.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exact:
    """A number as a reader wants it, with the number it stands for, which a page carries along.

    ``detail`` is set smaller below it, such as an interval.
    """

    text: str
    value: float | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Whether something met what it had to, None if undecided; ``word`` in place of "met", "missed" or "undecided"."""

    met: bool | None
    word: str = ""


Cell = str | Exact | Mark


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """Lines to be copied as they are; with a ``summary`` they are folded away under it."""

    text: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings, each as wide as ``headings``.

    The first ``names`` columns are words and stand left, the others are numbers and stand right. ``chosen`` are the
    places of rows to be set off, ``note`` a sentence below.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    names: int = 1
    chosen: Sequence[int] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as an SVG document, by the name of its file; ``data`` is the file that holds what it shows.

    ``readings`` is what it shows along time, as the JSON that the page's script reads.
    """

    name: str
    svg: str
    data: str = ""
    readings: str = ""


Block = Text | Code | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it; a section without blocks is left out of the page."""

    heading: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. ``success`` is None where nothing was to be met."""

    title: str
    question: str
    verdict: str
    success: bool | None
    sections: Sequence[Section]
