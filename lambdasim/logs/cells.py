"""Rows of CSV tables one by one, those that cannot be read left out and counted."""

import csv
from collections.abc import Iterator
from typing import TypeVar

from lambdasim.logs.skipped import Reason, Skipped

Row = TypeVar("Row")


def readable(rows: Iterator[Row], skipped: Skipped) -> Iterator[Row]:
    """Yield the rows of a reader of :mod:`csv` but those with a cell of over 128 KB: a quote that is not closed."""
    while True:
        try:
            row = next(rows, None)
        except csv.Error:
            skipped[Reason.LONG] += 1
            continue
        if row is None:
            return
        yield row
