"""What the authors of measurements computed from their logs, computed in the same way from simulated ones."""

import numpy as np

from lambdasim.validation.simulated import Float64, Int64, Simulated


def lives(rows: Simulated, kept_s: float) -> tuple[Float64, Float64]:
    """Return from when to when each environment counts: from its first request until so long after its last answer.

    This is how an instance was counted of which a client sees nothing but its requests: until its last response and
    600 s more (pacslab, 2020).
    """
    number, place = np.unique(rows.environment, return_inverse=True)
    begins, ends = np.full(len(number), np.inf), np.full(len(number), -np.inf)
    np.minimum.at(begins, place, rows.arrival_s)
    np.maximum.at(ends, place, rows.end_s)
    return begins, ends + kept_s


def alive(begins: Float64, ends: Float64, times: Float64) -> Int64:
    """Return how many of some spans hold each time."""
    started = np.searchsorted(np.sort(begins), times, side="right")
    over = np.searchsorted(np.sort(ends), times, side="right")
    counted: Int64 = started - over
    return counted


def cold_in_batches(rows: Simulated, begin_s: float, end_s: float, batches: int, dropped: float) -> float:
    """Return the mean share of cold starts over consecutive batches of time, each without its first part."""
    shares = []
    for number in range(batches):
        length = (end_s - begin_s) / batches
        since = begin_s + number * length
        own = rows.between(since + dropped * length, since + length)
        if len(own):
            shares.append(own.is_cold.mean())
    return float(np.mean(shares)) if shares else 0.0


def distinct(rows: Simulated, begin_s: float, end_s: float) -> int:
    """Return how many environments were used in a time."""
    busy = (rows.arrival_s < end_s) & (rows.end_s > begin_s)
    return len(np.unique(rows.environment[busy]))


def most_at_once(begins: Float64, ends: Float64) -> int:
    """Return the most spans that hold any time."""
    if not len(begins):
        return 0
    return int(alive(begins, ends, np.sort(begins)).max())
