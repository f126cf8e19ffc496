"""The rows of the control table that the changes of an experiment come to, and what is told of them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import prod
from typing import Final

from lambdasim.config.change import Change as ChangeTable
from lambdasim.config.change import Deployment, Fault
from lambdasim.config.changeable import MAPPED
from lambdasim.config.deployments import ends_after_ns
from lambdasim.config.function import FunctionConfig
from lambdasim.config.links import enabled
from lambdasim.config.over_time import finishes_ns
from lambdasim.config.plain import plain_value
from lambdasim.config.qualifier import LATEST, qualified
from lambdasim.config.rollouts import begins_ns
from lambdasim.config.schema import ExperimentConfig
from lambdasim.config.sources.base import SourceTable
from lambdasim.config.sources.brokers import BrokerSource
from lambdasim.config.sources.gateway import Gateway
from lambdasim.config.sources.kafka import KafkaSource
from lambdasim.config.sources.sqs import SqsSource
from lambdasim.config.sources.streams import StreamSource
from lambdasim.control.activity import Activity
from lambdasim.model.batches import SETTINGS as OF_RECORDS
from lambdasim.model.control import Change, Control
from lambdasim.model.downstream import RATES as OF_CALLS
from lambdasim.model.events import NEVER_NS
from lambdasim.model.gateway import RATES
from lambdasim.model.losses import Loss
from lambdasim.model.spec import SCALING
from lambdasim.model.sqs import SETTINGS as OF_QUEUES
from lambdasim.scenario.account import downstream_spec, scaling_spec
from lambdasim.scenario.asynchronous import asynchronous_spec
from lambdasim.scenario.gateways import rate_spec
from lambdasim.scenario.provisioning import Provisioner
from lambdasim.scenario.sqs import fifo_maximum, queue_spec
from lambdasim.scenario.streams import Patient, batch_spec, kafka_spec
from lambdasim.units import NS_PER_S, share_q24
from lambdasim.workload.plan import Workload
from lambdasim.workload.random_streams import stream_key

NORMAL_PERMILLE = 1_000
NOBODY: Final[Mapping[str, int]] = {}


def change_rows(config: ExperimentConfig, workload: Workload, provisioner: Provisioner) -> Iterator[Change]:
    """Yield what changes at the moments of an experiment, and which mappings are disabled from the start."""
    moments = {moment.at_ns: moment for moment in config.moments}
    times = sorted({*moments, *(step[0] for route in workload.destinations.moving for step in route.steps[1:])})
    if not times and not workload.sources:
        return  # of a thousand functions none of which changes there is much to look at in vain
    before = settings(config, (), workload, 0)
    for (kind, subject), value in before.items():
        if kind is Control.MAPPING_ENABLED and not value:
            yield Change(0, kind, subject, value)
    ready_ns: dict[int, int] = {}
    now, faults = config, tuple[Fault, ...]()
    for at_ns in times:
        if at_ns in moments:
            now, faults = moments[at_ns].config, moments[at_ns].faults
        after = settings(now, faults, workload, at_ns)
        for (kind, subject), value in after.items():
            old = before[kind, subject]
            if value == old:
                continue
            if kind is not Control.PROVISIONED_READY:
                yield Change(at_ns, kind, subject, value)
            elif value > old:
                rows = provisioner.request(subject, at_ns, value - old)
                ready_ns[subject] = max(row.at_ns for row in rows)
                yield from rows
            else:  # what is on the way is ready before anything of it is given up
                given_up_ns = max(at_ns, ready_ns.get(subject, -1) + 1)
                yield Change(given_up_ns, Control.PROVISIONED_DECREASED, subject, old - value)
        before = after


def code_rows(workload: Workload) -> Iterator[Change]:
    """Yield the weights of aliases as they change, and which versions updates take the place of."""
    first = 0
    for route in workload.destinations.moving:
        for (_, before), (at_ns, weights) in pairwise(route.steps):
            for place, (old, weight) in enumerate(zip(before, weights, strict=True)):
                if weight != old:
                    yield Change(at_ns, Control.WEIGHT, first + place, weight)
        first += len(route.versions)
    if not any(planned.since_ns for planned in workload.functions):
        return
    latest: dict[str, int] = {}
    for index, planned in enumerate(workload.functions):
        if planned.since_ns:
            yield Change(planned.since_ns, Control.RETIRED, latest[planned.of], 0)
        if planned.version in ("", LATEST):
            latest[planned.of] = index


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


def settings(
    config: ExperimentConfig, faults: tuple[Fault, ...], workload: Workload, at_ns: int
) -> dict[tuple[Control, int], int]:
    """Return all that may change, by its kind and subject; provisioned concurrency is under that of being ready."""
    found = {(Control.ACCOUNT_CONCURRENCY, 0): config.account.concurrency}
    answers = prod(1 - (fault.lambda_errors or 0.0) for fault in faults)
    scaling, rate = scaling_spec(config.account.scaling), config.account.api_gateway
    found |= {(kind, 0): getattr(scaling, field) for kind, field in SCALING.items()}
    found |= _of_rate(0, rate.rate_limit, rate.burst_limit)
    found[Control.LAMBDA_ERRORS, 0] = share_q24(1 - answers)
    known: set[str] = set()
    for index, planned in enumerate(workload.functions):
        function = config.function.get(planned.of, planned.config)
        if planned.of not in known:  # with its first version
            reserved = function.reserved_concurrency
            found[Control.RESERVED_CONCURRENCY, index] = -1 if reserved is None else reserved
            known.add(planned.of)
        if planned.config.provisioned is None or not planned.config.provisioned.varies:
            found[Control.PROVISIONED_READY, index] = provisioned_at(function, workload, index, at_ns, settled=True)
        works = prod(1 - (fault.errors or 0.0) for fault in faults if fault.function in (planned.of, planned.label))
        found[Control.FUNCTION_ERRORS, index] = share_q24(1 - works)
    for number, is_enabled in enumerate(enabled(config, workload.links)):
        found[Control.LINK_ENABLED, number] = int(is_enabled)
    for index, function_name in workload.asynchronous.items():
        table = config.function[function_name].async_
        found[Control.EVENT_DESTINATIONS, index] = asynchronous_spec(table).destinations
    stopped = {fault.source for fault in faults if fault.disabled}
    for index, (name, source) in enumerate(config.event_sources.items()):
        if isinstance(source, MAPPED):
            found[Control.MAPPING_ENABLED, index] = int(source.enabled and name not in stopped)
            well = prod(1 - (fault.record_errors or 0.0) for fault in faults if fault.source == name)
            if name in workload.destinations.leads:
                passed = [from_ns for from_ns, _ in workload.destinations.leads[name] if from_ns <= at_ns]
                found[Control.MAPPING_FUNCTION, index] = len(passed) - 1
            found[Control.RECORD_ERRORS, index] = share_q24(1 - (1 - source.record_errors) * well)
        found |= {(kind, index): value for kind, value in _of_mapping(source, workload).items()}
        if isinstance(source, Gateway) and source.rate_limit is not None and source.burst_limit is not None:
            found |= _of_rate(1 + index, source.rate_limit, source.burst_limit)
    for index, name in enumerate(config.downstream):
        slower = prod(fault.slowdown or 1.0 for fault in faults if fault.downstream == name)
        found[Control.SLOWDOWN, index] = round(slower * NORMAL_PERMILLE)
        found[Control.DOWN, index] = int(any(fault.down for fault in faults if fault.downstream == name))
        found[Control.CONNECTIONS, index] = config.downstream[name].max_connections or 0
        limits = downstream_spec(name, config.downstream[name])
        found |= {(kind, index): getattr(limits, field) for kind, field in OF_CALLS.items()}
    return found


def _of_rate(subject: int, rate: float, burst: int) -> dict[tuple[Control, int], int]:
    """Return a rate of API Gateway."""
    return {(kind, subject): getattr(rate_spec(rate, burst), field) for kind, field in RATES.items()}


def _of_mapping(source: SourceTable, workload: Workload) -> dict[Control, int]:
    """Return the settings of a source's mapping, and of its queue; none of a source without."""
    if isinstance(source, SqsSource):
        timeout_ns = workload.functions[workload.destinations.routes[source.function].begins].config.timeout
        queue = queue_spec("", source, 0, timeout_ns)
        found = {kind: int(getattr(queue, field)) for kind, field in OF_QUEUES.items()}
        if source.type == "sqs-fifo":
            return found | {Control.MAXIMUM_CONCURRENCY: fifo_maximum(source)}
        found[Control.MAXIMUM_CONCURRENCY] = queue.polling.maximum
        if source.provisioned_pollers is not None:
            found[Control.MINIMUM_CONCURRENCY] = queue.polling.initial
        return found
    if not isinstance(source, Patient | BrokerSource):
        return {}
    batches = batch_spec(source)
    found = {kind: int(getattr(batches, field)) for kind, field in OF_RECORDS.items()}
    if isinstance(source, KafkaSource) and source.provisioned_pollers is not None:
        pollers = kafka_spec("", source, 0).pollers
        assert pollers is not None
        found |= {Control.MINIMUM_CONCURRENCY: pollers.minimum, Control.MAXIMUM_CONCURRENCY: pollers.maximum}
    if isinstance(source, StreamSource):
        found |= {
            Control.TUMBLING_WINDOW: source.tumbling_window,
            Control.PARALLELIZATION: source.parallelization_factor,
        }
    return found


def provisioned_at(function: FunctionConfig, workload: Workload, index: int, at_ns: int, settled: bool = False) -> int:
    """Return how much provisioned concurrency a version is to have at a time: its own, and its part of aliases'.

    ``function`` is as it is set then. That of a name which leads from version to version is left to a controller, and
    so out of what is ``settled``.
    """

    def part(name: str, whole: int) -> int:
        route = workload.destinations.routes[name]
        return 0 if settled and not route.is_settled else route.part(index, at_ns, whole)

    planned = workload.functions[index]
    if planned.version in ("", LATEST):
        held = function.provisioned.concurrency if function.provisioned is not None else 0
        return part(planned.of, held)
    own = function.version[planned.version].provisioned
    return (0 if own is None else own.concurrency) + sum(
        part(qualified(planned.of, key), alias.provisioned.concurrency)
        for key, alias in function.alias.items()
        if alias.provisioned is not None
    )


def told(config: ExperimentConfig, ends_ns: int, rolled_back_ns: Mapping[str, int] = NOBODY) -> list[Activity]:
    """Return the changes of an experiment that begin before its end, in order of time.

    ``rolled_back_ns`` has when deployments were rolled back, by the name of the change.
    """
    found = [
        _activity(change, begins_ns(change, config.simulation.start), config, ends_ns, rolled_back_ns)
        for change in config.change
    ]
    return sorted((one for one in found if one.at_ns < ends_ns), key=lambda one: one.at_ns)


def _activity(
    change: ChangeTable, at_ns: int, config: ExperimentConfig, ends_ns: int, rolled_back_ns: Mapping[str, int]
) -> Activity:
    if change.deploy is not None:
        return _deployment(change, change.deploy, at_ns, ends_ns, rolled_back_ns.get(str(change.name)))
    until_ns = finishes_ns(change, config.simulation.start)
    ends = {} if until_ns == NEVER_NS else {"until_s": until_ns / NS_PER_S}
    if change.fault is not None:
        return Activity(at_ns, "fault", str(change.name), details={"fault": plain_value(change.fault)} | ends)
    return Activity(at_ns, "set", str(change.name), details={"set": plain_value(change.set)} | ends)


def _deployment(
    change: ChangeTable, deployment: Deployment, at_ns: int, ends_ns: int, rolled_back_ns: int | None
) -> Activity:
    name, details = str(change.name), {"deploy": plain_value(deployment)}
    if rolled_back_ns is not None:
        return Activity(at_ns, "deploy", name, "rolled_back", details | {"ended_s": rolled_back_ns / NS_PER_S})
    last_ns = at_ns + ends_after_ns(deployment)
    if last_ns >= ends_ns:
        return Activity(at_ns, "deploy", name, "in_progress", details | {"ended_s": None})
    return Activity(at_ns, "deploy", name, details=details | {"ended_s": last_ns / NS_PER_S})
