"""How precise replications are that were to go on until something is, and what to say where it is not."""

import math
from dataclasses import dataclass
from typing import Any

from lambdasim.config.replications import Until
from lambdasim.metrics.inference.intervals import Interval
from lambdasim.report.words import printable


@dataclass(frozen=True, slots=True)
class Precision:
    """How precise the replications are that were to go on until something is."""

    wanted: Until
    interval: Interval | None
    """None when too few replications measured it."""

    @property
    def reached(self) -> bool:
        """Whether it is as precise as was asked for."""
        return self.interval is not None and self.interval.relative <= self.wanted.share

    def to_json(self) -> dict[str, Any]:
        """Return the object of ``summary.json``; ``relative`` is the half width as a share of the mean, None of 0."""
        found = self.interval
        relative = found.relative if found is not None and math.isfinite(found.relative) else None
        observed = None if found is None else found.to_json()
        return {"until": self.wanted.text, "observed": observed, "relative": relative, "reached": self.reached}

    def shortfall(self, replications: int) -> str:
        """Return the sentence that says what was reached instead."""
        known = "was not measured often enough to say"
        if self.interval is not None:
            share = self.interval.relative
            known = f"is known to ±{share * 100:.3g} %" if math.isfinite(share) else "is 0 as far as is known"
        return (
            f"Not as precise as asked: after {replications} replications {printable(self.wanted.path)} {known}, "
            f"and ±{self.wanted.share * 100:.3g} % was wanted; raise max or simulate longer."
        )
