"""A figure's SVG document made part of a page: only drawing is let in, ids are made its own, colours become variables.

What is written here never comes from the document as it stands: elements, attributes and values that are not on the
lists below are left out, so that a figure that someone has put a script, a link or a picture into shows neither.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from lambdasim.report.words import printable

ELEMENTS: Final = frozenset({"svg", "g", "defs", "clipPath", "path", "rect", "use", "text", "tspan"})
GEOMETRY: Final = frozenset({"d", "x", "y", "width", "height", "transform"})
STYLES: Final = frozenset({"fill", "stroke", "opacity", "font", "text-anchor"})
"""Properties by their name or the word before its first hyphen."""
LEFT_TO_THE_PAGE: Final = frozenset({"font-family"})
CLASSES: Final = {"axes": "axes", "xtick": "xtick", "strip": "strip"}
"""What a page's script looks for: groups by the word that their id begins with, as matplotlib and our figures name
them."""
HREF: Final = "{http://www.w3.org/1999/xlink}href"
_GEOMETRY: Final = re.compile(r"[\w\s.,+()-]+")
_STYLE: Final = re.compile(r"[\w\s#.,%+'\"-]+")
_NUMBER: Final = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_REFERENCE: Final = re.compile(r"url\(#([\w.-]+)\)")
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}\b")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure for a page. ``sentence`` is what it says instead of drawing anything, if that is all it does."""

    markup: str
    title: str
    sentence: str
    colours: frozenset[str]
    """The colours used, as ``#rrggbb``; ``markup`` names them ``var(--crrggbb)``."""


@dataclass(slots=True)
class _Writer:
    prefix: str
    referenced: frozenset[str]
    colours: set[str] = field(default_factory=set)


def inline(svg: str, name: str) -> Drawing:
    """Return the drawing of an SVG document, its ids beginning with ``name``; raises ValueError for anything else."""
    try:
        root = ElementTree.fromstring(svg)
    except (ElementTree.ParseError, ValueError) as error:
        raise ValueError(f"no well-formed SVG ({error})") from error
    if _kind(root) != "svg":
        raise ValueError("no SVG")
    box = [_number(part) for part in root.get("viewBox", "").replace(",", " ").split()]
    if len(box) != 4 or box[2] <= 0 or box[3] <= 0:
        raise ValueError("an SVG without a size (viewBox)")
    texts = [(_font_size(e), printable("".join(e.itertext()))) for e in root.iter() if _kind(e) == "text"]
    largest = max((size for size, _ in texts), default=0.0)
    title = " ".join(text for size, text in texts if size == largest)
    drawn = sum(_kind(e) in ("path", "use", "rect") for e in root.iter())
    writer = _Writer(re.sub(r"[^\w-]", "-", name), frozenset(_references(root)))
    body = "".join(_written(child, writer) for child in root)
    size = " ".join(f"{part:g}" for part in box)
    markup = f'<svg viewBox="{size}" role="img" aria-label="{escape(title)}">{body}</svg>'
    return Drawing(markup, title, title if drawn <= 1 else "", frozenset(writer.colours))


def _kind(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _font_size(text: Element) -> float:
    found = re.search(r"(\d+(?:\.\d+)?)px", text.get("style", ""))
    return float(found[1]) if found else 0.0


def _references(root: Element) -> Iterator[str]:
    for element in root.iter():
        yield from _REFERENCE.findall(element.get("clip-path", ""))
        yield (element.get(HREF) or element.get("href") or "").removeprefix("#")


def _written(element: Element, writer: _Writer) -> str:
    kind = _kind(element)
    if kind not in ELEMENTS:
        return ""
    attributes = "".join(f' {key}="{escape(value)}"' for key, value in _attributes(element, writer))
    inside = "".join(_written(child, writer) for child in element)
    if kind in ("text", "tspan"):
        inside = escape(printable(element.text or "")) + inside
    if kind in ("g", "defs") and not inside:
        return ""
    if kind == "g" and not attributes:
        return inside
    return f"<{kind}{attributes}>{inside}</{kind}>" if inside else f"<{kind}{attributes}/>"


def _attributes(element: Element, writer: _Writer) -> Iterator[tuple[str, str]]:
    own = element.get("id", "")
    if own in writer.referenced and own:
        yield "id", f"{writer.prefix}-{own}"
    word, _, number = own.partition("_")
    if _kind(element) == "g" and word in CLASSES and number.isdecimal():
        yield "class", CLASSES[word]
    target = element.get(HREF) or element.get("href") or ""
    if _kind(element) == "use" and target.startswith("#"):
        yield "href", f"#{writer.prefix}-{target[1:]}"
    clip = _REFERENCE.fullmatch(element.get("clip-path", ""))
    if clip:
        yield "clip-path", f"url(#{writer.prefix}-{clip[1]})"
    for key in sorted(GEOMETRY.intersection(element.keys())):
        value = element.get(key, "")
        if _GEOMETRY.fullmatch(value):
            yield key, _shorter(value)
    style = ";".join(_declarations(element.get("style", ""), writer))
    if style:
        yield "style", style


def _declarations(style: str, writer: _Writer) -> Iterator[str]:
    for declaration in style.split(";"):
        key, _, value = (part.strip() for part in declaration.partition(":"))
        if (key.partition("-")[0] not in STYLES and key not in STYLES) or key in LEFT_TO_THE_PAGE:
            continue
        if _STYLE.fullmatch(value):
            for colour in _COLOUR.findall(value):
                writer.colours.add(colour.lower())
            yield f"{key}:{_COLOUR.sub(lambda found: f'var(--c{found[0][1:].lower()})', value)}"


def _shorter(value: str) -> str:
    """Return coordinates to a hundredth of a point, or, where there are many, to a tenth; fewer spaces."""
    digits = 1 if len(value) > 400 else 2
    value = _NUMBER.sub(lambda found: f"{float(found[0]):.{digits}f}".rstrip("0").rstrip("."), value)
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", " ".join(value.split())) if value[:1] in "Mm" else value
