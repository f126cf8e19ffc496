"""The sentence about an optimization: which candidate is the best, how sure that is, and what the next best costs.

Knows the search, and nothing of how candidates are found.
"""

from collections.abc import Mapping
from typing import Any

from lambdasim.config.points import told
from lambdasim.metrics.inference.intervals import Interval
from lambdasim.planning.candidates import Candidates, describe_objective
from lambdasim.planning.columns import TIME, describe_estimate, describe_judged, fresh_runs, metric_of
from lambdasim.planning.knobs import Places
from lambdasim.report.words import significant


def verdict_of(summary: Mapping[str, Any], search: Candidates, best: Places | None, nearest: Places | None) -> str:
    """Return what is said of a search, given its summary, the best candidate and the nearest to passing."""
    cut = " The search was interrupted." if summary.get("incomplete") else ""
    if nearest is None:
        refusal = next((tried.refusal for tried in search.tried.values() if tried.refusal), "")
        return f"No candidate can be: {refusal}.{cut}"
    if best is None:
        return f"{_none_passes(search, nearest, sure=summary['success'] is False)}.{cut}"
    tried, which = search.latest(best), told(search.values(best))
    names = {"cost": search.wanted.minimize, "speed": "the mean latency", "balanced": "half cost, half mean latency"}
    among = " that meets every SLO" if search.wanted.subject_to == "slo" else ""
    again = summary["judged_again"]
    safe = f", safe on {fresh_runs(again)}" if again else ""
    if not again and search.needs_judgement:
        safe = " so far, not judged again yet"
    many = f"{search.size:,} candidates ({summary['tried']:,} tried)" if not search.is_exhausted else f"{search.size:,}"
    many += " candidates" if search.is_exhausted else ""
    said = f"Of {many}, {which} is the best{among}{safe}"
    found = search.tilde(tried.measurements) + _told_estimate(search, search.objective(tried))
    return f"{said}: {names[search.wanted.strategy]} is {found}{_beside(summary, search, best)}.{cut}"


def _told_estimate(search: Candidates, seen: Interval | None) -> str:
    if search.wanted.strategy == "balanced":
        return describe_objective(search.wanted, search.config, None if seen is None else seen.mean)
    metric = metric_of(search.wanted.minimize if search.wanted.strategy == "cost" else TIME, search.config)
    return describe_estimate(metric.kind, metric.statistic, seen)


def _beside(summary: Mapping[str, Any], search: Candidates, best: Places) -> str:
    """Return how the runner-up compares with the best."""
    other = summary["runner_up"]
    if other is None:
        return ""
    which, mean = told(other["values"]), other["difference"]["mean"]
    if other["tied"]:
        rival = next(places for places in search.tried if search.values(places) == other["values"])
        safer = ", and the safer of the two was chosen" if search.is_safer(best, rival) else ""
        return f"; {which} cannot be told apart from it by that{safer}"
    mark = search.tilde(search.latest(best).measurements)
    more = mark + describe_objective(search.wanted, search.config, mean)
    return f"; {which} has {f'{more[:-1]}points' if more.endswith(' %') else more} more"


def _none_passes(search: Candidates, nearest: Places, *, sure: bool) -> str:
    tried, config = search.latest(nearest), search.config
    which, one = told(search.values(nearest)), tried.worst
    every = "No candidate meets every SLO" if search.is_exhausted else ""
    every = every or f"None of {len(search.tried):,} candidates tried, of {search.size:,}, meets every SLO"
    if not sure:
        every = (
            f"Undecided: none of {len(search.tried):,} candidates tried, of {search.size:,}, is shown to meet every SLO"
        )
    if one is None or one.observed is None:
        return f"{every}, and nothing was measured at the best found, {which}"
    seen = f"{describe_judged(one, config, tried.measurements)} against {one.expression.text}"
    if one.miss <= 0:
        return f"{every}: the best found, {which}, meets {one.path} as far as is known ({seen}; {one.lacks})"
    by = f"{significant(100 * one.miss)} % too {'little' if one.expression.operator.startswith('>') else 'much'}"
    if not one.expression.threshold:
        by = "where nothing is allowed"
    return f"{every}: the best found, {which}, misses {one.path} ({seen}: {by})"
