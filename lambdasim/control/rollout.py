"""Deployments that an alarm may roll back, and provisioned concurrency of names that lead from version to version.

CodeDeploy gives the alias back to the version of before as soon as an alarm is in state ALARM while it shifts (SAM's
guide on deployment preferences, 2026). What is provisioned for an alias goes with its weights: Lambda allocates it for
the new version and deallocates it from the old one (Developer Guide, provisioned-concurrency, 2022).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from lambdasim.control.alarm import AlarmWatch
from lambdasim.control.controller import Actions, Seen
from lambdasim.model.alarms import AlarmState
from lambdasim.model.aliases import WHOLE_Q24
from lambdasim.model.control import Control
from lambdasim.model.events import NEVER_NS

Weights = tuple[int, ...]
Steps = tuple[tuple[int, Weights], ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """A deployment that an alarm watches."""

    name: str
    begins_ns: int
    ends_ns: int
    before: Weights
    """Those to which a rollback returns."""
    alarm: AlarmWatch


@dataclass(slots=True)
class Rollout:
    """The controller of one name in one run. It satisfies :class:`lambdasim.control.controller.Controller`."""

    name: str
    versions: tuple[int, ...]
    first_subject: int
    """Of the rows of its weights."""
    steps: Steps
    """As planned, in order of time."""
    shifts: Sequence[Shift] = ()
    held: Sequence[tuple[int, int]] = ()
    """How much is provisioned from a time on; empty where nothing is."""
    varies: bool = False
    """Whether autoscaling changes how much that is."""
    watches: ClassVar = ()
    rolled_back_ns: dict[str, int] = field(default_factory=dict)
    """By deployment."""

    @property
    def first_ns(self) -> int:
        """At its first step, or once an alarm may roll one back."""
        return self._next(-1)

    def act(self, seen: Seen, actions: Actions) -> int:
        """Roll back what an alarm says, and let provisioned concurrency follow."""
        now = seen.now_ns
        for shift in self.shifts:
            fires = shift.alarm.state is AlarmState.ALARM
            if shift.begins_ns <= now < shift.ends_ns and fires and shift.name not in self.rolled_back_ns:
                self._roll_back(shift, now, actions)
        waits_ns = self._hold(now, actions) if self.held else NEVER_NS
        return min(self._next(now), waits_ns)

    def _next(self, now: int) -> int:
        times = [at_ns for at_ns, _ in self.steps[1:]] if self.held else []
        times += [at_ns for at_ns, _ in self.held[1:]]
        for shift in self.shifts:
            if shift.name not in self.rolled_back_ns:
                times += [max(shift.alarm.next_ns, shift.begins_ns)] if now < shift.ends_ns else []
        return min((at_ns for at_ns in times if at_ns > now), default=NEVER_NS)

    def _roll_back(self, shift: Shift, now: int, actions: Actions) -> None:
        """Return to the version of before, also at the steps that were still to come."""
        self.rolled_back_ns[shift.name] = now
        later = [at_ns for at_ns, _ in self.steps if now < at_ns <= shift.ends_ns]
        for at_ns in (now, *later):
            for place, weight in enumerate(shift.before):
                actions.change(Control.WEIGHT, self.first_subject + place, weight, at_ns)
        rest = [step for step in self.steps if step[0] > shift.ends_ns]
        kept = [step for step in self.steps if step[0] < now]
        self.steps = (*kept, (now, shift.before), *rest)
        actions.reroute(self.name, self.steps)

    def _hold(self, now: int, actions: Actions) -> int:
        """Let each version have its part; return when to look again, where something is still on the way."""
        own = [actions.settings.provisioned(version) for version in self.versions]
        whole = sum(own) if self.varies else next(count for at_ns, count in reversed(self.held) if at_ns <= now)
        weights = next(weights for at_ns, weights in reversed(self.steps) if at_ns <= now)
        before, again_ns = 0, NEVER_NS
        for version, has, weight in zip(self.versions, own, weights, strict=True):
            wanted = (before + weight) * whole // WHOLE_Q24 - before * whole // WHOLE_Q24
            before += weight
            if wanted > has:
                actions.provision(version, wanted - has)
            elif wanted < has:
                ready_ns = actions.settings.ready_ns(version)
                if ready_ns >= now:
                    again_ns = min(again_ns, ready_ns + 1)  # it is ready before anything of it is given up
                else:
                    actions.change(Control.PROVISIONED_DECREASED, version, has - wanted)
        return again_ns
