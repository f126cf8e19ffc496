"""The rows of the control table that the changes of an experiment come to, and what is told of them."""

from collections.abc import Iterator, Sequence
from math import prod

from lambdasim.config.change import Change as ChangeTable
from lambdasim.config.change import Fault
from lambdasim.config.over_time import MAPPED, begins_ns, finishes_ns
from lambdasim.config.plain import plain_value
from lambdasim.config.schema import ExperimentConfig
from lambdasim.control.activity import Activity
from lambdasim.model.control import Change, Control
from lambdasim.model.events import NEVER_NS
from lambdasim.model.losses import Loss
from lambdasim.scenario.provisioning import Provisioner
from lambdasim.units import NS_PER_S, share_q24
from lambdasim.workload.plan import Workload
from lambdasim.workload.random_streams import stream_key

NORMAL_PERMILLE = 1_000


def change_rows(config: ExperimentConfig, workload: Workload, provisioner: Provisioner) -> Iterator[Change]:
    """Yield what changes at the moments of an experiment, and which mappings are disabled from the start."""
    before = settings(config, (), workload)
    for (kind, subject), value in before.items():
        if kind is Control.MAPPING_ENABLED and not value:
            yield Change(0, kind, subject, value)
    ready_ns: dict[int, int] = {}
    for moment in config.moments:
        after = settings(moment.config, moment.faults, workload)
        for (kind, subject), value in after.items():
            old = before[kind, subject]
            if value == old:
                continue
            if kind is not Control.PROVISIONED_READY:
                yield Change(moment.at_ns, kind, subject, value)
            elif value > old:
                rows = provisioner.request(subject, moment.at_ns, value - old)
                ready_ns[subject] = max(row.at_ns for row in rows)
                yield from rows
            else:  # what is on the way is ready before anything of it is given up
                at_ns = max(moment.at_ns, ready_ns.get(subject, -1) + 1)
                yield Change(at_ns, Control.PROVISIONED_DECREASED, subject, old - value)
        before = after


def losses(config: ExperimentConfig, seed: int) -> tuple[Loss, ...]:
    """Return when execution environments are lost, in order of time."""
    found = [
        Loss(begins_ns(change, config.simulation.start), share_q24(share), stream_key(seed, "loss", str(change.name)))
        for change in config.change
        if change.fault is not None and (share := change.fault.environments_lost) is not None
    ]
    return tuple(sorted(found, key=lambda loss: loss.at_ns))


def loss_rows(found: Sequence[Loss]) -> Iterator[Change]:
    """Yield the rows of the control table that losses come to."""
    for number, loss in enumerate(found):
        yield Change(loss.at_ns, Control.ENVIRONMENTS_LOST, number, loss.share_q24)


def settings(config: ExperimentConfig, faults: tuple[Fault, ...], workload: Workload) -> dict[tuple[Control, int], int]:
    """Return all that may change, by its kind and subject; provisioned concurrency is under that of being ready."""
    found = {(Control.ACCOUNT_CONCURRENCY, 0): config.account.concurrency}
    answers = prod(1 - (fault.lambda_errors or 0.0) for fault in faults)
    found[Control.LAMBDA_ERRORS, 0] = share_q24(1 - answers)
    for index, planned in enumerate(workload.functions):
        function = config.function.get(planned.name, planned.config)
        reserved, provisioned = function.reserved_concurrency, function.provisioned
        found[Control.RESERVED_CONCURRENCY, index] = -1 if reserved is None else reserved
        found[Control.PROVISIONED_READY, index] = 0 if provisioned is None else provisioned.concurrency
        works = prod(1 - (fault.errors or 0.0) for fault in faults if fault.function == planned.name)
        found[Control.FUNCTION_ERRORS, index] = share_q24(1 - works)
    stopped = {fault.source for fault in faults if fault.disabled}
    for index, (name, source) in enumerate(config.event_sources.items()):
        if isinstance(source, MAPPED):
            enabled = getattr(source, "enabled", True)  # which AWS has of all, and files of queues
            found[Control.MAPPING_ENABLED, index] = int(enabled and name not in stopped)
            well = prod(1 - (fault.record_errors or 0.0) for fault in faults if fault.source == name)
            found[Control.RECORD_ERRORS, index] = share_q24(1 - (1 - source.record_errors) * well)
    for index, name in enumerate(config.downstream):
        slower = prod(fault.slowdown or 1.0 for fault in faults if fault.downstream == name)
        found[Control.SLOWDOWN, index] = round(slower * NORMAL_PERMILLE)
        found[Control.DOWN, index] = int(any(fault.down for fault in faults if fault.downstream == name))
        found[Control.CONNECTIONS, index] = config.downstream[name].max_connections or 0
    return found


def told(config: ExperimentConfig, ends_ns: int) -> list[Activity]:
    """Return the changes of an experiment that begin before its end, in order of time."""
    found = [_activity(change, begins_ns(change, config.simulation.start), config) for change in config.change]
    return sorted((one for one in found if one.at_ns < ends_ns), key=lambda one: one.at_ns)


def _activity(change: ChangeTable, at_ns: int, config: ExperimentConfig) -> Activity:
    until_ns = finishes_ns(change, config.simulation.start)
    ends = {} if until_ns == NEVER_NS else {"until_s": until_ns / NS_PER_S}
    if change.fault is not None:
        return Activity(at_ns, "fault", str(change.name), details={"fault": plain_value(change.fault)} | ends)
    return Activity(at_ns, "set", str(change.name), details={"set": plain_value(change.set)} | ends)
