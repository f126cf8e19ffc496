"""How often a month holds a run: as often as its file says, else without pause and as densely as its peak allows.

Loads repeated without pause begin again when the last of them ends. Where their work takes longer than they do, no
month can hold them as often: the mean concurrency would exceed the peak that the run itself had. So the time from one
run to the next is the span of the loads or the integral of concurrency over its peak, whichever is longer. That is the
ceiling exactly for a drain, and hardly moved by an invocation that ends late. A function whose own work does not fit
into that time is at its own peak all month.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lambdasim.usage import Busy


@dataclass(frozen=True, slots=True)
class Month:
    """From one run to the next: ``period_ns``; None where there is no month."""

    period_ns: int | None
    longer_ns: Mapping[str, int] = field(default_factory=dict)
    """Functions whose own work takes longer, and how long."""
    notes: tuple[str, ...] = ()

    def of(self, function: str) -> int:
        """Return the period of a function's charges; there must be a month."""
        assert self.period_ns is not None
        return self.longer_ns.get(function, self.period_ns)


def month_of(
    span_ns: int, account: Busy, functions: Mapping[str, Busy], *, repeats_ns: int | None, shortest_ns: int
) -> Month:
    """Return how often a month holds a run whose loads span ``span_ns``, given what concurrency it used.

    ``repeats_ns``: from one run to the next, where the file says so. Otherwise loads that span less than
    ``shortest_ns`` have no month.
    """
    if repeats_ns is not None:
        notes: tuple[str, ...] = ()
        if account.densest_ns > repeats_ns:
            mean = account.integral_ns / repeats_ns
            notes = (
                f"repeated as often as billing.repeats says, the run takes a concurrency of {mean:,.0f} on average, "
                f"above its own peak of {account.peak:,}",
            )
        return Month(repeats_ns, notes=notes)
    if span_ns < shortest_ns:
        return Month(None)
    period_ns = max(span_ns, account.densest_ns)
    longer = {name: busy.densest_ns for name, busy in functions.items() if busy.densest_ns > period_ns}
    notes = tuple(
        f"'{name}' has more work than fits into the time between two runs: in a month its concurrency stays at the "
        f"{functions[name].peak:,} that it had at most"
        for name in longer
    )
    return Month(period_ns, longer, notes)
