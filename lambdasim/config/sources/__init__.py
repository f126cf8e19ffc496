"""The ``[source.NAME]`` tables: one class for each family of types, found by the name of the type."""

from typing import Any, Final, get_args

from lambdasim.config.sources.asynchronous import AsynchronousSource
from lambdasim.config.sources.base import SourceTable
from lambdasim.config.sources.brokers import BrokerSource
from lambdasim.config.sources.gateway import Gateway
from lambdasim.config.sources.invoke import Invoke
from lambdasim.config.sources.kafka import KafkaSource
from lambdasim.config.sources.map import MapSource
from lambdasim.config.sources.schedule import ScheduleSource
from lambdasim.config.sources.sqs import SqsSource
from lambdasim.config.sources.streams import StreamSource
from lambdasim.config.suggest import hint
from lambdasim.errors import InputError

__all__ = ["SOURCES", "AnySource", "SourceTable", "source_table", "unknown_type"]

AnySource = (
    Invoke
    | Gateway
    | AsynchronousSource
    | ScheduleSource
    | MapSource
    | SqsSource
    | StreamSource
    | KafkaSource
    | BrokerSource
)

SOURCES: Final[dict[str, type[SourceTable]]] = {
    name: model for model in get_args(AnySource) for name in get_args(model.model_fields["type"].annotation)
}
"""The class of each type of source."""


def unknown_type(name: object) -> str:
    """Return what to say of a type that is none."""
    if name is None:
        return f"is missing; the types are: {', '.join(SOURCES)}"
    return f"unknown value {str(name)[:60]!r}; {hint(str(name), SOURCES, 'the values are')}"


def source_table(**values: Any) -> SourceTable:
    """Return the source of a ``type`` with these keys; raises :class:`InputError` with every problem."""
    model = SOURCES.get(str(values.get("type")))
    if model is None:
        raise InputError.single(unknown_type(values.get("type")), path="type")
    return model(**values)
