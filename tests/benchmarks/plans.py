"""Plans of the benchmark scenarios, drawn by plain numpy: they measure engines, not the drawing."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from by_hand import Hand, plan_of

from lambdasim.model.events import NEVER_NS
from lambdasim.model.spec import AccountSpec, FunctionSpec, ScalingSpec
from lambdasim.model.sqs import SqsSpec
from lambdasim.plan import CHUNK_ROWS, PLAN_COLUMNS, PlanChunk

S = 1_000_000_000
MS = 1_000_000


@dataclass(frozen=True)
class Scenario:
    """An account and all rows of its plan."""

    spec: AccountSpec
    columns: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.columns["arrival_ns"])

    def chunks(self) -> Iterator[PlanChunk]:
        """Yield the plan by about ``CHUNK_ROWS``."""
        arrival_ns = self.columns["arrival_ns"]
        begin = 0
        while begin < len(self):
            end = min(begin + CHUNK_ROWS, len(self))
            end = int(np.searchsorted(arrival_ns, arrival_ns[end - 1], side="right"))
            until_ns = int(arrival_ns[end]) if end < len(self) else int(arrival_ns[-1]) + 1
            yield PlanChunk(until_ns=until_ns, **{c: self.columns[c][begin:end] for c in PLAN_COLUMNS})
            begin = end

    @property
    def ends_ns(self) -> int:
        return int(self.columns["arrival_ns"][-1])


def one_function(rows: int, seed: int = 1) -> Scenario:
    """Poisson 1,000/s, lognormal 200 ms, limit 1,000, idle timeout uniform 5-7 min."""
    rng = np.random.default_rng(seed)
    spec = AccountSpec(concurrency=1_000, functions=(FunctionSpec("f", timeout_ns=30 * S),))
    return Scenario(spec, _columns(rng, _poisson(rng, rows, 1_000.0), np.zeros(rows, np.int64)))


def busy(rows: int, environments: int, seed: int = 7) -> Scenario:
    """As many environments busy at once, each for 220 ms: the rate is scaled with them, and no limit is reached."""
    rng = np.random.default_rng(seed)
    columns = _columns(rng, _poisson(rng, rows, environments / 0.22), np.zeros(rows, np.int64))
    columns["duration_ns"] = (columns["duration_ns"] * 1.1).astype(np.int64)
    return Scenario(_raised(2 * environments), columns)


def account(rows: int, functions: int = 1_000, seed: int = 2) -> Scenario:
    """Functions with Zipf rates, together 4,500/s, under a limit of 1,000 that the peaks reach."""
    rng = np.random.default_rng(seed)
    spec = AccountSpec(
        concurrency=1_000, functions=tuple(FunctionSpec(f"f{i}", timeout_ns=30 * S) for i in range(functions))
    )
    weights = 1.0 / np.arange(1, functions + 1)
    function = rng.choice(functions, size=rows, p=weights / weights.sum())
    return Scenario(spec, _columns(rng, _poisson(rng, rows, 4_500.0), function))


def surge(rows: int, environments: int = 100_000, seed: int = 3) -> Scenario:
    """Demand that jumps within seconds from nothing to so many environments, under a raised limit, and stays."""
    rng = np.random.default_rng(seed)
    columns = _columns(rng, _poisson(rng, rows, environments), np.zeros(rows, np.int64))
    columns["duration_ns"] *= 5
    return Scenario(_raised(environments), columns)


def waves(rows: int, environments: int = 100_000, seed: int = 4) -> Scenario:
    """Every ten seconds a wave of so many requests within one second, all of which end before the next wave."""
    rng = np.random.default_rng(seed)
    wave = np.arange(rows) // environments
    arrival_ns = np.sort(wave * 10 * S + rng.integers(0, S, rows))
    columns = _columns(rng, arrival_ns, np.zeros(rows, np.int64))
    columns["duration_ns"] = rng.integers(2 * S, 8 * S, rows)
    return Scenario(_raised(environments), columns)


def _raised(environments: int) -> AccountSpec:
    return AccountSpec(
        concurrency=2 * environments,
        functions=(FunctionSpec("f", timeout_ns=30 * S),),
        scaling=ScalingSpec(capacity=2 * environments, amount=2 * environments),
    )


def _poisson(rng: np.random.Generator, rows: int, rate: float) -> np.ndarray:
    return np.cumsum(rng.exponential(1e9 / rate, rows)).astype(np.int64)


def _columns(rng: np.random.Generator, arrival_ns: np.ndarray, function: np.ndarray) -> dict[str, np.ndarray]:
    rows = len(arrival_ns)
    idle_ns = rng.integers(300 * S, 420 * S, rows)
    return {
        "request": np.arange(rows, dtype=np.int64),
        "arrival_ns": arrival_ns,
        "function": function.astype(np.int64),
        "duration_ns": rng.lognormal(np.log(0.2 * S) - 0.5 * 0.6**2, 0.6, rows).astype(np.int64),
        "init_ns": rng.lognormal(np.log(0.3 * S), 0.3, rows).astype(np.int64),
        "placement_ns": np.broadcast_to(np.int64(0), rows),
        "outcome": np.broadcast_to(np.int64(0), rows),
        "idle_timeout_ns": idle_ns,
        "surplus_idle_timeout_ns": idle_ns,
        "lifetime_ns": np.minimum(rng.lognormal(np.log(2.1 * 3600 * S), 0.67, rows), NEVER_NS / 2).astype(np.int64),
        "pick": np.broadcast_to(np.int64(0), rows),
    }


@dataclass
class Batches(Hand):
    """The batches of a queue: each takes as long."""

    def block(self, number: int, size: int, version: int = 0) -> dict[str, np.ndarray]:
        return {name: np.broadcast_to(value, size) for name, value in self.row(0).items()}


QUEUE = plan_of(
    AccountSpec(
        concurrency=100_000,
        functions=(FunctionSpec("f", timeout_ns=30 * S),),
        scaling=ScalingSpec(capacity=100_000, amount=100_000),
        sources=(SqsSpec("jobs", 0),),
    ),
    jitter_keys=(0, 0),
    drawn=[Batches(1, takes=(500,))],
)
"""A queue in batches of ten, each of which takes half a second."""


def messages(rows: int) -> Iterator[PlanChunk]:
    """Yield messages of the queue at 100,000 a second, and then the time in which it is drained."""
    arrival_ns = np.arange(rows) * (S // 100_000)
    columns = _columns(np.random.default_rng(1), arrival_ns, np.zeros(rows, np.int64))
    for begin in range(0, rows, CHUNK_ROWS):
        end = min(begin + CHUNK_ROWS, rows)
        part = {c: columns[c][begin:end] for c in PLAN_COLUMNS}
        until_ns = int(arrival_ns[end]) if end < rows else 1_000 * S
        yield PlanChunk(until_ns=until_ns, source=np.zeros(end - begin, np.int64), **part)
