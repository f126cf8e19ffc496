"""What a comparison says, compared with its pairs of runs: one rule a function."""

import json
import math
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any, Final

from lambdasim.planning.compare import Comparison
from lambdasim.report.difference import Difference

Rule = Callable[[Comparison], Iterator[str]]
UNITS: Final = {"ms": 1.0, "s": 1e3, "min": 6e4, "h": 3.6e6, "d": 8.64e7, "%": 0.01, "points": 0.01, "": 1.0}
_NUMBER: Final = r"(-?)(\$?)([\d,]+\.?\d*(?:e[+-]?\d+)?) ?(ms|min|points|s|h|d|%|)"
MOVED: Final = re.compile(rf"(falls|rises|changes) by {_NUMBER} \(.*?from {_NUMBER} to {_NUMBER}\)")


def json_is_finite(found: Comparison) -> Iterator[str]:
    """Every number of comparison.json is one that JSON has."""
    try:
        json.dumps(found.to_json(), allow_nan=False)
    except ValueError as error:
        yield str(error)


def differences_are_of_their_pairs(found: Comparison) -> Iterator[str]:
    """A difference is after less before, its interval holds it, and one run each has none."""
    for one in found.every:
        if not all(map(math.isfinite, (one.before, one.after, one.difference))):
            continue
        scale = max(abs(one.before), abs(one.after), 1e-9)
        every = [measured for result in (found.before, found.after) for measured in result.replications]
        if (
            all(_has(measured, one) for measured in every)
            and abs(one.after - one.before - one.difference) > 1e-9 * scale
        ):
            yield f"{one.path}: {one.before} to {one.after} is said to be {one.difference}"
        if math.isfinite(one.low) and not one.low - 1e-9 * scale <= one.difference <= one.high + 1e-9 * scale:
            yield f"{one.path}: {one.difference} is outside {one.low} to {one.high}"
        if found.count == 1 and math.isfinite(one.low):
            yield f"{one.path} has an interval of one run"
        if one.is_certain and one.low <= 0 <= one.high:
            yield f"{one.path} is certain with {one.low} to {one.high}"


def _has(measured: Any, one: Difference) -> bool:
    """Say whether a replication has the number of a difference, which is of nothing where nothing ran."""
    scope, name, metric = one.key
    of = measured["account"] if scope == "account" else measured[f"{scope}s"].get(name, {})
    for key in metric.split("."):
        of = of.get(key) if isinstance(of, dict) else None
    return of is not None


def nothing_is_nothing(found: Comparison) -> Iterator[str]:
    """``Nothing differs`` is said where nothing does, and only there."""
    equal = all(one.difference == 0 for one in found.every)
    if found.verdict.startswith("Nothing differs") != equal:
        yield f"'{found.verdict}', but {sum(one.difference != 0 for one in found.every)} numbers differ"


def moves_are_true(found: Comparison) -> Iterator[str]:
    """What falls is less after than before, and by as much as is said, to the digits that are shown."""
    for verb, *parts in MOVED.findall(found.verdict):
        by, before, after = (
            (-1 if minus else 1) * float(number.replace(",", "")) * UNITS[unit]
            for minus, _, number, unit in (parts[i : i + 4] for i in (0, 4, 8))
        )
        cent = 0.011 if "$" in parts else 0.0
        if (verb == "falls" and after > before) or (verb == "rises" and after < before):
            yield f"it {verb}: '{found.verdict}'"
        if abs(abs(after - before) - abs(by)) > 0.012 * max(abs(before), abs(after)) + cent:
            yield f"{before} to {after} is not {by}: '{found.verdict}'"


def what_is_not_sure_is_not(found: Comparison) -> Iterator[str]:
    """``No difference to be sure of`` is said where no headline's interval leaves 0 out, of several runs."""
    unsure = "No difference to be sure of" in found.verdict
    if unsure and any(one.is_certain for one in found.headlines):
        yield f"'{found.verdict}', but {[one.path for one in found.headlines if one.is_certain]} are certain"
    if ("One replication each" in found.verdict) != (found.count == 1 and "Nothing differs" not in found.verdict):
        yield f"'{found.verdict}' of {found.count} pairs"


def objectives_turn(found: Comparison) -> Iterator[str]:
    """An objective that is met now was missed before, and the other way round."""
    before = {(slo["path"], slo["expression"]): slo["success"] for slo in found.before.summary["slo"]}
    for slo in found.after.summary["slo"]:
        was, now = before.get((slo["path"], slo["expression"])), slo["success"]
        turned = None not in (was, now) and was != now
        said = f"{slo['path']} " in found.verdict and re.search(r"is met now|is no longer met", found.verdict)
        if turned and not said:
            yield f"'{found.verdict}' does not say that {slo['path']} {slo['expression']} was {was} and is {now}"
    for word, wanted in (("is met now", True), ("is no longer met", False)):
        if word in found.verdict and not any(slo["success"] is wanted for slo in found.after.summary["slo"]):
            yield f"'{found.verdict}'"


def every_page_says_the_same(found: Comparison) -> Iterator[str]:
    """Text, Markdown and notebook open with the verdict."""
    shown = {"text": found.to_text(), "Markdown": found.to_markdown(), "notebook": found._repr_html_()}
    for name, text in shown.items():
        if " ".join(found.verdict.split()) not in " ".join(unescape(text.replace("\\", "")).split()):
            yield f"the {name} does not say '{found.verdict}'"


RULES: Final[tuple[Rule, ...]] = (
    json_is_finite,
    differences_are_of_their_pairs,
    nothing_is_nothing,
    moves_are_true,
    what_is_not_sure_is_not,
    objectives_turn,
    every_page_says_the_same,
)


def contradictions(found: Comparison) -> list[str]:
    """Return everything that a comparison says and that is not so."""
    return [f"{rule.__name__}: {said}" for rule in RULES for said in rule(found)]
