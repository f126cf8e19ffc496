"""A map state: an execution invokes its function for each item, so many at a time, and ends with the last."""

from lambdasim.engine.reference.clock import Process
from lambdasim.engine.reference.simulation import Simulation
from lambdasim.model import maps
from lambdasim.model.events import DeliveryOutcome, EventRank, Fate
from lambdasim.model.maps import MapSource
from lambdasim.plan import Request
from lambdasim.records import SourceMetric


class Execution:
    """One execution, now."""

    __slots__ = ("event", "failed", "left", "running", "started_ns")

    def __init__(self, event: int, items: int, started_ns: int) -> None:
        self.event = event
        self.left = items  # items that have not begun
        self.running = 0
        self.failed = 0
        self.started_ns = started_ns


class MapExecutions:
    """The executions of one map state."""

    def __init__(self, simulation: Simulation, source: int, spec: MapSource) -> None:
        self._simulation = simulation
        self._source = source
        self._spec = spec
        self._requests = simulation.requests(source)
        self._executions: dict[int, Execution] = {}

    def arrive(self, request: Request) -> None:
        """Begin an execution."""
        execution = Execution(request.request, self._spec.items, self._simulation.clock.now_ns)
        self._executions[execution.event] = execution
        for _ in range(self._spec.concurrency):
            execution.running += 1
            self._simulation.clock.start(self._lane(execution, request.chain_depth))

    def finish(self) -> None:
        """Write the rows of the executions that have not ended."""
        for execution in self._executions.values():
            self._row(execution, -1, DeliveryOutcome.IN_FLIGHT, Fate.REMAINS)

    def _lane(self, execution: Execution, chain_depth: int) -> Process:
        """Run one item after the other until none is left."""
        clock = self._simulation.clock
        while execution.left:
            execution.left -= 1
            request = self._requests.next()
            yield clock.after(0, EventRank.ARRIVAL, request.request)
            request = request._replace(arrival_ns=clock.now_ns, chain_depth=chain_depth)
            status = yield from self._simulation.invocations.request(request)
            execution.failed += maps.is_failed(status)
        execution.running -= 1
        if not execution.running:
            self._end(execution)

    def _end(self, execution: Execution) -> None:
        now = self._simulation.clock.now_ns
        del self._executions[execution.event]
        self._row(execution, now, *maps.outcome(self._spec, execution.failed))
        self._simulation.records.sample((self._source, SourceMetric.EXECUTION_TIME, now, now - execution.started_ns))

    def _row(self, execution: Execution, ended_ns: int, outcome: DeliveryOutcome, fate: Fate) -> None:
        began = execution.started_ns
        self._simulation.records.delivery(
            (self._source, execution.event, 0, -1, began, began, began, ended_ns, outcome, fate, 0, 0, -1)
        )
