"""What changes at a known time: each row of the control table, in its place among the events of that time."""

from collections.abc import Iterable

from lambdasim.engine.reference.clock import Process
from lambdasim.engine.reference.handler import Handlers
from lambdasim.engine.reference.simulation import Limited, Mapping, Metered, Sending, Simulation
from lambdasim.model import gateway
from lambdasim.model.control import OF_BATCHES, Change, Control
from lambdasim.model.downstream import RATES
from lambdasim.model.events import CHANGE_SHIFT
from lambdasim.model.function import FunctionState, catch_up, claim, configured, limit, refill_ramp, reserve
from lambdasim.model.losses import Loss, is_struck
from lambdasim.model.rules import fault_u24
from lambdasim.model.spec import SCALING, rescaled
from lambdasim.model.utilization import forget
from lambdasim.records import LevelMetric, SourceMetric


class ControlTable:
    """The rows that are still to come."""

    def __init__(self, simulation: Simulation, handlers: Handlers, changes: Iterable[Change]) -> None:
        self._simulation = simulation
        self._handlers = handlers
        self._clock = simulation.clock
        self._account = simulation.account
        self.add(changes)

    def add(self, changes: Iterable[Change]) -> None:
        """Let more rows happen, none of them before now."""
        for change in changes:
            self._clock.start(self._happen(change))

    def _happen(self, change: Change) -> Process:
        place = change.kind << CHANGE_SHIFT | change.subject
        yield self._clock.after(change.at_ns - self._clock.now_ns, change.rank, place)
        if change.kind == Control.ACCOUNT_CONCURRENCY:
            limit(self._account, self._account.rate, change.value, self._clock.now_ns)
        elif change.kind == Control.MAPPING_ENABLED:
            if isinstance(source := self._simulation.sources[change.subject], Mapping):
                source.enable(bool(change.value))
        elif change.kind == Control.MAXIMUM_CONCURRENCY:
            if isinstance(source := self._simulation.sources[change.subject], Limited):
                source.limit(change.value)
        elif change.kind == Control.EVENT_DESTINATIONS:
            if isinstance(source := self._simulation.sources[change.subject], Sending):
                source.send_to(change.value)
        elif change.kind == Control.RECORD_ERRORS:
            if isinstance(source := self._simulation.sources[change.subject], Mapping):
                source.fail_records(change.value)
        elif change.kind in OF_BATCHES:
            if isinstance(source := self._simulation.sources[change.subject], Mapping):
                source.adjust(change.kind, change.value)
        elif change.kind == Control.SOURCE_METERED:
            if isinstance(source := self._simulation.sources[change.subject], Metered):
                for metric, value in zip(OF_QUEUES, source.meter(), strict=True):
                    self._simulation.records.sample((change.subject, metric, self._clock.now_ns, value))
        elif change.kind in gateway.RATES:
            self._change_rate(change)
        elif change.kind in SCALING:
            self._change_scaling(change)
        elif change.kind in OF_DOWNSTREAMS:
            self._handlers.change(change.kind, change.subject, change.value)
        elif change.kind == Control.FUNCTION_ERRORS:
            self._simulation.functions[change.subject].fault_q24 = change.value
        elif change.kind == Control.WEIGHT:
            if change.subject < len(weights := self._simulation.versions.weights):
                weights[change.subject] = change.value
        elif change.kind == Control.LINK_ENABLED:
            self._simulation.links.enable(change.subject, bool(change.value))
        elif change.kind == Control.MAPPING_FUNCTION:
            self._simulation.lead(change.subject, change.value)
        elif change.kind == Control.RETIRED:
            self._simulation.functions[change.subject].retire(self._clock.now_ns)
        elif change.kind == Control.LAMBDA_ERRORS:
            self._account.service_errors_q24 = change.value
        elif change.kind == Control.ENVIRONMENTS_LOST:
            self._lose(self._account.spec.losses[change.subject])
        elif change.kind == Control.PROVISIONED_METERED:
            self._meter(self._simulation.functions[change.subject])
        elif change.kind in OF_FUNCTIONS:
            self._change_function(self._simulation.functions[change.subject], change)

    def _change_rate(self, change: Change) -> None:
        if change.subject:
            if (source := self._simulation.synchronous.get(change.subject - 1)) is not None:
                source.change_rate(change.kind, change.value)
            return
        account = self._account
        gateway.catch_up(account.api_rate, account.api_gateway, self._clock.now_ns)
        account.api_rate = gateway.adjusted(account.api_rate, change.kind, change.value)

    def _change_scaling(self, change: Change) -> None:
        account, now = self._account, self._clock.now_ns
        for function in self._simulation.functions:
            if function.shared.index == function.index:
                catch_up(account.scaling, function.shared.bucket, now)
                refill_ramp(account.scaling, function.shared, now)
        account.scaling = rescaled(account.scaling, change.kind, change.value)

    def _meter(self, function: FunctionState) -> None:
        now, sample, index = self._clock.now_ns, self._simulation.records.sample, function.index
        sample((index, LevelMetric.METERED, now, function.metered))
        sample((index, LevelMetric.SUM_Q24, now, function.metered_q24))
        sample((index, LevelMetric.MOST_Q24, now, function.metered_most_q24))
        forget(function)

    def _lose(self, loss: Loss) -> None:
        """Let environments be lost, of one function after the other."""
        now = self._clock.now_ns
        for function in self._simulation.functions:
            function.on_demand.expire(now - 1)
            allocated = function.allocated
            function.lose(now, lambda number: is_struck(loss, fault_u24(loss.key, number, 0)))
            if function.allocated < allocated:
                self._sample(function)

    def _change_function(self, function: FunctionState, change: Change) -> None:
        if change.kind == Control.PROVISIONED_REPLACED:
            function.replace(self._clock.now_ns, change.value, *change.init_ns)
            return
        now, sample, index = self._clock.now_ns, self._simulation.records.sample, function.index
        function.on_demand.expire(now - 1)
        if change.kind == Control.RESERVED_CONCURRENCY:
            reserve(self._account, function.shared, function.shared.reserved_rate, change.value, now)
        elif change.kind == Control.PROVISIONED_DECREASED:
            function.decrease(now, change.value)
        elif change.kind == Control.PROVISIONED_REQUESTED:
            claim(self._account, function.shared, function, change.value)
        else:
            function.increase(now, change.init_ns)
            every, own = function.alive(now - 1)
            sample((index, LevelMetric.ENVIRONMENTS, now, own))
            if len(function.siblings) > 1:
                sample((index, LevelMetric.FUNCTION_ENVIRONMENTS, now, every))
        self._sample(function)

    def _sample(self, function: FunctionState) -> None:
        """Tell of the levels of a function after a change."""
        now, sample, index = self._clock.now_ns, self._simulation.records.sample, function.index
        sample((function.shared.index, LevelMetric.RESERVED, now, function.shared.reserved))
        sample((index, LevelMetric.CONFIGURED, now, configured(function, function.provisioned)))
        sample((index, LevelMetric.ALLOCATED, now, function.allocated))
        sample((index, LevelMetric.CLAIMED, now, self._account.claimed))


OF_QUEUES = (SourceMetric.BACKLOG, SourceMetric.OLDEST_AGE)
"""What samples of a queue tell that a row asks for."""

OF_FUNCTIONS = (
    Control.RESERVED_CONCURRENCY, Control.PROVISIONED_DECREASED, Control.PROVISIONED_REQUESTED,
    Control.PROVISIONED_READY, Control.PROVISIONED_REPLACED,
)  # fmt: skip
"""The kinds whose subject is a function."""

OF_DOWNSTREAMS = (Control.SLOWDOWN, Control.DOWN, Control.CONNECTIONS, *RATES)
"""The kinds whose subject is a downstream."""
