"""What is still to happen, and what every oracle needs: the hash behind each draw, and laws without methods."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from types import SimpleNamespace
from typing import Any

NEVER = 2**62
SECOND = 10**9
MINUTE = 60 * SECOND
ALL = 2**24

# which of several events of one instant comes first
INIT_END, INVOKE_END, CHANGE, RETRY, ARRIVAL, THINK_END, GIVE_UP, VISIBLE, SCALE, POLL = 0, 1, 2, 5, 6, 7, 8, 9, 10, 11


def bits24(key: int, index: int) -> int:
    """SplitMix64, its upper 24 bits."""
    z = (key + index * 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    return (z ^ z >> 31) >> 40


def part(whole: int, u24: int) -> int:
    """Return ``u24`` parts of 2**24 of something, rounded down."""
    return whole * u24 // ALL


def doubled(times: int, base: int, cap: int) -> int:
    """Return a wait that has been doubled so many times."""
    return min(base * 2**times, cap)


def plain(value: Any) -> Any:
    """Return a value with all that its fields hold and nothing that it can do; ``family`` is the name of its class."""
    if is_dataclass(value) or hasattr(value, "_fields"):
        names = [field.name for field in fields(value)] if is_dataclass(value) else value._fields
        own = {name: plain(getattr(value, name)) for name in names}
        return SimpleNamespace(family=type(value).__name__, **own)
    if isinstance(value, tuple):
        return tuple(plain(one) for one in value)
    return int(value) if isinstance(value, Enum) else value


class Agenda:
    """Things to do, of which the first is looked for among all each time: by time, rank, subject and age."""

    def __init__(self) -> None:
        self.now = 0
        self._count = 0
        self._entries: list[tuple[int, int, int, int, Callable[[], None]]] = []

    def at(self, time: int, rank: int, subject: int, what: Callable[[], None]) -> tuple[Any, ...]:
        """Have something done at a time; return what :meth:`drop` takes."""
        assert time >= self.now
        self._count += 1
        entry = (time, rank, subject, self._count, what)
        self._entries.append(entry)
        return entry

    def drop(self, entry: Any) -> None:
        """Let something not be done, if it has not been."""
        if entry in self._entries:
            self._entries.remove(entry)

    def run(self, horizon: int) -> None:
        """Do all that is to be done before the horizon."""
        while True:
            due = [entry for entry in self._entries if entry[0] < horizon]
            if not due:
                return
            entry = min(due, key=lambda entry: entry[:4])
            count = self._count
            self.passes(entry[0], entry[1])
            if self._count > count:  # which may have to be done first
                continue
            self._entries.remove(entry)
            self.now = entry[0]
            entry[4]()

    def passes(self, time: int, rank: int) -> None:
        """Called before anything is done, at least once."""
