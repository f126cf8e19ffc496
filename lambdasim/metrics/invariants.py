"""Exact laws of a run, checked on every run and without tolerance.

Each law is pairs of integers that two different parts of the records give. If any differ, the simulator is wrong,
never the experiment.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lambdasim.errors import LambdasimError


class InvariantViolation(LambdasimError):
    """Records contradict themselves: a bug of the simulator."""


class Balance(NamedTuple):
    """One law: of each subject two quantities, which must be equal."""

    invariant: str
    subjects: Sequence[str]
    left: str
    left_values: list[int]
    right: str
    right_values: list[int]

    @property
    def holds(self) -> bool:
        """Whether both are equal, of all subjects."""
        return self.left_values == self.right_values

    def violations(self) -> list[str]:
        """Return of which subjects they are not, and by how much."""
        return [
            f"{self.invariant}, {subject}: {self.left} = {one}, but {self.right} = {other} (difference {one - other})"
            for subject, one, other in zip(self.subjects, self.left_values, self.right_values, strict=True)
            if one != other
        ]


def conservation(
    names: Sequence[str],
    requests: list[int],
    completed: list[int],
    throttled: list[int],
    in_flight: list[int],
) -> Balance:
    """Every request that arrived completed, was throttled for good, or is in flight."""
    ends = [c + t + f for c, t, f in zip(completed, throttled, in_flight, strict=True)]
    return Balance("conservation", names, "requests", requests, "completed + throttled + in flight", ends)


def busy_time(names: Sequence[str], integral_ns: list[int], busy_ns: list[int]) -> Balance:
    """The integral of concurrency over all periods is the sum of placement, init and duration of all executions."""
    return Balance("busy time", names, "integral of concurrency (ns)", integral_ns, "busy time (ns)", busy_ns)


def environment_starts(names: Sequence[str], environments: list[int], starts: list[int]) -> Balance:
    """On-demand environments were created for requests, which waited for them or not, one for each."""
    return Balance("environment starts", names, "on-demand environments", environments, "starts in new ones", starts)


def environment_use(names: Sequence[str], served: list[int], invocations: list[int]) -> Balance:
    """Every invocation was served by an environment."""
    return Balance("environment use", names, "invocations of environments", served, "invocations", invocations)


def environment_states(
    names: Sequence[str],
    initialising_ns: list[int],
    init_ns: list[int],
    overfull_ns: list[int],
) -> list[Balance]:
    """Environments are initialising as long as their cold starts say, and never more are busy than alive."""
    none = [0] * len(names)
    return [
        Balance("environment states", names, "environments' init (ns)", initialising_ns, "cold starts' (ns)", init_ns),
        Balance("environment states", names, "busy beyond those alive (ns)", overfull_ns, "none", none),
    ]


def little(area_ns: int, sojourn_ns: int) -> Balance:
    """Little's law on the sample path: the area between arrivals and departures is the sum of the callers' waits."""
    subject, area, waits = "the account", "integral of requests in the system (ns)", "sum of the callers' waits (ns)"
    return Balance("Little's law", [subject], area, [area_ns], waits, [sojourn_ns])


def events(names: Sequence[str], received: list[int], fates: list[int]) -> Balance:
    """Every event that a source took in was processed, given up or filtered, or remains."""
    return Balance(
        "events of sources", names, "received", received, "processed + given up + filtered + remaining", fates
    )


def same_events(names: Sequence[str], came: list[int], went: list[int]) -> Balance:
    """The events that came are those that left or remain: sums of their hashed numbers, modulo 2**63."""
    return Balance("events of sources", names, "checksum of those received", came, "of those accounted for", went)


def time_in_sources(names: Sequence[str], area_ns: list[int], sojourn_ns: list[int]) -> Balance:
    """Little's law on the sample path of each source: the integral of its events is the sum of their times in it."""
    return Balance("time in sources", names, "integral of events (ns)", area_ns, "sum of their times (ns)", sojourn_ns)


def one_place_at_a_time(names: Sequence[str], beyond_ns: list[int]) -> Balance:
    """Never do more events wait, or are in a delivery, than are in the source."""
    none = [0] * len(names)
    return Balance("places of events", names, "waiting or delivered beyond those there (ns)", beyond_ns, "none", none)


def verify(balances: Iterable[Balance]) -> None:
    """Raise :class:`InvariantViolation`, which names each law that does not hold and both numbers."""
    violated = [violation for balance in balances if not balance.holds for violation in balance.violations()]
    if violated:
        more = [f"and {len(violated) - 10} more"] if len(violated) > 10 else []
        raise InvariantViolation("\n".join(["The records violate an exact law:", *violated[:10], *more]))
