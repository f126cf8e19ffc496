"""The figures of a run, one file each: ``figure(result)`` draws it and ``data(result)`` is what it shows.

Importing this package imports matplotlib, so nothing does before a figure is wanted.
"""

from collections.abc import Callable
from typing import Final

import pandas as pd

from lambdasim.report.figures import cold_starts, concurrency, cost, environments, latency, latency_ccdf, throttles
from lambdasim.report.figures.canvas import Chart
from lambdasim.report.series import Reported

FIGURES: Final[dict[str, tuple[Callable[[Reported], Chart], Callable[[Reported], pd.DataFrame]]]] = {
    "concurrency": (concurrency.figure, concurrency.data),
    "latency": (latency.figure, latency.data),
    "latency_ccdf": (latency_ccdf.figure, latency_ccdf.data),
    "throttles": (throttles.figure, throttles.data),
    "cold_starts": (cold_starts.figure, cold_starts.data),
    "environments": (environments.figure, environments.data),
    "cost": (cost.figure, cost.data),
}
"""What to draw and its data, by the name of the files."""
