"""What versions, aliases and updates come to over time: the weights of each alias, and the code of each function."""

from collections.abc import Iterator
from typing import Final

from lambdasim.config.function import FunctionConfig
from lambdasim.config.positions import Path
from lambdasim.config.schema import TEMPLATE, ExperimentConfig

CODE: Final = (
    "runtime", "package", "architecture", "memory", "timeout", "duration", "duration_memory", "cpu_share", "threads",
    "memory_used", "init", "placement", "errors", "crashes", "ephemeral_storage", "per_record", "logs",
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
    """Return the weights of an alias at the start and whenever they are set, with the time of each."""
    return list(_weights(config, function, alias))


def _weights(config: ExperimentConfig, function: str, alias: str) -> Iterator[tuple[int, Shares]]:
    before = config.function[function].alias[alias].weights
    yield 0, before
    for moment in config.moments:
        weights = moment.config.function[function].alias[alias].weights
        if weights != before:
            yield moment.at_ns, weights
            before = weights
