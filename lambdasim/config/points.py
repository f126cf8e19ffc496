"""Points of a search: an experiment with other values at some paths, or under a scaled load. Simulates nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice, product
from typing import Any, Final

from lambdasim.config.call import shortened, value_in_words
from lambdasim.config.load import LoadedExperiment, with_values
from lambdasim.config.origins import Problems
from lambdasim.config.positions import dotted
from lambdasim.config.schema import ExperimentConfig
from lambdasim.config.sweep import LOAD_SCALE, Sweep, candidates
from lambdasim.errors import InputError
from lambdasim.units import format_rate

CHECKED: Final = 400
"""So many points of a sweep are made when its file is checked; of a larger one each value is tried alone."""

_NOT_SIMULATED: Final = (
    "name",
    "question",
    "version",
    "slo",
    "sweep",
    "optimize",
    "answer",
    "output.",
    "simulation.replications",
    "simulation.confidence",
    "simulation.engine",
)


def without_searches(experiment: LoadedExperiment) -> LoadedExperiment:
    """Return the experiment that the points of a search vary: without ``[sweep]``, ``[optimize]`` and ``[answer]``."""
    left = ("sweep", "optimize", "answer")
    raw = {key: value for key, value in experiment.raw.items() if key not in left}
    config = experiment.config.model_copy(update=dict.fromkeys(left))
    return replace(experiment, raw=raw, config=config)


def with_point(base: LoadedExperiment, values: Mapping[str, Any]) -> LoadedExperiment:
    """Return ``base`` with ``values`` at their paths, and its loads scaled by that of ``load.scale``.

    Raises ``InputError`` when it cannot take them.
    """
    changes = {path: value for path, value in values.items() if path != LOAD_SCALE}
    changed = with_values(base, changes) if changes else base
    factor = values.get(LOAD_SCALE, 1)
    if isinstance(factor, bool) or not isinstance(factor, int | float) or not 0 < factor < 1e9:
        raise InputError.single(f"{shortened(repr(factor))} is not a factor above zero", path=LOAD_SCALE)
    return with_values(changed, _scaled(changed.config, factor)) if factor != 1 else changed


def _scaled(config: ExperimentConfig, factor: float) -> dict[str, Any]:
    """Return the changes that multiply what every load sends; virtual users are rounded, one at least stays."""
    changes: dict[str, Any] = {}
    for index, load in enumerate(config.load):
        at = f"load.{index}"
        for key in ("rate", "start_rate", "peak", "spike_rate"):
            if getattr(load, key) and key in load.model_fields_set:
                changes[f"{at}.{key}"] = format_rate(getattr(load, key) * factor)
        if load.rates is not None:
            changes[f"{at}.rates"] = [format_rate(rate * factor) for rate in load.rates]
        for number, stage in enumerate(load.stages or ()):
            changes[f"{at}.stages.{number}.target"] = format_rate(stage.target * factor)
        if load.vus is not None:
            changes[f"{at}.vus"] = max(1, round(load.vus * factor))
        if load.trace is not None:
            changes[f"{at}.trace.scale"] = load.trace.scale * factor
    return changes


def listed_points(sweep: Sweep) -> Iterator[dict[str, Any]]:
    """Yield the points of a ``grid``, its last path changing fastest, or of a ``list``."""
    knobs = [knob.listed for knob in sweep.over.values()]
    together = product(*knobs) if sweep.design == "grid" else zip(*knobs, strict=True)
    for values in together:
        yield dict(zip(sweep.over, values, strict=True))


def check_searches(experiment: LoadedExperiment) -> LoadedExperiment:
    """Return ``experiment``; raises ``InputError`` with every value of its searches that it cannot take."""
    config = experiment.config
    if config.sweep is None and config.optimize is None:
        return experiment
    problems = Problems(experiment.origins)
    for section, search in (("sweep", config.sweep), ("optimize", config.optimize)):
        for path in search.over if search is not None else ():
            if path.startswith(_NOT_SIMULATED):
                problems.add((section, "over", path), "does not change what is simulated, so every point is the same")
    problems.raise_if_any()
    base = without_searches(experiment)
    if config.sweep is not None:
        alone = any(knob.is_span for knob in config.sweep.over.values()) or config.sweep.size > CHECKED
        points = _each_alone(config) if alone else listed_points(config.sweep)
        for values in points:
            _check_point("sweep", base, values, problems)
    if config.optimize is not None:
        for path, knob in config.optimize.over.items():
            tried = candidates(knob)
            if all(_refusal(base, {path: value}) is not None for value in (tried[-1], tried[0])):
                _check_point("optimize", base, {path: tried[-1]}, problems)
    problems.raise_if_any()
    return experiment


def _each_alone(config: ExperimentConfig) -> Iterator[dict[str, Any]]:
    assert config.sweep is not None
    for path, knob in config.sweep.over.items():
        for value in knob.ends if knob.is_span else islice(knob.listed, CHECKED):
            yield {path: value}


def _check_point(section: str, base: LoadedExperiment, values: Mapping[str, Any], problems: Problems) -> None:
    error = _refusal(base, values)
    for problem in error.problems if error is not None else ():
        blamed = next((path for path in values if problem.path in (path, _written(path))), None)
        if blamed is None:
            blamed = next(iter(values))
            said = f"with {told(values)}: {problem.path or 'the experiment'}: {problem.message}"
        else:
            said = problem.message
        problems.add((section, "over", blamed), said)


def _refusal(base: LoadedExperiment, values: Mapping[str, Any]) -> InputError | None:
    try:
        with_point(base, values)
    except InputError as error:
        return error
    return None


def _written(path: str) -> str:
    from lambdasim.config.overrides import split_path

    try:
        return dotted(split_path(path))
    except InputError:
        return path


def told(values: Mapping[str, Any]) -> str:
    """Return a point in words: ``function.api.memory = 512 MB, account.concurrency = 40``."""
    return ", ".join(f"{path} = {shortened(value_in_words(value))}" for path, value in values.items())
