"""Versions behind aliases in both engines, for every family that draws its requests itself: identical rows.

All times are whole seconds, so that weights change, batches begin and environments end at the same instants.
"""

from random import Random
from typing import Any

import numpy as np
import pytest

import lambdasim as ls
from lambdasim.engine.compiled.engine import CompiledEngine
from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.records import RecordChunk
from lambdasim.scenario import planned

TABLES = ("invocations", "environments", "deliveries", "samples")
SOURCES: dict[str, dict[str, Any]] = {
    "sqs": {"batch_size": 3, "batching_window": "1s", "visibility_timeout": "12s", "max_receive_count": 3},
    "sqs-fifo": {"batch_size": 2, "visibility_timeout": "12s", "groups": 3},
    "kinesis": {"shards": 2, "batch_size": 3, "maximum_retry_attempts": 2},
    "async-invoke": {},
    "apigateway-http": {"timeout": "5s"},
}


def experiment(seed: int, source: str) -> ls.Experiment:
    """Return a minute of requests through an alias whose weights change, or of a function that is updated."""
    random = Random(f"{seed} {source}")

    def seconds(most: int) -> str:
        return f"constant({random.randint(0, most)}s)"

    def weights() -> dict[str, float]:
        share = random.choice([0.0, 0.25, 0.5, 1.0])
        two = random.sample("123", 2)
        return {two[0]: share, two[1]: 1 - share}

    versions = {
        number: {"duration": seconds(4), "init": seconds(2), "errors": random.choice([0.0, 0.3])} for number in "123"
    }
    function = {
        "duration": seconds(3), "init": seconds(2), "timeout": "10s", "idle_timeout": seconds(6),
        "max_lifetime": random.choice(["none", "constant(9s)"]), "per_record": "1s", "version": versions,
        "alias": {"live": {"weights": weights()}}, "async": {"maximum_event_age": "1min"},
    }  # fmt: skip
    if random.random() < 0.5:
        function["reserved_concurrency"] = random.randint(1, 5)
    changes: list[dict[str, Any]] = [
        {"time": f"{random.randint(1, 50)}s", "set": {"function.f.alias.live.weights": weights()}} for _ in range(4)
    ]
    update = {"time": f"{random.randint(1, 50)}s", "deploy": {"function": "f", "set": {"duration": seconds(3)}}}
    target = random.choice(["f:live", "f:live", "f"])
    if target == "f":  # else no request would meet it
        changes.append(update)
    load: dict[str, Any] = {"executor": "constant-arrival-rate", "process": "deterministic", "rate": "1/s",
                            "duration": "1min", "target": target}  # fmt: skip
    loads, sources = [load], {}
    if source == "users":
        loads = [{"executor": "constant-vus", "vus": 3, "duration": "1min", "target": target,
                  "think_time": seconds(2)}]  # fmt: skip
    elif source == "link":
        first = {"duration": "constant(1s)", "init": "constant(1s)"}
        loads = [load | {"target": "g"}, {"name": "next", "target": target, "per": {"source": "g", "count": 1.5}}]
        return ls.Experiment(functions={"f": function, "g": first}, loads=loads, change=changes)
    elif source != "load":
        sources = {"s": {"type": source, "function": target} | SOURCES[source]}
        loads = [load | {"target": "s", "rate": "2/s"}]
    return ls.Experiment(functions={"f": function}, loads=loads, sources=sources, change=changes)


def rows(engine: Any, exp: ls.Experiment, size: int) -> list[list[list[int]]]:
    """Return all rows that an engine writes, sorted; a chunk has about ``size`` requests."""
    plan, workload = planned(exp.config, 1)
    running = engine(plan)
    chunks: list[RecordChunk] = [running.advance(chunk) for chunk in workload.chunks(size)]
    while (more := running.drain()) is not None:
        chunks.append(more)
    chunks.append(running.finish(plan.loads_end_ns))
    return [sorted(np.concatenate([getattr(chunk, name).rows for chunk in chunks]).tolist()) for name in TABLES]


@pytest.mark.parametrize("source", ["load", "users", "link", *SOURCES])
def test_both_engines_write_the_same(source: str) -> None:
    several = 0
    for seed in range(6):
        exp = experiment(seed, source)
        told = rows(ReferenceEngine, exp, 1_000)
        assert told == rows(CompiledEngine, exp, 7), seed
        several += len({row[2] for row in told[0]}) > 1
    assert several >= 2  # plans in which several versions ran
