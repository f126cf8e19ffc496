"""Whether objectives are met, from what several replications observed, with the confidence that was asked for.

An objective passes when the one-sided lower confidence bound of its margin (what it allows less what was observed,
over replications) is above zero, fails when the upper bound is not, and is undecided between the two. A
point passes when every objective does: as each is tested at the full level and all must pass, no correction is needed
(intersection-union test; R. L. Berger, Technometrics 24, 1982). A quantile of a replication is one observation.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any, Literal

from lambdasim.config.slo import SloExpression, observe
from lambdasim.metrics.inference.intervals import Interval, mean_interval, student
from lambdasim.planning.estimate import estimate

Verdict = Literal["passes", "fails", "undecided"]
Objectives = Mapping[str, Sequence[SloExpression]]


def interval(values: Sequence[float | None], confidence: float) -> Interval | None:
    """Return Student's interval for the mean of what was observed; None when nothing was, no width for one value."""
    seen = [value for value in values if value is not None]
    if len(seen) < 2:
        return Interval(seen[0], seen[0], seen[0]) if seen else None
    return mean_interval(seen, confidence)


def paired(differences: Sequence[float], confidence: float) -> Interval | None:
    """Return Student's interval for a mean difference, which may have either sign; None of no pair."""
    if len(differences) < 2:
        return interval(differences, confidence)
    mean = fmean(differences)
    half = student(confidence, len(differences) - 1) * stdev(differences) / math.sqrt(len(differences))
    return Interval(mean, mean - half, mean + half)


def observed(
    path: str, statistic: str, measurements: Sequence[Mapping[str, Any]], confidence: float
) -> Interval | None:
    """Return the interval of a metric's statistic, as :func:`interval` does; that of a rate stays within 0 and 1."""
    if len(measurements) > 1 and (seen := estimate(path, statistic, measurements, confidence)) is not None:
        return seen
    return interval([observe(path, statistic, one) for one in measurements], confidence)


def mean_of(seen: Interval | None) -> float | None:
    """Return the mean of what may not have been observed."""
    return None if seen is None else seen.mean


@dataclass(frozen=True, slots=True)
class Judged:
    """One objective at one point."""

    path: str
    expression: SloExpression
    observed: Interval | None
    verdict: Verdict
    miss: float
    """By how much the mean misses the threshold, as a share of it: negative when it is met, infinite when nothing
    was observed."""

    @property
    def name(self) -> str:
        """The objective as a column is called: ``checkout.latency p99 < 800ms``."""
        return f"{self.path} {self.expression.text}"

    def to_dict(self) -> dict[str, Any]:
        """Return the objective as ``summary.json`` holds it, with its interval."""
        seen = self.observed
        return {
            "path": self.path,
            "expression": self.expression.text,
            "observed": None if seen is None else seen.mean,
            "ci": None if seen is None else [seen.low, seen.high],
            "success": self.verdict == "passes",
            "verdict": self.verdict,
        }


def judge(
    objectives: Objectives, measurements: Sequence[Mapping[str, Any]], confidence: float, looks: int = 1
) -> list[Judged]:
    """Return every objective with its verdict.

    ``looks`` is how often the verdict may be asked for while replications are added: the chance of error is shared
    among them (Bonferroni), so that looking again and again does not wear the confidence down.
    """
    level = 1 - (1 - confidence) / looks
    return [
        _judge_one(path, expression, measurements, confidence, level)
        for path, expressions in objectives.items()
        for expression in expressions
    ]


def _judge_one(
    path: str, expression: SloExpression, measurements: Sequence[Mapping[str, Any]], confidence: float, level: float
) -> Judged:
    seen = observed(path, expression.statistic, measurements, confidence)
    bounds = observed(path, expression.statistic, measurements, 2 * level - 1)  # one-sided: each bound at ``level``
    if seen is None or bounds is None:
        absent: Verdict = "passes" if path.endswith(".init_duration") else "fails"
        return Judged(path, expression, None, absent, -1.0 if absent == "passes" else math.inf)
    threshold = expression.threshold
    excess = threshold - seen.mean if expression.operator.startswith(">") else seen.mean - threshold
    if expression.operator == "==":
        excess = abs(excess)
    miss = excess / abs(threshold) if threshold else (math.copysign(math.inf, excess) if excess else 0.0)
    ends = {expression.holds(end) for end in (seen.mean, bounds.low, bounds.high)}
    verdict: Verdict = "undecided" if len(ends) > 1 else "passes" if ends == {True} else "fails"
    return Judged(path, expression, seen, verdict, miss)


def overall(judged: Sequence[Judged]) -> Verdict:
    """Return the verdict on a point: it fails with its first objective, and passes when all do."""
    verdicts = {one.verdict for one in judged}
    return "fails" if "fails" in verdicts else "undecided" if "undecided" in verdicts else "passes"


def worst(judged: Sequence[Judged]) -> Judged | None:
    """Return the objective that misses by most, or of those met the one nearest to its threshold."""
    return max(judged, key=lambda one: one.miss, default=None)
