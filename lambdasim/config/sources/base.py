"""What every ``[source.NAME]`` table has, and what a type of source may say about itself."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from lambdasim.config.distribution import Distribution
from lambdasim.config.positions import Path
from lambdasim.config.quantity import ConfigTable

if TYPE_CHECKING:
    from lambdasim.config.client import Client
    from lambdasim.config.function import FunctionConfig


class SourceTable(ConfigTable):
    """``[source.NAME]``: something that invokes a function. Each type has a class, with ``type`` as its first key."""

    type: Any
    """Type of the source, which decides its other keys."""
    function: str
    """Name of the function that it invokes. Of a queue, stream, topic or broker a change may set another one: what runs
    ends where it began, each attempt after that goes to the new one (ours: AWS does not say)."""

    takes_loads: ClassVar[bool] = True
    """False for what makes its events itself, so that no load may go there."""
    carries_durations: ClassVar[bool] = True
    """False where events are processed in batches, so that the durations of a trace have no meaning."""

    decided_by = "type"

    @property
    def takes_events(self) -> bool:
        """Whether it is told as a source of its own; otherwise its requests go straight to their function."""
        return True

    def caller(self) -> "Client | None":
        """Return how the caller retries, where somebody waits for an answer."""
        return None

    def delay(self) -> Distribution | None:
        """Return the time from an event to its arrival at Lambda or in the queue, where it is not nothing."""
        return None

    def dead_letters(self) -> str | None:
        """Return the name of the queue or destination of events that are given up."""
        return None

    def pays_for_pollers(self) -> bool:
        """Say whether its event pollers are provisioned, and so billed by the hour."""
        return False

    def complaints(self, function: "FunctionConfig") -> Iterator[tuple[Path, str]]:
        """Yield what is wrong with the values of several keys, or with them and the function: a path and a message."""
        yield from ()

    def reason_unused(self) -> str:
        """Return why keys of other types mean nothing."""
        return f"with the type '{self.type}'"
