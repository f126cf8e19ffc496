"""Whether objectives are met, from what one or more replications observed, with the confidence that was asked for.

One replication is judged by what it observed. Of several, an objective passes when a one-sided confidence bound lies on
the right side of its threshold, fails when the other bound lies on the wrong side, and is undecided between the two.
What is bounded depends on the objective:

- means and percentiles: the mean over runs, by Student (a percentile of a run is one observation);
- rates: all events over all requests, by :mod:`lambdasim.metrics.inference.rates`. Where no event was seen, or few runs
  saw any, runs are the trials: a pass takes, besides, that nine of ten runs keep the objective;
- maxima, counts and ``P(...)``: the share of runs that keep them, by the exact binomial bounds (Clopper, Pearson).

A point passes when every objective does: as each is tested at the full level and all must pass, no correction is needed
(intersection-union test; R. L. Berger, Technometrics 24, 1982).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from lambdasim.config.slo import DEFAULT_SHARE, SloExpression, observe, place
from lambdasim.metrics.estimate import counts, estimate
from lambdasim.metrics.inference.intervals import (
    Interval,
    mean_interval,
    proportion_bounds,
    proportion_interval,
    trials_for,
)
from lambdasim.metrics.inference.rates import rate_ceiling, rate_floor

Verdict = Literal["passes", "fails", "undecided"]
Json = Mapping[str, Any]
Objectives = Mapping[str, Sequence[SloExpression]]

OF_OBJECTIVE: Final = {"passes": "met", "fails": "missed", "undecided": "undecided"}
"""A verdict as ``summary.json`` has it of an objective."""
RULE: Final = (
    "An objective is met, or missed, where a one-sided bound with that confidence lies on that side of its limit, and "
    "is undecided between: Student's for means and percentiles; for rates a wider one, of all requests and, where few "
    "runs have an event, of the runs that miss it; for maxima and counts one for the share of runs that keep it."
)
"""What a page says of verdicts on several runs."""
FEW_RUNS: Final = 10
"""With events in fewer runs, and none in others, Student's interval covers less than it says."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How many runs keep an objective that is judged by their share."""

    count: int
    runs: int
    needed: float
    """The share of all runs that is to keep it."""
    share: Interval

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain values."""
        return {"count": self.count, "runs": self.runs, "share": self.share.to_json(), "needed": self.needed}


@dataclass(frozen=True, slots=True)
class Unseen:
    """What runs without a single event show: two bounds, each with the confidence asked for."""

    runs: int
    requests: int
    rate: float
    """At most so many of the requests, if they are independent: the rule of three."""
    share: float
    """At most this share of runs has an event."""

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain values."""
        return {"runs": self.runs, "requests": self.requests, "rate": self.rate, "share_of_runs": self.share}


@dataclass(frozen=True, slots=True)
class Judged:
    """One objective at one point."""

    path: str
    expression: SloExpression
    observed: Interval | None
    """The mean over replications, or the rate, with its interval; None when nothing was observed."""
    verdict: Verdict
    miss: float
    """By how much the threshold is missed, as a share of it (of a threshold of 0: by how much): negative when it is
    met, infinite when it could not be observed though there were requests."""
    extreme: float | None = None
    """Of an objective on every run, what the worst run observed."""
    kept: Kept | None = None
    unseen: Unseen | None = None
    bound: float | None = None
    """The one-sided bound that decides, or leaves it undecided: of the number, of one on every run of the share of runs
    that keep it."""
    may_miss: float | None = None
    """Where runs leave a rate undecided: at most this share of them misses it."""
    lacks: str = ""
    """What would decide it, in words, where it is undecided."""
    takes: int = 0
    """Of an undecided one that only lacks runs: how many would decide it, if all of them are like those so far."""

    @property
    def name(self) -> str:
        """The objective as a column is called: ``checkout.latency p99 < 800ms``."""
        return f"{self.path} {self.expression.text}"

    @property
    def number(self) -> float | None:
        """What was observed as one number: that of the worst run where every run is to keep it, else the mean."""
        if self.extreme is not None:
            return self.extreme
        return None if self.observed is None else self.observed.mean

    @property
    def leans(self) -> bool:
        """Whether it is met as far as is known: by its verdict, or by what was observed."""
        return self.verdict == "passes" or (self.verdict == "undecided" and self.miss <= 0)

    def to_dict(self) -> dict[str, Any]:
        """Return the objective as ``summary.json`` holds it."""
        found: dict[str, Any] = {
            "path": self.path,
            "expression": self.expression.text,
            "observed": self.number,
            "success": None if self.verdict == "undecided" else self.verdict == "passes",
            "verdict": OF_OBJECTIVE[self.verdict],
        }
        if self.observed is not None and self.extreme is None and self.observed.low < self.observed.high:
            found["ci"] = [self.observed.low, self.observed.high]
        if self.bound is not None:
            found["bound"] = self.bound
        if self.may_miss is not None:
            found["may_miss"] = self.may_miss
        if self.kept is not None:
            found["kept"] = self.kept.to_dict()
        if self.unseen is not None:
            found["unseen"] = self.unseen.to_dict()
        return found | ({"lacks": self.lacks} if self.lacks else {})


def judge(
    objectives: Objectives, measurements: Sequence[Json], confidence: float, looks: Sequence[int] = ()
) -> list[Judged]:
    """Return every objective with its verdict.

    ``looks`` are the numbers of replications after which a verdict may be asked for, in ascending order, where there
    are several: the chance of error is shared among them (Bonferroni), so that looking again and again does not wear
    the confidence down. A share of runs can only pass at looks with enough of them, which share its error.
    """
    return [
        _Case(path, expression, measurements, confidence, looks or (len(measurements),)).judged()
        for path, expressions in objectives.items()
        for expression in expressions
    ]


def overall(judged: Sequence[Judged]) -> Verdict:
    """Return the verdict on a point: it fails with its first objective, and passes when all do."""
    verdicts = {one.verdict for one in judged}
    return "fails" if "fails" in verdicts else "undecided" if "undecided" in verdicts else "passes"


def success_of(judged: Sequence[Judged]) -> bool | None:
    """Return the same as ``summary.json`` has it: None where it is undecided."""
    verdict = overall(judged)
    return None if verdict == "undecided" else verdict == "passes"


def worst(judged: Sequence[Judged]) -> Judged | None:
    """Return the objective that misses by most, or of those met the one nearest to its threshold."""
    return max(judged, key=lambda one: one.miss, default=None)


class _Case:
    """One objective before the bench."""

    def __init__(
        self,
        path: str,
        expression: SloExpression,
        measurements: Sequence[Json],
        confidence: float,
        looks: Sequence[int],
    ) -> None:
        self.path, self.expression, self.measurements = path, expression, measurements
        self.confidence, self.looks = confidence, looks
        self.level = 1 - (1 - confidence) / len(looks)
        self.values = [value for one in measurements if (value := observe(path, expression.statistic, one)) is not None]
        self.counts = counts(path, expression.statistic, measurements)

    def judged(self) -> Judged:
        """Return it with its verdict."""
        if self._is_void():
            lacks = "no request came, which decides nothing"
            return Judged(self.path, self.expression, None, "undecided", -1.0, lacks=lacks)
        if not self.values:
            met = self.path.endswith((".init_duration", ".restore_duration"))  # invocations without a cold start
            return Judged(self.path, self.expression, None, "passes" if met else "fails", -1.0 if met else math.inf)
        if len(self.measurements) == 1:
            return self._alone()
        if self.expression.share_of_runs is not None:
            return self._by_share(self.expression.share_of_runs)
        return self._by_rate(*self.counts) if self.counts is not None else self._by_mean()

    def _is_void(self) -> bool:
        """Return whether nothing happened that the objective could be about."""
        if self.counts is not None:
            return not sum(self.counts[1])
        metric, statistic = self.path.partition(".")[2], self.expression.statistic
        counts_events = statistic == "count" and metric not in ("requests", "invocations", "refusals")
        if any(self.values) or (self.values and not counts_events):
            return False
        tables = [place(self.path, statistic, one)[0] for one in self.measurements]
        asked = "invocations" if metric in ("duration", "init_duration", "restore_duration") else "requests"
        return not any(table.get(asked, table.get("received", 0)) for table in tables)

    def _miss(self, number: float) -> float:
        threshold = self.expression.threshold
        excess = threshold - number if self.expression.operator.startswith(">") else number - threshold
        if self.expression.operator == "==":
            excess = abs(excess)
        return excess / abs(threshold) if threshold else excess

    def _alone(self) -> Judged:
        number = self.values[0]
        verdict: Verdict = "passes" if self.expression.holds(number) else "fails"
        return Judged(self.path, self.expression, Interval(number, number, number), verdict, self._miss(number))

    def _by_mean(self) -> Judged:
        if len(self.values) < 2:
            number = self.values[0]
            lacks = f"one of {len(self.measurements)} runs measured it; it takes two at least"
            seen = Interval(number, number, number)
            return Judged(self.path, self.expression, seen, "undecided", self._miss(number), lacks=lacks)
        bounds = mean_interval(self.values, 2 * self.level - 1)
        ends = {self.expression.holds(end) for end in (bounds.low, bounds.mean, bounds.high)}
        verdict: Verdict = "undecided" if len(ends) > 1 else "passes" if ends == {True} else "fails"
        lacks = "its bound lies beyond the limit; more runs narrow it" if verdict == "undecided" else ""
        seen = mean_interval(self.values, self.confidence)
        bound = None
        if self.expression.operator != "==":
            above = self.expression.operator.startswith(">") == (verdict == "fails")
            bound = bounds.high if above else bounds.low
        return Judged(self.path, self.expression, seen, verdict, self._miss(seen.mean), lacks=lacks, bound=bound)

    def _by_share(self, needed: float) -> Judged:
        kept = sum(map(self.expression.holds, self.values))
        runs = len(self.values)
        low = proportion_bounds(kept, runs, self._share_level(needed))[0]
        high = proportion_bounds(kept, runs, self.level)[1]
        verdict: Verdict = "passes" if low >= needed else "fails" if high < needed else "undecided"
        lacks, takes = "", 0
        if verdict == "undecided":
            enough = trials_for(needed, self._share_level(needed))
            lacks = f"{enough} runs that all keep it would show it" if kept == runs else "more runs would decide"
            takes = enough if kept == runs else 0
        ordered = sorted(self.values, key=self._miss)  # the worst last
        known = Kept(kept, runs, needed, proportion_interval(kept, runs, self.confidence))
        return Judged(
            self.path,
            self.expression,
            mean_interval(self.values, self.confidence) if runs > 1 else Interval(*self.values * 3),
            verdict,
            self._miss(ordered[math.ceil(needed * runs - 1e-9) - 1]),
            extreme=ordered[-1],
            kept=known,
            bound=high if verdict == "fails" else low,
            lacks=lacks,
            takes=takes,
        )

    def _share_level(self, needed: float) -> float:
        """Return the level at which a share of runs passes: looks that cannot show it have no part in its error."""
        least = trials_for(needed, self.confidence)
        return 1 - (1 - self.confidence) / max(1, sum(look >= least for look in self.looks))

    def _by_rate(self, parts: Sequence[float], wholes: Sequence[float]) -> Judged:
        seen = estimate(self.path, self.expression.statistic, self.measurements, self.confidence)
        assert seen is not None  # there were requests
        if self.expression.operator.startswith(">"):
            rest = [whole - part for part, whole in zip(parts, wholes, strict=True)]
            good, bad = 1 - rate_ceiling(rest, wholes, self.level), 1 - rate_floor(rest, wholes, self.level)
        else:
            good, bad = rate_ceiling(parts, wholes, self.level), rate_floor(parts, wholes, self.level)
        verdict: Verdict = (
            "fails" if not self.expression.holds(bad) else "passes" if self.expression.holds(good) else "undecided"
        )
        unseen = None
        runs, events, requests = sum(w > 0 for w in wholes), round(sum(parts)), round(sum(wholes))
        level = self._share_level(DEFAULT_SHARE)
        if not events:
            pooled = proportion_bounds(0, requests, self.level)[1]
            unseen = Unseen(runs, requests, pooled, proportion_bounds(0, runs, level)[1])
        bound, may_miss = (bad if verdict == "fails" else good), None
        if verdict == "passes" and sum(p > 0 for p in parts) < min(FEW_RUNS, runs):
            missing = sum(w > 0 and not self.expression.holds(p / w) for p, w in zip(parts, wholes, strict=True))
            most = proportion_bounds(missing, runs, level)[1]
            if most > 1 - DEFAULT_SHARE + 1e-12:
                verdict, may_miss = "undecided", most
        lacks, takes = self._lacking_rate(unseen, level) if verdict == "undecided" else ("", 0)
        miss = self._miss(seen.mean)
        return Judged(
            self.path,
            self.expression,
            seen,
            verdict,
            miss,
            unseen=unseen,
            bound=None if self.expression.operator == "==" else bound,
            may_miss=may_miss,
            lacks=lacks,
            takes=takes,
        )

    def _lacking_rate(self, unseen: Unseen | None, level: float) -> tuple[str, int]:
        """Return what would decide a rate in words, and how many runs in all if no run has an event."""
        if unseen is None or not self.expression.operator.startswith("<"):
            return "more runs would decide", 0
        requests = math.ceil(math.log(1 - self.level) / math.log1p(-self.expression.threshold))
        runs = trials_for(DEFAULT_SHARE, level)
        wanted = []
        if unseen.requests < requests:
            wanted.append(f"about {_about(requests):,} requests")
        if unseen.runs < runs:
            wanted.append(f"{runs} runs")
        takes = max(runs, math.ceil(unseen.runs * requests / unseen.requests))
        return f"{' in '.join(wanted)} without one would show it", takes


def _about(number: int) -> int:
    """Return a number to two digits, rounded up."""
    size = int(10 ** max(0, len(str(number)) - 2))
    return math.ceil(number / size) * size
