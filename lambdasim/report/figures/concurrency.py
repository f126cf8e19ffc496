"""Demand against capacity: the concurrency used and claimed, and the limits it runs into."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from lambdasim.report import style
from lambdasim.report.figures import canvas, time_axis
from lambdasim.report.sentences import say
from lambdasim.report.series import Reported, Series
from lambdasim.report.words import count, number, shorten


def data(result: Reported) -> pd.DataFrame:
    """Return the greatest concurrency of each period: the account's, what was claimed of it, and the leaders'."""
    series = Series(result)
    leaders = series.table("ConcurrentExecutions", "Maximum", series.leaders("concurrency", "max"), absent=0.0)
    return pd.concat([_account(series), leaders], axis=1)


def _account(series: Series) -> pd.DataFrame:
    used = series.account("ConcurrentExecutions", "Maximum", absent=0.0)
    claimed = series.account("ClaimedAccountConcurrency", "Maximum", absent=0.0)
    return pd.DataFrame({"(account)": used, "(claimed)": claimed})


@canvas.styled
def figure(result: Reported) -> canvas.Chart:
    """Draw concurrency over time with the account's limit, reserved and provisioned concurrency as labelled lines."""
    series = Series(result)
    limit, peak = result.config.account.concurrency, number(result.summary["account"]["concurrency"]["max"])
    if not peak:
        return canvas.says(say("No concurrency was used of the account's {limit:count}.", limit=limit))
    chart, (ax,) = canvas.sheet(height=3.3)
    leaders = series.leaders("concurrency", "max")
    used, account = series.table("ConcurrentExecutions", "Maximum", leaders, absent=0.0), _account(series)
    claimed = number(result.summary["account"]["claimed_concurrency"]["max"])
    points = time_axis.points_for(len(leaders) + 2)
    ends = series.band("ConcurrentExecutions", "Maximum", leaders)
    entries: list[tuple[str, Any]] = []
    wanted = [(float(limit), f"account {count(limit)}", style.ACCOUNT)]
    for name in leaders:
        colour = series.colours.get(name, style.OTHERS)
        time_axis.line(ax, series, used[name].to_numpy(), points, color=colour)
        time_axis.band(ax, series, ends, name, colour)
        entries.append((name, Line2D([], [], color=colour)))
        wanted += _own_limits(result, name, colour, whose=len(series.functions) > 1)
    if len(series.functions) > 1:
        everyone = f"account, all {len(series.functions):,} functions"
        time_axis.line(ax, series, account["(account)"].to_numpy(), points, color=style.ACCOUNT, lw=1.2)
        entries.append((everyone, Line2D([], [], color=style.ACCOUNT, lw=1.2)))
    if claimed > peak:
        time_axis.line(ax, series, account["(claimed)"].to_numpy(), points, color=style.LIMIT, ls=":")
        entries.append(("claimed: used or set aside", Line2D([], [], color=style.LIMIT, ls=":")))
    canvas.count_axis(ax, "concurrent executions\n(most in a period)")
    upper = float(np.nanmax(ends[1].to_numpy(), initial=0.0)) if ends else 0.0
    canvas.limits(ax, wanted, max(peak, claimed, upper))
    time_axis.show(series, [ax])
    canvas.legend(chart, [*entries, *time_axis.band_entry(series)])
    finding = say("Concurrency peaked at {peak:count} of {limit:count}", peak=peak, limit=limit)
    if claimed > peak:
        finding += say(", with {claimed:count} claimed", claimed=claimed)
    canvas.title(chart, finding + canvas.measured(result))
    return chart


def _own_limits(result: Reported, name: str, colour: str, whose: bool) -> list[tuple[float, str, str]]:
    """The reserved and provisioned concurrency of a function, as labelled limits."""
    function = result.config.function.get(name, result.config.function.get("*"))
    if function is None:
        return []
    owner = f"{shorten(name, 14)}: " if whose else ""
    wanted = []
    if function.reserved_concurrency is not None:
        wanted.append(
            (float(function.reserved_concurrency), f"{owner}reserved {count(function.reserved_concurrency)}", colour)
        )
    if function.provisioned is not None:
        amount = function.provisioned.concurrency
        wanted.append((float(amount), f"{owner}provisioned {count(amount)}", colour))
    return wanted
