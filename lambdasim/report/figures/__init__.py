"""The figures of a run, one file each: ``figure(result)`` draws it and ``data(result)`` is what it shows.

Importing this package imports matplotlib, so nothing does before a figure is wanted.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple

from lambdasim.report.figures import (
    answers,
    async_age,
    cold_starts,
    concurrency,
    connections,
    cost,
    environments,
    held,
    iterator_age,
    latency,
    latency_ccdf,
    provisioned,
    queues,
    throttles,
    timeline,
)
from lambdasim.report.figures.canvas import Chart
from lambdasim.report.series import Reported
from lambdasim.report.table import Table

Unit = Literal["count", "ms", "s", "share", "money"]
Joined = Literal["max", "mean", "sum", "last"]


class Plot(NamedTuple):
    """One figure: how it is drawn, and its data.

    ``axes`` is how many of its axes, from the first on, are along time; None is all. ``unit`` is that of its data, of
    some columns, by the end of their names, another; ``joined`` is what becomes of several periods in one.
    """

    draw: Callable[[Reported], Chart]
    data: Callable[[Reported], Table]
    unit: Unit = "count"
    joined: Joined = "max"
    others: Mapping[str, tuple[Unit, Joined]] = {}
    axes: int | None = None


FIGURES: Final = {
    "concurrency": Plot(concurrency.figure, concurrency.data),
    "latency": Plot(latency.figure, latency.data, "ms"),
    "latency_ccdf": Plot(latency_ccdf.figure, latency_ccdf.data, axes=0),
    "throttles": Plot(throttles.figure, throttles.data, joined="sum"),
    "cold_starts": Plot(cold_starts.figure, cold_starts.data, joined="sum", others={"(rate)": ("share", "max")}),
    "environments": Plot(environments.figure, environments.data, joined="mean"),
    "held": Plot(held.figure, held.data, axes=0),
    "cost": Plot(cost.figure, cost.data, "money", "last", axes=1),
}
"""The figures of every run, by the name of their files."""

SOURCE_FIGURES: Final = {
    "provisioned": Plot(provisioned.figure, provisioned.data, others={" spillover": ("count", "sum")}),
    "answers": Plot(answers.figure, answers.data, joined="sum"),
    "queues": Plot(queues.figure, queues.data, others={" oldest (s)": ("s", "max")}),
    "iterator_age": Plot(iterator_age.figure, iterator_age.data, "ms"),
    "async_age": Plot(
        async_age.figure,
        async_age.data,
        others={" Maximum": ("ms", "max"), " Average": ("ms", "mean"), " dropped": ("count", "sum")},
    ),
    "connections": Plot(connections.figure, connections.data, others={" refusals": ("count", "sum")}),
}
"""The figures of runs that emit what they show."""

ROW_FIGURES: Final = {"timeline": Plot(timeline.figure, timeline.data, axes=0)}
"""The figures of small runs that kept their rows."""

METRICS: Final = {
    "provisioned": provisioned.METRICS,
    "answers": answers.METRICS,
    "queues": queues.METRICS,
    "iterator_age": iterator_age.METRICS,
    "async_age": async_age.METRICS,
    "connections": connections.METRICS,
}
"""The metrics that make a figure of :data:`SOURCE_FIGURES` worth drawing: any of them."""


def figures_of(result: Reported) -> dict[str, Plot]:
    """Return the figures that a run has, by name."""
    emitted = result.series.metrics
    found = FIGURES | {name: plot for name, plot in SOURCE_FIGURES.items() if not METRICS[name].isdisjoint(emitted)}
    return found | (ROW_FIGURES if timeline.is_small(result) else {})
