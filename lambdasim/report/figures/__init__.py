"""The figures of a run, one file each: ``figure(result)`` draws it and ``data(result)`` is what it shows.

Importing this package imports matplotlib, so nothing does before a figure is wanted.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import pandas as pd

from lambdasim.report.figures import (
    answers,
    cold_starts,
    concurrency,
    cost,
    environments,
    iterator_age,
    latency,
    latency_ccdf,
    queues,
    throttles,
)
from lambdasim.report.figures.canvas import Chart
from lambdasim.report.series import Reported


class Plot(NamedTuple):
    """One figure: how it is drawn, and its data."""

    draw: Callable[[Reported], Chart]
    data: Callable[[Reported], pd.DataFrame]


FIGURES: Final = {
    "concurrency": Plot(concurrency.figure, concurrency.data),
    "latency": Plot(latency.figure, latency.data),
    "latency_ccdf": Plot(latency_ccdf.figure, latency_ccdf.data),
    "throttles": Plot(throttles.figure, throttles.data),
    "cold_starts": Plot(cold_starts.figure, cold_starts.data),
    "environments": Plot(environments.figure, environments.data),
    "cost": Plot(cost.figure, cost.data),
}
"""The figures of every run, by the name of their files."""

SOURCE_FIGURES: Final = {
    "answers": Plot(answers.figure, answers.data),
    "queues": Plot(queues.figure, queues.data),
    "iterator_age": Plot(iterator_age.figure, iterator_age.data),
}
"""The figures of runs whose event sources emit what they show."""

METRICS: Final = {
    "answers": answers.METRICS,
    "queues": queues.METRICS,
    "iterator_age": iterator_age.METRICS,
}
"""The metrics that make a figure of :data:`SOURCE_FIGURES` worth drawing: any of them."""


def figures_of(result: Reported) -> dict[str, Plot]:
    """Return the figures that a run has, by name."""
    emitted = result.series.metrics
    return FIGURES | {name: plot for name, plot in SOURCE_FIGURES.items() if not METRICS[name].isdisjoint(emitted)}
