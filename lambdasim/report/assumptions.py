"""What a result rests on and nobody chose: the defaults, each with its evidence, and the dates of AWS's numbers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdasim.config.defaults import Default, defaults_of
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
NAMED: Final = 3
"""How many functions or loads a row names; the rest are counted."""


def assumptions(resolved: str, manifest: Mapping[str, Any], region: str) -> list[Block]:
    """Return what a report says of the values of ``resolved.toml`` that are defaults, AWS's before assumptions."""
    of_kind: dict[str, list[Default]] = {kind: [] for kind in OPENINGS}
    for default in defaults_of(resolved):
        if default.table[:1] not in ASIDE and default.key != "name":
            of_kind[default.kind].append(default)
    published = manifest.get("prices_published")
    prices = f"; the prices of {region} were published on {published}" if published else ""
    dates = (
        f"AWS's quotas and defaults were read on {manifest['quotas_read']}{prices}. "
        "DG:page is docs.aws.amazon.com/lambda/latest/dg/page, DG22 its edition of 2022."
    )
    blocks: list[Block] = [Text(dates)]
    for kind, opening in OPENINGS.items():
        rows = _rows(of_kind[kind])
        if rows and kind == "neutral":
            blocks += [Text(opening), Table(("value", "of", "is"), [row[:3] for row in rows], names=3)]
        elif rows:
            blocks += [Text(opening), Table(("value", "of", "is", "evidence"), rows, names=4)]
    return blocks


def _rows(defaults: Sequence[Default]) -> list[tuple[str, ...]]:
    """One row for each value and its evidence; the functions or loads that share it are named together."""
    owners: dict[tuple[str, str, str, str], list[str]] = {}
    for default in defaults:
        kind, owner, inner = _place(default.table)
        key = ".".join((*inner, default.key))
        owners.setdefault((kind, key, default.value, default.source), []).append(owner)
    return [
        (key, " ".join(part for part in (kind, _names(names)) if part), value, source)
        for (kind, key, value, source), names in owners.items()
    ]


def _place(table: Sequence[str]) -> tuple[str, str, Sequence[str]]:
    """Return the kind of table, whose it is, and the tables inside it: ``function``, ``api``, ``provisioned``."""
    if table[0] in ("function", "source", "load") and len(table) > 1:
        return table[0], table[1], table[2:]
    return table[0], "", table[1:]


def _names(owners: Sequence[str]) -> str:
    names = [name for name in owners if name]
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED:,} more" if len(names) > NAMED else "")
