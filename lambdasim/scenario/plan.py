"""The plan of an experiment: its spec, its numbered requests and its control table, put together once."""

from dataclasses import replace

from lambdasim.config.links import links
from lambdasim.config.request_series import request_series
from lambdasim.config.schema import ExperimentConfig
from lambdasim.model.control import Change, in_order
from lambdasim.model.events import NEVER_NS
from lambdasim.plan import Plan
from lambdasim.policies.chosen import NO_POLICIES, Policies
from lambdasim.scenario.account import account_spec, function_spec
from lambdasim.scenario.changes import change_rows
from lambdasim.scenario.provisioning import Provisioner
from lambdasim.workload.plan import Workload, closed_loops
from lambdasim.workload.random_streams import stream_key


def planned(config: ExperimentConfig, seed: int, policies: Policies = NO_POLICIES) -> tuple[Plan, Workload]:
    """Return what an engine needs for one simulation, and the workload that yields its chunks.

    Raises ``InputError`` for a trace that cannot be used.
    """
    workload = Workload(config, seed, policies.arrivals)
    functions = [function_spec(f.name, f.config) for f in workload.functions]
    functions = [replace(f, ahead_key=stream_key(seed, "ahead", f.name)) if f.ahead_q24 else f for f in functions]
    if any(moment.faults for moment in config.moments):
        functions = [replace(one, fault_key=stream_key(seed, "fault", one.name)) for one in functions]
    plan = Plan(
        account=account_spec(config, functions, workload.named, workload.links),
        series=workload.series,
        closed_loops=workload.closed_loops,
        control=control_table(config, workload),
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


def control_table(config: ExperimentConfig, workload: Workload) -> tuple[Change, ...]:
    """Return what changes in an account at a known time, in order."""
    rows: list[Change] = []
    provisioner = Provisioner(workload)
    for index, planned in enumerate(workload.functions):
        provisioned = planned.config.provisioned
        if provisioned is not None and provisioned.concurrency:
            if provisioned.requested_at is None:
                rows += provisioner.long_before(index, provisioned.concurrency)
            else:
                rows += provisioner.request(index, provisioned.requested_at, provisioned.concurrency)
    rows += change_rows(config, workload, provisioner)
    return in_order(rows)
