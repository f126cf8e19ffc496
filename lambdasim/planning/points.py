"""The points of a search, simulated: each with as many replications as asked for, none of them twice.

Replication i of every point runs with the same seed, so points differ by what was changed and not by chance (common
random numbers). Knows how to simulate points, and nothing of what they are compared for.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from lambdasim.config.load import LoadedExperiment
from lambdasim.config.points import with_point, without_searches
from lambdasim.config.replications import MOST
from lambdasim.config.schema import ExperimentConfig
from lambdasim.engine import LARGE_REQUESTS, Choice, advise, choose, goes_by_size
from lambdasim.engine.compiled import supports
from lambdasim.planning.executors import Task, measure, run_all
from lambdasim.planning.local import LocalPool
from lambdasim.planning.replicate import replication_seed
from lambdasim.planning.store import Measurements, Store, keys_of
from lambdasim.scenario import outline, planned

WORTH_A_POOL_S: Final = 3.0
"""A pool of processes takes a second or two to start; less work than this is done before."""

MADE: Final = 1_000
"""So many points' experiments are kept, for a search asks for each several times."""

Values = Mapping[str, Any]
"""What a point changes: values by path."""


@dataclass(frozen=True, slots=True)
class PointProgress:
    """How far a search is."""

    done: int
    """Points that have been simulated."""
    total: int
    """Points that there will be, as far as is known."""
    eta_s: float | None
    best: str
    """The best point so far, in words; empty until there is one."""

    @property
    def fraction(self) -> float:
        """The part that is done, from 0 to 1."""
        return self.done / self.total if self.total else 1.0


OnPoint = Callable[[PointProgress], None]


class Points:
    """Simulates points of one experiment. ``store`` remembers; ``executor`` (None: this process) does the work.

    ``on_progress`` is called after each simulation; when it raises :class:`lambdasim.errors.Interrupted`, so does
    :meth:`measure`, and what was simulated stays in the store.
    """

    def __init__(
        self,
        experiment: LoadedExperiment,
        *,
        executor: Executor | None = None,
        cache: Path | None = None,
        on_progress: OnPoint | None = None,
        expected: int = 1,
    ) -> None:
        self.base = without_searches(experiment)
        self.best = ""
        self.expected = expected
        self.engine: Choice | None = None
        self.simulations = 0
        """Simulations that were not in the store."""
        self._executor, self._store, self._on_progress = executor, Store(cache), on_progress
        self._made: dict[str, LoadedExperiment] = {}
        self._contents: dict[str, str] = {}
        self._seen: set[str] = set()
        self._requests = 0
        self._spread = False

    @property
    def config(self) -> ExperimentConfig:
        """The experiment that the points vary."""
        return self.base.config

    def experiment(self, values: Values) -> LoadedExperiment:
        """Return the experiment of a point; raises ``InputError`` when there can be none."""
        name = repr(values)
        if name not in self._made:
            if len(self._made) >= MADE:
                del self._made[next(iter(self._made))]
            self._made[name] = with_point(self.base, values)
        return self._made[name]

    def measure(
        self,
        points: Sequence[Values],
        replications: int,
        on_point: Callable[[int], None] | None = None,
        *,
        fresh: int = 0,
    ) -> list[list[Measurements]]:
        """Return the measurements of the first ``replications`` of each point; ``on_point`` hears when one is done.

        ``fresh`` is the number of a set of seeds: 0 is that of the search, any other has no seed in common with it.
        """
        experiments = [self.experiment(values) for values in points]
        if self.engine is None or self.engine.used == "simpy":
            later = max(self.expected - len(self._seen), len(points)) * replications
            engine = _engine(experiments[-1].config, later, self._requests)
            if self.engine is None:
                advise(engine)
            self.engine = engine
        if self.engine.used == "compiled":
            experiments = [_compiled(experiment) for experiment in experiments]
        seeds = [_seeds(experiment, replications, fresh) for experiment in experiments]
        keys = [self._keys(values, of) for values, of in zip(points, seeds, strict=True)]
        lacking = [{key for key in of if self._store.find(key) is None} for of in keys]
        tasks: dict[str, Task] = {}
        for experiment, of, own_seeds in zip(experiments, keys, seeds, strict=True):
            for key, seed in zip(of, own_seeds, strict=True):
                if self._store.find(key) is None:
                    tasks.setdefault(key, Task(experiment, seed))
        where: dict[str, list[int]] = {}
        for number, missing in enumerate(lacking):
            for key in missing:
                where.setdefault(key, []).append(number)
            if not missing:
                self._point_done(keys[number], on_point, number)
        names = list(tasks)
        began, done = time.perf_counter(), 0

        def finished(index: int, measurements: Measurements) -> None:
            nonlocal done
            done += 1
            self.simulations += 1
            self._requests += measurements["account"]["requests"]
            self._store.keep(names[index], measurements)
            for number in where[names[index]]:
                lacking[number].discard(names[index])
                if not lacking[number]:
                    self._point_done(keys[number], on_point, number)
            # the first simulation of a process loads and perhaps compiles, so it says nothing of those to come
            pace = (time.perf_counter() - began) / done if done > 1 else None
            self._report(pace, len(names) - done, replications)

        self._run([tasks[name] for name in names], finished)
        return [[self._known(key) for key in of] for of in keys]

    def known(self, values: Values, replications: int) -> list[Measurements] | None:
        """Return the measurements of a point if all its replications have been simulated."""
        keys = self._keys(values, _seeds(self.experiment(values), replications))
        found = [self._store.find(key) for key in keys]
        return [one for one in found if one is not None] if None not in found else None

    def _keys(self, values: Values, seeds: Sequence[int]) -> list[str]:
        name = repr(values)
        if name not in self._contents:
            self._contents[name] = self._store.content(self.experiment(values).config)
        return keys_of(self._contents[name], seeds)

    def _known(self, key: str) -> Measurements:
        found = self._store.find(key)
        assert found is not None  # it has just been simulated
        return found

    def _run(self, tasks: list[Task], finished: Callable[[int, Measurements], None]) -> None:
        if not tasks:
            return
        executor, first = self._executor, 0
        if isinstance(executor, LocalPool) and not self._spread:
            began = time.perf_counter()
            finished(0, measure(tasks[0]))  # here, which tells how long one takes, and compiles once and not everywhere
            first = 1
            left = max(len(tasks) - 1, self.expected - len(self._seen))
            self._spread = (time.perf_counter() - began) * left > WORTH_A_POOL_S
            executor = executor if self._spread else None
            if self._spread:
                _prepare([task.experiment.config for task in tasks])
        run_all(
            tasks[first:],
            executor,
            on_done=lambda index, result: finished(index + first, result),
            on_wait=self._waited,
        )

    def _point_done(self, keys: Sequence[str], on_point: Callable[[int], None] | None, number: int) -> None:
        self._seen.add(keys[0])
        if on_point is not None:
            on_point(number)

    def _waited(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self._progress(None))

    def _report(self, pace_s: float | None, left: int, replications: int) -> None:
        if self._on_progress is None:
            return
        later = max(0, self.expected - len(self._seen)) * replications
        self._on_progress(self._progress(None if pace_s is None else pace_s * max(left, later)))

    def _progress(self, eta_s: float | None) -> PointProgress:
        done = len(self._seen)
        return PointProgress(done, max(done, self.expected), eta_s, self.best)


def _seeds(experiment: LoadedExperiment, replications: int, fresh: int = 0) -> list[int]:
    first = fresh * MOST  # an experiment has no more replications than that
    return [replication_seed(experiment.config.simulation.seed, first + i) for i in range(replications)]


def _compiled(experiment: LoadedExperiment) -> LoadedExperiment:
    """Return the experiment for the compiled engine, if that supports it."""
    config = experiment.config
    supported, _ = supports(outline(config))
    simulation = config.simulation.model_copy(update={"engine": "compiled"})
    return replace(experiment, config=config.model_copy(update={"simulation": simulation})) if supported else experiment


def _prepare(configs: Sequence[ExperimentConfig]) -> None:
    """Compile here what processes of their own will need, of which each would else compile it for itself."""
    from lambdasim.scenario.beginning import prepare_all

    prepare_all({id(config): config for config in configs if config.simulation.engine == "compiled"}.values())


def _engine(config: ExperimentConfig, simulations: int, simulated: int) -> Choice:
    """Return the engine for a search: ``auto`` looks at the requests of all its simulations together.

    ``simulated`` requests are behind it, and about so many ``simulations`` of ``config`` before it.
    """
    from lambdasim.scenario.beginning import begun, deciding
    from lambdasim.simulate import counted

    requested = config.simulation.engine
    if requested != "auto":
        return choose(requested)
    plan, workload = planned(config, config.simulation.seed)
    by_size = goes_by_size(requested, plan)
    large = not by_size or counted(plan, workload, simulations, simulated) >= LARGE_REQUESTS
    may_change = bool(deciding(config, plan, workload)[1])
    return begun(choose("auto", plan, large=large), requested, plan, may_change)[0]  # and so it is at hand
