"""Where a second of an experiment stands on a time axis, of the clock or of elapsed time."""

from typing import Any

import numpy as np

from lambdasim.report.series import Series


def clock(series: Series, seconds: Any) -> Any:
    """Return seconds of the experiment as positions on its time axis."""
    start = series.result.config.simulation.start
    if start is None:
        return np.asarray(seconds) / unit_of(series)[1]
    return (start.timestamp() + np.asarray(seconds)) / 86_400


def unit_of(series: Series) -> tuple[str, float]:
    """Return the unit of elapsed time on the axis, and its seconds."""
    for limit, unit, size in ((180, "s", 1.0), (10_800, "min", 60.0), (259_200, "h", 3_600.0)):
        if series.end <= limit:
            return unit, size
    return "days", 86_400.0
