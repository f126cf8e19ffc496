"""One of CloudWatch's alarms: it looks at each datapoint once CloudWatch has it, and tells when its state changes.

What a deployment does about it, :mod:`lambdasim.control.rollout` says.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from lambdasim.control.activity import Activity
from lambdasim.control.controller import Actions, Seen
from lambdasim.control.datapoints import Datapoints
from lambdasim.model.alarms import PERIOD_NS, AlarmState, MissingData, evaluated, looks_back
from lambdasim.model.control import Control

BEGINS = {MissingData.NOT_BREACHING: AlarmState.OK}
"""States from which an alarm sets out that is not without data even then; else INSUFFICIENT_DATA."""


@dataclass(slots=True)
class AlarmWatch:
    """The controller of one alarm in one run. It satisfies :class:`lambdasim.control.controller.Controller`."""

    name: str
    metric: str
    expression: str
    """As the file has them."""
    breaches: Callable[[float], bool]
    datapoints: Datapoints
    evaluation_periods: int
    datapoints_to_alarm: int
    missing: MissingData
    delay_ns: int
    """From the end of a period until its datapoint is evaluated."""
    any_order: ClassVar = True
    state: AlarmState = field(init=False, default=AlarmState.INSUFFICIENT_DATA)
    next_ns: int = field(init=False, default=0)
    """When it is asked next."""

    def __post_init__(self) -> None:
        """Begin in the state of an alarm that has had no data yet."""
        self.state = BEGINS.get(self.missing, AlarmState.INSUFFICIENT_DATA)
        self.datapoints.periods.kept = looks_back(self.evaluation_periods)
        self.next_ns = self._after(0) if self.datapoints.sampled < 0 else 0

    @property
    def watches(self) -> tuple[str, ...]:
        """What its datapoints are made of."""
        return self.datapoints.watches

    @property
    def first_ns(self) -> int:
        """Once the first datapoint is there, or at the start to ask for the samples that it is made of."""
        return self.next_ns

    def act(self, seen: Seen, actions: Actions) -> int:
        """Take in what is new, and evaluate."""
        self.datapoints.take(seen.since)
        ended_ns = max(seen.now_ns - self.delay_ns, 0)
        self._ask(seen.now_ns, ended_ns, actions)
        if seen.now_ns:
            self._evaluate(seen, actions)
        self.next_ns = self._after(ended_ns)
        return self.next_ns

    def _evaluate(self, seen: Seen, actions: Actions) -> None:
        latest = self.datapoints.latest(seen.now_ns - self.delay_ns)
        breaching = [None if value is None else self.breaches(value) for value in latest]
        state = evaluated(breaching, self.evaluation_periods, self.datapoints_to_alarm, self.missing, self.state)
        if state is not self.state:
            told = {"metric": self.metric, "expression": self.expression, "value": latest[-1] if latest else None}
            actions.tell(Activity(seen.now_ns, "alarm", self.name, state.name.lower(), told))
            self.state = state

    def _ask(self, now_ns: int, ended_ns: int, actions: Actions) -> None:
        """Ask for the samples of the period that goes on at a time, at the end of each of its minutes."""
        if self.datapoints.sampled < 0:
            return
        own = self.datapoints.periods
        begun_ns = (ended_ns + own.phase_ns) // own.period_ns * own.period_ns - own.phase_ns
        for at_ns in range(begun_ns + PERIOD_NS, begun_ns + own.period_ns + 1, PERIOD_NS):
            if at_ns > now_ns:
                actions.change(Control.SOURCE_METERED, self.datapoints.sampled, 0, at_ns)

    def _after(self, ended_ns: int) -> int:
        """Return when the datapoint is evaluated of the period that goes on at a time."""
        own = self.datapoints.periods
        number = (ended_ns + own.phase_ns) // own.period_ns + 1
        return number * own.period_ns - own.phase_ns + self.delay_ns
