"""The stretches of a run in which its loads stay at one level: what grows there does not follow them."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from lambdasim.config.schema import ExperimentConfig, LoadConfig

Stretch = tuple[int, int]
"""Beginning and end in ns."""


def level_stretches(config: ExperimentConfig, ends_ns: int) -> list[Stretch]:
    """Return the stretches until ``ends_ns`` in which no load changes its rate, as far as an experiment says.

    Nobody knows a trace, so it changes all the time. What follows others, schedules and warmers do not count.
    """
    parts = [part for load in config.load if load.per is None for part in _parts(load, ends_ns)]
    borders = sorted({0, ends_ns, *(at for begin, end, _ in parts for at in (begin, end) if 0 < at < ends_ns)})
    moves = Counter(begin for begin, _, level in parts if not level)
    moves.subtract(end for _, end, level in parts if not level)
    changing, found = 0, []
    for begin, end in pairwise(borders):
        changing += moves[begin]
        if not changing:
            found.append((begin, end))
    return found


def _parts(load: LoadConfig, ends_ns: int) -> Iterator[tuple[int, int, bool]]:
    """Yield the parts of a load, each with whether its rate stays the same."""
    at = load.start_time
    end = ends_ns if load.duration is None else at + load.duration
    if load.stages is not None:
        rate = load.start_rate
        for stage in load.stages:
            yield at, at + stage.duration, stage.target == rate
            at, rate = at + stage.duration, stage.target
    elif load.executor == "spike":
        begin = at + (load.spike_at or 0)
        yield at, begin, True
        yield begin, begin + (load.spike_duration or 0), True
        yield begin + (load.spike_duration or 0), end, True
    else:
        yield at, end, load.trace is None and load.executor != "diurnal"
