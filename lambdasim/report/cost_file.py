"""``cost.csv``: the lines of the bill, of the run and of a month."""

import csv
from collections.abc import Iterable, Mapping
from io import StringIO
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

COST_COLUMNS: Final = (
    "function", "item", "quantity", "unit", "unit_price", "usd", "source", "date", "certainty",
)  # fmt: skip
"""Of ``cost.csv``, after whether a line is of the run or of a month."""


def save_costs(bills: Iterable[tuple[str, Iterable[Mapping[str, Any]]]], path: Path) -> None:
    """Write bills, each with what its lines are of."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(",".join(("of", *COST_COLUMNS)) + "\n")
        cells = _Cells()
        for of, bill in bills:
            stream.writelines(_line(of, cells, *line) for line in map(itemgetter(*COST_COLUMNS), bill))


class _Cells(dict[str | float, str]):
    """What CSV holds of texts and amounts, most of which stand in many lines."""

    def __missing__(self, value: str | float) -> str:
        cell = StringIO()
        csv.writer(cell, lineterminator="\n").writerow((_amount(value) if isinstance(value, float) else value, ""))
        self[value] = cell.getvalue().removesuffix(",\n")
        return self[value]


def _line(
    of: str,
    cells: _Cells,
    function: str,
    item: str,
    quantity: float,
    unit: str,
    price: float,
    usd: float,
    *evidence: str,
) -> str:
    """Return a line of ``cost.csv``."""
    function, item, unit, told = cells[function], cells[item], cells[unit], ",".join([cells[one] for one in evidence])
    return f"{of},{function},{item},{_amount(quantity)},{unit},{cells[price]},{_amount(usd)},{told}\n"


def _amount(value: float) -> str:
    """Return a number with the digits that a sum of decimals keeps."""
    return f"{value:.15g}" if isinstance(value, float) else str(value)
