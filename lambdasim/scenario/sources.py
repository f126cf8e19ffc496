"""The spec of each event source, by the class of its table."""

from collections.abc import Callable
from typing import Any, Final

from lambdasim.config.sources.asynchronous import AsynchronousSource
from lambdasim.config.sources.base import SourceTable
from lambdasim.config.sources.brokers import BrokerSource
from lambdasim.config.sources.gateway import Gateway
from lambdasim.config.sources.invoke import Invoke
from lambdasim.config.sources.kafka import KafkaSource
from lambdasim.config.sources.map import MapSource as MapTable
from lambdasim.config.sources.schedule import ScheduleSource
from lambdasim.config.sources.sqs import SqsSource
from lambdasim.config.sources.streams import StreamSource
from lambdasim.model.maps import MapSource
from lambdasim.model.spec import SourceSpec
from lambdasim.scenario.asynchronous import asynchronous_source
from lambdasim.scenario.gateways import gateway_source, invoke_source
from lambdasim.scenario.sqs import queue_source
from lambdasim.scenario.streams import broker_spec, kafka_spec, stream_spec


def map_source(name: str, table: MapTable, function: int) -> MapSource:
    """Return the spec of a map state."""
    tolerated = int(table.tolerated_failures * table.items)
    return MapSource(name, function, table.items, min(table.maximum_concurrency, table.items), tolerated)


SPECS: Final[dict[type[SourceTable], Callable[[str, Any, int], SourceSpec]]] = {
    AsynchronousSource: asynchronous_source,
    Gateway: gateway_source,
    Invoke: invoke_source,
    ScheduleSource: asynchronous_source,
    StreamSource: stream_spec,
    KafkaSource: kafka_spec,
    BrokerSource: broker_spec,
    MapTable: map_source,
}
"""Called with the source's name, its table and the index of its function."""


def source_spec(name: str, table: SourceTable, function: int, timeout_ns: int) -> SourceSpec:
    """Return the spec of a source; ``timeout_ns`` is its function's."""
    if isinstance(table, SqsSource):
        return queue_source(name, table, function, timeout_ns)
    return SPECS[type(table)](name, table, function)
