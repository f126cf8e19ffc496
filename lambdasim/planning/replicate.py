"""Replications of one experiment: so many, or until a precision is reached, here or by an executor.

How many there are, and what they say, depends on the experiment alone and not on who simulates them: under a rule the
result is of the first replications that satisfy it, whatever others had been done meanwhile. To stop when an interval
is narrow favours intervals that are too narrow, so the rule is to hold for several numbers of replications in a row.
"""

import logging
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from lambdasim.config.load import LoadedExperiment
from lambdasim.config.notes import unwritten
from lambdasim.config.replications import IN_A_ROW, Until, few_replications, least
from lambdasim.engine import advise
from lambdasim.errors import InputError, Interrupted
from lambdasim.measurements import measurements
from lambdasim.metrics.estimate import estimate
from lambdasim.metrics.steadiness import warning_of
from lambdasim.pace import Progress
from lambdasim.planning.executors import run_all
from lambdasim.planning.local import LocalPool
from lambdasim.policies.chosen import NO_POLICIES, Policies
from lambdasim.report.precision import Precision
from lambdasim.result import Result
from lambdasim.scenario import planned
from lambdasim.simulate import RunOutcome, counted, simulate
from lambdasim.workload.random_streams import stream_key

LOG: Final = logging.getLogger("lambdasim")

OnProgress = Callable[[Progress], None]

TRIAL_S: Final = 0.7
"""What processes of our own cost to start. What is done here sooner needs none."""


def replication_seed(seed: int, replication: int) -> int:
    """Return the seed of a replication; the first (0) runs with the experiment's own seed."""
    return seed if replication == 0 else stream_key(seed, "replication", str(replication)) >> 1


def replicate(
    experiment: LoadedExperiment,
    executor: Executor | None = None,
    progress: OnProgress | None = None,
    *,
    scratch: Path | None = None,
    others: int = 0,
    threads: int | None = None,
    policies: Policies = NO_POLICIES,
) -> Result:
    """Simulate the replications that an experiment asks for and return their result.

    ``scratch`` is the folder that a log of requests is gathered in, the system's temporary one by default. ``others``
    is about how many requests the same command has besides, which counts for ``auto``. ``threads`` are those of
    each simulation, by default as many as help; of one in a process of an executor, one. ``policies`` are those of the
    user's own; with any, all is simulated in this process.

    ``progress`` is called now and then. When it raises :class:`Interrupted`, so does this, with the result of the
    replications that were finished as ``partial``; if none was, of what was simulated of the first, or None. Warns
    when the warm-up is shorter than what the run took to settle.
    """
    for note in unwritten(experiment.config):
        LOG.info("%s", note)
    first = Replication(experiment, 0, scratch, others, threads, policies)
    executor = None if policies != NO_POLICIES else executor
    result = _Replicating(first, executor, progress).result()
    wanted = experiment.config.simulation.replications
    if isinstance(wanted, Until) and (few := few_replications(wanted)) is not None:
        warnings.warn(few, UserWarning, stacklevel=3)
    advise(result.engine)
    warning = warning_of(result.steadiness, result.config)
    if warning is not None:
        warnings.warn(warning, UserWarning, stacklevel=3)
    return result


def expected_requests(experiment: LoadedExperiment) -> int:
    """Return about how many requests all replications of an experiment have; of many, that ``auto`` has enough.

    Raises :class:`InputError` for what it names and cannot be used.
    """
    config = experiment.config
    try:
        return round(counted(*planned(config, config.simulation.seed), least(config.simulation.replications)))
    except InputError as error:
        raise experiment.located(error) from None


@dataclass(frozen=True, slots=True)
class Replication:
    """One of them, to be simulated by whoever takes it."""

    experiment: LoadedExperiment
    number: int
    scratch: Path | None = None
    others: int = 0
    threads: int | None = None
    policies: Policies = NO_POLICIES

    def simulate(self, progress: OnProgress | None = None) -> RunOutcome:
        """Simulate it. The first one has the request log, if there is to be one."""
        config = self.experiment.config
        seed = replication_seed(config.simulation.seed, self.number)
        try:
            return simulate(
                config,
                seed,
                progress,
                keep_requests=self.number == 0,
                scratch=self.scratch,
                similar_runs=least(config.simulation.replications),
                others=self.others,
                threads=self.threads,
                policies=self.policies,
            )
        except InputError as error:
            raise self.experiment.located(error) from None


def outcome_of(replication: Replication) -> RunOutcome:
    """Return what a replication comes to: the task of an executor's workers."""
    return replace(replication, threads=replication.threads or 1).simulate()


class _Replicating:
    """The replications of one experiment, on the way."""

    def __init__(self, first: Replication, executor: Executor | None, progress: OnProgress | None) -> None:
        self._first, self._experiment = first, first.experiment
        self._executor = executor
        wanted = self._experiment.config.simulation.replications
        self._most = wanted.most if isinstance(wanted, Until) else wanted
        self._shown = _Shown(progress, self._most)
        self._outcomes: list[RunOutcome] = []
        self._measured: list[dict[str, Any]] = []

    def result(self) -> Result:
        """Return the result, after as many rounds as it takes."""
        if isinstance(self._executor, LocalPool) and not self._is_worth_processes():
            self._executor = None
        wanted = self._experiment.config.simulation.replications
        if not isinstance(wanted, Until):
            self._extend_to(wanted)
            return Result(self._experiment, self._outcomes)
        count, in_a_row = wanted.least, 0
        while True:
            self._extend_to(count)
            for number in range(len(self._measured) + 1, len(self._outcomes) + 1):
                precision = self._precision(wanted, number)
                in_a_row = in_a_row + 1 if precision.reached else 0
                if number == wanted.most or (number >= wanted.least and in_a_row >= IN_A_ROW):
                    return Result(self._experiment, self._outcomes[:number], precision)
            count = min(wanted.most, count + self._round())

    def _round(self) -> int:
        """Return how many to do before the rule is looked at again: as many as are done at once."""
        return 1 if self._executor is None else getattr(self._executor, "workers", 4)

    def _precision(self, wanted: Until, number: int) -> Precision:
        """Return how precise the first ``number`` replications are."""
        config = self._experiment.config
        self._measured.append(measurements(self._outcomes[number - 1], config))
        loads = (load.name for load in config.load if load.name is not None)
        path, statistic = wanted.statistic(config.callables, (*config.types, *loads), config.types)
        return Precision(wanted, estimate(path, statistic, self._measured, config.simulation.confidence))

    def _is_worth_processes(self) -> bool:
        """Begin here; say whether what is left is worth the start of processes. One that takes long is given up."""
        too_long = False
        begin = time.perf_counter()

        def until_long(own: Progress) -> None:
            nonlocal too_long
            self._shown.within(own)
            if own.fraction < 1 and time.perf_counter() - begin > TRIAL_S:
                too_long = True
                raise Interrupted("worth processes")

        if self._most == 1:
            return False
        outcome = self._first.simulate(until_long)
        if too_long:
            return True
        self._take(outcome)
        return (self._most - 1) * outcome.wall_s > TRIAL_S

    def _extend_to(self, count: int) -> None:
        """Simulate until there are ``count`` replications; raises :class:`Interrupted` with what there is."""
        tasks = [replace(self._first, number=number) for number in range(len(self._outcomes), count)]
        if self._executor is None:
            for task in tasks:
                self._take(task.simulate(self._shown.within if self._shown.is_watched else None))
            return
        try:
            self._outcomes += run_all(tasks, self._executor, outcome_of, self._one_more, self._shown.again)
        except Interrupted as stop:
            self._outcomes += [outcome for outcome in stop.partial if outcome is not None]
            raise self._interrupted(self._outcomes) from None

    def _take(self, outcome: RunOutcome) -> None:
        """Keep an outcome of this process; raises :class:`Interrupted` when it was cut."""
        if not outcome.complete:
            raise self._interrupted(self._outcomes or [outcome])
        self._outcomes.append(outcome)
        self._shown.count(outcome)

    def _one_more(self, _index: int, outcome: RunOutcome) -> None:
        self._shown.count(outcome)
        self._shown.again()

    def _interrupted(self, kept: Sequence[RunOutcome]) -> Interrupted:
        return Interrupted("interrupted", partial=Result(self._experiment, kept) if kept else None)


class _Shown:
    """Progress of one replication, or of how many are done, as progress of all of them."""

    def __init__(self, progress: OnProgress | None, most: int) -> None:
        self.is_watched = progress is not None
        self._progress = progress or (lambda _: None)
        self._most = most
        self._begin = time.perf_counter()
        self._done = self._requests = 0
        self._simulated_s = 0.0

    def count(self, outcome: RunOutcome) -> None:
        """Take note that one is done."""
        self._done += 1
        self._requests += sum(usage.requests for usage in outcome.measured.usage.values())
        self._simulated_s = outcome.simulated_ns / 1e9

    def within(self, own: Progress) -> None:
        """Show the progress of the one that is simulated in this process."""
        if self._most == 1:
            self._progress(own)
        else:
            self._show(self._done + own.fraction, own.simulated_s, self._requests + own.invocations)

    def again(self) -> None:
        """Show how many are done."""
        self._show(self._done, self._simulated_s, self._requests)

    def _show(self, done: float, simulated_s: float, requests: int) -> None:
        lasted_s = time.perf_counter() - self._begin
        fraction = done / self._most
        eta_s = lasted_s * (1 - fraction) / fraction if fraction > 0.01 else None
        self._progress(Progress(fraction, simulated_s, requests, requests / lasted_s, eta_s))
