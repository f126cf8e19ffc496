"""The SimPy engine against a bare SimPy loop, in one run: ``pytest tests/benchmarks/test_reference_speed.py -s``.

The bare loop is what a SimPy user would write first: a process per invocation, a stack of idle environments with
their expiry, no limits, no records. The ratio, not the time, is the figure.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
import pytest
import simpy
from by_hand import plan_of

from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.events import NEVER_NS
from lambdasim.model.spec import AccountSpec, FunctionSpec
from lambdasim.plan import CHUNK_ROWS, PlanChunk

S = 1_000_000_000
INVOCATIONS = 200_000
INIT_NS = 300_000_000


def drawn() -> dict[str, np.ndarray]:
    """One function: Poisson 1,000/s, lognormal 200 ms, idle timeout uniform 5-7 min."""
    rng = np.random.default_rng(1)
    return {
        "arrival_ns": np.cumsum(rng.exponential(S / 1000, INVOCATIONS).astype(np.int64)),
        "duration_ns": rng.lognormal(np.log(0.18 * S), 0.5, INVOCATIONS).astype(np.int64),
        "idle_timeout_ns": rng.uniform(300 * S, 420 * S, INVOCATIONS).astype(np.int64),
    }


def chunks(columns: dict[str, np.ndarray]) -> list[PlanChunk]:
    parts = []
    for begin in range(0, INVOCATIONS, CHUNK_ROWS):
        part = {name: column[begin : begin + CHUNK_ROWS] for name, column in columns.items()}
        size = len(part["arrival_ns"])
        zero = np.broadcast_to(np.int64(0), size)
        parts.append(
            PlanChunk(
                until_ns=int(part["arrival_ns"][-1]) + 1,
                request=np.arange(begin, begin + size),
                function=zero,
                init_ns=np.broadcast_to(np.int64(INIT_NS), size),
                placement_ns=zero,
                outcome=zero,
                surplus_idle_timeout_ns=part["idle_timeout_ns"],
                lifetime_ns=np.broadcast_to(np.int64(NEVER_NS), size),
                pick=zero,
                **part,
            )
        )
    return parts


def ours(parts: list[PlanChunk]) -> int:
    engine = ReferenceEngine(plan_of(AccountSpec(concurrency=1000, functions=(FunctionSpec("f", timeout_ns=60 * S),))))
    tables = [engine.advance(part).invocations for part in parts]
    return sum(map(len, tables)) + len(engine.finish(0).invocations)


def bare(columns: dict[str, np.ndarray]) -> int:
    env = simpy.Environment()
    idle: list[float] = []
    done = 0

    def invocation(duration: float, idle_timeout: float):
        nonlocal done
        while idle:
            if idle.pop() > env.now:
                break
        else:
            yield env.timeout(INIT_NS / S)
        yield env.timeout(duration)
        idle.append(env.now + idle_timeout)
        done += 1

    def arrivals():
        for at, duration, idle_timeout in zip(*((c / S).tolist() for c in columns.values()), strict=True):
            yield env.timeout(at - env.now)
            env.process(invocation(duration, idle_timeout))

    env.process(arrivals())
    env.run()
    return done


def cpu_seconds(run: Callable[[], int]) -> float:
    begin = time.process_time()
    assert run() == INVOCATIONS
    return time.process_time() - begin


@pytest.mark.benchmark
def test_ratio_to_a_bare_simpy_loop(benchmark) -> None:
    columns = drawn()
    parts = chunks(columns)
    pairs = [(cpu_seconds(lambda: ours(parts)), cpu_seconds(lambda: bare(columns))) for _ in range(5)]
    ratio = statistics.median(a / b for a, b in pairs)
    benchmark.extra_info["ratio to a bare SimPy loop"] = round(ratio, 3)
    print(f"\nSimPy engine / bare SimPy loop: {ratio:.2f} (goal: at most 1.5)")
    benchmark.pedantic(lambda: ours(parts), rounds=1)
