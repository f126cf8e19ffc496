"""One data set and what is predicted of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lambdasim.validation.measurement import Measurement


@dataclass(frozen=True, slots=True)
class Prediction:
    """One measurement and what the simulator says of it."""

    measurement: Measurement
    predicted: float
    era: str
    chance: float | None = None
    """The mean absolute error of a prediction that is right, for the measurement's own noise; None where none knows."""
    how: str = ""
    """Tells predictions of one measurement apart that are made in several ways."""


@dataclass(frozen=True, slots=True)
class Study:
    """The predictions of one data set."""

    dataset: str
    predictions: Sequence[Prediction]
    assumed: Sequence[str] = ()
    """What was not published, and what was assumed in its place."""
    left_out: Mapping[str, str] = ()  # type: ignore[assignment]
    """Metrics that are not predicted, and why."""


def by_experiment(measurements: Sequence[Measurement]) -> dict[str, list[Measurement]]:
    """Return measurements by what they are of, in their order."""
    found: dict[str, list[Measurement]] = {}
    for one in measurements:
        found.setdefault(one.experiment, []).append(one)
    return found
