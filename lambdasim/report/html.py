"""A document as one HTML file that needs nothing else: styles, figures and a script stand in it, nothing is loaded.

The page forbids itself every request and every script but its own, which is named by its hash, so that whatever a name
or a figure holds stays text.
"""

import base64
import hashlib
import os
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

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
        script=_script() if any(f.readings and drawn and not drawn.sentence for f, drawn in drawings.items()) else None,
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


class _Script(NamedTuple):
    text: Markup
    hash: str
    """As the page's security policy names it."""


@cache
def _script() -> _Script:
    """Return the script of pages whose figures are along time: of our own, the same on every page."""
    loaded, *_ = _environment().loader.get_source(_environment(), "report.js")  # type: ignore[union-attr]
    digest = base64.b64encode(hashlib.sha256(loaded.encode()).digest()).decode()
    return _Script(Markup(loaded), f"sha256-{digest}")


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
    environment.filters["data"] = _data
    environment.tests["of_kind"] = lambda value, kind: type(value).__name__ == kind
    return environment


def _data(json_text: str) -> Any:
    """Return JSON as it may stand in a page: nothing in it ends its element or begins another."""
    return Markup(json_text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _drawn(drawing: Drawing) -> Any:
    return Markup(drawing.markup)  # built from a list of what may be in it
