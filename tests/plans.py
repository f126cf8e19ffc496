"""Tiny experiments whose answers are known, for the tests of planning."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Any

import lambdasim as ls

REPEATED = {"repeats": "1/min"}
"""Loads as short as these have a month only where the file says how often."""
MAXIMUM = "source.jobs.maximum_concurrency"


def clockwork(**tables: Any) -> ls.Experiment:
    """Return ten requests a second on the dot, each of exactly 0.95 s: ten at once, never more, without chance."""
    return ls.Experiment(
        functions={"f": {"duration": "constant(950ms)", "init": "constant(0s)", "memory": "512 MB"}},
        loads=[
            {
                "target": "f",
                "executor": "constant-arrival-rate",
                "process": "deterministic",
                "rate": "10/s",
                "duration": "20s",
            }
        ],
        **{"billing": REPEATED, **tables},
    )


def queue(**tables: Any) -> ls.Experiment:
    """Return 65 s of 4 messages a second, of 2 s each: 8 at once keep up, 2 take four times as long."""
    return ls.Experiment(
        functions={"f": {"duration": "constant(2s)", "init": "constant(0s)", "memory": "1024 MB", "timeout": "10s"}},
        sources={
            "jobs": {
                "type": "sqs",
                "function": "f",
                "batch_size": 1,
                "visibility_timeout": "1min",
                "maximum_concurrency": 2,
            }
        },
        loads=[
            {
                "target": "jobs",
                "executor": "constant-arrival-rate",
                "process": "deterministic",
                "rate": "4/s",
                "duration": "65s",
            }
        ],
        **{"simulation": {"replications": 1}, "slo": {"jobs.age": ["max < 1h"]}, **tables},
    )


def chancy(**tables: Any) -> ls.Experiment:
    """Return about 40 requests a second for ten seconds, at random, of 100 ms on average."""
    return ls.Experiment(
        functions={
            "f": {
                "duration": "exponential(mean=100ms)",
                "init": "constant(200ms)",
                "memory": "512 MB",
                "timeout": "10s",
                "cpu_share": 1.0,
            }
        },
        loads=[{"target": "f", "executor": "poisson", "rate": "40/s", "duration": "10s"}],
        **{"billing": REPEATED, **tables},
    )


class Backwards(Executor):
    """Does everything at once, in the wrong order, when the first result is asked for."""

    workers = 2

    def __init__(self) -> None:
        self._waiting: list[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]] = []
        self.done = 0

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        self._waiting.append((future, function, arguments))
        if len(self._waiting) == 2:
            self._flush()
        return future

    def _flush(self) -> None:
        for future, function, arguments in reversed(self._waiting):
            future.set_result(function(*arguments))
            self.done += 1
        self._waiting.clear()


def verdicts(frame: Any, path: str) -> dict[Any, str]:
    """Return the verdict of each value of a path."""
    return dict(zip(frame[path], frame["verdict"], strict=True))


def values(results: Sequence[Sequence[dict[str, Any]]]) -> list[list[int]]:
    """Return how many requests each replication of each point had."""
    return [[one["account"]["requests"] for one in point] for point in results]
