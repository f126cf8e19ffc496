"""The noisy-neighbour matrix: whose load or concurrency is behind whose throttles."""

import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle

from lambdasim.report import style
from lambdasim.report.figures import canvas
from lambdasim.report.figures.measure import Measure
from lambdasim.report.figures.shades import cells, scale, write
from lambdasim.report.words import shorten

MOST = 25
"""How many rows and columns are drawn: those with the greatest sums."""
WRITTEN = 400
"""Up to so many cells, each has its amount written in it."""


@canvas.styled
def figure(
    matrix: pd.DataFrame,
    *,
    value: Measure,
    rows: str = "throttled",
    columns: str = "held the concurrency",
    finding: str = "",
) -> canvas.Chart:
    """Draw a matrix of amounts as shades, each written in its cell.

    ``matrix`` has a row for each function that was throttled and a column for each that held the concurrency (or
    whose load was taken away); its values are what the column has to do with the row's throttles, in the unit of
    ``value``. ``rows`` and ``columns`` are the words for both.
    """
    table = matrix.astype(float)
    table = table.loc[_leading(table.abs().sum(axis=1)), _leading(table.abs().sum(axis=0))]
    if table.empty or not np.nan_to_num(table.to_numpy()).any():
        return canvas.says(finding or "No function was throttled because of another.")
    values = table.to_numpy()
    size = max(len(table), 2)
    chart = canvas.blank(min(1.9 + 0.38 * size, 9.0))
    ax = chart.subplots()
    norm = Normalize(0, float(np.nanmax(values)))
    shaded = cells(ax, np.clip(values, 0.0, None), norm)
    if values.size <= WRITTEN and values.shape[1] <= 14:
        write(ax, values, norm, lambda i, j: value.words(values[i, j]) if values[i, j] else "")
    else:
        scale(chart, shaded, ax, value)
    for i, name in enumerate(table.index):  # a function is its own neighbour: set off
        for j, other in enumerate(table.columns):
            if name == other:
                ax.add_patch(Rectangle((j, i), 1, 1, fill=False, ec=style.LIMIT, lw=1.2, ls=":"))
    few = len(table.columns) <= 8
    names = [shorten(str(name), 14 if few else 20) for name in table.columns]
    ax.set_xticks(
        [j + 0.5 for j in range(len(names))], names, rotation=0 if few else 60, ha="center" if few else "right"
    )
    if not few:
        for label in ax.get_xticklabels():
            label.set_rotation_mode("anchor")
    ax.set_yticks([i + 0.5 for i in range(len(table))], [shorten(str(name), 24) for name in table.index])
    ax.invert_yaxis()
    ax.set_xlabel(f"who {columns}")
    ax.set_ylabel(f"who was {rows}")
    ax.set_title(f"{value.heading}; a function's own share has a dotted frame", fontsize=8.5, fontweight="normal")
    canvas.title(chart, finding or _finding(table, value, columns))
    return chart


def _leading(totals: "pd.Series[float]") -> list[object]:
    """Return the names with the greatest totals above 0, in the order they came."""
    ranked = totals[totals > 0].sort_values(ascending=False, kind="stable").index[:MOST]
    return [name for name in totals.index if name in set(ranked)]


def _finding(table: pd.DataFrame, value: Measure, columns: str) -> str:
    others = table.copy()
    for name in others.index.intersection(others.columns):
        others.loc[name, name] = np.nan
    amounts = np.nan_to_num(others.to_numpy())
    if not amounts.any():
        return "Each function is throttled by its own concurrency alone"
    i, j = (int(place) for place in np.unravel_index(int(np.argmax(np.abs(amounts))), amounts.shape))
    victim, noisy = shorten(str(table.index[i]), 30), shorten(str(table.columns[j]), 30)
    return f"{noisy} is the noisiest neighbour: {value.words(float(amounts[i, j]))} of {victim}'s throttles"
