"""Application Auto Scaling of one function's provisioned concurrency: target tracking and scheduled actions.

It looks at a minute's datapoint once CloudWatch has it, and at scheduled actions when they are due. What it asks for
is allocated as any other request, and while that lasts it asks for nothing else.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar, Final

from lambdasim.control.activity import Activity
from lambdasim.control.controller import Actions, Seen
from lambdasim.model.alarms import PERIOD_NS, AlarmState, MissingData, evaluated, looks_back
from lambdasim.model.autoscaling import TargetTracking, is_high, is_low, scaled_in, scaled_out
from lambdasim.model.control import Control
from lambdasim.model.events import NEVER_NS
from lambdasim.records import LevelMetric

HIGH, LOW, SCHEDULE = "high alarm", "low alarm", "schedule"
"""Why a capacity changes."""
NOTHING: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Bounds:
    """A scheduled action: the bounds that hold from a time on; None leaves one as it is."""

    at_ns: int
    minimum: int | None
    maximum: int | None


@dataclass(slots=True)
class Autoscaler:
    """The controller of one function in one run. It satisfies :class:`lambdasim.control.controller.Controller`."""

    function: int
    """Index of the version."""
    name: str
    minimum: int
    maximum: int
    policy: TargetTracking | None
    """None: scheduled actions alone."""
    schedule: Iterator[Bounds]
    """In order of time."""
    alias: str = ""
    """Where a name leads from version to version: the name; then the version is the one that it leads to."""
    phase_ns: int = 0
    """How far a minute of the clock has gone when the experiment starts."""
    watches: ClassVar = ("samples",)

    _next: Bounds | None = field(init=False, default=None)
    _minutes: int = field(init=False, default=0)
    """Whose datapoints are asked for."""
    _datapoints: deque[Fraction | None] = field(init=False, default_factory=deque)
    """Of the latest minutes, the newest last."""
    _are_high: deque[bool | None] = field(init=False, default_factory=deque)
    _are_low: deque[bool | None] = field(init=False, default_factory=deque)
    """Whether each of them breaches the high alarm, and the low one."""
    _high: AlarmState = field(init=False, default=AlarmState.INSUFFICIENT_DATA)
    _low: AlarmState = field(init=False, default=AlarmState.INSUFFICIENT_DATA)
    _out_until_ns: int = field(init=False, default=-1)
    _out_base: int = field(init=False, default=0)
    """The capacity before the increase that is cooling down."""
    _in_until_ns: int = field(init=False, default=-1)
    _failed: tuple[int, int] | None = field(init=False, default=None)
    """The last change that could not be had."""

    def __post_init__(self) -> None:
        """Look at the first scheduled action."""
        self._next = next(self.schedule, None)
        if self.policy is not None:
            minutes = looks_back(max(self.policy.high_datapoints, self.policy.low_datapoints))
            self._datapoints = deque(maxlen=minutes)
            self._are_high, self._are_low = deque(maxlen=minutes), deque(maxlen=minutes)

    @property
    def first_ns(self) -> int:
        """At the start with a policy, else when the first scheduled action is due."""
        return 0 if self.policy is not None else self._due_ns

    @property
    def _due_ns(self) -> int:
        return NEVER_NS if self._next is None else self._next.at_ns

    def act(self, seen: Seen, actions: Actions) -> int:
        """Take in what is new, and change the capacity if nothing is on the way."""
        now = seen.now_ns
        shifting = self._follow(actions)
        while self._next is not None and self._next.at_ns <= now:
            self._hold(self._next, now, shifting, actions)
            self._next = next(self.schedule, None)
        has_datapoint = self.policy is not None and now == self._evaluation_ns
        if has_datapoint:
            self._take(seen)
            self._evaluate()
        if shifting:
            return self._skip(seen, has_datapoint, now, actions)
        busy_until_ns = actions.settings.ready_ns(self.function)
        if now <= busy_until_ns:
            # what is due meanwhile is done right after
            return min(self._ask_again(now, actions), busy_until_ns + 1)
        capacity = actions.settings.provisioned(self.function)
        bounded = min(max(capacity, self.minimum), self.maximum)
        if bounded != capacity:
            self._change(capacity, bounded, SCHEDULE, now, actions)
        elif has_datapoint:
            self._track(capacity, now, actions)
        return self._ask_again(now, actions)

    def _follow(self, actions: Actions) -> bool:
        """Look at the version that the name leads to; say whether it has two weights, so that nothing may change."""
        if not self.alias:
            return False
        version = actions.settings.leads_to(self.alias)
        self.function = self.function if version is None else version
        return version is None

    def _skip(self, seen: Seen, has_datapoint: bool, now: int, actions: Actions) -> int:
        """Tell what would be changed now, if AWS let it; look again once it may."""
        capacity = sum(map(actions.settings.provisioned, actions.settings.versions(self.alias)))
        wanted, cause = min(max(capacity, self.minimum), self.maximum), SCHEDULE
        if wanted == capacity and has_datapoint:
            wanted, cause = self._wanted(capacity, now)
        if wanted != capacity and (capacity, wanted) != self._failed:
            reason = "an alias with two weights keeps its provisioned concurrency"
            details = {"function": self.name, "from": capacity, "to": wanted, "cause": cause, "reason": reason}
            actions.tell(Activity(now, "autoscaling", self.name, "skipped", details))
            self._failed = capacity, wanted
        settled_ns = actions.settings.settled_ns(self.alias)
        return min(self._ask_again(now, actions), max(settled_ns, now + 1))

    @property
    def _evaluation_ns(self) -> int:
        """When the datapoint of the latest minute that was asked for is evaluated."""
        assert self.policy is not None
        return self._minute_ns + self.policy.delay_ns if self._minutes else -1

    @property
    def _minute_ns(self) -> int:
        """When the minute ends whose datapoint was asked for."""
        return self._minutes * PERIOD_NS - self.phase_ns

    def _ask_again(self, now: int, actions: Actions) -> int:
        """Return when to be asked next; ask for the datapoint of the minute that ends next."""
        if self.policy is None:
            return self._due_ns
        if now >= self._evaluation_ns:
            self._minutes += 1
            actions.change(Control.PROVISIONED_METERED, self.function, 0, self._minute_ns)
        return min(self._evaluation_ns, self._due_ns)

    def _hold(self, action: Bounds, now: int, shifting: bool, actions: Actions) -> None:
        """Let other bounds hold; what they ask for has to wait where an alias is ``shifting``."""
        self.minimum = self.minimum if action.minimum is None else action.minimum
        self.maximum = self.maximum if action.maximum is None else action.maximum
        told = {"function": self.name, "min": self.minimum, "max": self.maximum}
        actions.tell(Activity(now, "schedule", self.name, "skipped" if shifting else "succeeded", told))

    def _take(self, seen: Seen) -> None:
        """Take in a minute's datapoint."""
        assert self.policy is not None
        count = seen.level(LevelMetric.METERED, self.function)
        if not count:
            self._datapoints.append(None)
            self._are_high.append(None)
            self._are_low.append(None)
            return
        most, total = (seen.level(metric, self.function) for metric in (LevelMetric.MOST_Q24, LevelMetric.SUM_Q24))
        units = 1 << 24
        value = Fraction(most, units) if self.policy.is_maximum else Fraction(total, count * units)
        self._datapoints.append(value)
        self._are_high.append(is_high(value, self.policy.target))
        self._are_low.append(is_low(value, self.policy.target))

    def _evaluate(self) -> None:
        """Bring the alarms up to date."""
        policy = self.policy
        assert policy is not None
        high, low = list(self._are_high), list(self._are_low)
        wanted = policy.high_datapoints
        self._high = evaluated(high[-looks_back(wanted) :], wanted, wanted, MissingData.MISSING, self._high)
        wanted = policy.low_datapoints
        self._low = evaluated(low[-looks_back(wanted) :], wanted, wanted, policy.missing, self._low)

    def _track(self, capacity: int, now: int, actions: Actions) -> None:
        """Let the alarms change the capacity."""
        policy = self.policy
        assert policy is not None
        wanted, cause = self._wanted(capacity, now)
        if wanted > capacity:
            base = self._base(capacity, now)
            if self._change(capacity, wanted, cause, now, actions):
                self._out_base, self._in_until_ns = base, -1
                self._out_until_ns = actions.settings.ready_ns(self.function) + policy.out_cooldown_ns
        elif wanted < capacity and self._change(capacity, wanted, cause, now, actions):
            self._in_until_ns = now + policy.in_cooldown_ns

    def _wanted(self, capacity: int, now: int) -> tuple[int, str]:
        """Return the capacity that the alarms ask for, and which of them."""
        policy = self.policy
        assert policy is not None
        metric = next((value for value in reversed(self._datapoints) if value is not None), NOTHING)
        if self._high is AlarmState.ALARM:
            wanted = min(scaled_out(self._base(capacity, now), metric, policy.target), self.maximum)
            return max(wanted, capacity), HIGH
        if self._low is AlarmState.ALARM and now >= self._in_until_ns:
            if self._datapoints[-1] is None:  # which fires only where what is missing breaches
                metric = NOTHING
            wanted = max(scaled_in(capacity, metric, policy.target, policy.in_step), self.minimum)
            return min(wanted, capacity), LOW
        return capacity, ""

    def _base(self, capacity: int, now: int) -> int:
        """Return the capacity from which an increase is reckoned."""
        return self._out_base if now < self._out_until_ns else capacity

    def _change(self, before: int, after: int, cause: str, now: int, actions: Actions) -> bool:
        """Ask for more, or give some up; say whether that can be done. What failed is told once until it differs."""
        details = {"function": self.name, "from": before, "to": after, "cause": cause}
        available, ready_ns = actions.settings.available(self.function), now
        if after - before > available:
            if (before, after) != self._failed:
                reason = f"{after - before} more are asked for where {max(available, 0)} more can be provisioned"
                actions.tell(Activity(now, "autoscaling", self.name, "failed", details | {"reason": reason}))
            self._failed = before, after
            return False
        if after > before:
            actions.provision(self.function, after - before)
            ready_ns = actions.settings.ready_ns(self.function)
        else:
            actions.change(Control.PROVISIONED_DECREASED, self.function, before - after)
        actions.tell(Activity(now, "autoscaling", self.name, details=details, ready_ns=ready_ns))
        self._failed = None
        return True
