"""What follows from the end of an invocation, or from an event that is given up."""

from dataclasses import replace
from typing import Any

from oracles.agenda import ARRIVAL, bits24

LOAD, SOURCE, FUNCTION, DEAD_LETTER, ASYNC_FAILURE, ASYNC_SUCCESS = range(6)
ANY, SUCCESS, FAILURE = range(3)


class Links:
    """All links of an account; ``followers`` has the draws of each, and where its events go."""

    def __init__(self, world: Any, specs: Any, followers: Any) -> None:
        self.world, self.specs, self.followers = world, specs, followers
        self.triggered = [0] * len(specs)
        self.sent = [0] * len(specs)
        self.off = {index for index, spec in enumerate(specs) if not spec.is_enabled}

    def execution_ended(self, request: Any, status: int) -> None:
        """An execution ended."""
        after = {ANY, SUCCESS if status == 0 else FAILURE}
        for trigger, subject in ((LOAD, request.load), (SOURCE, request.source), (FUNCTION, request.function)):
            self.trigger(trigger, subject, request.chain_depth, after)

    def event_ended(self, event: int, status: int, chain_depth: int) -> None:
        """A delivery of an event in a batch ended."""
        self.trigger(LOAD, event >> 44, chain_depth, {ANY, SUCCESS if status == 0 else FAILURE})

    def trigger(self, trigger: int, subject: int, chain_depth: int = 0, after: Any = (ANY, SUCCESS, FAILURE)) -> None:
        """Send on what waits for this."""
        for index, spec in enumerate(self.specs):
            if spec.trigger == trigger and subject in spec.subjects and spec.after in after:
                if index in self.off or (spec.loops and chain_depth >= spec.most_hops):
                    continue
                draws, source = self.followers[index]
                count = spec.base_count
                if bits24(draws.key("link-count"), self.triggered[index]) < spec.extra_probability_q24:
                    count += 1
                self.triggered[index] += 1
                for _ in range(count):
                    event = draws.request(self.sent[index], chain_depth + 1 if spec.loops else 0)
                    self.sent[index] += 1
                    event = replace(event, source=source)
                    self.world.at(self.world.now, ARRIVAL, event.key, lambda e=event, spec=spec: self._send(e, spec))

    def _send(self, event: Any, spec: Any) -> None:
        now = self.world.now
        if spec.longest_loop and event.chain_depth >= spec.longest_loop:
            source = self.world.sources[event.source] if event.source >= 0 else None
            gone = source.stopped(replace(event, chain_depth=2**62)) if hasattr(source, "stopped") else 0
            self.world.deliveries.append((event.source, event.key, 0, -1, now, now, -1, now, 4, 2, gone, 0, -1))
        else:
            self.world.send(event)
