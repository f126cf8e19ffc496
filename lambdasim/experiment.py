"""Experiments: a question about an account, ready to be run. The composition root of the package."""

import html
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

from lambdasim.config.load import LoadedExperiment, config_from_dict, load_config, with_values
from lambdasim.config.schema import ExperimentConfig, LoadConfig
from lambdasim.errors import InputError
from lambdasim.planning.replicate import replicate
from lambdasim.result import Result
from lambdasim.simulate import Progress

__all__ = ["Experiment", "Progress", "load_experiment"]

OnProgress = Callable[[Progress], None]


class Experiment:
    """An experiment, as an experiment file describes it; every TOML key is a keyword of the same name.

    ``functions``, ``sources`` and ``loads`` hold the tables ``[function.NAME]``, ``[source.NAME]`` and ``[[load]]``,
    as models (:class:`lambdasim.Function`, …) or as dictionaries; the other keywords are the tables of their names.
    Raises :class:`lambdasim.InputError` with every problem at once.
    """

    def __init__(
        self,
        *,
        functions: Mapping[str, Any],
        loads: Sequence[Any],
        sources: Mapping[str, Any] | None = None,
        **tables: Any,
    ) -> None:
        if isinstance(loads, Mapping | LoadConfig):
            raise InputError.single("is not a list; write loads=[...]", path="loads")
        raw = {"function": functions, "load": list(loads), **({"source": sources} if sources else {}), **tables}
        self._loaded = config_from_dict(raw)

    @classmethod
    def _of(cls, loaded: LoadedExperiment) -> "Experiment":
        experiment = cls.__new__(cls)
        experiment._loaded = loaded
        return experiment

    @property
    def config(self) -> ExperimentConfig:
        """Every value of the experiment, defaults included, in base units."""
        return self._loaded.config

    def to_toml(self) -> str:
        """Return the experiment as the text of a file that :func:`load_experiment` reads to an equal experiment."""
        return self._loaded.to_toml()

    def with_(self, changes: Mapping[str, Any]) -> "Experiment":
        """Return the experiment with the values at dotted paths replaced, as by ``--set PATH=VALUE``."""
        return Experiment._of(with_values(self._loaded, changes))

    def run(
        self,
        *,
        seed: int | None = None,
        replications: int | Mapping[str, Any] | None = None,
        engine: str | None = None,
        executor: Executor | None = None,
        progress: OnProgress | None = None,
    ) -> Result:
        """Simulate the experiment and return the result; the arguments take the place of ``[simulation]``'s.

        ``replications`` is a number, or a table ``{"min": 5, "max": 40, "until": "checkout.latency.p99 ±5%"}``. Several
        are simulated by ``executor``, any of :mod:`concurrent.futures` or a cluster's, here without one; the result is
        the same. ``progress`` is called every few thousand requests, with an executor about every tenth of a second.
        When it raises :class:`lambdasim.errors.Interrupted`, so does this method, with the result so far as
        ``partial``.
        """
        given = {"seed": seed, "replications": replications, "engine": engine}
        changes = {f"simulation.{key}": value for key, value in given.items() if value is not None}
        loaded = with_values(self._loaded, changes) if changes else self._loaded
        return replicate(loaded, executor, progress)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.to_toml())}</pre>"

    def __repr__(self) -> str:
        config = self.config
        return f"<Experiment {config.name!r}: functions: {len(config.function)}, loads: {len(config.load)}>"


def load_experiment(path: str | os.PathLike[str], overrides: Sequence[tuple[str, str]] = ()) -> Experiment:
    """Read an experiment file; ``overrides`` are ``(dotted path, value)`` as given by ``--set PATH=VALUE``.

    Raises :class:`lambdasim.InputError` with every problem of the file at once.
    """
    return Experiment._of(load_config(path, overrides))
