"""Proposals of optuna, whose guesses get better with what is known, for what one knob at a time does not find."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from lambdasim.planning.knobs import Places, Score
from lambdasim.workload.random_streams import stream_key

TRIALS: Final = 40
FAILED: Final = 1e6
"""What a candidate that fails is told to cost, in terms of the largest cost that passes, before its miss."""


def proposed(lengths: Sequence[int], seed: int, known: Callable[[], Mapping[Places, Score]]) -> Iterator[Places]:
    """Yield ``TRIALS`` candidates to be tried, which are places of knobs with ``lengths`` values each.

    ``known`` returns the scores of all that have been tried. Raises ImportError without optuna.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=stream_key(seed, "optimize") >> 32, n_startup_trials=0)
    study = optuna.create_study(sampler=sampler)
    ranges: dict[str, optuna.distributions.BaseDistribution] = {
        f"knob {i}": optuna.distributions.IntDistribution(0, length - 1) for i, length in enumerate(lengths)
    }
    told: set[Places] = set()
    for _ in range(min(TRIALS, math.prod(lengths))):
        for places, score in known().items():
            if places not in told:
                told.add(places)
                parameters = {f"knob {i}": place for i, place in enumerate(places)}
                study.add_trial(optuna.trial.create_trial(params=parameters, distributions=ranges, value=_value(score)))
        trial = study.ask(ranges)
        yield tuple(trial.params[f"knob {i}"] for i in range(len(lengths)))
        study.tell(trial, state=optuna.trial.TrialState.FAIL)  # it is told above, with all that is known


def _value(score: Score) -> float:
    if score.passes:
        return math.log1p(max(score.cost, 0.0)) - FAILED
    return min(score.miss, FAILED)
