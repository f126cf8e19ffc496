"""The SimPy engine event by event: what comes first of all that happens at one instant, and what chance depends on.

Plans are written by hand in whole ms. A log is what the records say, as ``(time, what, who)``: requests are called
by their load and their place in it (``a0``, ``a1``, ``b0``), environments by their number.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from by_hand import plan_of

import lambdasim as ls
from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.model.control import Change, provisioned
from lambdasim.model.events import LOAD_SHIFT, NEVER_NS, EventRank, Expiry, StartKind, Status, request_key
from lambdasim.model.spec import NO_RETRY, AccountSpec, ClientSpec, FunctionSpec
from lambdasim.plan import PLAN_COLUMNS, PlanChunk
from lambdasim.workload.plan import Workload

MS = 1_000_000
PACKAGE = Path(ls.__file__).parent

Event = tuple[float, str, str]


def function(name: str = "f", **more: Any) -> FunctionSpec:
    return FunctionSpec(name=name, timeout_ns=1_000 * MS, **more)


def key(name: str) -> int:
    return request_key(ord(name[0]) - ord("a"), int(name[1:]))


def name_of(request: int) -> str:
    return f"{chr((request >> LOAD_SHIFT) + ord('a'))}{request & (1 << LOAD_SHIFT) - 1}"


def row(
    name: str, at: int, takes: int, *, function: int = 0, init: int = 0, idle_timeout: int = 900, surplus: int = 900
) -> dict[str, int]:
    """Return the plan of a request at ``at`` whose handler takes ``takes``; idle timeouts are those after it."""
    return {
        "request": key(name),
        "arrival_ns": at * MS,
        "function": function,
        "duration_ns": takes * MS,
        "init_ns": init * MS,
        "placement_ns": 0,
        "outcome": int(Status.SUCCESS),
        "idle_timeout_ns": idle_timeout * MS,
        "surplus_idle_timeout_ns": surplus * MS,
        "lifetime_ns": NEVER_NS,
        "pick": 0,
    }


@dataclass
class Users:
    """A closed loop of one function whose requests and think times are written down, in ms."""

    load: int
    requests: Sequence[tuple[int, int]]
    """(duration, think time) by sequence; virtual user v sends v, v + vus, …"""
    vus: int = 1
    function: int = 0
    start_ns: int = 0
    stop_ns: int = 1_000 * MS

    def open(self, series: object) -> "Users":
        return self

    def row(self, sequence: int, version: int = 0) -> Mapping[str, int]:
        takes, think = self.requests[sequence]
        columns = row(f"{chr(self.load + ord('a'))}{sequence}", 0, takes)
        del columns["arrival_ns"]
        return columns | {"think_ns": think * MS}


def simulate(
    functions: Sequence[FunctionSpec],
    rows: Sequence[Mapping[str, int]],
    *,
    limit: int = 100,
    clients: Sequence[ClientSpec] = (NO_RETRY, NO_RETRY, NO_RETRY),
    users: Sequence[Users] = (),
    control: Sequence[Change] = (),
    horizon: int | None = None,
) -> list[Event]:
    """Return the log of a run."""
    ordered = sorted(rows, key=lambda r: (r["arrival_ns"], r["request"]))
    columns = {c: np.array([r[c] for r in ordered], dtype=np.int64) for c in PLAN_COLUMNS}
    spec = AccountSpec(concurrency=limit, functions=tuple(functions), clients=tuple(clients))
    horizon_ns = NEVER_NS if horizon is None else horizon * MS
    plan = plan_of(spec, (0,) * len(clients), closed_loops=users, control=control, horizon_ns=horizon_ns)
    engine = ReferenceEngine(plan)
    tables = [engine.advance(PlanChunk(until_ns=NEVER_NS, **columns)), engine.finish(0)]
    log: list[Event] = []
    for table in tables:
        for record in (dict(zip(table.invocations.columns, r, strict=True)) for r in table.invocations.rows.tolist()):
            who = name_of(record["request"])
            how = "throttled" if record["status"] == Status.THROTTLED else StartKind(record["start"]).name.lower()
            place = "" if record["environment"] < 0 else f" in {record['environment']}"
            log.append((record["arrival_ns"] / MS, how + place, who))
            if record["end_ns"] >= 0:
                log.append((record["end_ns"] / MS, "ends", who))
        for record in (dict(zip(table.environments.columns, r, strict=True)) for r in table.environments.rows.tolist()):
            if record["destroyed_ns"] >= 0:
                log.append((record["destroyed_ns"] / MS, "expires", str(record["environment"])))
    return sorted(log)


def test_the_order_of_ranks_is_declared() -> None:
    order = (
        "INIT_END INVOKE_END CHANGE PROVISIONED_CLAIM PROVISIONED_READY EXPIRY RETRY ARRIVAL THINK_END "
        "GIVE_UP VISIBLE SCALE POLL"
    )
    assert [rank.name for rank in sorted(EventRank)] == order.split()


def test_completion_before_arrival() -> None:
    log = simulate([function()], [row("a0", 0, 10), row("a1", 10, 5), row("a2", 14, 5)], limit=1)
    assert log == [(0, "cold in 0", "a0"), (10, "ends", "a0"), (10, "warm in 0", "a1"), (14, "throttled", "a2"),
                   (15, "ends", "a1")]  # fmt: skip


def test_init_end_before_completion_before_arrival() -> None:
    """An invocation of no length ends when its init does, and its environment is free at that instant."""
    log = simulate([function()], [row("a0", 0, 0, init=10), row("a1", 10, 0)])
    assert log == [(0, "cold in 0", "a0"), (10, "ends", "a0"), (10, "ends", "a1"), (10, "warm in 0", "a1")]


def test_init_end_before_other_completions() -> None:
    """Environment 0 ends with its init, 1 after a long run, in the order of their numbers: 1 was used last."""
    log = simulate([function()], [row("a0", 0, 0, init=10), row("a1", 0, 10), row("a2", 10, 1)])
    assert log == [(0, "cold in 0", "a0"), (0, "cold in 1", "a1"), (10, "ends", "a0"), (10, "ends", "a1"),
                   (10, "warm in 1", "a2"), (11, "ends", "a2")]  # fmt: skip


def test_simultaneous_completions_in_order_of_their_environments() -> None:
    """The most recently used of both is environment 1, though 0 was the last to begin."""
    log = simulate([function()], [row("a0", 0, 2), row("a1", 1, 9), row("a2", 3, 7), row("a3", 10, 1)])
    assert log == [(0, "cold in 0", "a0"), (1, "cold in 1", "a1"), (2, "ends", "a0"), (3, "warm in 0", "a2"),
                   (10, "ends", "a1"), (10, "ends", "a2"), (10, "warm in 1", "a3"), (11, "ends", "a3")]  # fmt: skip


def test_provisioned_claim_before_arrival() -> None:
    functions = [
        function(),
        function("p"),
    ]
    control = provisioned(1, 10 * MS, NEVER_NS, (0,))
    rows = [row("a0", 5, 1), row("a1", 9, 1), row("a2", 10, 1)]
    log = simulate(functions, rows, limit=1, control=control, horizon=100)
    assert log == [(5, "cold in 0", "a0"), (6, "ends", "a0"), (9, "warm in 0", "a1"), (10, "ends", "a1"),
                   (10, "throttled", "a2")]  # fmt: skip


def test_provisioned_ready_before_arrival() -> None:
    log = simulate([function()], [row("a0", 9, 5), row("a1", 10, 5)], control=provisioned(0, 0, 10 * MS, (0,)))
    assert log == [(9, "cold in 0", "a0"), (10, "warm in 1", "a1"), (14, "ends", "a0"), (15, "ends", "a1")]


@pytest.mark.parametrize(("at", "found"), [(109, "warm in 0"), (110, "cold in 1")])
def test_expiry_before_arrival(at: int, found: str) -> None:
    log = simulate([function()], [row("a0", 0, 10, idle_timeout=100), row("a1", at, 1)], horizon=150)
    expected = [(0, "cold in 0", "a0"), (10, "ends", "a0"), (at, found, "a1"), (at + 1, "ends", "a1")]
    assert log == sorted(expected + ([(110, "expires", "0")] if at == 110 else []))


def test_expiry_before_retry() -> None:
    """a1 is throttled while a0 runs for another function, and comes again as its own environment expires."""
    functions = [function(), function("g")]
    client = ClientSpec(max_attempts=2, base_ns=10 * MS, full_jitter=False)
    rows = [row("a0", 0, 5, idle_timeout=15), row("b0", 8, 4, function=1), row("a1", 10, 3)]
    log = simulate(functions, rows, limit=1, clients=(client, NO_RETRY), horizon=100)
    assert log == [(0, "cold in 0", "a0"), (5, "ends", "a0"), (8, "cold in 1", "b0"), (10, "throttled", "a1"),
                   (12, "ends", "b0"), (20, "cold in 2", "a1"), (20, "expires", "0"), (23, "ends", "a1")]  # fmt: skip


def test_completion_before_expiry() -> None:
    """Environment 0 expires as 1 falls idle. It is still there: 1 is surplus and lives 20 ms, not 5."""
    functions = [function(expiry=Expiry.LONE_OR_SURPLUS)]
    rows = [row("a0", 0, 10, idle_timeout=5, surplus=20), row("a1", 0, 30, idle_timeout=5, surplus=20)]
    log = simulate(functions, rows, horizon=100)
    assert log == [(0, "cold in 0", "a0"), (0, "cold in 1", "a1"), (10, "ends", "a0"), (30, "ends", "a1"),
                   (30, "expires", "0"), (50, "expires", "1")]  # fmt: skip


def test_completion_before_retry_before_arrival() -> None:
    client = ClientSpec(max_attempts=2, base_ns=6 * MS, full_jitter=False)
    rows = [row("a0", 0, 10), row("b0", 4, 3), row("a1", 10, 3)]
    log = simulate([function()], rows, limit=1, clients=(NO_RETRY, client))
    assert log == [(0, "cold in 0", "a0"), (4, "throttled", "b0"), (10, "ends", "a0"), (10, "throttled", "a1"),
                   (10, "warm in 0", "b0"), (13, "ends", "b0")]  # fmt: skip


def test_simultaneous_retries_in_order_of_their_requests() -> None:
    """b0 has waited since 0 and a1 since 8; the first load goes first."""
    clients = [ClientSpec(max_attempts=2, base_ns=base * MS, full_jitter=False) for base in (2, 10)]
    rows = [row("a0", 0, 10), row("b0", 0, 3), row("a1", 8, 3)]
    log = simulate([function()], rows, limit=1, clients=clients)
    assert log == [(0, "cold in 0", "a0"), (0, "throttled", "b0"), (8, "throttled", "a1"), (10, "ends", "a0"),
                   (10, "throttled", "b0"), (10, "warm in 0", "a1"), (13, "ends", "a1")]  # fmt: skip


def test_simultaneous_arrivals_in_order_of_their_loads() -> None:
    rows = [row("b0", 0, 5), row("a0", 0, 5), row("a1", 0, 5)]
    log = simulate([function()], rows, limit=2)
    assert log == [(0, "cold in 0", "a0"), (0, "cold in 1", "a1"), (0, "throttled", "b0"), (5, "ends", "a0"),
                   (5, "ends", "a1")]  # fmt: skip


@pytest.mark.parametrize(("users", "others"), [("a", "b"), ("b", "a")])
def test_the_first_request_of_a_virtual_user_is_an_arrival(users: str, others: str) -> None:
    """The first load goes first, whichever of the two it is."""
    loop = Users(ord(users) - ord("a"), [(5, 2_000)])
    log = simulate([function()], [row(f"{others}0", 0, 5)], limit=1, users=[loop])
    assert log == [(0, "cold in 0", "a0"), (0, "throttled", "b0"), (5, "ends", "a0")]


def test_arrival_before_the_next_request_of_a_virtual_user() -> None:
    """The user's load comes first; its second request, 10 ms after its first ended, still gives way."""
    loop = Users(0, [(10, 10), (5, 2_000)])
    log = simulate([function()], [row("b0", 20, 5)], limit=1, users=[loop])
    assert log == [(0, "cold in 0", "a0"), (10, "ends", "a0"), (20, "throttled", "a1"), (20, "warm in 0", "b0"),
                   (25, "ends", "b0")]  # fmt: skip


def test_simultaneous_next_requests_in_order_of_their_users() -> None:
    """User 1 has been thinking longer, user 0 goes first; one place is left beside b0."""
    loop = Users(0, [(10, 10), (5, 15), (1, 2_000), (1, 2_000)], vus=2)
    log = simulate([function()], [row("b0", 12, 30)], limit=2, users=[loop])
    assert log == [(0, "cold in 0", "a0"), (0, "cold in 1", "a1"), (5, "ends", "a1"), (10, "ends", "a0"),
                   (12, "warm in 0", "b0"), (20, "throttled", "a3"), (20, "warm in 1", "a2"), (21, "ends", "a2"),
                   (42, "ends", "b0")]  # fmt: skip


def test_a_throttled_user_thinks_for_a_millisecond_at_least() -> None:
    loop = Users(0, [(5, 0)] * 5, stop_ns=4 * MS)
    log = simulate([function(reserved=0)], [], users=[loop])
    assert log == [(0, "throttled", "a0"), (1, "throttled", "a1"), (2, "throttled", "a2"), (3, "throttled", "a3")]


def test_what_would_happen_at_the_horizon_does_not() -> None:
    rows = [row("a0", 0, 9, idle_timeout=10), row("a1", 0, 20), row("a2", 15, 5)]
    log = simulate([function()], rows, horizon=20)
    assert log == [(0, "cold in 0", "a0"), (0, "cold in 1", "a1"), (9, "ends", "a0"), (15, "warm in 0", "a2")]
    log = simulate([function()], rows, horizon=21)
    assert log[-2:] == [(20, "ends", "a1"), (20, "ends", "a2")]


def test_all_delays_go_through_the_clock() -> None:
    """SimPy's own timeouts have one priority for all, so ties would fall to the order of scheduling."""
    files = list((PACKAGE / "engine").rglob("*.py"))
    assert len(files) > 5
    assert [str(file) for file in files if re.search(r"\.timeout\(|\bTimeout\b", file.read_text())] == []
    assert any("clock.after(" in file.read_text() for file in files)


RANDOM: dict[str, Any] = {
    "duration": "lognormal(p50=80ms, p99=900ms)",
    "init": "exponential(mean=300ms)",
    "placement": "uniform(50ms, 150ms)",
    "timeout": "1s",
    "errors": 0.1,
    "crashes": 0.1,
    "memory": "256 MB",
    "memory_used": "uniform(100 MB, 270 MB)",
    "idle_timeout": {"lone": "uniform(1s, 5s)", "surplus": "exponential(mean=3s)"},
    "max_lifetime": "exponential(mean=20s)",
    "reuse": "random",
}
"""Everything that chance can decide about a function, often enough to matter in a minute."""


def load(name: str, target: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "target": target, "executor": "poisson", "rate": "20/s", "duration": "1min",
            "client": {"mode": "legacy"}, **more}  # fmt: skip


OTHERS: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "a function": ({"g": RANDOM}, []),
    "a function with all features": (
        {"g": RANDOM | {"reserved_concurrency": 2, "provisioned": {"concurrency": 2}, "cpu_share": 0.5}},
        [load("b", "g", executor="bursty", rates=["1/s", "50/s"], sojourns=["5s", "5s"], rate=None)],
    ),
    "virtual users": (
        {"g": RANDOM},
        [load("b", "g", executor="constant-vus", rate=None, vus=5, think_time="exponential(mean=100ms)")],
    ),
}


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("others", OTHERS)
def test_what_is_added_moves_nothing_of_the_others(others: str, first: bool) -> None:
    """Neither a draw nor a record, whether it stands before or after in the file; environments keep their order."""

    def rows_of_f(functions: dict[str, Any], loads: list[dict[str, Any]]) -> pd.DataFrame:
        given = [{key: value for key, value in one.items() if value is not None} for one in loads]
        exp = ls.Experiment(
            functions=functions, loads=given, account={"concurrency": 5_000}, output={"requests": "all"}
        )
        log = exp.run(seed=3).requests
        own = log[log.function == "f"].sort_values(["sequence", "attempt"]).reset_index(drop=True)
        numbers = {number: i for i, number in enumerate(own.sort_values("arrival_ns").environment.dropna().unique())}
        text = {column: own[column].astype(str) for column in ("load", "function", "status", "reason", "start")}
        return own.assign(**text, environment=own.environment.map(numbers))

    f = RANDOM | {"reserved_concurrency": 4}
    own = [load("a", "f")]
    more, loads = OTHERS[others]
    alone = rows_of_f({"f": f}, own)
    beside = rows_of_f({**more, "f": f}, loads + own) if first else rows_of_f({"f": f, **more}, own + loads)
    assert set(alone.status) == {"success", "error", "crash", "timeout", "out-of-memory", "throttled"}
    assert len(alone) > 1_200
    pd.testing.assert_frame_equal(alone, beside)


def test_another_load_of_the_same_function_moves_no_draw() -> None:
    """It shares environments, so records differ; arrivals, durations and outcomes stay."""

    def drawn(*loads: dict[str, Any]) -> pd.DataFrame:
        plain = RANDOM | {"init": "constant(0ms)", "crashes": 0.0, "memory_used": "constant(1 MB)", "timeout": "15min"}
        exp = ls.Experiment(functions={"f": plain}, loads=list(loads), output={"requests": "all"})
        log = exp.run(seed=3).requests
        own = log[log.load == "a"].sort_values(["sequence", "attempt"]).reset_index(drop=True)
        return own[["arrival_ns", "duration_ms"]].assign(status=own.status.astype(str))

    alone = drawn(load("a", "f"))
    pd.testing.assert_frame_equal(alone, drawn(load("b", "f"), load("a", "f")))
    pd.testing.assert_frame_equal(alone, drawn(load("a", "f"), load("b", "f")))


def columns(seed: int, name: str = "a") -> dict[str, list[int]]:
    """Return the plan of the first 100 requests of a load, column by column."""
    exp = ls.Experiment(functions={"f": RANDOM}, loads=[load(name, "f")])
    chunk = next(Workload(exp.config, seed).chunks(rows=100))
    return {column: getattr(chunk, column).tolist() for column in PLAN_COLUMNS if column not in ("request", "function")}


def test_seed_and_load_decide_every_column() -> None:
    plan = columns(0)
    assert plan == columns(0)
    assert [column for column, drawn in columns(1).items() if drawn == plan[column]] == []
    assert [column for column, drawn in columns(0, "b").items() if drawn == plan[column]] == []
    assert [column for column, drawn in plan.items() if len(set(drawn)) < 3] == []


EXPERIMENT = """
[function.f]
{function}
reserved_concurrency = 4

[[load]]
target   = "f"
executor = "poisson"
rate     = "20/s"
duration = "1min"
client   = {{ mode = "legacy" }}
"""


def test_same_file_and_seed_same_bytes(tmp_path: Path) -> None:
    """``summary.json`` here, again, and of a process that hashes strings differently; only ``wall_s`` is left out."""
    file = tmp_path / "e.toml"
    values = {**RANDOM, "idle_timeout": "uniform(1s, 5s)"}
    lines = "\n".join(f"{key} = {value!r}" for key, value in values.items())
    file.write_text(EXPERIMENT.format(function=lines))

    def summary(folder: Path) -> list[str]:
        text = (folder / "summary.json").read_text(encoding="utf-8")
        return [line for line in text.splitlines() if not re.match(r' *"(wall_s|seed)":', line)]

    def here(seed: int) -> list[str]:
        ls.load_experiment(file).run(seed=seed).save(tmp_path / "here", figures=False)
        return summary(tmp_path / "here")

    def elsewhere(seed: int) -> list[str]:
        command = [sys.executable, "-m", "lambdasim", "run", str(file), "--out", str(tmp_path / "elsewhere")]
        environment = os.environ | {"PYTHONPATH": str(PACKAGE.parent), "PYTHONHASHSEED": "1"}
        subprocess.run([*command, "--seed", str(seed)], env=environment, check=True, capture_output=True)
        return summary(tmp_path / "elsewhere")

    one = here(7)
    assert len(one) > 100
    assert one == here(7) == elsewhere(7)
    assert one != here(8)
