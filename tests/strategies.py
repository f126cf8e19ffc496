"""Hypothesis strategies for small accounts and plans on coarse time grids.

Continuous times hide every ordering bug; on a grid of a few ticks nearly everything happens at once.
"""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from lambdasim.model.control import OF_BATCHES, Change, Control, in_order, provisioned
from lambdasim.model.events import NEVER_NS, Expiry, Reuse, Status
from lambdasim.model.losses import Loss
from lambdasim.model.spec import SCALING, AccountSpec, ClientSpec, FunctionSpec, ScalingSpec
from lambdasim.plan import PLAN_COLUMNS, PlanChunk

OUTCOMES = [Status.SUCCESS] * 3 + [Status.ERROR, Status.CRASH, Status.OUT_OF_MEMORY]
OF_OTHERS = (
    Control.SLOWDOWN, Control.MAPPING_ENABLED, Control.RECORD_ERRORS, Control.CONNECTIONS, Control.DOWN,
    Control.MAXIMUM_CONCURRENCY, Control.WEIGHT, Control.LINK_ENABLED, Control.MAPPING_FUNCTION,
    Control.EVENT_DESTINATIONS, *OF_BATCHES,
    Control.RATE_LIMIT, Control.BURST_LIMIT, Control.SOURCE_METERED, Control.DOWNSTREAM_RATE, Control.DOWNSTREAM_BURST,
)  # fmt: skip
"""What changes something that these cases have not."""
GRIDS_NS = (1, 100_000_000, 1_000_000_000)


@dataclass(frozen=True)
class Case:
    """An account, the rows of its plan (dicts with the plan's columns, ``load`` and ``sequence``) and an end."""

    spec: AccountSpec
    rows: list[dict[str, int]]
    control: tuple[Change, ...]
    loads: int
    horizon_ns: int
    cuts_ns: list[int]
    """Where the plan is cut into chunks."""
    ends_ns: int
    """When its loads end."""

    def chunks(self):
        """Yield the plan cut at ``cuts_ns``."""
        ordered = sorted(self.rows, key=lambda r: (r["arrival_ns"], r["request"]))
        begin = 0
        for until in [*sorted(set(self.cuts_ns)), NEVER_NS]:
            part = [r for r in ordered if begin <= r["arrival_ns"] < until]
            columns = {c: np.array([r[c] for r in part], dtype=np.int64) for c in PLAN_COLUMNS}
            yield PlanChunk(until_ns=until, **columns)
            begin = until


def starts(tick: int):
    """Draw how environments start; most functions as they would without SnapStart or anything else."""
    return st.sampled_from(
        [
            {},
            {},
            {},
            {"first_ns": tick},
            {"ahead_q24": 1 << 23, "ahead_key": 7, "first_ns": 2 * tick},
            {"ahead_q24": 1 << 24},
            {"snapstart": True, "first_restores_q24": 1 << 23, "restore_billed_q24": 1 << 23},
            {"snapstart": True, "first_ns": tick, "first_restores_q24": 1 << 24, "restore_billed_q24": 1 << 24},
        ]
    )


@st.composite
def cases(draw, max_rows: int = 30, max_functions: int = 3) -> Case:
    """Draw an account and a plan in which times are multiples of one tick."""
    tick = draw(st.sampled_from(GRIDS_NS))

    def times(low: int, high: int):
        return st.integers(low, high).map(lambda n: n * tick)

    concurrency = draw(st.integers(1, 6))
    functions = []
    control: list[Change] = []
    losses: list[Loss] = []
    reserved_left = concurrency
    for i in range(draw(st.integers(1, max_functions))):
        reserved = draw(st.none() | st.integers(0, reserved_left))
        reserved_left -= reserved or 0
        count = draw(st.integers(0, min(2, concurrency if reserved is None else reserved)))
        requested = draw(times(0, 6))
        if count:
            control += provisioned(i, requested, requested + draw(times(0, 4)), (7, 14)[:count])
        functions.append(
            FunctionSpec(
                name=f"f{i}",
                timeout_ns=draw(times(1, 12)),
                version_of=draw(st.sampled_from([-1, -1, 0])) if i else -1,
                reserved=reserved,
                reuse=draw(st.sampled_from(Reuse)),
                init_limit_ns=draw(times(1, 6)),
                suppressed_init_permille=draw(st.sampled_from([1000, 1500])),
                expiry=draw(st.sampled_from([Expiry.LONE_OR_SURPLUS, Expiry.TOGETHER, Expiry.HALVES])),
                fault_key=draw(st.sampled_from([0, 5, 2**64 - 1])),
                **draw(starts(tick)),
            )
        )
    for _ in range(draw(st.integers(0, 5))):
        at_ns, function = draw(times(0, 20)), draw(st.integers(0, len(functions) - 1))
        kind = draw(st.sampled_from(Control).filter(lambda kind: kind not in OF_OTHERS))
        if kind == Control.PROVISIONED_REPLACED:
            control.append(Change(at_ns, kind, function, draw(st.integers(0, 3)), (draw(st.sampled_from([2, 5])),)))
        elif kind >= Control.PROVISIONED_REQUESTED:
            control += provisioned(function, at_ns, at_ns + draw(times(0, 4)), (3, 6, 9)[: draw(st.integers(1, 3))])
        elif kind == Control.ACCOUNT_CONCURRENCY:
            control.append(Change(at_ns, kind, 0, draw(st.integers(1, 6))))
        elif kind == Control.PROVISIONED_METERED:
            control += [Change(time_ns, kind, function, 0) for time_ns in (at_ns, at_ns + draw(times(0, 6)))]
        elif kind == Control.ENVIRONMENTS_LOST:
            losses.append(Loss(at_ns, draw(st.sampled_from([1 << 22, 1 << 23, 1 << 24])), draw(st.integers(1, 9))))
        elif kind == Control.LAMBDA_ERRORS:
            control.append(Change(at_ns, kind, 0, draw(st.sampled_from([0, 1 << 22, 1 << 24]))))
        elif kind == Control.FUNCTION_ERRORS:
            control.append(Change(at_ns, kind, function, draw(st.sampled_from([0, 1 << 22, 1 << 23, 1 << 24]))))
        elif kind in SCALING:
            control.append(Change(at_ns, kind, 0, draw(st.integers(1, 4))))
        else:
            control.append(Change(at_ns, kind, function, draw(st.integers(-1, 3))))
    losses.sort(key=lambda loss: loss.at_ns)
    control += [Change(loss.at_ns, Control.ENVIRONMENTS_LOST, n, loss.share_q24) for n, loss in enumerate(losses)]
    continuous = draw(st.booleans())
    scaling = ScalingSpec(
        capacity=draw(st.integers(1, 4)),
        amount=draw(st.integers(1, 3)),
        per_ns=draw(times(1, 5)),
        continuous=continuous,
        per_function=draw(st.booleans()),
        requests=draw(st.sampled_from([0, 1, 2, 10])),
    )
    loads = draw(st.integers(1, 2))
    clients = tuple(
        ClientSpec(
            max_attempts=draw(st.integers(1, 4)),
            base_ns=draw(times(0, 3)),
            cap_ns=draw(times(1, 6)),
            full_jitter=draw(st.booleans()),
            quota=draw(st.sampled_from([0, 3])),
            retry_cost=2,
            processes=draw(st.integers(1, 2)),
        )
        for _ in range(loads)
    )
    rows = []
    sequence = [0] * loads
    span = draw(st.integers(0, 20))
    for at in sorted(draw(st.lists(st.integers(0, span), max_size=max_rows))):
        load = draw(st.integers(0, loads - 1))
        rows.append(
            {
                "load": load,
                "sequence": sequence[load],
                "request": load << 44 | sequence[load],
                "arrival_ns": at * tick,
                "function": draw(st.integers(0, len(functions) - 1)),
                "duration_ns": draw(times(0, 8)),
                "init_ns": draw(times(0, 8)),
                "placement_ns": draw(times(0, 1)),
                "outcome": draw(st.sampled_from(OUTCOMES)),
                "idle_timeout_ns": draw(times(0, 8)),
                "surplus_idle_timeout_ns": draw(times(0, 8)),
                "lifetime_ns": draw(times(1, 20)),
                "pick": draw(st.sampled_from([0, 2**30, 2**31 - 1])),
            }
        )
        sequence[load] += 1
    return Case(
        spec=AccountSpec(
            concurrency=concurrency,
            functions=tuple(functions),
            scaling=scaling,
            clients=clients,
            whole_seconds=draw(st.booleans()),
            losses=tuple(losses),
            service_key=draw(st.sampled_from([0, 9])),
        ),
        rows=rows,
        control=in_order(control),
        loads=loads,
        horizon_ns=draw(st.just(NEVER_NS) | times(1, 24)),
        cuts_ns=draw(st.lists(times(0, 22), max_size=3)),
        ends_ns=22 * tick,
    )
