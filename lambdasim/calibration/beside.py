"""A simulated number beside a measured one: the error, the bias and a plain word."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

WORDS: Final = ((0.05, "close"), (0.1, "fair"), (0.25, "rough"))
"""Up to which error a prediction is called so; beyond the last it is "off"."""
THIN: Final = "too few to tell"
"""The word for what rests on too few values for any other."""
GIVEN: Final = "from the trace"
"""The word for what the experiment replays."""


@dataclass(frozen=True, slots=True)
class Beside:
    """One metric."""

    path: str
    measured: float
    simulated: float
    spread: float | None = None
    """Standard error of what was measured, where that is known."""
    interval: tuple[float, float] | None = None
    """Of the simulated mean, over replications."""
    thin: bool = False
    """Whether too little was measured for a word on the difference."""
    given: bool = False
    """Whether a trace that is replayed says it, so that nothing was predicted."""

    @property
    def bias(self) -> float | None:
        """How much too high the simulation is, relative to what was measured; None where that is 0 and this is not."""
        if self.measured == 0:
            return 0.0 if self.simulated == 0 else None
        return self.simulated / self.measured - 1

    @property
    def error(self) -> float | None:
        """The relative error, without its sign."""
        return None if self.bias is None else abs(self.bias)

    @property
    def by_chance(self) -> bool:
        """Whether the two differ by no more than two standard errors of both together."""
        half = (self.interval[1] - self.interval[0]) / 2 if self.interval else 0.0
        if self.spread is None and not half:
            return False
        own = half / 1.96
        return abs(self.simulated - self.measured) <= 2 * math.hypot(self.spread or 0.0, own)

    @property
    def word(self) -> str:
        """What to think of it: close, fair, rough or off, and which way; or that chance explains it."""
        if self.given:
            return GIVEN
        if self.thin:
            return THIN
        if self.error is None:
            return "within chance" if self.by_chance else "simulated, but not seen"
        near = next((word for most, word in WORDS if self.error <= most), "off")
        if near != "close" and self.by_chance:
            return "within chance"
        way = "" if self.bias is None or near == "close" else ", too high" if self.bias > 0 else ", too low"
        return near + way

    def to_json(self) -> dict[str, Any]:
        """Return the object of ``metrics``."""
        return {
            "path": self.path,
            "measured": self.measured,
            "simulated": self.simulated,
            "error": self.error,
            "bias": self.bias,
            "word": self.word,
            "spread": self.spread,
            "interval": list(self.interval) if self.interval else None,
        }


def of_summary(
    path: str, measured: float, value: Any, spread: float | None = None, *, thin: bool = False
) -> Beside | None:
    """Return a metric of ``summary.json``, a number or a mean with its interval, beside one that was measured."""
    interval = None
    if isinstance(value, dict):
        low, high = value.get("ci") or (None, None)
        interval = None if low is None or high is None else (float(low), float(high))
        value = value.get("mean")
    return None if value is None else Beside(path, measured, float(value), spread, interval, thin)


def verdict(metrics: Sequence[Beside]) -> str:
    """Return a sentence on the metrics that were predicted, and one each on those that are too thin or were given."""
    told = [one for one in metrics if not one.thin and not one.given]
    given = sum(one.given for one in metrics)
    thin = len(metrics) - len(told) - given
    rest = ""
    if thin:
        rest += f" {thin} of {len(metrics)} metrics {'rests' if thin == 1 else 'rest'} on too few values to tell."
    if given:
        rest += (
            f" {given} of {len(metrics)} metrics {'comes' if given == 1 else 'come'} from the trace that is replayed, "
            "which predicts nothing."
        )
    errors = [one.error for one in told if one.error is not None]
    if not errors:
        return rest.strip() or "Nothing that was measured can be set beside the simulation."
    worst = max((one for one in told if one.error is not None), key=lambda one: one.error or 0.0)
    good = sum(one.word.startswith(("close", "within chance")) for one in told)
    endless = len(told) - len(errors)
    of = f" of the {len(errors)} that are finite" if endless else ""
    left = f"; {endless} measured as 0 and simulated as more, with none" if endless else ""
    return (
        f"{good} of {len(told)} metrics are close (within 5 % or chance); the median error{of} is "
        f"{median(errors):.1%}, the largest {worst.error:.0%} ({worst.path}, {worst.word}){left}.{rest}"
    )
