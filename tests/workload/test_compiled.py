"""Compiled drawing gives numpy's plan, bit by bit, whatever the loads and however many rows there are at a time."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdasim.config.load import config_from_dict
from lambdasim.model.events import NEVER_NS
from lambdasim.plan import PLAN_COLUMNS, PlanChunk
from lambdasim.workload import merge
from lambdasim.workload.arithmetic import LARGEST, PLAIN
from lambdasim.workload.normal import normal_quantile
from lambdasim.workload.plan import Workload
from lambdasim.workload.random_streams import Streams

pytest.importorskip("numba")
native = pytest.importorskip("lambdasim.workload.compiled.native")
front = pytest.importorskip("lambdasim.workload.compiled.front")
tables = pytest.importorskip("lambdasim.workload.compiled.tables")
arithmetic = pytest.importorskip("lambdasim.workload.compiled.arithmetic")

MS = 10**6
ROWS = 5_000


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**44))
@settings(max_examples=60, deadline=None)
def test_draws(key: int, first: int) -> None:
    index = np.arange(first, first + ROWS)
    keys = np.full(ROWS, key, np.uint64) ^ index.astype(np.uint64)
    for of in (0, 7, index[::-1] % ROWS):
        for draw in ("uniform", "normal"):
            own, plain = (getattr(done, draw)(Streams(keys, of), index) for done in (arithmetic.Compiled(), PLAIN))
            assert own.tobytes() == plain.tobytes()


def test_the_far_tail_of_the_normal_distribution() -> None:
    """It begins at exp(-25), which no few draws reach: the smallest and the largest of them are made here."""
    tiny = np.concatenate([np.exp(-np.linspace(0.9, 36.0, ROWS)), np.array([2.0**-53, 0.5, 0.075, 0.925])])
    for u in (tiny, 1.0 - tiny):
        q = u - 0.5
        z = np.where(0.180625 - q * q < 0.0, q, 0.0)
        outer = np.flatnonzero(z)
        native.loops()["tail"]((z, outer, np.log(np.minimum(u, 1.0 - u)[outer])), len(outer))
        expected = normal_quantile(u)
        assert z[outer].tobytes() == expected[outer].tobytes()
        assert (np.abs(expected[outer]) > 7.0).any()


def test_rounding_at_every_edge() -> None:
    halves = np.arange(-3.0, 40.0, 0.5)
    edges = [2.0**52 + d for d in (-1.5, -1.0, -0.5, 0.0, 1.0)] + [
        2.0**53 + 2.0,
        LARGEST,
        float(NEVER_NS),
        np.inf,
        -np.inf,
    ]
    values = np.concatenate((halves, halves + 2.0**40, np.nextafter(halves, np.inf), edges, np.negative(edges)))
    assert arithmetic.Compiled().rounded(values).tolist() == PLAIN.rounded(values).tolist()


def assert_in_order(number: np.ndarray, taken_ns: np.ndarray) -> None:
    own = np.lexsort((taken_ns, number))  # load by load, as they are taken
    number, taken_ns = number[own], taken_ns[own]
    loads = int(number.max()) + 1
    origins = np.zeros(loads, tables.ORIGIN)
    origins["request"], origins["actor"], origins["index"] = (
        np.arange(loads) << 44,
        np.arange(loads) % 4,
        np.arange(loads) * 100,
    )
    arrival_ns, ordered, request, actor, index = np.empty((5, len(number)), np.int64)
    buckets, before = np.empty(tables.MOST_BUCKETS, np.int32), origins.copy()
    front.in_order(taken_ns, number.astype(np.int32), arrival_ns, ordered, buckets)
    native.loops()["name"]((origins, ordered, request, actor, index))
    place = np.argsort(taken_ns, kind="stable")
    nth = np.arange(len(number)) - np.searchsorted(number, number)  # of its load
    assert arrival_ns.tolist() == taken_ns[place].tolist()
    assert ordered.tolist() == number[place].tolist()
    assert index.tolist() == (before["index"][number] + nth)[place].tolist()
    assert request.tolist() == (before["request"][ordered] + index).tolist()
    assert actor.tolist() == before["actor"][ordered].tolist()


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2**62)) , min_size=1, max_size=60),
    st.sampled_from((1, 7, 2**20, 2**40, 2**62)),
    st.integers(1, 300),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_rows_in_order_of_time(rows: list[tuple[int, int]], span: int, times: int) -> None:
    """Those of one instant are in the order of their loads, be they spread evenly or all but one at the same time."""
    number, taken_ns = (np.array(column * times, np.int64) for column in zip(*rows, strict=True))
    taken_ns %= span
    if times % 2:
        taken_ns[0] = 2**62  # all others have the same upper bits
    assert_in_order(number, taken_ns)


@given(
    st.integers(0, 2**32), st.integers(1, 2_000), st.sampled_from((1, 2, 40, 1_000)), st.sampled_from((2_000, 2**40))
)
@settings(max_examples=100, deadline=None)
def test_many_rows_in_order_of_time(seed: int, rows: int, loads: int, span: int) -> None:
    """Their times all differ or nearly so: many share a bucket, the last one too."""
    rng = np.random.default_rng(seed)
    assert_in_order(rng.integers(loads, size=rows), rng.integers(span, size=rows))


STEPS = {"duration": st.sampled_from(("0s", "2s", "5s")), "target": st.sampled_from(("0/s", "9/s", "300/s"))}
LAST = {"duration": "2s", "target": "20/s"}
RATES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "constant-arrival-rate": st.fixed_dictionaries(
        {"rate": st.sampled_from(("3/s", "0.1/s", "900/s")), "duration": st.just("9s")}
    ),
    "ramping-arrival-rate": st.fixed_dictionaries(
        {
            "start_rate": st.sampled_from(("0/s", "40/s")),
            "stages": st.lists(st.fixed_dictionaries(STEPS), max_size=4).map(lambda stages: [*stages, LAST]),
        }
    ),
    "diurnal": st.fixed_dictionaries(
        {
            "rate": st.just("50/s"),
            "peak": st.just("90/s"),
            "period": st.sampled_from(("3s", "7s")),
            "peak_at": st.just("1s"),
            "duration": st.just("8s"),
        }
    ),
    "bursty": st.fixed_dictionaries(
        {
            "rates": st.just(["0/s", "70/s"]),
            "sojourns": st.sampled_from((["1s", "1s"], ["5ms", "1ms"])),
            "duration": st.just("9s"),
        }
    ),
}
PROCESSES = st.sampled_from(("poisson", "deterministic", "deterministic", "gamma(cv=2)"))
STARTS = st.sampled_from(("0s", "0s", "3s"))
FUNCTIONS: dict[str, dict[str, Any]] = {
    "api": {"duration": "lognormal(p50=80ms, p99=600ms)", "init": "lognormal(p50=450ms, p99=1.2s)", "errors": 0.1},
    "job": {
        "duration": "mixture(0.9: weibull(mean=1s, cv=2), 0.1: percentiles(p0=1s, p50=2s, p100=9s))",
        "init": "pareto(min=20ms, alpha=2.5)", "max_lifetime": "none", "reuse": "random", "crashes": 0.01,
        "memory_used": "exponential(mean=100 MB)",
    },
    "odd": {
        "duration": "gamma(mean=1s, cv=0.7)", "init": "constant(90ms)",
        "idle_timeout": {"lone": "half-life(9s)", "surplus": "uniform(1s, 2s)"},
    },
}  # fmt: skip


@st.composite
def loads(draw: st.DrawFn) -> dict[str, Any]:
    executor = draw(st.sampled_from(list(RATES)))
    load = {"executor": executor, "target": draw(st.sampled_from(list(FUNCTIONS))), "start_time": draw(STARTS)}
    process = {} if executor == "bursty" else {"process": draw(PROCESSES)}  # bursts are Poisson
    return load | process | draw(RATES[executor])


def drawn(workload: Workload, rows: int, compiled: bool) -> dict[str, list[int]]:
    chunks: list[PlanChunk] = list(workload.chunks(rows, compiled=compiled))
    return {name: [v for chunk in chunks for v in getattr(chunk, name).tolist()] for name in PLAN_COLUMNS}


def same(tables_: dict[str, Any], rows: int, seed: int) -> dict[str, list[int]]:
    workload = Workload(config_from_dict(tables_).config, seed)
    plan = drawn(workload, 1_000, compiled=False)
    assert drawn(workload, rows, compiled=True) == plan
    return plan


@given(st.lists(loads(), min_size=1, max_size=6), st.sampled_from((16, 4_096)), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_any_loads(some: list[dict[str, Any]], window: int, seed: int) -> None:
    named = [load | {"name": f"load-{number}"} for number, load in enumerate(some)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merge, "CHUNK_ROWS", window)
        patch.setattr(merge, "MOST_PULLED", 4 * window)
        same({"function": FUNCTIONS, "load": named}, 700, seed)


def test_a_trace_beside_other_loads(tmp_path) -> None:
    rows = "".join(f"{time},{'api' if time % 3 else 'job'},{40 if time % 2 else ''}\n" for time in range(0, 4_000, 7))
    (tmp_path / "trace.csv").write_text("time,function,duration\n" + rows)
    steady = {"target": "api", "executor": "constant-arrival-rate", "rate": "100/s", "duration": "4s"}
    even = steady | {"name": "even", "process": "deterministic", "rate": "1000/s"}
    trace = {"name": "trace", "trace": {"file": str(tmp_path / "trace.csv"), "format": "events", "unit": "ms"}}
    plan = same({"function": FUNCTIONS, "load": [even, trace, steady | {"name": "steady"}]}, 100, 1)
    assert len(plan["request"]) > 4_000


def test_hundreds_of_loads_of_unequal_rates() -> None:
    def rate(number: int) -> str:
        return f"{2_000 / (number + 1):.3f}/s"

    every = [
        {"name": f"l{n}", "target": "api", "executor": "poisson", "rate": rate(n), "duration": "9s"} for n in range(300)
    ]
    plan = same({"function": FUNCTIONS, "load": every}, 20_000, 5)
    assert len(plan["request"]) > 2 * front.LARGEST_BLOCK
