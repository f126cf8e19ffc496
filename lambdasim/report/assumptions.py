"""What a result rests on and nobody chose: the defaults, each with its evidence, and the dates of AWS's numbers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from lambdasim.config.defaults import Table as Told
from lambdasim.config.defaults import default_of
from lambdasim.report.document import Block, Table, Text

ASIDE: Final = ((), ("output",), ("sweep",), ("optimize",))
"""Tables that say what to do, not how things are."""
OPENINGS: Final = {
    "official": "Values the experiment leaves to the defaults that AWS publishes:",
    "measured": "Values that AWS does not publish and others have measured, with the range they may have:",
    "ours": "Values that AWS does not publish and this program assumes, with the range they may have; "
    "lambdasim sensitivity changes each:",
    "neutral": "Values the experiment leaves to this program's own defaults, which claim nothing about AWS:",
}
"""What opens the table of the defaults of each kind."""
Value = tuple[str, str, str, str]
"""The kind of a table, a key in it, the value, and its source."""
Owner = tuple[int, str]
"""The place of a table, and whose it is."""
NAMED: Final = 3
"""How many functions or loads a row names; the rest are counted."""


def assumptions(tables: Iterable[Told], manifest: Mapping[str, Any], region: str) -> list[Block]:
    """Return what a report says of the values of ``resolved.toml`` that are defaults, AWS's before assumptions."""
    published = manifest.get("prices_published")
    prices = f"; the prices of {region} were published on {published}" if published else ""
    dates = (
        f"AWS's quotas and defaults were read on {manifest['quotas_read']}{prices}. "
        "DG:page is docs.aws.amazon.com/lambda/latest/dg/page, DG22 its edition of 2022."
    )
    blocks: list[Block] = [Text(dates)]
    owners = _owners(tables)
    for kind, opening in OPENINGS.items():
        rows = _rows(owners.get(kind, {}))
        if rows and kind == "neutral":
            blocks += [Text(opening), Table(("value", "of", "is"), [row[:3] for row in rows], names=3)]
        elif rows:
            blocks += [Text(opening), Table(("value", "of", "is", "evidence"), rows, names=4)]
    return blocks


def _owners(tables: Iterable[Told]) -> dict[str, dict[Value, list[Sequence[Owner]]]]:
    """Return whose defaults they are, by their kind, their table's kind, key, value and source."""
    alike: dict[tuple[str, Sequence[str], Sequence[str]], list[Owner]] = {}  # of a thousand functions most are
    for number, (table, lines) in enumerate(tables):
        if table[:1] not in ASIDE:
            kind, name, inner = _place(table)
            own = lines[1:] if lines[0].startswith("name = ") else lines
            alike.setdefault((kind, inner, own), []).append((number, name))
    owners: dict[str, dict[Value, list[Sequence[Owner]]]] = {}
    for (of, inside, told), named in alike.items():
        for key, text, evidence, source in filter(None, map(default_of, told)):
            value = (of, ".".join((*inside, key)), text, source)
            owners.setdefault(evidence, {}).setdefault(value, []).append(named)
    return owners


def _rows(owners: Mapping[Value, Sequence[Sequence[Owner]]]) -> list[tuple[str, ...]]:
    """One row for each value and its evidence; the functions or loads that share it are named together."""
    return [
        (key, " ".join(part for part in (table, _names(named)) if part), value, source)
        for (table, key, value, source), named in owners.items()
    ]


def _place(table: Sequence[str]) -> tuple[str, str, Sequence[str]]:
    """Return the kind of table, whose it is, and the tables inside it: ``function``, ``api``, ``provisioned``."""
    if table[0] in ("function", "source", "load") and len(table) > 1:
        return table[0], table[1], table[2:]
    return table[0], "", table[1:]


def _names(owners: Sequence[Sequence[Owner]]) -> str:
    """Name the first of owners, of which some are in order each; a table that nobody owns has no name."""
    first = sorted(owner for some in owners for owner in some[:NAMED])[:NAMED]
    more = sum(map(len, owners)) - NAMED
    return ", ".join(name for _, name in first if name) + (f" and {more:,} more" if more > 0 else "")
