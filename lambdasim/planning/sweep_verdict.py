"""The sentence about a sweep: how many points pass, and which is the cheapest, or nearest where none does.

Reads the summary, and knows nothing of how points are found.
"""

from collections.abc import Mapping
from typing import Any

from lambdasim.config.points import told
from lambdasim.planning.columns import describe_number, fresh_runs
from lambdasim.report.words import counted


def verdict_of(summary: Mapping[str, Any], every: int) -> str:
    """Return what is said of a sweep that has ``every`` so many points, where all were done or not."""
    passing, cut = summary["passing"], summary.get("incomplete")
    tried = counted(summary["points"], "point")
    tried = f"the {tried} done (of {every:,})" if cut else tried
    if "best" in summary:
        best = summary["best"]
        spent = describe_number("money", "mean", best["cost"] if best["cost_monthly"] is None else best["cost_monthly"])
        of = "a run" if best["cost_monthly"] is None else "a month"
        how = (
            "the cheapest"
            if "safer_than" not in best
            else "of those that cost least the one that keeps most of AWS's advice,"
        )
        which = f"{told(best['values'])} is {how} at {'~' if best.get('uncertain') else ''}{spent} {of}"
        meet = "meets" if passing == 1 else "meet"
        again = summary.get("judged_again")
        safe = f", and passes on {fresh_runs(again)}" if again else ""
        more = f" {summary['undecided']} more of them undecided." if summary["undecided"] else ""
        said = f"{passing} of {tried} {meet} every SLO, and {which}{safe}.{more}" if summary["slo"] else ""
        said = said or f"Of {tried}, {which}."
    else:
        nearest = summary["nearest"]
        objective = nearest["objective"]
        kind = f"{objective['path']} {objective['expression']}"
        seen = f"with {nearest['told']}" if objective["observed"] is not None else "for nothing was measured"
        which = told(nearest["values"])
        if passing and cut:
            said = (
                f"{passing} of {tried} seem{'s' if passing == 1 else ''} to meet every SLO; none was judged again yet."
            )
        elif passing:
            said = f"{passing} of {tried} seemed to meet every SLO, but none was shown to on fresh seeds."
        elif summary["success"] is False:
            said = f"None of {tried} meets every SLO; the nearest, {which}, misses {kind} {seen}."
        else:
            lacks = f"; {objective['lacks']}" if "lacks" in objective else ""
            how = "is undecided on" if objective["success"] is None else "misses"
            said = f"Undecided: none of {tried} is shown to meet every SLO; "
            said += f"the nearest, {which}, {how} {kind} {seen}{lacks}."
    return said + (" The sweep was interrupted." if cut else "")
