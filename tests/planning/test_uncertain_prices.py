"""Amounts at uncertain prices begin with ``~`` wherever money is told; those at certain ones do not."""

from typing import Any

import pytest
from plans import MAXIMUM, clockwork, queue

import lambdasim as ls
from lambdasim.planning.columns import tilde
from lambdasim.report import alternatives
from lambdasim.report.comparison_document import _differences
from lambdasim.report.document import Exact, Table
from lambdasim.report.figures import cost

REPEATED = {"repeats": "1/h"}
MEMORY = "function.f.memory"


@pytest.fixture(scope="module")
def sides() -> tuple[ls.Result, ls.Result]:
    """Return two runs of a queue, whose requests to SQS have an uncertain price."""
    base = queue(billing=REPEATED).with_({MAXIMUM: 8})
    return base.run(), base.with_({MEMORY: "512 MB"}).run()


def test_a_metric_is_marked_by_its_own_prices(sides: tuple[ls.Result, ls.Result]) -> None:
    measured = sides[0].replications
    assert tilde("account.cost", measured) == tilde("account.cost.monthly", measured) == "~"
    assert tilde("f.cost.monthly", measured) == tilde("jobs.age", measured) == ""


def test_a_comparison_marks_its_amounts(sides: tuple[ls.Result, ls.Result]) -> None:
    found = ls.compare(*sides)
    assert "A month's cost falls by ~$" in found.verdict
    assert "from ~$" in found.verdict
    (row,) = (line for line in found.to_text(200).splitlines() if line.startswith("account.cost.monthly"))
    assert row.count("~") == 3
    marks = {one.key: one.uncertain for one in found.every if one.key[2] in ("cost.total", "cost.monthly")}
    assert marks["account", "account", "cost.monthly"]
    assert not marks["function", "f", "cost.monthly"]
    (table,) = (block for block in _differences(found.to_json()) if isinstance(block, Table))
    told = {f"{row[0]}": [cell.text for cell in row[1:] if isinstance(cell, Exact)] for row in table.rows}
    assert [text[0] for text in told["account.cost.monthly"]] == ["~", "~", "~"]
    assert not any("~" in text for text in told["f.cost.monthly"])


def test_a_search_marks_its_table_its_best_and_its_alternatives() -> None:
    found = queue(billing=REPEATED).with_({MAXIMUM: 8}).sweep({MEMORY: ["512 MB", "1024 MB"]})
    assert "is the cheapest at ~$" in found.summary["verdict"]
    assert all(row[-1].startswith("~$") for row in found.table.rows)
    assert alternatives.rows(found.summary)[0][2].startswith("~$")
    certain = clockwork().sweep({MEMORY: ["512 MB", "1024 MB"]}).summary
    assert "~" not in certain["verdict"] + alternatives.rows(certain)[0][2]


def test_an_optimum_is_marked() -> None:
    found = queue(billing=REPEATED).with_({MAXIMUM: 8}).optimize({MEMORY: ["512 MB", "1024 MB"]})
    assert ": account.cost.monthly is ~$" in found.summary["verdict"]
    assert all(row[-3].startswith("~$") for row in found.table.rows)


def test_bars_of_uncertain_items_and_their_total_are_marked(sides: tuple[ls.Result, ls.Result]) -> None:
    chart: Any = cost.figure(sides[0])
    amounts = [text.get_text() for text in chart.axes[1].texts]
    names = [label.get_text() for label in chart.axes[1].get_yticklabels()]
    told = dict(zip(names, amounts, strict=True))
    assert told["sqs-requests"].startswith("~$")
    assert told["total"].startswith("~$")
    assert told["duration"].startswith("$")
