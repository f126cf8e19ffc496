"""What was measured of the event sources of one run, and what they used of billable things."""

from collections.abc import Iterator, Mapping, Sequence

from lambdasim.metrics.cells import Totals
from lambdasim.metrics.series import Series
from lambdasim.metrics.sources import summary, timeline, usage
from lambdasim.metrics.sources.ledger import SourceLedger
from lambdasim.usage import PeriodUse, SourceUsage


class MeasuredSources:
    """The measurements of event sources. ``functions`` are the names of the functions that they invoke."""

    def __init__(self, ledger: SourceLedger, functions: Sequence[str]) -> None:
        self._ledger, self._functions = ledger, functions

    @property
    def names(self) -> list[str]:
        """The sources' names, in the order of their indices."""
        return [source.name for source in self._ledger.sources]

    def objects(self, callers: Mapping[str, summary.Json]) -> dict[str, summary.Json]:
        """Return ``summary.json``'s ``sources``, given what the callers of each load and source saw."""
        found = dict(callers)
        for name, of in summary.sources(self._ledger).items():
            found[name] = {**found.get(name, {}), **of}
        return found

    def asynchronous(self) -> dict[str, summary.Json]:
        """Return the ``async`` object of each function, by name."""
        return summary.asynchronous(self._ledger, self._functions)

    def series(self) -> Iterator[Series]:
        """Yield the time series."""
        return timeline.series(self._ledger, len(self._functions))

    def extra_requests(self) -> Totals:
        """Return the requests that large asynchronous events are billed beyond one for each attempt.

        ``count`` by ``function * periods + period``.
        """
        return usage.extra_requests(self._ledger)

    def usage(self) -> list[SourceUsage]:
        """Return what the sources used: event pollers, and what AWS's other services bill."""
        return usage.used(self._ledger, self._functions)

    def uses(self) -> Iterator[PeriodUse]:
        """Yield the same over time; the owners are the sources' indices."""
        return usage.uses(self._ledger)
