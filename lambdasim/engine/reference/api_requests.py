"""Billable requests to a source's own API, counted and written down once for each minute in which there were any."""

from lambdasim.engine.reference.simulation import Simulation
from lambdasim.model.rules import MINUTE_NS
from lambdasim.records import SourceMetric


class ApiRequests:
    """The requests of one source; a sample bears the time at which its minute began."""

    __slots__ = ("_empty", "_minute_ns", "_requests", "_simulation", "_source")

    def __init__(self, simulation: Simulation, source: int) -> None:
        self._simulation = simulation
        self._source = source
        self._minute_ns = 0
        self._requests = self._empty = 0

    def count(self, now: int, requests: int) -> None:
        """Count requests that are made now."""
        if now >= self._minute_ns + MINUTE_NS:
            self.finish()
            self._minute_ns = now - now % MINUTE_NS
        self._requests += requests

    def count_empty(self, now: int, receives: int) -> None:
        """Count receives that until now have found nothing; they are billed too."""
        if receives:
            self.count(now, receives)
            self._empty += receives

    def finish(self) -> None:
        """Write down what has been counted."""
        sample = self._simulation.records.sample
        if self._requests:
            sample((self._source, SourceMetric.REQUESTS, self._minute_ns, self._requests))
        if self._empty:
            sample((self._source, SourceMetric.EMPTY_RECEIVES, self._minute_ns, self._empty))
        self._requests = self._empty = 0
