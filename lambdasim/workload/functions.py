"""Which functions an experiment has: those its file declares, and those only its traces name."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lambdasim.config.anatomy import DEFAULT
from lambdasim.config.coldstart import profile, stand_in_note
from lambdasim.config.distribution import Distribution
from lambdasim.config.schema import TEMPLATE, ExperimentConfig, FunctionConfig
from lambdasim.config.suggest import hint
from lambdasim.errors import InputError, Problem

LOG: Final = logging.getLogger("lambdasim")

NOTHING: Final = Distribution("constant", (0.0,), text="constant(0s)")
"""No time, or no memory."""


@dataclass(frozen=True, slots=True)
class PlannedFunction:
    """A function of the experiment, and whether its file declares it or a trace brought it."""

    name: str
    config: FunctionConfig
    declared: bool
    init: Distribution
    """Of Init Duration: as given, else that of the runtime; with SnapStart of Restore Duration."""
    placement: Distribution
    """Of the time before it: as given, else that of the runtime, else none."""


def planned_functions(
    config: ExperimentConfig, traced: Mapping[int, Sequence[str]], overrides: Mapping[str, Mapping[str, Any]]
) -> tuple[PlannedFunction, ...]:
    """Return the declared functions in the order of the file, then those that only traces name, sorted.

    ``traced`` holds the names in the trace of each load that is one, by the load's index. The functions of a trace
    are made from the template ``[function."*"]`` and what their trace says of them in ``overrides``. Raises
    ``InputError`` when a trace names a function that is not declared and there is no template, and when nothing is
    known of the cold starts of a runtime.
    """
    declared = {name: function for name, function in config.function.items() if name != TEMPLATE}
    template = config.function.get(TEMPLATE)
    strangers = {number: [n for n in dict.fromkeys(names) if n not in declared] for number, names in traced.items()}
    problems = []
    functions = {name: (name, function) for name, function in declared.items()}
    if template is not None:
        for name in sorted({name for names in strangers.values() for name in names}):
            functions[name] = TEMPLATE, _made(template, overrides.get(name, {}))
    else:
        problems = [_undeclared(config, number, names) for number, names in strangers.items() if names]
    planned = []
    for name, (key, function) in functions.items():
        try:
            init, placement = _cold_start(function, f"function.{key}.runtime")
            planned.append(PlannedFunction(name, function, key != TEMPLATE, init, placement))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(list(dict.fromkeys(problems)))
    return tuple(planned)


def _undeclared(config: ExperimentConfig, number: int, names: Sequence[str]) -> Problem:
    trace = config.load[number].trace
    others = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
    known = [name for name in (*config.function, *config.source) if name != TEMPLATE]
    remedy = hint(names[0], known, "it declares")
    remedy += " Or" if remedy.endswith("?") else "; or"
    message = (
        f"the trace names the function '{names[0]}'{others}, which the experiment does not declare; "
        f'{remedy} make functions for all names with a table [function."{TEMPLATE}"]'
    )
    return Problem(trace.file if trace else None, None, f"load.{number}.trace", message)


def _made(template: FunctionConfig, override: Mapping[str, Any]) -> FunctionConfig:
    """Return the template with what a trace says; a duration belongs to the memory it is given with."""
    update = dict(override)
    if "memory" in update:
        update["duration_memory"] = None if "duration" in update else template.duration_memory or template.memory
    return template.model_copy(update=update) if update else template


def _cold_start(config: FunctionConfig, path: str) -> tuple[Distribution, Distribution]:
    """Return the distributions of Init Duration, with SnapStart of a restore, and of placement."""
    parts = config.cold_start or DEFAULT
    if config.init is not None:
        init, placement = config.init, config.placement or NOTHING
    else:
        if (note := stand_in_note(config.runtime)) is not None:
            LOG.info("%s: %s", path, note)
        init, usual = profile(str(config.runtime), config.package, config.architecture, config.memory, path=path)
        placement = config.placement or usual
    if parts.vpc:
        placement = placement.later(parts.vpc_delay)
    if config.snapstart:
        return parts.restore, placement  # package and extensions were loaded before the snapshot
    return init.later(parts.load_ns(config.package) + parts.extensions * parts.extension_init), placement
