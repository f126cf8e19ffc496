"""What a result rests on and nobody chose: the defaults, each with its source, and the dates of AWS's numbers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdasim.config.defaults import OURS, Default, defaults_of
from lambdasim.report.document import Block, Table, Text

ASIDE: Final = ((), ("output",), ("sweep",), ("optimize",))
"""Tables that say what to do, not how things are."""
NAMED: Final = 3
"""How many functions or loads a row names; the rest are counted."""


def assumptions(resolved: str, manifest: Mapping[str, Any], region: str) -> list[Block]:
    """Return what a report says of the values of ``resolved.toml`` that are defaults, AWS's before this program's."""
    defaults = [d for d in defaults_of(resolved) if d.table[:1] not in ASIDE and d.key != "name"]
    aws = _rows([default for default in defaults if default.source != OURS])
    ours = _rows([default for default in defaults if default.source == OURS])
    published = manifest.get("prices_published")
    prices = f"; the prices of {region} were published on {published}" if published else ""
    dates = (
        f"AWS's quotas and defaults were read on {manifest['quotas_read']}{prices}. "
        "DG:page is docs.aws.amazon.com/lambda/latest/dg/page, DG22 its edition of 2022."
    )
    blocks: list[Block] = [Text(dates)]
    if aws:
        blocks += [
            Text("Values the experiment leaves to AWS's defaults, or that stand for what AWS does and does not tell:"),
            Table(("value", "of", "is", "source and date"), aws, names=4),
        ]
    if ours:
        blocks += [
            Text("Values the experiment leaves to this program's own defaults, which claim nothing about AWS:"),
            Table(("value", "of", "is"), [row[:3] for row in ours], names=3),
        ]
    return blocks


def _rows(defaults: Sequence[Default]) -> list[tuple[str, ...]]:
    """One row for each value and source; the functions or loads that share it are named together."""
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
