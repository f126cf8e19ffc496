"""Many knobs at once: candidates proposed by optuna, whose guesses get better with what it has seen."""

import math
from collections.abc import Callable, Sequence
from typing import Final

from lambdasim.errors import MissingExtra
from lambdasim.planning.knobs import Score
from lambdasim.workload.streams import stream_key

TRIALS: Final = 60
FAILED: Final = 1e6
"""What a candidate that fails is told to cost, in terms of the largest cost that passes, before its miss."""


def best_of_many(lengths: Sequence[int], ask: Callable[[tuple[int, ...]], Score], seed: int) -> int:
    """Ask for the score of at most ``TRIALS`` candidates, which are places of knobs with ``lengths`` values each.

    Return how many were proposed. Raises :class:`MissingExtra` without optuna.
    """
    try:
        import optuna
    except ImportError:
        raise MissingExtra.single("This needs optuna: pip install '.[optimize]'") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=stream_key(seed, "optimize") >> 32)
    study = optuna.create_study(sampler=sampler)
    first = dict(enumerate(length - 1 for length in lengths))
    study.enqueue_trial({f"knob {i}": place for i, place in first.items()})

    def value(trial: "optuna.Trial") -> float:
        places = tuple(trial.suggest_int(f"knob {i}", 0, length - 1) for i, length in enumerate(lengths))
        score = ask(places)
        if score.passes:
            return math.log1p(max(score.cost, 0.0)) - FAILED
        return min(score.miss, FAILED)

    trials = min(TRIALS, math.prod(lengths))
    study.optimize(value, n_trials=trials)
    return trials
