"""A forest plot: what changed between two experiments, metric by metric, with the interval of each difference."""

import numpy as np
import pandas as pd
from matplotlib import ticker

from lambdasim.report import style
from lambdasim.report.figures import canvas
from lambdasim.report.figures.measure import Measure, errors, floats
from lambdasim.report.series import Floats
from lambdasim.report.words import percent, shorten

ROWS = 30
COLOURS = {"less": style.HUES[0], "more": style.HUES[4], "unclear": style.LIMIT, "unchanged": style.OTHERS}


@canvas.styled
def figure(
    differences: pd.DataFrame,
    *,
    base: str = "the first",
    other: str = "the second",
    currency: str = "USD",
    finding: str = "",
) -> canvas.Chart:
    """Draw paired differences in percent of the first experiment's value, their absolute amounts beside them.

    ``differences`` has a row per metric with the columns ``metric`` (such as ``checkout.latency.p99``), ``kind``
    (``time`` in ms, ``rate`` of 0..1, ``money``, ``count`` or ``number``), ``before`` (the first's mean),
    ``difference`` (second less first), ``low`` and ``high`` (its interval). A row that was 0 before has no percentage,
    so only its amount is written. Of more than 30 rows the surest are drawn.
    """
    table = differences[np.isfinite(floats(differences, "difference"))].reset_index(drop=True)
    if table.empty:
        return canvas.says(finding or "No metric was measured in both.")
    left_out = max(len(table) - ROWS, 0)
    if left_out:
        table = table.iloc[_surest(table)[:ROWS]].sort_index().reset_index(drop=True)
    base_values = np.abs(floats(table, "before"))
    difference, low, high = (floats(table, name) for name in ("difference", "low", "high"))
    share = np.divide(1.0, base_values, out=np.full(len(table), np.nan), where=base_values > 0)
    heights = np.arange(len(table))[::-1]
    chart = canvas.blank(1.3 + 0.3 * len(table))
    ax = chart.subplots()
    for i in range(len(table)):
        if np.isfinite(share[i]):
            colour = COLOURS[_sense(low[i], high[i], difference[i])]
            value, ends = difference[i] * share[i], (low[i] * share[i], high[i] * share[i])
            arms = errors(np.array([value]), np.array([ends[0]]), np.array([ends[1]]))
            ax.errorbar(value, heights[i], xerr=arms, fmt="s", ms=5.5, color=colour, elinewidth=1.6, capsize=3)
    ax.axvline(0, color=style.ACCOUNT, lw=1.0, zorder=1)
    ax.set_yticks(heights, [shorten(str(metric), 44) for metric in table["metric"]])
    ax.set_ylim(-0.7, len(table) - 0.3)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.margins(x=0.12)
    if not np.isfinite(share).any():
        ax.set_xlim(-1, 1)
    ax.xaxis.set_major_locator(ticker.MaxNLocator(5))
    ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: _signed(value)))
    ax.set_xlabel(f"{shorten(other, 40)} less {shorten(base, 40)}, in percent of the latter, with confidence interval")
    for i, text in enumerate(_amounts(table, base_values, currency)):
        ax.annotate(
            text,
            (1.0, heights[i]),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
        )
    if left_out:
        ax.annotate(
            f"and {left_out} metrics that changed less surely",
            (0, -0.62),
            (4, 2),
            textcoords="offset points",
            fontsize=8,
            color=style.LIMIT,
        )
    canvas.title(chart, finding or _finding(table, low, high, difference, other))
    return chart


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + percent(value).replace("-", "\N{MINUS SIGN}")


def _surest(table: pd.DataFrame) -> list[int]:
    """Return rows by the size of the difference in half widths of its interval, greatest first."""
    half = (floats(table, "high") - floats(table, "low")) / 2
    sizes = np.abs(floats(table, "difference")) / np.where(half > 0, half, np.inf)
    return [int(i) for i in np.argsort(-np.nan_to_num(sizes), kind="stable")]


def _sense(low: float, high: float, difference: float) -> str:
    """Whether a difference is surely below or above 0, or 0 in every run; an unknown interval decides nothing."""
    if difference == 0 and not (low < 0 or high > 0):
        return "unchanged"
    if not (np.isfinite(low) and np.isfinite(high)) or low <= 0 <= high:
        return "unclear"
    return "less" if difference < 0 else "more"


def _amounts(table: pd.DataFrame, before: Floats, currency: str) -> list[str]:
    """Return each difference with its interval in the metric's unit, or that there is none."""
    texts = []
    ends = zip(floats(table, "difference"), floats(table, "low"), floats(table, "high"), strict=True)
    for kind, base, (difference, low, high) in zip(table["kind"], before, ends, strict=True):
        if _sense(low, high, difference) == "unchanged":
            texts.append("unchanged")
            continue
        signed = Measure("", kind, currency).signed
        interval = f" [{signed(low)}, {signed(high)}]" if np.isfinite(low) else ""
        texts.append(signed(difference) + interval + ("" if base > 0 else ", from 0"))
    return texts


def _finding(table: pd.DataFrame, low: Floats, high: Floats, difference: Floats, other: str) -> str:
    senses = [_sense(*ends) for ends in zip(low, high, difference, strict=True)]
    less, more, same = (senses.count(sense) for sense in ("less", "more", "unchanged"))
    if same == len(table):
        return f"No metric of {shorten(other, 40)} is different from what it was"
    if not np.isfinite(low).any():
        return f"What is different with {shorten(other, 40)}; without intervals, it may be chance"
    if not less and not more:
        return f"No metric of {shorten(other, 40)} differs surely: every interval holds 0"
    parts = [f"{n} surely {way}" for n, way in ((less, "lower"), (more, "higher")) if n]
    unclear = senses.count("unclear")
    rest = f", {same} unchanged" if same else ""
    rest += f", {unclear} not to be told apart from chance" if unclear else ""
    return f"With {shorten(other, 40)}, of {len(table)} metrics {' and '.join(parts)}{rest}"
