"""A document as one HTML file that needs nothing else: styles and figures stand in it, and nothing is ever loaded.

The page has no script and forbids itself every request, so that whatever a name or a figure holds stays text.
"""

import os
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lambdasim import __version__
from lambdasim.report.dark import DARK_PAPER, PAPER, on_dark
from lambdasim.report.document import Document, Figure
from lambdasim.report.inline_svg import Drawing, inline
from lambdasim.report.words import printable
from lambdasim.saving import write_whole

FIGURES_BYTES: Final = 1_500_000
"""What all figures of a page may take; beyond it the largest are named instead of shown."""


def page(document: Document) -> str:
    """Return the HTML of a document; raises ValueError for a figure that is no SVG."""
    drawings = _drawings(document)
    colours = frozenset().union(*(drawing.colours for drawing in drawings.values() if drawing is not None))
    template = _environment().get_template("report.html.j2")
    sections = [section for section in document.sections if section.blocks]
    return template.render(
        document=document,
        sections=sections,
        drawings=drawings,
        colours=[(colour, on_dark(colour)) for colour in sorted(colours)],
        paper=PAPER,
        dark_paper=DARK_PAPER,
        version=__version__,
    )


def save_page(document: Document, path: str | os.PathLike[str]) -> None:
    """Write the page of a document; raises OSError when it cannot be written."""
    write_whole(Path(path), page(document))


def _drawings(document: Document) -> dict[Figure, Drawing | None]:
    """Return the drawing of each figure; None for those that there is no room for."""
    figures = [block for section in document.sections for block in section.blocks if isinstance(block, Figure)]
    number = count(1)
    drawn: dict[Figure, Drawing | None] = {}
    for figure in figures:
        try:
            drawn[figure] = inline(figure.svg, f"f{next(number)}")
        except ValueError as error:
            raise ValueError(f"figure {figure.name}: {error}") from error
    sizes = {key: len(drawing.markup.encode()) for key, drawing in drawn.items() if drawing is not None}
    room = sum(sizes.values()) - FIGURES_BYTES
    for key in sorted(sizes, key=lambda key: -sizes[key]):
        if room <= 0:
            break
        drawn[key] = None
        room -= sizes[key]
    return drawn


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("lambdasim.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["shown"] = printable
    environment.filters["lines"] = lambda text: "\n".join(printable(line) for line in text.splitlines())
    environment.filters["drawn"] = _drawn
    environment.tests["of_kind"] = lambda value, kind: type(value).__name__ == kind
    return environment


def _drawn(drawing: Drawing) -> Any:
    return Markup(drawing.markup)  # built from a list of what may be in it
