"""The plan of an experiment: its law, its numbered requests and its control table, put together once."""

from collections.abc import Sequence

from lambdasim.config.links import links
from lambdasim.config.request_series import request_series
from lambdasim.config.schema import ExperimentConfig
from lambdasim.model import rules
from lambdasim.model.control import Change, Control
from lambdasim.model.events import NEVER_NS, EventRank
from lambdasim.model.law import FunctionLaw
from lambdasim.plan import Plan
from lambdasim.scenario.account import account_law, function_law
from lambdasim.workload.plan import Workload, closed_loops


def planned(config: ExperimentConfig, seed: int) -> tuple[Plan, Workload]:
    """Return what an engine needs for one simulation, and the workload that yields its chunks.

    Raises ``InputError`` for a trace that cannot be used.
    """
    workload = Workload(config, seed)
    inits = [_provisioned_inits(workload, index) for index in range(len(workload.functions))]
    functions = [
        function_law(f.name, f.config, workload.preparation_ns(i), inits[i]) for i, f in enumerate(workload.functions)
    ]
    plan = Plan(
        account=account_law(config, functions, workload.named, workload.links),
        series=workload.series,
        closed_loops=workload.closed_loops,
        control=control_table(functions),
        provisioned_init_ns=tuple(inits),
        horizon_ns=config.simulation.duration or NEVER_NS,
        loads_end_ns=workload.ends_ns,
    )
    return plan, workload


def outline(config: ExperimentConfig) -> Plan:
    """Return a plan of the declared functions in which nothing is drawn: enough to say which engine supports it.

    No trace is read for it.
    """
    found = links(config)
    functions = [function_law(name, function, 0, ()) for name, function in config.function.items()]
    law = account_law(config, functions, request_series(config, found), found)
    return Plan(law, closed_loops=closed_loops(config))


def control_table(functions: Sequence[FunctionLaw]) -> tuple[Change, ...]:
    """Return what changes in an account at a known time, in order: the allocation of provisioned concurrency."""
    rows = []
    for index, law in enumerate(functions):
        for at_ns, rank, kind in (
            (law.provisioned_requested_ns, EventRank.PROVISIONED_CLAIM, Control.PROVISIONED_REQUESTED),
            (law.provisioned_ready_ns, EventRank.PROVISIONED_READY, Control.PROVISIONED_READY),
        ):
            if law.provisioned:
                rows.append(Change(at_ns, rank, kind, index, law.provisioned))
    return tuple(sorted(rows, key=lambda row: row.order))


def _provisioned_inits(workload: Workload, function: int) -> tuple[int, ...]:
    config = workload.functions[function].config
    if config.provisioned is None:
        return ()
    drawn_ns = workload.provisioned_init_ns(function, config.provisioned.concurrency)
    return tuple(rules.provisioned_init_ns(init_ns, config.timeout) for init_ns in drawn_ns.tolist())
