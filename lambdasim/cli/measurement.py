"""What ``lambdasim doctor --bench`` measures of one scenario, and how that compares with what it is to be."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure that has a goal."""

    what: str
    """Such as ``saving / running``."""
    value: float
    goal: float
    least: bool = False
    """Whether the goal is the least that is good enough, and not the most."""

    def __str__(self) -> str:
        return f"goal: {'at least' if self.least else 'at most'} {self.goal:.3g}"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One scenario: its requests and the CPU time of each in microseconds, or wall time where the note says so."""

    scenario: str
    engine: str
    requests: int
    us_per_request: float
    note: str
    goals: tuple[Goal, ...] = ()

    @property
    def requests_per_s(self) -> float:
        """How many of its requests are simulated in a second."""
        return 1e6 / self.us_per_request

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON's plain data."""
        return asdict(self) | {"requests_per_s": self.requests_per_s}

    def __str__(self) -> str:
        told = f"{self.scenario:23} {self.engine:9} {self.requests:>10,} requests  {self.us_per_request:7.3f} us each"
        told += f"  {self.requests_per_s:>10,.0f}/s  {self.note}"
        return told + (f" ({', '.join(map(str, self.goals))})" if self.goals else "")
