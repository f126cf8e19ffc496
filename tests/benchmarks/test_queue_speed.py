"""The SimPy engine on a million messages in batches of ten: ``pytest tests/benchmarks/test_queue_speed.py -s``.

Messages are cheap and invocations cost what they cost. The ratio is that of a message in a batch of ten to the same
request straight to the function.
"""

import time
from typing import Any

import lambdasim as ls

MESSAGES = 1_000_000


def cpu_s(**tables: Any) -> float:
    """Return the CPU time of a whole run with the SimPy engine."""
    exp = ls.Experiment(
        functions={"f": {"duration": "constant(500ms)", "init": "constant(200ms)", "timeout": "30s"}},
        account={"concurrency": 100_000, "scaling": {"environments": 100_000}},
        simulation={"engine": "simpy"},
        **tables,
    )
    begin = time.process_time()
    exp.run()
    return time.process_time() - begin


def load(target: str, messages: int) -> list[dict[str, Any]]:
    """Return a load of messages at 100,000 a second."""
    duration = f"{messages // 100}ms"
    return [{"target": target, "executor": "constant-arrival-rate", "rate": "100000/s", "duration": duration}]


def test_a_million_messages() -> None:
    """On two shared cores: 9-11 s, a seventh to a quarter of the time of as many requests straight to the function."""
    queue = {"jobs": {"type": "sqs", "function": "f", "batch_size": 10}}
    through_queue = cpu_s(sources=queue, loads=load("jobs", MESSAGES))
    straight = cpu_s(loads=load("f", MESSAGES // 10)) * 10
    print(f"a million messages: {through_queue:.1f} s; as requests straight to the function: {straight:.1f} s")
    assert through_queue < straight
