"""Where chance plays a part in an experiment: which of its values are drawn at random."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

from lambdasim.config.resolved import resolved_toml
from lambdasim.config.schema import ExperimentConfig

SHARES: Final = ("errors", "crashes", "poison", "record_errors", "duplicates", "delivery_failures")
"""Keys that hold a probability."""
OF_IDLE_ENVIRONMENTS: Final = ("idle_timeout", "max_lifetime")
"""Random by default; they matter where environments stay idle for minutes."""
_DRAWN: Final = re.compile(r"(exponential\((?!base)|(lognormal|gamma|weibull|pareto|uniform|mixture|percentiles)\()")


def random_values(config: ExperimentConfig) -> list[str]:
    """Return the dotted paths of values that are drawn at random, those of idle environments aside."""
    return list(_random("", tomllib.loads(resolved_toml(config))))


def _random(path: str, value: Any) -> Iterator[str]:
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        at = f"{path}.{key}" if path else str(key)
        if key in OF_IDLE_ENVIRONMENTS:
            continue
        if isinstance(inner, dict | list):
            if isinstance(inner, dict) and "dist" in inner:
                yield at
            else:
                yield from _random(at, inner)
        elif (
            (key in SHARES and inner not in (0, 1))
            or (key == "process" and inner != "deterministic")
            or (key == "executor" and inner == "bursty")
            or (key == "within_bin" and inner == "poisson")
            or (isinstance(inner, str) and _DRAWN.match(inner))
        ):
            yield at
