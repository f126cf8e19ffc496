"""What a controller is, what it sees, and what it can do."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lambdasim.control.activity import Activity
from lambdasim.control.settings import Settings
from lambdasim.model.control import Change, Control
from lambdasim.model.spec import FunctionSpec
from lambdasim.plan import Plan
from lambdasim.records import RecordChunk

Steps = Sequence[tuple[int, tuple[int, ...]]]
"""From a time in ns on, the weight of each version of an alias, in units of 2**-24."""

Provision = Callable[[int, int, int], tuple[Change, ...]]
"""Returns the rows of a request for provisioned concurrency: of a function, by index, made at a time in ns, of so many
environments. It draws how long that takes."""


class Replacing(Protocol):
    """Says which environments of provisioned concurrency are replaced, and when."""

    def add(self, changes: Iterable[Change]) -> None:
        """Take note of rows of the control table."""

    def before(self, until_ns: int) -> list[Change]:
        """Return the rows of what is replaced before ``until_ns`` and has not been returned yet."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a controller sees: what ended, or was sampled, strictly before now.

    It does not depend on the engine, nor on what an engine has written by now.
    """

    now_ns: int
    since: RecordChunk
    """What became visible since the controller was last asked: attempts that ended or were throttled, environments and
    deliveries that ended, and samples. The rows of each table are in order of that time, then of their columns."""
    levels: Mapping[tuple[int, int], int]
    """By metric (:class:`~lambdasim.records.LevelMetric`) and function, by index: the last sample of all."""

    def level(self, metric: int, function: int) -> int:
        """Return the last sample of a function's level, 0 before the first."""
        return self.levels.get((metric, function), 0)


class Actions:
    """What a controller can do now; what it does happens before anything else that depends on it at this instant."""

    def __init__(self, plan: Plan, now_ns: int, provision: Provision, settings: Settings | None = None) -> None:
        self._functions = plan.account.functions
        self._now_ns = now_ns
        self._provision = provision
        self.settings = Settings(plan) if settings is None else settings
        """What the account is set to, with what was asked for by now."""
        self.changes: list[Change] = []
        """What was asked for by now."""
        self.activities: list[Activity] = []
        """What was told by now."""
        self.routes: dict[str, Steps] = {}
        """Which names lead elsewhere from now on."""

    def index(self, function: str) -> int:
        """Return the index of a function, by its name; raises :class:`ValueError` for one that there is not."""
        return list(map(_name, self._functions)).index(function)

    def change(self, kind: Control, subject: int, value: int, at_ns: int | None = None) -> None:
        """Let something change, now or at a later time."""
        self._ask(Change(self._now_ns if at_ns is None else at_ns, kind, subject, value))

    def provision(self, function: int, count: int) -> None:
        """Request so much more provisioned concurrency; it is ready when AWS has allocated it."""
        self._ask(*self._provision(function, self._now_ns, count))

    def reroute(self, name: str, steps: Steps) -> None:
        """Let requests that name an alias, or a function, go to other versions than was planned: from each of these
        times on by these weights. What engines draw by themselves needs the rows of the control table besides."""
        self.routes[name] = steps

    def allocate_again(self, function: int, count: int) -> int:
        """Let so much provisioned concurrency be ready again that was lost; return when AWS has allocated it."""
        *_, ready = self._provision(function, self._now_ns, count)
        self._ask(ready)
        return ready.at_ns

    def tell(self, activity: Activity) -> None:
        """Let ``changes`` in the summary tell of something."""
        self.activities.append(activity)

    def _ask(self, *changes: Change) -> None:
        self.changes += changes
        self.settings.add(changes)
        self.settings.advance(self._now_ns)


def _name(function: FunctionSpec) -> str:
    return function.name


class Controller(Protocol):
    """Decides at exact times what changes. One that serves several runs must remember nothing of any.

    Where it looks at some tables of records alone it has their names in an attribute ``watches``; the others are then
    empty in what it sees, which spares a long run their sorting. So does an attribute ``any_order`` that is true.
    """

    @property
    def first_ns(self) -> int:
        """When it is first asked."""

    def act(self, seen: Seen, actions: Actions) -> int:
        """Decide what changes, and return when to be asked next, later than now (``NEVER_NS``: not again)."""
