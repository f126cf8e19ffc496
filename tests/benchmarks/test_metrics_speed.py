"""The compiled pass of metrics against the numpy pass: ``pytest tests/benchmarks/test_metrics_speed.py -s``.

The records are the compiled engine's. Time is the process's, of all that metrics do but the summary; the goals are
40 ns per row for one function and 80 for a thousand.
"""

import statistics
import time

import plans
import pytest
from by_hand import plan_of

from lambdasim.engine.compiled.engine import CompiledEngine
from lambdasim.metrics.meter import Metrics
from lambdasim.metrics.metered import LoadInfo, MeteredFunction
from lambdasim.records import RecordChunk

INVOCATIONS = 1_000_000


def records(scenario: plans.Scenario) -> tuple[list[RecordChunk], int]:
    engine = CompiledEngine(plan_of(scenario.spec))
    chunks = [engine.advance(chunk) for chunk in scenario.chunks()]
    chunks.append(engine.finish(scenario.ends_ns))
    return chunks, engine.ended_ns


def cpu_seconds(scenario: plans.Scenario, chunks: list[RecordChunk], end_ns: int, compiled: bool) -> float:
    functions = [MeteredFunction(f.name) for f in scenario.spec.functions]
    begin = time.process_time()
    metrics = Metrics(functions, [LoadInfo("l")], period_ns=60 * plans.S, compiled=compiled)
    for chunk in chunks:
        metrics.consume(chunk)
    metrics.finish(end_ns)
    return time.process_time() - begin


@pytest.mark.benchmark
@pytest.mark.parametrize("draw", [plans.one_function, plans.account])
def test_ratio_to_the_numpy_pass(benchmark, draw) -> None:
    scenario = draw(INVOCATIONS)
    chunks, end_ns = records(scenario)
    cpu_seconds(scenario, chunks, end_ns, True)  # compiles
    pairs = [tuple(cpu_seconds(scenario, chunks, end_ns, compiled) for compiled in (True, False)) for _ in range(5)]
    rows = sum(len(chunk.invocations) for chunk in chunks)
    ns = [round(statistics.median(column) / rows * 1e9) for column in zip(*pairs, strict=True)]
    ratio = statistics.median(b / a for a, b in pairs)
    benchmark.extra_info["numpy pass / compiled pass"] = round(ratio, 2)
    print(f"\n{draw.__name__}: {ns[0]} ns per row compiled, {ns[1]} numpy: {ratio:.1f} times as fast")
    benchmark.pedantic(lambda: cpu_seconds(scenario, chunks, end_ns, True), rounds=1)
