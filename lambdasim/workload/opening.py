"""The loads of an experiment, opened: synthetic ones and traces, those of schedules and warmers, and virtual users."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from lambdasim.config.qualifier import function_of
from lambdasim.config.request_series import RequestSeries
from lambdasim.config.schema import ExperimentConfig
from lambdasim.config.sources.schedule import ScheduleSource
from lambdasim.config.suggest import hint
from lambdasim.errors import InputError, Problem
from lambdasim.model.events import NEVER_NS
from lambdasim.policies.protocols import Arrivals
from lambdasim.workload.arrivals import SyntheticLoad, open_synthetic
from lambdasim.workload.block import OpenLoad
from lambdasim.workload.chosen import ChosenLoad
from lambdasim.workload.closed_loop import VirtualUsers
from lambdasim.workload.functions import NOTHING
from lambdasim.workload.given import Replayed
from lambdasim.workload.random_streams import stream_keys
from lambdasim.workload.schedule import ScheduledLoad
from lambdasim.workload.trace import TraceLoad, open_trace
from lambdasim.workload.warmer import WarmerLoad

LOG: Final = logging.getLogger("lambdasim")
CLOSED: Final = "constant-vus"


def opened(config: ExperimentConfig, targets: Sequence[str | None], seed: int, latest_ns: int) -> dict[int, OpenLoad]:
    """Return all loads but the closed ones, by index; raises ``InputError`` with all that is wrong with traces."""
    opened: dict[int, OpenLoad] = {}
    problems: list[Problem] = []
    keys = stream_keys(seed, "arrival", (load.name.encode() for load in config.load)).tolist()
    for number, (load, target, key) in enumerate(zip(config.load, targets, keys, strict=True)):
        try:
            if load.trace is not None:
                opened[number] = trace = open_trace(load, target, seed)
                for note in trace.notes:
                    LOG.info("%s: %s", load.trace.file, note)
            elif load.executor != CLOSED and load.per is None:
                opened[number] = open_synthetic(load, str(target), seed, key, latest_ns)
        except InputError as error:  # whose place is in the data file, or a key of this load
            own = (one if one.file else replace(one, path=f"load.{number}.{one.path}") for one in error.problems)
            problems += own
    if problems:
        raise InputError(problems)
    return opened


def check_given(config: ExperimentConfig, traces: Mapping[int, TraceLoad]) -> None:
    """Raise ``InputError`` where a trace says how long single events take that are processed in batches."""
    batched = {name for name, source in config.source.items() if not source.carries_durations}
    problems = []
    for number, load in traces.items():
        names, trace = [name for name in load.functions if name in batched], config.load[number].trace
        if names and load.gives and trace is not None:
            message = (
                f"its column '{load.gives[0]}' would have no effect: '{names[0]}' hands events over in batches; take "
                "the column out, and say how long a batch takes by the function's duration and per_record"
            )
            problems.append(Problem(trace.file, None, f"load.{number}.trace", message))
    if problems:
        raise InputError(problems)


def replayed(config: ExperimentConfig, opened: Mapping[int, OpenLoad]) -> tuple[Replayed, ...]:
    """Return what each trace decides."""
    found = []
    for number, load in opened.items():
        trace = config.load[number].trace if number < len(config.load) else None
        if trace is not None and isinstance(load, TraceLoad):
            called = (config.source[name].function if name in config.source else name for name in load.functions)
            functions = tuple(dict.fromkeys(map(function_of, called)))
            found.append(Replayed(f"load.{number}", trace.file, load.gives, functions))
    return tuple(found)


def chosen(
    config: ExperimentConfig, opened: Mapping[int, OpenLoad], arrivals: Mapping[str, Arrivals], seed: int
) -> dict[int, OpenLoad]:
    """Return the loads, of which some arrive as policies say; raises ``InputError`` for a policy of no such load."""
    if not arrivals:
        return dict(opened)
    names = {load.name: number for number, load in opened.items() if isinstance(load, SyntheticLoad)}
    for name in arrivals:
        if name not in names:
            raise InputError.single(f"no load with an executor is named {name!r}; {hint(name, names, 'there are')}")
    chosen = {names[name]: policy for name, policy in arrivals.items()}
    return {
        number: ChosenLoad(load, chosen[number], config.load[number].start_time, seed) if number in chosen else load
        for number, load in opened.items()
    }


def scheduled(
    config: ExperimentConfig, named: Sequence[RequestSeries], seed: int, loads_end_ns: int
) -> dict[int, OpenLoad]:
    """Return the loads of schedules and warmers, by index; they end with the simulation or with the last other load."""
    ends_ns, start = config.simulation.duration or loads_end_ns, config.simulation.start
    scheduled = {name: table for name, table in config.event_sources.items() if isinstance(table, ScheduleSource)}
    found: dict[int, OpenLoad] = {}
    for number, series in enumerate(named):
        if series.made_by == "schedule":
            table = scheduled[series.label]
            found[number] = ScheduledLoad(series.name, series.label, table, ends_ns, start, seed)
        elif series.made_by == "warmer":
            found[number] = WarmerLoad(series.name, series.label, config.warmer[series.label], ends_ns)
    return found


def closed_loops(config: ExperimentConfig) -> tuple[VirtualUsers, ...]:
    """Return the loads of virtual users."""
    latest_ns = config.simulation.duration or NEVER_NS
    found = []
    for number, load in enumerate(config.load):
        if load.executor == CLOSED:
            stop_ns = latest_ns if load.duration is None else min(load.start_time + load.duration, latest_ns)
            stop_ns = max(stop_ns, load.start_time)
            found.append(VirtualUsers(number, load.vus or 0, load.start_time, stop_ns, load.think_time or NOTHING))
    return tuple(found)
