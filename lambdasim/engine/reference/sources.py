"""Event sources by the kind of their spec: who takes in which events."""

from collections.abc import Callable
from typing import Any, Final

from lambdasim.engine.reference.asynchronous import AsynchronousEvents
from lambdasim.engine.reference.brokers import Brokers
from lambdasim.engine.reference.gateways import Gateway
from lambdasim.engine.reference.map import MapExecutions
from lambdasim.engine.reference.simulation import Simulation, Source
from lambdasim.engine.reference.sqs import SqsMapping
from lambdasim.engine.reference.sqs_fifo import FifoMapping
from lambdasim.engine.reference.streams import Streams
from lambdasim.model.asynchronous import AsynchronousSource
from lambdasim.model.batches import BrokerSpec
from lambdasim.model.gateway import GatewaySource
from lambdasim.model.maps import MapSource
from lambdasim.model.sqs import SqsSpec
from lambdasim.model.sqs_fifo import FifoSpec
from lambdasim.model.streams import StreamSpec

FAMILIES: Final[dict[type, Callable[[Simulation, int, Any], Source]]] = {
    AsynchronousSource: AsynchronousEvents,
    GatewaySource: Gateway,
    StreamSpec: Streams,
    BrokerSpec: Brokers,
    MapSource: MapExecutions,
    SqsSpec: SqsMapping,
    FifoSpec: FifoMapping,
}
"""Called with the simulation, the source's index and its spec, at the start of the simulation."""


def open_sources(simulation: Simulation) -> None:
    """Give the simulation the sources of its account."""
    for index, spec in enumerate(simulation.account.spec.sources):
        simulation.sources.append(FAMILIES[type(spec)](simulation, index, spec))
