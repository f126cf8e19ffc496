"""Longer runs, where more of the same time decides what more runs of it do not: which experiments have such time.

Statistics of a steady state do not depend on how long it is watched; those of a launch day do. So a run is made longer
only where it has a warm-up, so that what is measured is the steady state, and where its loads go on alike.
"""

from typing import Any, Final

from lambdasim.config.schema import ExperimentConfig
from lambdasim.config.sources.schedule import ScheduleSource
from lambdasim.metrics.judging import Judged
from lambdasim.units import format_duration

LONGER: Final = 4
"""How many times as long a run is then."""
ALIKE: Final = ("constant-arrival-rate", "poisson", "bursty", "constant-vus")
"""Kinds of load whose requests come alike at any time."""


def longer(config: ExperimentConfig) -> dict[str, Any] | None:
    """Return the values, by path, that make a stationary experiment last longer; None where it is not stationary."""
    simulation = config.simulation
    own = [(number, load) for number, load in enumerate(config.load) if load.per is None]
    ends = {load.duration for _, load in own} | ({simulation.duration} if simulation.duration is not None else set())
    alike = all(load.executor in ALIKE and load.start_time == 0 for _, load in own)
    if not simulation.warmup or not alike or len(ends) != 1 or None in ends or _changes(config):
        return None
    [lasts] = ends
    told = format_duration(LONGER * (lasts or 0))
    paths = [f"load.{number}.duration" for number, _ in own]
    return dict.fromkeys([*paths, *(["simulation.duration"] if simulation.duration is not None else [])], told)


def gains(judged: Judged) -> bool:
    """Say whether an objective means the same of a longer run: rates, means and percentiles of what is going on do."""
    one = judged.expression
    of_state = one.statistic in ("rate", "mean") or one.statistic.startswith("p")
    return of_state and one.share_of_runs is None and not judged.path.endswith((".cost", ".cost.total", ".drained_s"))


def _changes(config: ExperimentConfig) -> bool:
    """Say whether something happens at a time of its own."""
    return (
        bool(getattr(config, "change", ()))
        or any(
            isinstance(source, ScheduleSource) or getattr(source, "disabled", ()) for source in config.source.values()
        )
        or any(downstream.slowdowns for downstream in config.downstream.values())
        or any(f.provisioned is not None and f.provisioned.requested_at is not None for f in config.function.values())
    )
