"""The report on a comparison of two runs under the same random numbers: what was changed, and what that did.

Reads the object of ``comparison.json`` and what both runs left; every number is one of its differences.
"""

import json
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lambdasim.config.defaults import tables_of
from lambdasim.report import content
from lambdasim.report.assumptions import assumptions
from lambdasim.report.content import Json
from lambdasim.report.document import Block, Cell, Code, Document, Exact, Figure, Mark, Section, Table, Text
from lambdasim.report.search_files import kind_of, quantity
from lambdasim.report.words import count, percent, printable, shorten

OF_FUNCTION: Final = (
    "latency.p50",
    "latency.p99",
    "throttle_rate",
    "cold_start_rate",
    "error_rate",
    "concurrency.max",
    "environments.created",
    "cost.total",
    "cost.monthly",
)
OF_ACCOUNT: Final = ("concurrency.max", "cost.total", "cost.monthly")
OF_SOURCE: Final = (
    "age.p99",
    "age.max",
    "iterator_age.max",
    "backlog.max",
    "dead_lettered",
    "dropped",
    "answers_5xx_rate",
)
UNCERTAIN: Final = {"cost.total": "cost.uncertain", "cost.monthly": "cost.uncertain_monthly"}
"""What of a cost is at uncertain prices, which marks it."""
ROWS: Final = 60
CHANGES: Final = 100


@dataclass(frozen=True, slots=True)
class ComparisonFiles:
    """What a comparison leaves.

    ``comparison`` has ``verdict``, ``seed``, ``replications``, ``confidence``, ``before`` and ``after`` (each ``name``,
    ``question``, ``success``, ``slo``), ``changes`` (``path``, ``before``, ``after``), ``notes`` and ``differences``
    (``scope``, ``name``, ``metric``, ``before``, ``after``, ``difference``, ``ci``).
    ``resolved`` is the second's ``resolved.toml``.
    """

    comparison: Json
    manifest: Json
    resolved: str
    region: str


def comparison_document(files: ComparisonFiles, figures: Json) -> Document:
    """Return the report on a comparison with its ``figures``, SVG documents by name."""
    found = files.comparison
    after = found["after"]
    drawn = [Figure(name, svg, data="comparison.json") for name, svg in figures.items()]
    return Document(
        title=" against ".join(dict.fromkeys((found["before"]["name"], after["name"]))),
        question=question
        if (question := found["before"].get("question")) == after.get("question") and question
        else "",
        verdict=found["verdict"],
        success=after["success"] if after["slo"] else None,
        sections=[
            Section("What was changed", list(_changes(found["changes"]))),
            Section("Objectives", list(_objectives(found))),
            Section("What that did", [*drawn, *_differences(found)]),
            Section("How sure are we", list(_certainty(found))),
            Section("Assumptions of the second", assumptions(tables_of(files.resolved), files.manifest, files.region)),
            Section("How to reproduce", list(_reproduction(files))),
        ],
    )


def save_comparison(files: ComparisonFiles, directory: str | os.PathLike[str], *, figures: bool) -> None:
    """Write ``report.html`` of a comparison, and ``figures/forest.svg`` if there is to be one, into its folder; raises
    OSError.
    """
    from lambdasim.report.html import save_page

    folder = Path(directory)
    drawn = comparison_figures(files) if figures else {}
    for name, svg in drawn.items():
        (folder / "figures").mkdir(exist_ok=True)
        (folder / "figures" / f"{name}.svg").write_text(svg, encoding="utf-8")
    save_page(comparison_document(files, drawn), folder / "report.html")


def comparison_figures(files: ComparisonFiles) -> dict[str, str]:
    """Return the figures of a comparison as SVG documents by name; loads matplotlib."""
    import pandas as pd

    from lambdasim.report.figures import forest

    rows = [
        {
            "metric": f"{one['name']}.{one['metric']}",
            "kind": kind_of(f"{one['name']}.{one['metric']}"),
            **{key: one[key] for key in ("before", "difference")},
            **dict(zip(("low", "high"), one["ci"] or (None, None), strict=True)),
        }
        for one in _of_weight(files.comparison)
    ]
    names = [files.comparison[side]["name"] for side in ("before", "after")]
    base, other = names if names[0] != names[1] else ("the first", "the second")
    return {"forest": forest.figure(pd.DataFrame(rows), base=base, other=other).svg()} if rows else {}


def _of_weight(found: Json) -> list[Json]:
    """Return the differences that a reader asks for first, without those of what was never there.

    What the account has from its only function, such as all of its bill, is the account's alone.
    """
    wanted = {"function": OF_FUNCTION, "account": OF_ACCOUNT, "source": OF_SOURCE}
    of_account = {one["metric"]: one for one in found["differences"] if one["scope"] == "account"}
    alone = len({one["name"] for one in found["differences"] if one["scope"] == "function"}) == 1
    return [
        one
        for one in found["differences"]
        if one["metric"] in wanted.get(one["scope"], ())
        and any(one[side] for side in ("before", "after"))
        and not (alone and one["scope"] == "function" and _is_same(one, of_account.get(one["metric"])))
    ]


def _is_same(one: Json, other: Json | None) -> bool:
    return other is not None and all(math.isclose(one[side] or 0, other[side] or 0) for side in ("before", "after"))


def _changes(changes: Sequence[Json]) -> Iterator[Block]:
    if not changes:
        yield Text("Nothing is configured differently.")
        return
    rows = [(str(one["path"]), _setting(one["before"]), _setting(one["after"])) for one in changes[:CHANGES]]
    more = f"and {len(changes) - CHANGES:,} more changes" if len(changes) > CHANGES else ""
    yield Table(("value", "before", "after"), rows, names=3, note=more)


def _setting(value: Any) -> str:
    if value is None:
        return "not set"
    return shorten(value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False), 200)


def _objectives(found: Json) -> Iterator[Block]:
    """Each objective of either, as both meet it."""
    before, after = (_judged(found[side]["slo"]) for side in ("before", "after"))
    none: tuple[Cell, Cell] = ("-", "-")
    rows = [(*key, *before.get(key, none), *after.get(key, none)) for key in dict.fromkeys((*before, *after))]
    if rows:
        yield Table(("objective", "allowed", "before", "", "after", ""), rows, names=2)


def _judged(slo: Sequence[Json]) -> dict[tuple[str, str], tuple[Cell, Cell]]:
    """Return what was observed of each objective, and whether that met it."""
    rows = zip(content.objectives({"slo": slo, "cost": {}}), slo, strict=True)
    return {(row.path, row.expression): (Exact(row.observed, one["observed"]), Mark(row.met)) for row, one in rows}


def _differences(found: Json) -> Iterator[Block]:
    every = _of_weight(found)
    rows: list[tuple[Cell, ...]] = []
    priced = (one for one in found["differences"] if one["metric"] in UNCERTAIN.values())
    unsure = {(one["scope"], one["name"], one["metric"]) for one in priced if one["before"] or one["after"]}
    for one in every[:ROWS]:
        name = f"{one['name']}.{one['metric']}"
        kind = kind_of(name)
        mark = "~" if (one["scope"], one["name"], UNCERTAIN.get(one["metric"])) in unsure else ""
        values = [Exact(mark + quantity(one[side], kind), one[side]) for side in ("before", "after")]
        ends = " to ".join(quantity(end, kind, signed=True) for end in one["ci"] or ())
        change = Exact(mark + quantity(one["difference"], kind, signed=True), one["difference"], ends)
        rows.append((name, *values, change))
    left = len(every) - len(rows)
    more = f" {left:,} more are in comparison.json." if left else ""
    below = f"Below each difference its interval of {percent(found['confidence'])} confidence."
    note = f"{below if any(one['ci'] for one in every) else ''}{more}".strip()
    if rows:
        yield Table(("metric", "before", "after", "difference"), rows, note=note)
    yield from map(Text, found.get("notes", ()))


def _certainty(found: Json) -> Iterator[Block]:
    pairs = found["replications"]
    if pairs > 1 and not any(one["ci"] for one in found["differences"]):
        yield Text(
            f"{count(pairs)} pairs of replications, each pair the same as the first, for nothing is drawn by chance: "
            "differences are what they are and have no intervals."
        )
    elif pairs > 1:
        yield Text(
            f"{count(pairs)} pairs of replications. Both runs of a pair had the same random numbers (common random "
            "numbers), so that their difference comes from the change and not from chance; the intervals hold the mean "
            f"difference with {percent(found['confidence'])} confidence (Student's t over the pairs)."
        )
    else:
        yield Text(
            "One pair of replications: both had the same random numbers, but nothing tells how much the difference "
            "would vary with others. --replications 10 gives it an interval."
        )


def _reproduction(files: ComparisonFiles) -> Iterator[Block]:
    found, manifest = files.comparison, files.manifest
    yield Text("In the folder of this comparison:")
    command = "lambdasim compare before/resolved.toml after/resolved.toml"
    yield Code(f"{command} --seed {found['seed']} --replications {found['replications']}")
    rows = [("lambdasim", str(manifest["lambdasim"])), ("Python", str(manifest["python"]))]
    rows += [(side, f"{printable(found[side]['name'])}: {found[side]['verdict']}") for side in ("before", "after")]
    yield Table(("what", "which"), rows, names=2)
