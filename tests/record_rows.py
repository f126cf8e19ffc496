"""Records for the tests of metrics: written by hand, or by the engine, and their metrics by brute force.

The brute force looks at one row at a time and at nothing of ``lambdasim.metrics``.
"""

import math
from collections import defaultdict
from itertools import pairwise

import numpy as np
from by_hand import plan_of
from hypothesis import strategies as st
from strategies import Case, cases

from lambdasim.engine.reference.engine import ReferenceEngine
from lambdasim.metrics.metered import LoadInfo, MeteredFunction
from lambdasim.model.events import REASON_NAMES, StartKind, Status, ThrottleReason
from lambdasim.records import (
    ENVIRONMENT_COLUMNS,
    INVOCATION_COLUMNS,
    SAMPLE_COLUMNS,
    LevelMetric,
    RecordChunk,
    RecordTable,
)

JITTER_KEYS = (11, 0xDEADBEEFCAFE)
COLD = (StartKind.COLD, StartKind.COLD_INIT_TIMEOUT, StartKind.RESTORED)
FAILED = (Status.ERROR, Status.CRASH, Status.OUT_OF_MEMORY, Status.TIMEOUT)


def invocation(arrival_ns: int, duration_ns: int = 0, **columns: int) -> dict[str, int]:
    """One attempt: warm, successful and final unless ``columns`` say otherwise; ``load`` goes into its key."""
    row = dict.fromkeys(INVOCATION_COLUMNS, 0)
    row.update(first_arrival_ns=arrival_ns, arrival_ns=arrival_ns, duration_ns=duration_ns, final=1, start=1)
    row.update(function_concurrency=1, unreserved_concurrency=1, account_concurrency=1, claimed_concurrency=1)
    row["environments"] = 1
    row["request"] = columns.pop("load", 0) << 44
    row.update(columns)
    ran = row["status"] not in (Status.THROTTLED, Status.IN_FLIGHT)
    busy_ns = row["placement_ns"] + row["init_ns"] + row["duration_ns"]
    row["end_ns"] = arrival_ns + busy_ns if ran else -1
    if row["status"] == Status.THROTTLED:
        row["start"] = StartKind.NONE
    return row


def environment(created_ns: int, destroyed_ns: int, init_ns: int = 0, **columns: int) -> dict[str, int]:
    """One environment, on demand unless ``columns`` say otherwise."""
    row = dict.fromkeys(ENVIRONMENT_COLUMNS, 0)
    row.update(created_ns=created_ns, initialised_ns=created_ns + init_ns, destroyed_ns=destroyed_ns, init_ns=init_ns)
    return row | columns


def level(time_ns: int, value: int, metric: int, function: int = 0) -> dict[str, int]:
    """One sample of what the control table left."""
    return {"source": function, "metric": metric, "time_ns": time_ns, "value": value}


def chunk(
    invocations: list[dict[str, int]], environments: list[dict[str, int]] = (), samples: list[dict[str, int]] = ()
) -> RecordChunk:
    """Rows as a chunk."""
    return RecordChunk(
        _table(INVOCATION_COLUMNS, invocations),
        _table(ENVIRONMENT_COLUMNS, environments),
        samples=_table(SAMPLE_COLUMNS, samples),
    )


def _table(columns: tuple[str, ...], rows: list[dict[str, int]]) -> RecordTable:
    cells = [[row[column] for column in columns] for row in rows]
    return RecordTable(columns, np.array(cells, np.int64).reshape(-1, len(columns)))


class Run:
    """The records that the engine writes for a case, and what metrics must be told about it."""

    def __init__(self, case: Case) -> None:
        engine = ReferenceEngine(
            plan_of(
                case.spec,
                jitter_keys=JITTER_KEYS[: case.loads],
                control=case.control,
                horizon_ns=case.horizon_ns,
            )
        )
        self.chunks = [engine.advance(part) for part in case.chunks()]
        self.chunks.append(engine.finish(case.ends_ns))
        self.end_ns = engine.ended_ns
        self.functions = [
            MeteredFunction(f.name, reserved=f.reserved, version_of=f.version_of) for f in case.spec.functions
        ]
        self.loads = [LoadInfo(f"load-{i}", "http" if i else None) for i in range(case.loads)]

    @property
    def invocations(self) -> list[dict[str, int]]:
        rows = [row for part in self.chunks for row in part.invocations.rows.tolist()]
        return [dict(zip(INVOCATION_COLUMNS, row, strict=True)) for row in rows]

    @property
    def samples(self) -> list[dict[str, int]]:
        rows = [row for part in self.chunks for row in part.samples.rows.tolist()]
        return [dict(zip(SAMPLE_COLUMNS, row, strict=True)) for row in rows]

    def instants(self, metric: int, function: int = -1) -> list[tuple[int, int]]:
        """Times and values of the samples of a metric, of one function or all."""
        rows = [row for row in self.samples if row["metric"] == metric and function in (-1, row["source"])]
        return [(row["time_ns"], row["value"]) for row in rows]

    def level(self, metric: int, function: int, at: int) -> int:
        """What a function has of something set by the control table."""
        if metric == LevelMetric.RESERVED and self.functions[function].version_of >= 0:
            function = self.functions[function].version_of
        reserved = self.functions[function].reserved if metric == LevelMetric.RESERVED else 0
        before = [-1 if reserved is None else reserved]
        return [*before, *(value for time, value in self.instants(metric, function) if time <= at)][-1]

    def is_counted(self, row: dict[str, int], at: int) -> bool:
        """Whether an execution is part of unreserved concurrency then."""
        return self.level(LevelMetric.RESERVED, row["function"], at) < 0 and not row["provisioned"]

    def unoccupied(self, at: int) -> int:
        """What is claimed without any execution."""
        total = 0
        for function in range(len(self.functions)):
            reserved = self.level(LevelMetric.RESERVED, function, at)
            own = [e for e in self.environments if e["function"] == function and e["provisioned"]]
            alive = sum(e["created_ns"] <= at and (e["destroyed_ns"] < 0 or e["destroyed_ns"] > at) for e in own)
            pending = self.level(LevelMetric.CONFIGURED, function, at) - self.level(LevelMetric.ALLOCATED, function, at)
            is_first = self.functions[function].version_of < 0
            total += reserved * is_first if reserved >= 0 else alive + pending
        return total

    @property
    def environments(self) -> list[dict[str, int]]:
        return [
            dict(zip(ENVIRONMENT_COLUMNS, r, strict=True)) for c in self.chunks for r in c.environments.rows.tolist()
        ]


runs = cases().map(Run)
parts = st.sampled_from((0, 1, 2, 3, 7, 11, 22, 44))
"""Into how many periods to divide a run: its end is often at 22 ticks, so that boundaries and events meet."""


def part_of(run: Run, count: int) -> int:
    """That part of the time that a run takes, at least 1 ns; more than all of it for 0."""
    return max(run.end_ns // count if count else 2 * run.end_ns, 1)


def nearest_rank(values: list[int], percent: int) -> int:
    """The exact percentile."""
    return sorted(values)[max(math.ceil(percent * len(values) / 100), 1) - 1]


def overlap(begin: int, end: int, low: int, high: int) -> int:
    """How much of [begin, end) lies in [low, high)."""
    return max(min(end, high) - max(begin, low), 0)


class BruteForce:
    """The time series of a run: ``values[function, period, metric, statistic]``, function -1 for the account."""

    def __init__(self, run: Run, period_ns: int) -> None:
        self.run, self.period_ns = run, period_ns
        self.values: dict[tuple[int, int, str, str], float] = {}
        self.rows = run.invocations
        for row in self.rows:
            if row["status"] == Status.IN_FLIGHT:
                row["end_ns"] = run.end_ns
        self.environments = run.environments
        for env in self.environments:
            env["alive_to"] = env["destroyed_ns"] if env["destroyed_ns"] >= 0 else run.end_ns
            env["initialised_ns"] = min(env["initialised_ns"], run.end_ns)
        self.ran = [row for row in self.rows if row["status"] != Status.THROTTLED]
        for period in range(run.end_ns // period_ns + 1):
            for function in range(-1, len(run.functions)):
                self._counts(function, period)
                self._levels(function, period)

    def _put(self, function: int, period: int, metric: str, statistic: str, value: float) -> None:
        self.values[function, period, metric, statistic] = value

    def _of(self, rows: list[dict[str, int]], function: int, key: str = "", period: int = 0) -> list[dict[str, int]]:
        rows = [row for row in rows if function in (-1, row["function"])]
        return [row for row in rows if row[key] // self.period_ns == period] if key else rows

    def _counts(self, function: int, period: int) -> None:
        rows = self._of(self.rows, function, "arrival_ns", period)
        ran = [row for row in rows if row["status"] != Status.THROTTLED]
        ended = [row for row in ran if row["status"] != Status.IN_FLIGHT]
        cold = [row for row in ran if row["start"] in COLD]
        if ran:
            self._put(function, period, "Invocations", "Sum", len(ran))
            self._put(function, period, "Errors", "Sum", sum(row["status"] in FAILED for row in ran))
            self._put(function, period, "ColdStarts", "Sum", len(cold))
        counts = defaultdict(int)
        for row in rows:
            if row["status"] == Status.THROTTLED and row["reason"] == ThrottleReason.SERVICE:
                continue
            if row["status"] == Status.THROTTLED:
                counts["Throttles"] += 1
                counts[f"Throttles.{REASON_NAMES[row['reason']]}"] += 1
            elif row["provisioned"]:
                counts["ProvisionedConcurrencyInvocations"] += 1
            elif row["allocated_concurrency"]:
                counts["ProvisionedConcurrencySpilloverInvocations"] += 1
        for metric, count in counts.items():
            self._put(function, period, metric, "Sum", count)
        for metric, values in {
            "Duration": [row["duration_ns"] for row in ended],
            "Latency": [row["end_ns"] - row["first_arrival_ns"] for row in ended],
            "InitDuration": [r["init_ns"] for r in cold if r in ended and r["start"] != StartKind.RESTORED],
            "RestoreDuration": [r["init_ns"] for r in cold if r in ended and r["start"] == StartKind.RESTORED],
        }.items():
            if values:
                self._put(function, period, metric, "Average", sum(values) / len(values) / 1e6)
                self._put(function, period, metric, "Minimum", min(values) / 1e6)
                self._put(function, period, metric, "Maximum", max(values) / 1e6)
                for percent in (50, 90, 95, 99):
                    self._put(function, period, metric, f"p{percent}", nearest_rank(values, percent) / 1e6)

    def _levels(self, function: int, period: int) -> None:
        low = period * self.period_ns
        span = min(self.run.end_ns - low, self.period_ns)
        executions = self._of(self.ran, function)
        environments = self._of(self.environments, function)
        admitted = any(row["arrival_ns"] // self.period_ns == period for row in executions)

        def at_start(rows: list[dict[str, int]]) -> int:
            return sum(row["arrival_ns"] < low < row["end_ns"] for row in rows)

        def maximum(rows: list[dict[str, int]], column: str) -> int:
            admitted = [row[column] for row in executions if row["arrival_ns"] // self.period_ns == period]
            return max([at_start(rows), *admitted])

        def average(metric: str, intervals: list[tuple[int, int]], negative: list[tuple[int, int]] = ()) -> None:
            here = admitted or any(i[0] // self.period_ns == period or i[0] < low < i[1] for i in intervals)
            total = sum(overlap(*i, low, low + span) for i in intervals)
            if span > 0 and here and (total or metric != "EnvironmentsInitializing"):
                total -= sum(overlap(*i, low, low + span) for i in negative)
                self._put(function, period, metric, "Average", total / span)

        busy = [(row["arrival_ns"], row["end_ns"]) for row in executions]
        alive = [(max(env["created_ns"], 0), env["alive_to"]) for env in environments]
        starting = [(e["created_ns"], e["initialised_ns"]) for e in environments if not e["provisioned"]]
        average("ConcurrentExecutions", busy)
        average("Environments", alive)
        average("EnvironmentsIdle", alive, busy)
        average("EnvironmentsInitializing", starting)
        highest = maximum(executions, "account_concurrency" if function < 0 else "function_concurrency")
        if highest:
            self._put(function, period, "ConcurrentExecutions", "Maximum", highest)
        if function < 0:
            self._account(period, low, span, highest, maximum)
        else:
            self._function(function, period, low, executions, environments, maximum)

    def _function(self, function, period, low, executions, environments, maximum) -> None:
        held = [row for row in executions if row["provisioned"]]
        if any(row["arrival_ns"] // self.period_ns == period for row in held):
            highest = maximum(held, "provisioned_concurrency")
            self._put(function, period, "ProvisionedConcurrentExecutions", "Maximum", highest)
            here = [row for row in held if row["arrival_ns"] // self.period_ns == period]
            shares = [row["provisioned_concurrency"] / row["allocated_concurrency"] for row in here]
            used_q32 = sum((row["provisioned_concurrency"] << 32) // row["allocated_concurrency"] for row in here)
            mean = used_q32 / len(here) / 2**32
            self._put(function, period, "ProvisionedConcurrencyUtilization", "Average", mean)
            allocated = self.run.level(LevelMetric.ALLOCATED, function, low)
            if allocated:
                shares.append(sum(row["arrival_ns"] < low < row["end_ns"] for row in held) / allocated)
            self._put(function, period, "ProvisionedConcurrencyUtilization", "Maximum", max(shares))
        admitted = [row["environments"] for row in executions if row["arrival_ns"] // self.period_ns == period]
        levels = [sum(env["created_ns"] < low < env["alive_to"] for env in environments), *admitted]
        instants = self.run.instants(LevelMetric.ENVIRONMENTS, function)
        levels += [value for time, value in instants if time // self.period_ns == period]
        if max(levels):
            self._put(function, period, "Environments", "Maximum", max(levels))
        self._allocated(function, period, low)

    def _allocated(self, function: int, period: int, low: int) -> None:
        high = min(self.run.end_ns, low + self.period_ns)
        instants = [
            (time, value)
            for time, value in self.run.instants(LevelMetric.ALLOCATED, function)
            if low <= time < low + self.period_ns
        ]
        steps = [(low, self.run.level(LevelMetric.ALLOCATED, function, low)), *instants, (high, 0)]
        if most := max(value for _, value in steps):
            self._put(function, period, "ProvisionedConcurrencyAllocated", "Maximum", most)
            if high > low:
                area = sum((end - begin) * value for (begin, value), (end, _) in pairwise(steps))
                self._put(function, period, "ProvisionedConcurrencyAllocated", "Average", area / (high - low))

    def _account(self, period, low, span, highest, maximum) -> None:
        counted = [row for row in self.ran if self.run.is_counted(row, low)]
        if highest:
            unreserved = maximum(counted, "unreserved_concurrency")
            self._put(-1, period, "UnreservedConcurrentExecutions", "Maximum", unreserved)
        levels = [sum(row["arrival_ns"] < low < row["end_ns"] for row in counted) + self.run.unoccupied(low)]
        instants = self.run.instants(LevelMetric.CLAIMED)
        levels += [value for time, value in instants if time // self.period_ns == period]
        admitted = [r["claimed_concurrency"] for r in self.ran if r["arrival_ns"] // self.period_ns == period]
        most = max(levels + admitted)
        if most and (span > 0 or highest):
            self._put(-1, period, "ClaimedAccountConcurrency", "Maximum", most)
