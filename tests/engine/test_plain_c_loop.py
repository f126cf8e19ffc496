"""The plain C loop that benchmarks compare the compiled engine with writes the same rows, so that they stay fair."""

import sys
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from by_hand import plan_of

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def neighbour(monkeypatch, name: str) -> ModuleType:
    """Return a module of the benchmarks, which import each other by name, for one test."""
    spec = spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def test_it_writes_the_rows_of_the_engine(monkeypatch, tmp_path) -> None:
    pytest.importorskip("numba")
    from lambdasim.engine.compiled.engine import CompiledEngine

    plans, plain_c = neighbour(monkeypatch, "plans"), neighbour(monkeypatch, "plain_c")
    if plain_c.compiler() is None:
        pytest.skip("this system has no C compiler")
    few = plans.busy(5_000, 100)
    columns = few.columns
    columns["idle_timeout_ns"] //= 1_000
    columns["lifetime_ns"] //= 10_000
    function, scaling = (
        few.spec.functions[0]._replace(timeout_ns=600_000_000, init_limit_ns=400_000_000),
        few.spec.scaling,
    )
    spec = replace(few.spec, concurrency=38, functions=(function,), scaling=replace(scaling, capacity=50, amount=5))
    scenario = plans.Scenario(spec, columns)
    plain, engine = plain_c.PlainLoop(scenario, tmp_path), CompiledEngine(plan_of(spec))
    (chunk,) = scenario.chunks()
    rows = engine.advance(chunk).invocations
    assert (plain.advance(chunk) == rows.rows).all()
    assert {*rows["reason"]} >= {0, 1, 2, 5}
    assert {*rows["start"]} >= {0, 1, 2}
    assert {*rows["status"]} >= {0, 4}
