"""The plan of an experiment: its spec, its numbered requests and its control table, put together once."""

from lambdasim.config.links import links
from lambdasim.config.request_series import request_series
from lambdasim.config.schema import ExperimentConfig
from lambdasim.model.control import Change, in_order
from lambdasim.model.events import NEVER_NS
from lambdasim.plan import Plan
from lambdasim.policies.chosen import NO_POLICIES, Policies
from lambdasim.scenario.account import account_spec, function_spec
from lambdasim.scenario.provisioning import Provisioner
from lambdasim.workload.plan import Workload, closed_loops


def planned(config: ExperimentConfig, seed: int, policies: Policies = NO_POLICIES) -> tuple[Plan, Workload]:
    """Return what an engine needs for one simulation, and the workload that yields its chunks.

    Raises ``InputError`` for a trace that cannot be used.
    """
    workload = Workload(config, seed, policies.arrivals)
    functions = [function_spec(f.name, f.config) for f in workload.functions]
    plan = Plan(
        account=account_spec(config, functions, workload.named, workload.links),
        series=workload.series,
        closed_loops=workload.closed_loops,
        control=control_table(workload),
        horizon_ns=config.simulation.duration or NEVER_NS,
        loads_end_ns=workload.ends_ns,
        policies=policies.names,
    )
    return plan, workload


def outline(config: ExperimentConfig) -> Plan:
    """Return a plan of the declared functions in which nothing is drawn: enough to say which engine supports it.

    No trace is read for it.
    """
    found = links(config)
    functions = [function_spec(name, function) for name, function in config.function.items()]
    spec = account_spec(config, functions, request_series(config, found), found)
    return Plan(spec, closed_loops=closed_loops(config))


def control_table(workload: Workload) -> tuple[Change, ...]:
    """Return what changes in an account at a known time, in order: the allocation of provisioned concurrency."""
    rows: list[Change] = []
    provisioner = Provisioner(workload)
    for index, planned in enumerate(workload.functions):
        config = planned.config.provisioned
        if config is not None and config.concurrency:
            if config.requested_at is None:
                rows += provisioner.long_before(index, config.concurrency)
            else:
                rows += provisioner.request(index, config.requested_at, config.concurrency)
    return in_order(rows)
