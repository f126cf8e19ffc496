"""The plan of an experiment: its spec, its numbered requests and its control table, put together once."""

from dataclasses import replace

from lambdasim.config.links import links
from lambdasim.config.request_series import request_series
from lambdasim.config.schema import ExperimentConfig
from lambdasim.garbage import uncollected
from lambdasim.model.control import Change, in_order
from lambdasim.model.events import NEVER_NS
from lambdasim.plan import Plan
from lambdasim.policies.chosen import NO_POLICIES, Policies
from lambdasim.scenario.account import account_spec, function_specs
from lambdasim.scenario.changes import change_rows, code_rows, loss_rows, losses, provisioned_at
from lambdasim.scenario.provisioning import Provisioner
from lambdasim.workload.functions import planned_functions
from lambdasim.workload.opening import closed_loops
from lambdasim.workload.plan import Workload
from lambdasim.workload.random_streams import stream_key
from lambdasim.workload.routes import routes


@uncollected
def planned(config: ExperimentConfig, seed: int, policies: Policies = NO_POLICIES) -> tuple[Plan, Workload]:
    """Return what an engine needs for one simulation, and the workload that yields its chunks.

    Raises ``InputError`` for a trace that cannot be used.
    """
    workload = Workload(config, seed, policies.arrivals)
    functions = function_specs(workload.functions)
    functions = [f._replace(ahead_key=stream_key(seed, "ahead", f.name)) if f.ahead_q24 else f for f in functions]
    if any(moment.faults for moment in config.moments):
        functions = [one._replace(fault_key=stream_key(seed, "fault", one.name)) for one in functions]
    account = account_spec(
        config, workload.functions, functions, workload.named, workload.links, workload.destinations.routes
    )
    pinned = {
        number: replace(one, pin_key=stream_key(seed, "pinned", one.name) >> 1)
        for number, one in enumerate(account.downstreams)
        if one.pinned_q24
    }
    if pinned:
        own = tuple(pinned.get(number, one) for number, one in enumerate(account.downstreams))
        account = replace(account, downstreams=own)
    if any(moment.faults for moment in config.moments):
        account = replace(account, losses=losses(config, seed), service_key=stream_key(seed, "service"))
    plan = Plan(
        account=account,
        series=workload.series,
        closed_loops=workload.closed_loops,
        control=in_order((*control_table(config, workload), *loss_rows(account.losses))),
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
    functions = planned_functions(config, {}, {})
    names = routes(config, functions)
    spec = account_spec(config, functions, function_specs(functions), request_series(config, found), found, names)
    return Plan(spec, closed_loops=closed_loops(config))


def control_table(config: ExperimentConfig, workload: Workload) -> tuple[Change, ...]:
    """Return what changes in an account at a known time, in order."""
    rows: list[Change] = []
    provisioner = Provisioner(workload)
    for index, planned in enumerate(workload.functions):
        table = planned.config.provisioned
        if table is None:
            continue
        if count := provisioned_at(config.function.get(planned.of, planned.config), workload, index, 0):
            if table.requested_at is None:
                rows += provisioner.long_before(index, count)
            else:
                rows += provisioner.request(index, table.requested_at, count)
    rows += change_rows(config, workload, provisioner)
    rows += code_rows(workload)
    return in_order(rows)
