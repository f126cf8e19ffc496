"""Rules of what changes over time that need two keys or two tables. What is wrong is added to a list, never raised."""

from collections.abc import Mapping, Sequence

from lambdasim.config.call import shortened
from lambdasim.config.change import Warmer
from lambdasim.config.function import FunctionConfig
from lambdasim.config.month import end_ns
from lambdasim.config.origins import Problems
from lambdasim.config.positions import Path
from lambdasim.config.provisioned import ScheduledAction
from lambdasim.config.schema import TEMPLATE, Simulation
from lambdasim.config.suggest import hint
from lambdasim.config.traffic import LoadConfig
from lambdasim.config.versions import provisioned_tables
from lambdasim.units import NS_PER_S, format_duration

WHEN = ("cron", "rate", "at")
AUTOSCALING_PAGE = "DG:provisioned-concurrency"


def check_scaling(
    functions: Mapping[str, FunctionConfig],
    simulation: Simulation | None,
    loads: Sequence[LoadConfig],
    problems: Problems,
) -> None:
    """Check the bounds and the scheduled actions of provisioned concurrency that varies."""
    latest_ns = None if simulation is None else ends_ns(simulation, loads, problems)
    tables = (table for name, function in functions.items() for table in provisioned_tables(name, function))
    for path, provisioned in tables:
        scaling = provisioned.autoscaling
        if scaling is not None:
            _check_bounds((*path, "autoscaling", "min"), scaling.min, scaling.max, problems)
            if scaling.min <= scaling.max and not scaling.min <= provisioned.concurrency <= scaling.max:
                near = min(max(provisioned.concurrency, scaling.min), scaling.max)
                problems.conclude(
                    (*path, "concurrency"),
                    f"{provisioned.concurrency} is outside autoscaling's {scaling.min} to {scaling.max}, to which AWS "
                    f"would scale it at once; begin with {near}",
                )
        for number, action in enumerate(provisioned.schedule):
            own = (*path, "schedule", str(number))
            _check_action(own, action, problems)
            if simulation is not None and action.due is not None:
                _check_due(own, action, simulation, latest_ns, problems)


def check_warmers(warmers: Mapping[str, Warmer], functions: Sequence[str], problems: Problems) -> None:
    """Check that a warmer has a function to keep warm, and that its rounds do not overlap."""
    for name, warmer in warmers.items():
        path, known = ("warmer", name), [function for function in functions if function != TEMPLATE]
        if warmer.function not in known:
            word, near = shortened(warmer.function), hint(warmer.function, known, "the functions are")
            problems.conclude((*path, "function"), f"no function is named '{word}'; {near}")
        if warmer.every <= warmer.duration:
            message = f"is not longer than a ping's duration, {format_duration(warmer.duration)}; pings would pile up"
            problems.conclude((*path, "every"), message)


def _check_bounds(path: Path, low: int | None, high: int | None, problems: Problems) -> None:
    if low is not None and high is not None and low > high:
        message = f"{low} is above max, {high}: AWS refuses a MinCapacity above MaxCapacity; exchange them"
        problems.conclude(path, message)


def _check_action(path: Path, action: ScheduledAction, problems: Problems) -> None:
    """Check that an action says once when, and what."""
    given = [key for key in WHEN if getattr(action, key) is not None]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        problems.conclude(path, f"has {found} of cron, rate and at; a scheduled action has exactly one", *WHEN)
    if action.min is None and action.max is None:
        message = "sets neither min nor max, of which AWS wants at least one (API PutScheduledAction)"
        problems.conclude(path, message, "min", "max")
    _check_bounds((*path, "min"), action.min, action.max, problems)
    if action.rate is not None and "timezone" in action.model_fields_set:
        problems.conclude((*path, "timezone"), "has no effect on a rate; take it out")
    at = None if action.at is None else action.at.once
    if at is not None and at.tzinfo is not None and "timezone" in action.model_fields_set:
        problems.conclude((*path, "timezone"), "has no effect on a time with an offset of its own; take one out")


def _check_due(
    path: Path, action: ScheduledAction, simulation: Simulation, ends_ns: int | None, problems: Problems
) -> None:
    """Check that an action is due during the experiment."""
    assert action.due is not None
    key = next(key for key in WHEN if getattr(action, key) is not None)
    if action.due.needs_clock and simulation.start is None:
        problems.conclude(
            (*path, key), "needs the clock time at which the experiment starts, such as "
            "simulation.start = 2026-11-27T08:00:00Z",
        )  # fmt: skip
    elif ends_ns is not None:
        times_s = action.due.times_s(simulation.start, ends_ns / NS_PER_S, action.timezone)
        if next(times_s, None) is None:
            lasts = format_duration(ends_ns)
            message = f"is never due in an experiment of {lasts}; "
            message += "give another time, move simulation.start, or take the action out"
            problems.conclude((*path, key), message)


def ends_ns(simulation: Simulation, loads: Sequence[LoadConfig], problems: Problems) -> int | None:
    """Return when the experiment's loads end, if that is known."""
    if simulation.duration is not None:
        return simulation.duration
    ends = [end_ns(load) for load in loads if load.per is None]
    doubted = any(problems.is_doubtful(("load", str(number))) for number in range(len(loads)))
    if doubted or problems.is_doubtful(("simulation", "duration")) or None in ends:
        return None
    return max((end for end in ends if end is not None), default=0) or None
