"""The connections of environments to downstreams. Twin of ``DownstreamState`` of ``model/downstream.py``."""

from typing import Any

from lambdasim.engine.compiled.api_requests import sample
from lambdasim.engine.compiled.routine import routine
from lambdasim.engine.compiled.state import State
from lambdasim.machine_code.jit import kernel
from lambdasim.model.downstream import may_connect
from lambdasim.records import SourceMetric

CONNECTIONS, REFUSALS = SourceMetric.CONNECTIONS, SourceMetric.REFUSALS


@kernel
def connect(state: State, index: int, environment: Any, now: int) -> bool:
    """Give an environment a connection to a downstream unless it has one; say whether it has one now."""
    downstream = state.downstreams[index]
    if downstream.connections == 0 or environment.connected >> downstream.bit & 1:
        return True
    if not may_connect(downstream, downstream.held):
        return False
    environment.connected |= 1 << downstream.bit
    downstream.held += 1
    sample(state, -1 - index, CONNECTIONS, now, 1)
    return True


@kernel
def refused(state: State, index: int, now: int) -> None:
    """Count what a downstream refused now."""
    sample(state, -1 - index, REFUSALS, now, 1)


@routine
def disconnect(state: State, slot: int, at_ns: int) -> None:
    """Take back all connections of an environment that ended at ``at_ns``, or was reset then."""
    environment = state.environments[slot]
    for index in range(len(state.downstreams)):
        downstream = state.downstreams[index]
        if downstream.connections > 0 and environment.connected >> downstream.bit & 1:
            downstream.held -= 1
            sample(state, -1 - index, CONNECTIONS, at_ns, -1)
    environment.connected = 0


@routine
def ready(state: State, slot: int, now: int) -> None:
    """Open the connections that an environment of provisioned concurrency opens as it initialises."""
    environment = state.environments[slot]
    function = state.functions[environment.pool >> 1]
    for number in range(function.first_use, function.first_use + function.uses):
        use = state.uses[number]
        if use.connects_in_init and not connect(state, use.downstream, environment, now):
            refused(state, use.downstream, now)
