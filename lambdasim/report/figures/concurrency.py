"""Demand against capacity: the concurrency used and claimed, and the limits it runs into."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.lines import Line2D

from lambdasim.report import style
from lambdasim.report.figures import canvas, time_axis
from lambdasim.report.sentences import say
from lambdasim.report.series import Reported, Series
from lambdasim.report.table import Table
from lambdasim.report.words import number, shorten
from lambdasim.units import NS_PER_S


def data(result: Reported) -> Table:
    """Return the greatest concurrency of each period: the account's, what was claimed of it, and the leaders'."""
    series = Series.of(result)
    leaders = series.table("ConcurrentExecutions", "Maximum", series.leaders("concurrency", "max"), absent=0.0)
    return series.over_time({**_account(series).columns, **leaders.columns})


def _account(series: Series) -> Table:
    used = series.account("ConcurrentExecutions", "Maximum", absent=0.0)
    claimed = series.account("ClaimedAccountConcurrency", "Maximum", absent=0.0)
    return series.over_time({"(account)": used, "(claimed)": claimed})


@canvas.styled
def figure(result: Reported) -> canvas.Chart:
    """Draw concurrency over time with the account's limit, reserved and provisioned concurrency as labelled lines."""
    series = Series.of(result)
    quota = levels(result, lambda config: config.account.concurrency)
    limit, peak = result.config.highest_concurrency, number(result.summary["account"]["concurrency"]["max"])
    if not peak:
        return canvas.says(say("No concurrency was used of the account's {limit:count}.", limit=limit))
    chart, (ax,) = canvas.sheet(height=3.3)
    leaders = series.leaders("concurrency", "max")
    used, account = series.table("ConcurrentExecutions", "Maximum", leaders, absent=0.0), _account(series)
    claimed = number(result.summary["account"]["claimed_concurrency"]["max"])
    points = time_axis.points_for(len(leaders) + 2)
    ends = series.band("ConcurrentExecutions", "Maximum", leaders)
    entries: list[tuple[str, Any]] = []
    wanted = [canvas.Limit(quota, "account", style.ACCOUNT)]
    for name in leaders:
        colour = series.colours.get(name, style.OTHERS)
        time_axis.line(ax, series, used[name], points, color=colour)
        time_axis.band(ax, series, ends, name, colour)
        entries.append((name, Line2D([], [], color=colour)))
        wanted += _own_limits(series, name, colour)
    if len(series.functions) > 1:
        everyone = f"account, all {len(series.functions):,} functions"
        time_axis.line(ax, series, account["(account)"], points, color=style.ACCOUNT, lw=1.2)
        entries.append((everyone, Line2D([], [], color=style.ACCOUNT, lw=1.2)))
    if claimed > peak:
        time_axis.line(ax, series, account["(claimed)"], points, color=style.LIMIT, ls=":")
        entries.append(("claimed: used or set aside", Line2D([], [], color=style.LIMIT, ls=":")))
    canvas.count_axis(ax, "concurrent executions\n(most in a period)")
    upper = float(np.nanmax(ends[1].numbers(), initial=0.0)) if ends else 0.0
    time_axis.limits(ax, series, wanted, max(peak, claimed, upper))
    time_axis.show(series, [ax])
    canvas.legend(chart, [*entries, *time_axis.band_entry(series)])
    lowest = min(value for _, value in quota)
    finding = say("Concurrency peaked at {peak:count} of {limit:count}", peak=peak, limit=limit)
    if lowest < limit:
        finding = say("Concurrency peaked at {peak:count}; the quota was {lowest:count} to {limit:count}",
                      peak=peak, lowest=lowest, limit=limit)  # fmt: skip
    if claimed > peak:
        finding += say(", with {claimed:count} claimed", claimed=claimed)
    canvas.title(chart, finding + canvas.measured(result))
    return chart


def levels(result: Reported, value: Callable[[Any], float | None]) -> list[tuple[float, float]]:
    """Return what a number of the configuration is from each time on (s), the first from the start; None is no limit.

    Changes that leave it as it is are left out.
    """
    found: list[tuple[float, float]] = []
    for at_ns, config in ((0, result.config), *((moment.at_ns, moment.config) for moment in result.config.moments)):
        amount = value(config)
        amount = math.nan if amount is None else float(amount)
        if at_ns == 0:
            found = []
        if not found or not (found[-1][1] == amount or (math.isnan(found[-1][1]) and math.isnan(amount))):
            found.append((at_ns / NS_PER_S, amount))
    return found


def _own_limits(series: Series, name: str, colour: str) -> list[canvas.Limit]:
    """The reserved and provisioned concurrency of a function, whatever they are from each time on."""
    result = series.result
    if name not in result.config.function and "*" not in result.config.function:
        return []
    owner = f"{shorten(name, 14)}: " if len(series.functions) > 1 else ""
    reserved = levels(result, lambda config: _of(config, name).reserved_concurrency)
    provisioned = levels(result, lambda config: getattr(_of(config, name).provisioned, "concurrency", None))
    ready = series.table("ProvisionedConcurrencyAllocated", "Maximum", [name])[name]
    if len(set(ready[~np.isnan(ready)].tolist())) > 1:  # what was ready says more than what was asked for
        amounts = np.nan_to_num(ready)
        changed = np.flatnonzero(np.diff(amounts, prepend=np.nan) != 0)
        provisioned = [(float(series.edges[i]), float(amounts[i])) for i in changed]
    named = ((reserved, "reserved"), (provisioned, "provisioned"))
    return [
        canvas.Limit(amounts, owner + word, colour)
        for amounts, word in named
        if not all(math.isnan(amount) for _, amount in amounts)
    ]


def _of(config: Any, name: str) -> Any:
    return config.function.get(name) or config.function["*"]
