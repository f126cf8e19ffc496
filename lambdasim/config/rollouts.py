"""What versions, aliases and updates come to over time: the weights of each alias, and the code of each function."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from lambdasim.config.change import Change
from lambdasim.config.deployments import sets_weights, shifts
from lambdasim.config.function import FunctionConfig
from lambdasim.config.positions import Path
from lambdasim.config.qualifier import qualified
from lambdasim.config.schema import TEMPLATE, ExperimentConfig
from lambdasim.model.aliases import WHOLE_Q24
from lambdasim.units import NS_PER_S

CODE: Final = (
    "runtime", "package", "architecture", "memory", "timeout", "duration", "duration_memory", "cpu_share", "threads",
    "memory_used", "init", "placement", "errors", "crashes", "ephemeral_storage", "per_record", "logs", "snapstart",
    "cold_start", "uses", "calls",
)  # fmt: skip
"""Keys of a function that belong to its code and configuration: another value is an update, after which no environment
of before is used (Developer Guide, configuration-versions and functions-states, 2026)."""

CODE_PATHS: Final[tuple[Path, ...]] = tuple(("function", "*", key) for key in CODE)

Shares = dict[str, float]
"""By version."""


def updates(config: ExperimentConfig) -> dict[str, list[tuple[int, FunctionConfig]]]:
    """Return when functions are updated in place, in order of time, and what each is from then on."""
    found: dict[str, list[tuple[int, FunctionConfig]]] = {}
    before = config
    for moment in config.moments:
        for name, function in moment.config.function.items():
            old = before.function.get(name, function)
            if name != TEMPLATE and any(getattr(old, key) != getattr(function, key) for key in CODE):
                found.setdefault(name, []).append((moment.at_ns, function))
        before = moment.config
    return found


def weights_over_time(config: ExperimentConfig, function: str, alias: str) -> list[tuple[int, Shares]]:
    """Return the weights of an alias at the start and whenever they change, with the time of each, in order of time.

    They change when they are set, and with each step of a deployment that nothing rolls back.
    """
    found = [(at_ns, 0, weights) for at_ns, weights in _set(config, function, alias)]
    name = qualified(function, alias)
    for change in sorted(
        (one for one in config.change if one.deploy is not None and one.deploy.alias == name),
        key=lambda one: begins_ns(one, config.simulation.start),
    ):
        assert change.deploy is not None
        at_ns, version = begins_ns(change, config.simulation.start), str(change.deploy.version)
        before = max((one for one in found if one[0] < at_ns or one[0] == 0), key=lambda one: one[:2])[2]
        old = next((own for own, share in before.items() if share > 0 and own != version), version)
        for after_ns, weight in shifts(change.deploy):
            new = weight / WHOLE_Q24
            found.append((at_ns + after_ns, 1, {old: 1 - new, version: new} if new < 1 else {version: 1.0}))
    return [(at_ns, weights) for at_ns, _, weights in sorted(found, key=lambda one: one[:2])]


def _set(config: ExperimentConfig, function: str, alias: str) -> Iterator[tuple[int, Shares]]:
    before = config.function[function].alias[alias].weights
    yield 0, before
    setting = [one for one in config.change if sets_weights(one, function, alias)]
    again = {begins_ns(one, config.simulation.start) for one in setting}  # as a deployment may have shifted them
    for moment in config.moments:
        weights = moment.config.function[function].alias[alias].weights
        if weights != before or moment.at_ns in again:
            yield moment.at_ns, weights
            before = weights


def begins_ns(change: Change, start: datetime | None) -> int:
    """Return when a change begins, from the start of the experiment."""
    return change.time if change.time is not None else after_ns(change.at, start)


def after_ns(when: int | datetime | None, start: datetime | None) -> int:
    """Return how long a time is after the start of the experiment."""
    if isinstance(when, datetime):
        assert start is not None
        return round((when - start).total_seconds() * NS_PER_S)
    assert when is not None
    return when
