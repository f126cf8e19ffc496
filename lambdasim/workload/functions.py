"""Which functions an experiment has: those its file declares, and those only its traces name."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from lambdasim.config.anatomy import DEFAULT
from lambdasim.config.coldstart import profile, stand_in_note
from lambdasim.config.distribution import Distribution
from lambdasim.config.qualifier import LATEST, qualified
from lambdasim.config.rollouts import updates
from lambdasim.config.schema import TEMPLATE, ExperimentConfig, FunctionConfig
from lambdasim.config.suggest import hint
from lambdasim.config.versions import of_version
from lambdasim.errors import InputError, Problem
from lambdasim.units import format_duration

LOG: Final = logging.getLogger("lambdasim")

NOTHING: Final = Distribution("constant", (0.0,), text="constant(0s)")
"""No time, or no memory."""


class PlannedFunction(NamedTuple):
    """A function of the experiment, and whether its file declares it or a trace brought it."""

    name: str
    config: FunctionConfig
    declared: bool
    init: Distribution
    """Of Init Duration: as given, else that of the runtime; with SnapStart of Restore Duration."""
    placement: Distribution
    """Of the time before it: as given, else that of the runtime, else none."""
    function: str = ""
    """Name of the function that it is a version or an update of; "" where it is all of one."""
    version: str = ""
    """Its version, where the function has any."""
    since_ns: int = 0
    """When the function is updated to it, where it is an update in place."""

    @property
    def of(self) -> str:
        """Name of the function."""
        return self.function or self.name

    @property
    def label(self) -> str:
        """By which results tell of it: updates in place are the same version."""
        return qualified(self.of, self.version) if self.version else self.of


def planned_functions(
    config: ExperimentConfig, traced: Mapping[int, Sequence[str]], overrides: Mapping[str, Mapping[str, Any]]
) -> tuple[PlannedFunction, ...]:
    """Return the declared functions in the order of the file, then those that only traces name, sorted.

    Each is followed by its published versions, and by what it is updated to in place.

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
    planned, updated = [], updates(config)
    starts: dict[int, tuple[Distribution, Distribution]] = {}  # by table, of which many functions may have the same
    for name, (key, function) in functions.items():
        for own, version, since_ns, table in _forms(name, function, updated.get(name, ())):
            if table.init is None and (note := stand_in_note(table.runtime)) is not None:
                LOG.info("function.%s.runtime: %s", key, note)
            try:
                if id(table) not in starts:
                    starts[id(table)] = _cold_start(table, f"function.{key}.runtime")
                init, placement = starts[id(table)]
            except InputError as error:
                problems += error.problems
                continue
            of = "" if own == name and not version else name
            planned.append(PlannedFunction(own, table, key != TEMPLATE, init, placement, of, version, since_ns))
    if problems:
        raise InputError(list(dict.fromkeys(problems)))
    return tuple(planned)


def _forms(
    name: str, function: FunctionConfig, updated: Sequence[tuple[int, FunctionConfig]]
) -> Iterator[tuple[str, str, int, FunctionConfig]]:
    """Yield a function, its versions and what it is updated to: name, version, since when, and table."""
    latest = LATEST if function.version else ""
    yield name, latest, 0, _unpublished(function) if latest else function
    for number in function.version:
        table = of_version(function, number)
        holders = [alias.provisioned for alias in function.alias.values()]
        if table.provisioned is None and (held := next(filter(None, holders), None)) is not None:
            table = table.model_copy(update={"provisioned": held})  # for whenever an alias leads to it
        yield qualified(name, number), number, 0, table
    for at_ns, table in updated:
        yield f"{name} from {format_duration(at_ns)} on", latest, at_ns, _unpublished(table) if latest else table


def _unpublished(function: FunctionConfig) -> FunctionConfig:
    """Return what is not published of a function with versions: SnapStart is theirs (DG:snapstart, 2026-11-23)."""
    return function.model_copy(update={"snapstart": False}) if function.snapstart else function


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
        init, usual = profile(str(config.runtime), config.package, config.architecture, config.memory, path=path)
        placement = config.placement or usual
    if parts.vpc:
        placement = placement.later(parts.vpc_delay)
    if config.snapstart:
        return parts.restore, placement  # package and extensions were loaded before the snapshot
    return init.later(parts.load_ns(config.package) + parts.extensions * parts.extension_init), placement
