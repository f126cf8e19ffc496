"""What the back of the envelope says of a capacity: offered load against limits, and Erlang B.

Cold starts, retries, bursts and the scaling rate are left out; how far off it is shows what they are worth.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from lambdasim.config.load import LoadedExperiment
from lambdasim.config.points import with_point
from lambdasim.config.schema import ExperimentConfig
from lambdasim.errors import InputError
from lambdasim.planning.axis import Axis
from lambdasim.planning.envelope import LoadEstimate, estimates

THROTTLE_RATE: Final = 0.001
"""What Erlang B may throttle where no objective says."""
ROUNDS: Final = 60


@dataclass(frozen=True, slots=True)
class Envelope:
    """The capacity by arithmetic; None where a trace or a data file knows what it would need, or nothing limits."""

    product: float | None
    """Rate times mean duration against the concurrency, and the rate against ten times that."""
    erlang_b: float | None
    """As Erlang B has it, throttling at most ``throttle_rate``."""
    throttle_rate: float

    def to_dict(self, found: float | None) -> dict[str, Any]:
        """Return it for ``summary.json``; ``off`` is by which share of Erlang B's the simulated capacity differs."""
        off = found / self.erlang_b - 1 if found is not None and self.erlang_b else None
        return {
            "rate_x_duration": self.product,
            "erlang_b": self.erlang_b,
            "throttle_rate": self.throttle_rate,
            "off": off,
        }


def envelope(experiment: LoadedExperiment, axis: Axis) -> Envelope:
    """Return the arithmetic for an axis of an experiment."""
    allowed = [
        one.threshold
        for path, expressions in experiment.config.slo.items()
        for one in expressions
        if path.endswith(".throttles") and one.statistic == "rate" and one.operator in ("<", "<=") and one.threshold
    ]
    target = min(allowed, default=THROTTLE_RATE)

    def product(load: LoadEstimate) -> bool:
        assert load.offered_erlangs is not None
        assert load.peak_rate is not None
        return load.offered_erlangs <= load.concurrency_limit and load.peak_rate <= load.rate_limit

    def erlang_b(load: LoadEstimate) -> bool:
        return (load.blocking or 0.0) <= target and (load.peak_rate or 0.0) <= load.rate_limit

    return Envelope(_bound(experiment, axis, product), _bound(experiment, axis, erlang_b), target)


def _bound(experiment: LoadedExperiment, axis: Axis, holds: Callable[[LoadEstimate], bool]) -> float | None:
    """Return the hardest number at which ``holds`` is true of every load, by bisection."""

    def meets(number: float) -> bool | None:
        config = _config(experiment, axis, number)
        if config is None:
            return False
        loads = estimates(config)
        if not loads or any(load.offered_erlangs is None or load.peak_rate is None for load in loads):
            return None
        return all(holds(load) for load in loads)

    start = meets(axis.start)
    if start is None or meets(axis.easiest) is not True:
        return None
    if meets(axis.hardest):
        if not axis.is_scale:
            return axis.hardest
        passes = axis.hardest  # arithmetic costs nothing, so it may go beyond what is simulated
        for _ in range(ROUNDS):
            if not meets(fails := passes * 2):
                break
            passes = fails
        else:
            return None  # nothing limits it
    else:
        passes, fails = (axis.start, axis.hardest) if start else (axis.easiest, axis.start)
    for _ in range(ROUNDS):
        middle = (passes + fails) / 2 if axis.is_scale else float((passes + fails) // 2)
        if middle in (passes, fails):
            break
        if meets(middle):
            passes = middle
        else:
            fails = middle
    return passes


def _config(experiment: LoadedExperiment, axis: Axis, number: float) -> ExperimentConfig | None:
    try:
        return with_point(experiment, axis.point(number)).config
    except InputError:
        return None
