"""Experiments: a question about an account, ready to be run. The composition root of the package."""

import html
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdasim.config.load import LoadedExperiment, config_from_dict, load_config, with_values
from lambdasim.config.schema import ExperimentConfig, LoadConfig
from lambdasim.errors import InputError
from lambdasim.pace import Progress
from lambdasim.planning.replicate import expected_requests, replicate
from lambdasim.policies.chosen import NO_POLICIES, Policies
from lambdasim.result import Result

if TYPE_CHECKING:
    from lambdasim.control.controller import Controller
    from lambdasim.planning.capacity import CapacityResult
    from lambdasim.planning.optimize import OptimizeResult
    from lambdasim.planning.points import OnPoint
    from lambdasim.planning.sensitivity import SensitivityResult
    from lambdasim.planning.sweep import SweepResult
    from lambdasim.policies.protocols import Admission, Arrivals, Eviction, IdleTimeout, Reuse

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
        self._loaded, self._policies = config_from_dict(raw), NO_POLICIES

    @classmethod
    def _of(cls, loaded: LoadedExperiment, policies: Policies = NO_POLICIES) -> "Experiment":
        experiment = cls.__new__(cls)
        experiment._loaded, experiment._policies = loaded, policies
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
        return Experiment._of(with_values(self._loaded, changes), self._policies)

    def with_policies(
        self,
        *,
        idle_timeout: "IdleTimeout | None" = None,
        reuse: "Reuse | None" = None,
        eviction: "Eviction | None" = None,
        admission: "Admission | None" = None,
        controller: "Controller | Callable[[], Controller] | None" = None,
        arrivals: "Mapping[str, Arrivals] | None" = None,
    ) -> "Experiment":
        """Return the experiment with policies of one's own in the place of Lambda's rules: see ``lambdasim.policies``.

        ``arrivals`` are those of loads, by name. A controller and arrivals run in both engines, the others in SimPy's.
        A policy that raises or returns nonsense ends the run with an ``InputError`` that has its name. Searches and
        answers know none: they raise ``InputError``. Raises ``InputError`` for what has not the method of its kind.
        """
        policies = Policies(idle_timeout, reuse, eviction, admission, controller, arrivals or {})
        return Experiment._of(self._loaded, policies)

    def run(
        self,
        *,
        seed: int | None = None,
        replications: int | Mapping[str, Any] | None = None,
        engine: str | None = None,
        executor: Executor | None = None,
        progress: OnProgress | None = None,
        others: int = 0,
        threads: int | None = None,
        scratch: str | os.PathLike[str] | None = None,
    ) -> Result:
        """Simulate the experiment and return the result; the arguments take the place of ``[simulation]``'s.

        ``replications`` is a number, or a table ``{"min": 5, "max": 40, "until": "checkout.latency.p99 ±5%"}``. Several
        are simulated by ``executor``, any of :mod:`concurrent.futures` or a cluster's, here without one; the result is
        the same. ``progress`` is called every few thousand requests, with an executor about every tenth of a second.
        When it raises :class:`lambdasim.errors.Interrupted`, so does this method, with the result so far as
        ``partial``. ``others`` is how many requests the other runs have that this one belongs to: ``auto`` counts them
        with its own. ``threads`` is how many one simulation may use, by default as many as help; the result is the
        same. Raises ``InputError`` for less than one. ``scratch`` is the folder that rows of ``output.requests`` are
        gathered in, best the one that the result is to be saved in; by default the system's temporary one.
        """
        if threads is not None and (not isinstance(threads, int) or threads < 1):
            raise InputError.single(f"a run uses a whole number of threads, at least 1, and not {threads!r}")
        given = {"seed": seed, "replications": replications, "engine": engine}
        changes = {f"simulation.{key}": value for key, value in given.items() if value is not None}
        loaded = with_values(self._loaded, changes) if changes else self._loaded
        how: dict[str, Any] = {"scratch": _path(scratch), "others": others, "threads": threads}
        if self._policies != NO_POLICIES:
            return replicate(loaded, progress=progress, policies=self._policies, **how).with_policies(self._policies)
        result = replicate(loaded, executor, progress, **how)
        if loaded.config.answer is None:
            return result
        from lambdasim.planning.answers.running import answered  # what most runs need not wait for

        return answered(loaded, result, executor, progress)

    def expected_requests(self) -> int:
        """Return about how many requests :meth:`run` will simulate; of many, that they are enough for ``auto``.

        Raises ``InputError`` for a trace that cannot be used.
        """
        return expected_requests(self._loaded)

    def sweep(
        self,
        over: Mapping[str, Any] | None = None,
        *,
        design: str | None = None,
        points: int | None = None,
        executor: "Executor | None" = None,
        cache: str | os.PathLike[str] | None = None,
        progress: "OnPoint | None" = None,
    ) -> "SweepResult":
        """Simulate every point of a design over some paths, or of the experiment's own ``[sweep]``.

        ``over`` gives each path a list of values; for the designs ``sobol`` and ``lhs`` give ``{"min": .., "max": ..}``
        and the number of ``points``. ``executor`` does the work (None: this process); ``cache`` is a folder that keeps
        what was simulated, so that a repeated sweep goes on; ``progress`` is called after each simulation.
        """
        from lambdasim.planning.sweep import sweep

        loaded = self._searching("sweep", over, design=design, points=points)
        return sweep(loaded, executor=executor, cache=_path(cache), on_progress=progress)

    def capacity(
        self,
        over: str = "load.scale",
        *,
        low: Any = None,
        high: Any = None,
        tolerance: float = 0.02,
        executor: "Executor | None" = None,
        cache: str | os.PathLike[str] | None = None,
        progress: "OnPoint | None" = None,
    ) -> "CapacityResult":
        """Seek the largest scale of the load, or the smallest quota at the path ``over``, that meets every objective.

        ``low`` and ``high`` bound the search; a scale is known to the share ``tolerance``. The others are as in
        :meth:`sweep`.
        """
        from lambdasim.planning.capacity import capacity

        self._require_no_policies("capacity")
        return capacity(
            self._loaded,
            over=over,
            low=low,
            high=high,
            tolerance=tolerance,
            executor=executor,
            cache=_path(cache),
            on_progress=progress,
        )

    def optimize(
        self,
        over: Mapping[str, Any] | None = None,
        *,
        minimize: str | None = None,
        subject_to: str | None = None,
        strategy: str | None = None,
        executor: "Executor | None" = None,
        cache: str | os.PathLike[str] | None = None,
        progress: "OnPoint | None" = None,
    ) -> "OptimizeResult":
        """Seek the values of some paths that make a metric (the month's cost) smallest and meet every objective.

        ``over`` gives each path its candidates: ``[low, high]`` of two numbers is the range between them, any other
        list or a ``range`` these values. Without it the experiment's own ``[optimize]`` counts. The others are as in
        :meth:`sweep`.
        """
        from lambdasim.planning.optimize import optimize

        loaded = self._searching("optimize", over, minimize=minimize, subject_to=subject_to, strategy=strategy)
        return optimize(loaded, executor=executor, cache=_path(cache), on_progress=progress)

    def sensitivity(
        self,
        metric: str | None = None,
        *,
        sobol: int | None = None,
        executor: "Executor | None" = None,
        cache: str | os.PathLike[str] | None = None,
        progress: "OnPoint | None" = None,
    ) -> "SensitivityResult":
        """Change each assumption about what AWS does not publish, and see what becomes of a metric.

        ``metric`` is such as ``api.latency.p99``; ``sobol``, a power of two, asks for Sobol's indices too (SALib). The
        others are as in :meth:`sweep`.
        """
        from lambdasim.planning.sensitivity import sensitivity

        self._require_no_policies("sensitivity")
        return sensitivity(
            self._loaded, metric=metric, sobol=sobol, executor=executor, cache=_path(cache), on_progress=progress
        )

    def _searching(self, section: str, over: Mapping[str, Any] | None, **keys: Any) -> LoadedExperiment:
        """Return the experiment with another ``[sweep]`` or ``[optimize]``, or with other ``keys`` in its own."""
        self._require_no_policies(section)
        given = {key: value for key, value in keys.items() if value is not None}
        if over is not None:
            return with_values(self._loaded, {section: {"over": _plain_over(over), **given}})
        changes = {f"{section}.{key}": value for key, value in given.items()}
        return with_values(self._loaded, changes) if changes else self._loaded

    def _require_no_policies(self, search: str) -> None:
        if self._policies != NO_POLICIES:
            raise InputError.single(
                f"{search} knows no policies of one's own; run the experiment for each value instead"
            )

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


def _plain_over(over: Mapping[str, Any]) -> dict[str, Any]:
    return {path: list(values) if isinstance(values, range) else values for path, values in over.items()}


def _path(folder: str | os.PathLike[str] | None) -> Path | None:
    return None if folder is None else Path(folder)
