"""Exact laws of a run, checked on every run and without tolerance.

Each law is a pair of integers that two different parts of the records give. If they differ, the simulator is wrong,
never the experiment.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lambdasim.errors import LambdasimError


class InvariantViolation(LambdasimError):
    """Records contradict themselves: a bug of the simulator."""


class Balance(NamedTuple):
    """One law for one subject: two quantities that must be equal."""

    invariant: str
    subject: str
    left: str
    left_value: int
    right: str
    right_value: int

    @property
    def holds(self) -> bool:
        """Whether both are equal."""
        return self.left_value == self.right_value

    def __str__(self) -> str:
        return (
            f"{self.invariant}, {self.subject}: {self.left} = {self.left_value}, but {self.right} = {self.right_value} "
            f"(difference {self.left_value - self.right_value})"
        )


def conservation(
    names: Sequence[str],
    requests: Sequence[int],
    completed: Sequence[int],
    throttled: Sequence[int],
    in_flight: Sequence[int],
) -> list[Balance]:
    """Every request that arrived completed, was throttled for good, or is in flight."""
    ends = [c + t + f for c, t, f in zip(completed, throttled, in_flight, strict=True)]
    return _pairs("conservation", names, "requests", requests, "completed + throttled + in flight", ends)


def busy_time(names: Sequence[str], integral_ns: Sequence[int], busy_ns: Sequence[int]) -> list[Balance]:
    """The integral of concurrency over all periods is the sum of placement, init and duration of all executions."""
    return _pairs("busy time", names, "integral of concurrency (ns)", integral_ns, "busy time (ns)", busy_ns)


def environment_starts(names: Sequence[str], environments: Sequence[int], starts: Sequence[int]) -> list[Balance]:
    """On-demand environments were created for requests, which waited for them or not, one for each."""
    return _pairs("environment starts", names, "on-demand environments", environments, "starts in new ones", starts)


def environment_use(names: Sequence[str], served: Sequence[int], invocations: Sequence[int]) -> list[Balance]:
    """Every invocation was served by an environment."""
    return _pairs("environment use", names, "invocations of environments", served, "invocations", invocations)


def environment_states(
    names: Sequence[str],
    initialising_ns: Sequence[int],
    init_ns: Sequence[int],
    overfull_ns: Sequence[int],
) -> list[Balance]:
    """Environments are initialising as long as their cold starts say, and never more are busy than alive."""
    none = [0] * len(names)
    return [
        *_pairs("environment states", names, "environments' init (ns)", initialising_ns, "cold starts' (ns)", init_ns),
        *_pairs("environment states", names, "busy beyond those alive (ns)", overfull_ns, "none", none),
    ]


def little(area_ns: int, sojourn_ns: int) -> list[Balance]:
    """Little's law on the sample path: the area between arrivals and departures is the sum of the callers' waits."""
    subject, area, waits = "the account", "integral of requests in the system (ns)", "sum of the callers' waits (ns)"
    return [Balance("Little's law", subject, area, area_ns, waits, sojourn_ns)]


def events(names: Sequence[str], received: Sequence[int], fates: Sequence[int]) -> list[Balance]:
    """Every event that a source took in was processed, given up or filtered, or remains."""
    return _pairs(
        "events of sources", names, "received", received, "processed + given up + filtered + remaining", fates
    )


def same_events(names: Sequence[str], came: Sequence[int], went: Sequence[int]) -> list[Balance]:
    """The events that came are those that left or remain: sums of their hashed numbers, modulo 2**63."""
    return _pairs("events of sources", names, "checksum of those received", came, "of those accounted for", went)


def time_in_sources(names: Sequence[str], area_ns: Sequence[int], sojourn_ns: Sequence[int]) -> list[Balance]:
    """Little's law on the sample path of each source: the integral of its events is the sum of their times in it."""
    return _pairs("time in sources", names, "integral of events (ns)", area_ns, "sum of their times (ns)", sojourn_ns)


def one_place_at_a_time(names: Sequence[str], beyond_ns: Sequence[int]) -> list[Balance]:
    """Never do more events wait, or are in a delivery, than are in the source."""
    none = [0] * len(names)
    return _pairs("places of events", names, "waiting or delivered beyond those there (ns)", beyond_ns, "none", none)


def verify(balances: Iterable[Balance]) -> None:
    """Raise :class:`InvariantViolation`, which names each law that does not hold and both numbers."""
    violated = [str(balance) for balance in balances if not balance.holds]
    if violated:
        more = [f"and {len(violated) - 10} more"] if len(violated) > 10 else []
        raise InvariantViolation("\n".join(["The records violate an exact law:", *violated[:10], *more]))


def _pairs(
    invariant: str, names: Sequence[str], left: str, left_values: Sequence[int], right: str, right_values: Sequence[int]
) -> list[Balance]:
    return [
        Balance(invariant, name, left, one, right, other)
        for name, one, other in zip(names, left_values, right_values, strict=True)
    ]
