"""``cost.csv``: the lines of the bill, of the run and of a month."""

import csv
from collections.abc import Iterable, Iterator, Mapping
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
            stream.writelines(_lines(of, cells, bill))


class _Cells(dict[str | float, str]):
    """What CSV holds of texts and amounts, most of which stand in many lines."""

    def __missing__(self, value: str | float) -> str:
        cell = StringIO()
        csv.writer(cell, lineterminator="\n").writerow((_amount(value) if isinstance(value, float) else value, ""))
        self[value] = cell.getvalue().removesuffix(",\n")
        return self[value]


def _lines(of: str, cells: _Cells, bill: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lines of ``cost.csv`` of a bill."""
    for function, item, quantity, unit, price, usd, source, date, certainty in map(itemgetter(*COST_COLUMNS), bill):
        yield (
            f"{of},{cells[function]},{cells[item]},{_amount(quantity)},{cells[unit]},{cells[price]},{_amount(usd)},"
            f"{cells[source]},{cells[date]},{cells[certainty]}\n"
        )


def _amount(value: float) -> str:
    """Return a number with the digits that a sum of decimals keeps."""
    return f"{value:.15g}" if isinstance(value, float) else str(value)
