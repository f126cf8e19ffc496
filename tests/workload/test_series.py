"""Series of requests that are asked for one at a time: the same in whatever order and by whomever."""

import numpy as np

import lambdasim as ls
from lambdasim.model.events import request_key
from lambdasim.workload.plan import Workload
from lambdasim.workload.series import DRAWN_AT_ONCE

F = {"duration": "exponential(mean=100ms)", "init": "uniform(1s, 2s)", "errors": 0.3}
EXPERIMENT = ls.Experiment(
    functions={
        "f": F | {"calls": [{"function": "g"}], "async": {"on_failure": "late"}},
        "g": F | {"init": "constant(1s)"},
    },
    sources={
        "jobs": {"type": "sqs", "function": "g"},
        "late": {"type": "sns", "function": "f", "latency": "uniform(1s, 2s)"},
        "http": {"type": "invoke", "function": "f"},
    },
    loads=[
        {"name": "open", "target": "jobs", "executor": "poisson", "rate": "1/s", "duration": "10s"},
        {"name": "users", "target": "late", "executor": "constant-vus", "vus": 1, "duration": "10s"},
        {"name": "after", "target": "http", "per": {"source": "jobs"}},
    ],
    simulation={"duration": "1min"},
)


def test_each_knows_who_makes_it_and_where_it_goes() -> None:
    found = [(s.load, s.name, s.made_by, s.function, s.source) for s in Workload(EXPERIMENT.config, 1).series]
    assert found == [
        (0, "open", "load", 1, 0),
        (1, "users", "load", 0, 1),
        (2, "after", "load", 0, -1),  # `http` passes requests straight on
        (3, "source:jobs", "source", 1, -1),
        (4, "source:late", "source", 0, -1),
        (5, "on_failure:f", "link", 0, 1),
        (6, "call:f:0", "call", 1, -1),
    ]


def test_the_order_of_asking_changes_nothing() -> None:
    series = Workload(EXPERIMENT.config, 1).series[5]
    asked = [0, 1, DRAWN_AT_ONCE - 1, DRAWN_AT_ONCE, 3 * DRAWN_AT_ONCE + 7]
    there, back = series.open(), series.open()
    rows = [there.row(sequence) for sequence in asked]
    assert [back.row(sequence) for sequence in reversed(asked)] == rows[::-1]
    assert [row["request"] for row in rows] == [request_key(5, sequence) for sequence in asked]
    assert all(len({row[name] for row in rows}) == len(asked) for name in ("duration_ns", "init_ns", "delay_ns"))
    assert all(10**9 <= row["delay_ns"] <= 2 * 10**9 for row in rows)
    for sequence, row in zip(asked, rows, strict=True):
        block = series.open().block(sequence, 1)
        assert {name: column.tolist() for name, column in block.items()} == {name: [row[name]] for name in block}


def test_rows_are_those_of_the_chunks() -> None:
    workload = Workload(EXPERIMENT.config, 1)
    chunks = [chunk for chunk in workload.chunks() if len(chunk)]
    drawn = workload.series[0].open()
    rows = [drawn.row(sequence) for sequence in range(sum(map(len, chunks)))]
    assert len(rows) > 3
    for name in ("request", "function", "duration_ns", "init_ns", "outcome", "idle_timeout_ns", "lifetime_ns"):
        column = np.concatenate([getattr(chunk, name) for chunk in chunks])
        assert column.tolist() == [row[name] for row in rows]
