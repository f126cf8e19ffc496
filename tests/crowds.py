"""Larger plans than Hypothesis draws: enough functions, environments and retries that every array must grow."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from lambdasim.model.control import Change, Control, in_order, provisioned
from lambdasim.model.events import NEVER_NS, Expiry, Reuse, Status
from lambdasim.model.losses import Loss
from lambdasim.model.spec import AccountSpec, ClientSpec, FunctionSpec, ScalingSpec
from lambdasim.plan import PLAN_COLUMNS, PlanChunk

STARTS = (
    {},
    {"snapstart": True, "first_restores_q24": 7 << 21, "restore_billed_q24": 1 << 22},
    {"ahead_q24": 1 << 22, "ahead_key": 3},
    {"first_ns": 30_000_000},
)
"""How environments of a function start."""


@dataclass(frozen=True)
class Crowd:
    """An account, the columns of its plan and an end."""

    spec: AccountSpec
    columns: dict[str, np.ndarray]
    control: tuple[Change, ...]
    loads: int
    horizon_ns: int
    chunk_rows: int

    @property
    def ends_ns(self) -> int:
        return int(self.columns["arrival_ns"][-1])

    @property
    def rows(self) -> list[dict[str, int]]:
        """As a ``Case`` has them."""
        names = [*self.columns, "load", "sequence"]
        request = self.columns["request"]
        columns = [*self.columns.values(), request >> 44, request & (1 << 44) - 1]
        return [dict(zip(names, map(int, row), strict=True)) for row in zip(*columns, strict=True)]

    def chunks(self) -> Iterator[PlanChunk]:
        arrival_ns = self.columns["arrival_ns"]
        begin = 0
        while begin < len(arrival_ns):
            last_ns = arrival_ns[min(begin + self.chunk_rows, len(arrival_ns)) - 1]
            end = int(np.searchsorted(arrival_ns, last_ns, "right"))
            until_ns = int(arrival_ns[end]) if end < len(arrival_ns) else NEVER_NS
            yield PlanChunk(until_ns=until_ns, **{name: self.columns[name][begin:end] for name in PLAN_COLUMNS})
            begin = end


def crowd(seed: int, rows: int = 2_000, functions: int = 20, concurrency: int = 200, attempts: int = 100) -> Crowd:
    """Draw a plan on a grid of 10 ms in which most rules are at work at once."""
    rng = np.random.default_rng(seed)
    tick = 10_000_000

    def ticks(low: int, high: int, size: int | None = None):
        return rng.integers(low, high, size) * tick

    control: list[Change] = []

    def function(index: int) -> FunctionSpec:
        reserved = [None, None, None, 0, 5, 12][rng.integers(6)]
        has_some = rng.integers(3) == 2 if reserved != 0 else False
        requested_ns, takes_ns = int(ticks(0, 300)), int(ticks(0, 300))
        if has_some:
            control.extend(provisioned(index, requested_ns, requested_ns + takes_ns, (0, 7, 14)))
        return FunctionSpec(
            name=f"f{index}",
            timeout_ns=int(ticks(100, 400)),
            reserved=reserved,
            reuse=Reuse(rng.integers(len(Reuse))),
            init_limit_ns=int(ticks(40, 200)),
            suppressed_init_permille=int(rng.integers(0, 2_000)),
            expiry=Expiry(1 + seed % 3) if index else Expiry.LONE_OR_SURPLUS,
        )

    client = ClientSpec(6, base_ns=2 * tick, cap_ns=NEVER_NS, quota=attempts // 2, retry_cost=5, processes=3)
    patient = ClientSpec(max_attempts=attempts, base_ns=tick, cap_ns=64 * tick, full_jitter=bool(seed % 2))
    spec = AccountSpec(
        concurrency=concurrency,
        functions=tuple(function(index) for index in range(functions)),
        scaling=ScalingSpec(20 * (seed % 4) + 20, 20, 50 * tick, continuous=seed % 3 > 0, per_function=seed % 4 > 0),
        clients=(client, patient),
        whole_seconds=seed % 2 > 0,
    )
    load = np.sort(rng.integers(0, 2, rows))
    sequence = np.concatenate([np.arange(count) for count in np.bincount(load, minlength=2)])
    arrival_ns = ticks(0, rows // 2, rows)
    order = np.lexsort((load << 44 | sequence, arrival_ns))
    columns = {
        "request": (load << 44 | sequence)[order],
        "arrival_ns": arrival_ns[order],
        "function": (rng.integers(0, functions, rows) * rng.random(rows)).astype(np.int64),
        "duration_ns": ticks(0, 100, rows),
        "init_ns": ticks(0, 100, rows),
        "placement_ns": np.broadcast_to(np.int64(tick), rows),
        "outcome": rng.integers(Status.SUCCESS, Status.TIMEOUT, rows),
        "idle_timeout_ns": ticks(0, 60, rows),
        "surplus_idle_timeout_ns": ticks(0, 120, rows),
        "lifetime_ns": ticks(1, 600, rows),
        "pick": rng.integers(0, 2**31, rows),
    }
    horizon_ns = int(arrival_ns.max()) if seed % 5 == 0 else NEVER_NS
    for kind, subject, value in (
        (Control.RESERVED_CONCURRENCY, 1, 7), (Control.RESERVED_CONCURRENCY, 1, -1),
        (Control.ACCOUNT_CONCURRENCY, 0, concurrency // 2), (Control.ACCOUNT_CONCURRENCY, 0, concurrency),
        *((Control.PROVISIONED_DECREASED, n % functions, 1 + n % 3) for n in range(2 * functions)),
    ):  # fmt: skip
        control.append(Change(int(ticks(0, rows // 2)), kind, subject, value))
    control += _replaced(functions, rows // 2, tick, seed)
    return Crowd(
        spec, columns, in_order(control), loads=2, horizon_ns=horizon_ns, chunk_rows=int(rng.integers(1, rows))
    )


def _replaced(functions: int, ticks: int, tick: int, seed: int) -> list[Change]:
    """Draw environments of provisioned concurrency that are replaced, busy or not, there or not."""
    rng = np.random.default_rng(2_000 + seed)
    kind = Control.PROVISIONED_REPLACED
    rows = [(int(rng.integers(0, ticks)) * tick, n % functions, int(rng.integers(0, 4))) for n in range(12 * functions)]
    return [Change(at_ns, kind, index, seat, (n * tick,)) for n, (at_ns, index, seat) in enumerate(rows)]


def beginnings(seed: int, rows: int = 120) -> Crowd:
    """Draw a plan on a grid of 1 s of functions that start in every way, most of them at their limits."""
    rng = np.random.default_rng(seed)
    tick = 1_000_000_000
    base = crowd(seed, rows=rows, functions=5, concurrency=500)
    at_limits = ({"snapstart": True, "first_restores_q24": 1 << 24, "restore_billed_q24": 1 << 24}, *STARTS)
    functions = tuple(
        FunctionSpec(f"f{i}", (3 + i) * tick, init_limit_ns=3 * tick, expiry=Expiry.LONE_OR_SURPLUS, **own)
        for i, own in enumerate(at_limits)
    )
    arrival_ns, request = np.sort(rng.integers(0, 4 * rows, rows)) * tick, base.columns["request"]
    columns = {
        **base.columns,
        "arrival_ns": arrival_ns,
        "request": np.sort(request),
        "function": rng.integers(0, len(functions), rows),
        "duration_ns": rng.integers(0, 5, rows) * tick,
        "init_ns": rng.integers(2, 7, rows) * tick,
        "idle_timeout_ns": rng.integers(0, 40, rows) * tick,
        "lifetime_ns": rng.integers(1, 90, rows) * tick,
    }
    scaling = ScalingSpec(500, 500, 10 * tick)
    spec = replace(base.spec, functions=functions, scaling=scaling, clients=())
    return replace(base, spec=spec, columns=columns, control=(), horizon_ns=NEVER_NS)


def rush(seed: int, rows: int = 150) -> Crowd:
    """Draw a plan of short requests that come so fast, on a grid of 10 ms, that rates decide more than concurrency."""
    rng = np.random.default_rng(seed)
    tick = 10_000_000
    base = crowd(seed, rows=rows, functions=3, concurrency=(6, 30)[seed % 2], attempts=2)
    functions = tuple(f._replace(reserved=(None, 3, 0)[i]) for i, f in enumerate(base.spec.functions))
    if seed % 3 == 2:  # two versions of the function that has reserved concurrency
        functions = (*functions[:2], functions[2]._replace(version_of=1))
    client = ClientSpec(4, tick, 2 * tick + 1, full_jitter=seed > 5, quota=9, retry_cost=3, processes=1 + seed % 2)
    more = np.random.default_rng(1_000 + seed)
    control = [change for index in range(2) for change in provisioned(index, 0, 0, (0,))]
    changes = [
        (Control.RESERVED_CONCURRENCY, 0, 2), (Control.RESERVED_CONCURRENCY, 1, 2),
        (Control.ACCOUNT_CONCURRENCY, 0, base.spec.concurrency // 2), (Control.PROVISIONED_DECREASED, 1, 1),
    ]  # fmt: skip
    if seed % 3 == 2:
        control += provisioned(2, 5 * tick, 5 * tick, (0,))
    if seed % 3 == 1:  # environments that are given up while they are busy, and a rate that falls with them
        control += [change for index in range(2) for change in provisioned(index, 0, 9 * tick, (0, 7))]
        changes = [(Control.PROVISIONED_DECREASED, index, 2) for index in range(2)]
    if seed % 3 < 2:
        control += [Change(int(more.integers(10, rows // 2)) * tick, *change) for change in changes]
    control += [  # three measurements of each function's utilization
        Change(n * rows // 3 * tick, Control.PROVISIONED_METERED, index, 0)
        for n in (1, 2, 3)
        for index in range(len(functions))
    ]
    control += _replaced(len(functions), rows, tick, seed)
    control += [  # what is due to be replaced may be given up before
        Change(change.at_ns - tick, Control.PROVISIONED_REPLACED, change.subject, seat, (tick,))
        for change in control
        if change.kind == Control.PROVISIONED_DECREASED
        for seat in range(3)
    ]
    spec = replace(
        base.spec,
        functions=functions,
        scaling=ScalingSpec(4, 1 + seed % 3, 10 * tick, continuous=seed % 4 > 0, per_function=seed % 5 > 0),
        clients=(client, client),
    )
    arrival_ns, request = rng.integers(0, rows, rows) * tick, base.columns["request"]
    order = np.lexsort((request, arrival_ns))
    columns = {
        **base.columns,
        "request": request[order],
        "arrival_ns": arrival_ns[order],
        "function": rng.choice(3, rows, p=(0.4, 0.3, 0.3) if seed % 3 == 2 else (0.4, 0.5, 0.1)),
        "duration_ns": rng.integers(0, 9, rows) * rng.integers(0, 2, rows) * tick,
        "init_ns": rng.integers(0, 4, rows) * tick,
        "lifetime_ns": rng.integers(1, 30, rows) * tick,
    }
    return replace(base, spec=spec, columns=columns, control=in_order(control), horizon_ns=NEVER_NS)


def zones(seed: int) -> Crowd:
    """Draw a plan like that of :func:`rush` in which environments are lost and Lambda fails."""
    rng = np.random.default_rng(3_000 + seed)
    base, tick = rush(seed), 10_000_000
    times_ns = sorted(int(n) * tick + k % 2 * tick // 2 for k, n in enumerate(rng.integers(5, 120, 6)))
    losses = tuple(Loss(at_ns, (1 << 23, 1 << 24)[n % 2], n + 1) for n, at_ns in enumerate(times_ns))
    rows = [Change(loss.at_ns, Control.ENVIRONMENTS_LOST, n, loss.share_q24) for n, loss in enumerate(losses)]
    failing = ((30, 1 << 22), (40, 0), (70, 1 << 23), (80, 0))
    rows += [Change(at * tick, Control.LAMBDA_ERRORS, 0, value) for at, value in failing]
    spec = replace(base.spec, losses=losses, service_key=5)
    return replace(base, spec=spec, control=in_order((*base.control, *rows)))


def pauses(seed: int) -> Crowd:
    """Draw a plan of bursts with pauses between them, in which clocks of whole functions strike."""
    rows, tick = 120, 10_000_000
    base, rng = crowd(seed, rows=rows, functions=4, concurrency=40, attempts=2), np.random.default_rng(2_000 + seed)
    functions = tuple(
        f._replace(
            reserved=None, reuse=Reuse((seed + i) % 4), expiry=(Expiry.TOGETHER, Expiry.HALVES)[(seed + i) // 4 % 2]
        )
        for i, f in enumerate(base.spec.functions)
    )
    arrival_ns = np.sort(rng.integers(0, 6, rows)) * 100 * tick
    columns = {
        **base.columns,
        "request": np.sort(base.columns["request"]),
        "arrival_ns": arrival_ns,
        "function": rng.integers(0, 4, rows),
        "duration_ns": rng.integers(1, 5, rows) * tick,
        "init_ns": rng.integers(0, 4, rows) * tick,
        "placement_ns": np.zeros(rows, np.int64),
        "idle_timeout_ns": rng.integers(0, 30, rows) * tick,
        "surplus_idle_timeout_ns": rng.integers(10, 200, rows) * tick,
        "lifetime_ns": rng.integers(20, 600, rows) * tick,
    }
    scaling = ScalingSpec(100, 100, tick)
    spec = replace(base.spec, functions=functions, scaling=scaling)
    return replace(base, spec=spec, columns=columns, control=(), horizon_ns=NEVER_NS)


def ramp(seed: int) -> Crowd:
    """Draw a plan of 3 s like that of :func:`rush`, in which the growth of requests per second decides too."""
    base = rush(seed, rows=300)
    scaling = base.spec.scaling
    # every other one regains so little that what a second had decides what the next one may have
    scaling = replace(scaling, requests=1 + seed // 8, per_ns=(1, 30)[seed % 2] * scaling.per_ns)
    return replace(base, spec=replace(base.spec, scaling=scaling))
