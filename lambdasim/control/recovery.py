"""AWS allocates anew what is lost of provisioned concurrency: a function keeps as much as was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from lambdasim.control.activity import Activity
from lambdasim.control.controller import Actions, Seen
from lambdasim.model.events import NEVER_NS
from lambdasim.records import LevelMetric


@dataclass(slots=True)
class Recovery:
    """The controller of all losses of one run. It satisfies :class:`lambdasim.control.controller.Controller`.

    It is asked just after each loss. What is on its way then is not lost.
    """

    names: Sequence[str]
    """Of versions, by index."""
    losses_ns: list[int]
    """Times of the losses that are still to come, in order, each once."""
    watches: ClassVar = ("samples",)
    _allocated: dict[int, int] = field(init=False, default_factory=dict)
    """What was ready of each version, as far as samples told."""

    @property
    def first_ns(self) -> int:
        """Just after the first loss."""
        return self.losses_ns[0] + 1 if self.losses_ns else NEVER_NS

    def act(self, seen: Seen, actions: Actions) -> int:
        """Allocate what was lost of each function's provisioned concurrency."""
        lost_ns = self.losses_ns.pop(0)
        samples = seen.since.samples
        lost: dict[int, int] = {}
        for function, metric, time_ns, value in samples.rows.tolist():
            if metric != LevelMetric.ALLOCATED:
                continue
            before = self._allocated.get(function, 0)
            if time_ns == lost_ns and value < before:
                lost[function] = before - value
            self._allocated[function] = value
        for function, count in lost.items():
            ready_ns = actions.allocate_again(function, count)
            name, details = self.names[function], {"function": self.names[function], "environments": count}
            actions.tell(Activity(lost_ns, "recovery", name, details=details, ready_ns=ready_ns))
        return self.first_ns
