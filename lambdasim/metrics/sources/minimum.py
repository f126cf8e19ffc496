"""What a minimum charge adds to a level: each unit of it is billed for so long at least, however soon it goes.

Which units of a level go is not known; those that came last are taken to go first.
"""

from lambdasim.metrics.cells import Int64


class Minimum:
    """Follows levels by source, given by their samples in order of time."""

    __slots__ = ("_began", "_least_ns", "_short_ns", "first_ns")

    def __init__(self, least_ns: int) -> None:
        self._least_ns = least_ns
        self._began: dict[int, list[tuple[int, int]]] = {}  # when, and how many that are still there
        self._short_ns: dict[int, int] = {}
        self.first_ns: dict[int, int] = {}
        """By source: the time of its first sample."""

    def add(self, source: Int64, time_ns: Int64, level: Int64) -> None:
        """Take samples."""
        for owner, now, value in zip(source.tolist(), time_ns.tolist(), level.tolist(), strict=True):
            self.first_ns.setdefault(owner, now)
            began = self._began.setdefault(owner, [])
            more = value - sum(units for _, units in began)
            if more > 0:
                began.append((now, more))
            while more < 0:
                since, units = began.pop()
                going = min(units, -more)
                self._short_ns[owner] = self._short_ns.get(owner, 0) + going * max(self._least_ns - (now - since), 0)
                if units > going:
                    began.append((since, units - going))
                more += going

    def short_ns(self, source: int, end_ns: int) -> int:
        """Return by how much the level times ns falls short of the minimum of all units, at the end of a run."""
        going = sum(units * max(self._least_ns - (end_ns - since), 0) for since, units in self._began.get(source, ()))
        return self._short_ns.get(source, 0) + going
