"""What an experiment names by its metrics: objectives, what replications are to make precise, and what is minimized."""

from typing import Any

from lambdasim.config.metric_path import MetricPath
from lambdasim.config.origins import Problems
from lambdasim.config.replications import Until
from lambdasim.config.schema import Optimize, Simulation
from lambdasim.config.slo import SloExpression, find_metric
from lambdasim.config.sweep import candidates
from lambdasim.config.validate import Names


def check_precision(
    simulation: Simulation, names: Names, load_names: list[str], types: dict[str, str], problems: Problems
) -> None:
    """Check that what replications are to make precise is measured."""
    if isinstance(simulation.replications, Until):
        try:
            simulation.replications.statistic(names.measured, (*names.sources, *load_names, *types), types)
        except ValueError as error:
            problems.add(("simulation", "replications"), f"until: {error}")


def read_objectives(
    tables: Any, names: Names, load_names: list[str], types: dict[str, str], problems: Problems
) -> dict[str, tuple[SloExpression, ...]]:
    """Return the objectives by path."""
    if not isinstance(tables, dict):
        problems.add(("slo",), 'is not a table; write [slo] and "NAME.latency" = ["p99 < 800ms"]')
        return {}
    found, others = {}, dict.fromkeys((*names.sources, *load_names, *types))
    for path, texts in tables.items():
        if isinstance(texts, dict):
            inner = next(iter(texts), "latency")
            problems.add(("slo", path), f'is a table; write the whole name in quotes: "{path}.{inner}" = [...]')
            continue
        if not isinstance(texts, list) or not texts:
            problems.add(("slo", path), 'is not a list of objectives such as ["p99 < 800ms"]')
            continue
        try:
            metric = find_metric(path, names.measured, others, types)
        except ValueError as error:
            problems.add(("slo", path), str(error))
            continue
        expressions = []
        for index, text in enumerate(texts):
            try:
                expressions.append(SloExpression.parse(text, metric))
            except ValueError as error:
                problems.add(("slo", path, str(index)), str(error))
        found[path] = tuple(expressions)
    return found


def check_optimize(
    optimize: Optimize, names: Names, load_names: list[str], types: dict[str, str], problems: Problems
) -> None:
    """Check that what is minimized exists, and that every knob has candidates."""
    try:
        MetricPath.parse(optimize.minimize, names.measured, (*names.sources, *load_names, *types), types)
    except ValueError as error:
        problems.add(("optimize", "minimize"), str(error))
    for path, knob in optimize.over.items():
        try:
            candidates(knob)
        except ValueError as error:
            problems.add(("optimize", "over", path), str(error))
