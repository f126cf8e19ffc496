"""Whether objectives are met, from what several replications observed, with the confidence that was asked for.

An objective passes when the one-sided lower confidence bound of its margin (what it allows less what was observed,
Student's t over replications) is above zero, fails when the upper bound is not, and is undecided between the two. A
point passes when every objective does: as each is tested at the full level and all must pass, no correction is needed
(intersection-union test; R. L. Berger, Technometrics 24, 1982). A quantile of a replication is one observation.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any, Literal

from lambdasim.config.slo import SloExpression, observe

Verdict = Literal["passes", "fails", "undecided"]
Objectives = Mapping[str, Sequence[SloExpression]]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over replications with its two-sided confidence interval; equal numbers of one observation."""

    mean: float
    lo: float
    hi: float

    def to_dict(self) -> dict[str, Any]:
        """Return it as summary.json holds a number of several replications."""
        return {"mean": self.mean, "ci": [self.lo, self.hi]}


def estimate(values: Sequence[float | None], confidence: float) -> Estimate | None:
    """Return the mean of what was observed; None when nothing was."""
    seen = [value for value in values if value is not None]
    if not seen:
        return None
    mean = fmean(seen)
    half = _half_width(seen, (1 + confidence) / 2)
    return Estimate(mean, mean - half, mean + half)


def mean_of(seen: Estimate | None) -> float | None:
    """Return the mean of what may not have been observed."""
    return None if seen is None else seen.mean


def _half_width(values: Sequence[float], level: float) -> float:
    """Return how far a bound at ``level`` is from the mean; 0 for a single value, which knows no spread."""
    if len(values) < 2 or (spread := stdev(values)) == 0:
        return 0.0
    from scipy.special import stdtrit

    return float(stdtrit(len(values) - 1, level)) * spread / math.sqrt(len(values))


@dataclass(frozen=True, slots=True)
class Judged:
    """One objective at one point."""

    path: str
    expression: SloExpression
    observed: Estimate | None
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
            "ci": None if seen is None else [seen.lo, seen.hi],
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
    values = [observe(path, expression.statistic, one) for one in measurements]
    seen = [value for value in values if value is not None]
    if not seen:
        absent: Verdict = "passes" if path.endswith(".init_duration") else "fails"
        return Judged(path, expression, None, absent, -1.0 if absent == "passes" else math.inf)
    observed = estimate(values, confidence)
    mean, half = fmean(seen), _half_width(seen, level)
    threshold = expression.threshold
    excess = threshold - mean if expression.operator.startswith(">") else mean - threshold
    if expression.operator == "==":
        excess = abs(excess)
    miss = excess / abs(threshold) if threshold else (math.copysign(math.inf, excess) if excess else 0.0)
    ends = {expression.holds(mean), expression.holds(mean - half), expression.holds(mean + half)}
    verdict: Verdict = "undecided" if len(ends) > 1 else "passes" if ends == {True} else "fails"
    return Judged(path, expression, observed, verdict, miss)


def overall(judged: Sequence[Judged]) -> Verdict:
    """Return the verdict on a point: it fails with its first objective, and passes when all do."""
    verdicts = {one.verdict for one in judged}
    return "fails" if "fails" in verdicts else "undecided" if "undecided" in verdicts else "passes"


def worst(judged: Sequence[Judged]) -> Judged | None:
    """Return the objective that misses by most, or of those met the one nearest to its threshold."""
    return max(judged, key=lambda one: one.miss, default=None)
