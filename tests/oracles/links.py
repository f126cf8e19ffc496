"""What follows from the end of an invocation, or from an event that is given up."""

from dataclasses import replace
from typing import Any

from oracles.agenda import ARRIVAL, bits24

LOAD, SOURCE, FUNCTION, DEAD_LETTER, ASYNC_FAILURE, ASYNC_SUCCESS = range(6)
ANY, SUCCESS, FAILURE = range(3)


class Links:
    """All links of an account; ``followers`` has the draws of each, and where its events go."""

    def __init__(self, world: Any, laws: Any, followers: Any) -> None:
        self.world, self.laws, self.followers = world, laws, followers
        self.triggered = [0] * len(laws)
        self.sent = [0] * len(laws)

    def execution_ended(self, request: Any, status: int) -> None:
        """An execution ended."""
        after = {ANY, SUCCESS if status == 0 else FAILURE}
        for trigger, subject in ((LOAD, request.load), (SOURCE, request.source), (FUNCTION, request.function)):
            self.trigger(trigger, subject, request.hop, after)

    def event_ended(self, event: int, status: int, hop: int) -> None:
        """A delivery of an event in a batch ended."""
        self.trigger(LOAD, event >> 44, hop, {ANY, SUCCESS if status == 0 else FAILURE})

    def trigger(self, trigger: int, subject: int, hop: int = 0, after: Any = (ANY, SUCCESS, FAILURE)) -> None:
        """Send on what waits for this."""
        for index, law in enumerate(self.laws):
            if law.trigger == trigger and subject in law.subjects and law.after in after:
                if law.loops and hop >= law.most_hops:
                    continue
                draws, source = self.followers[index]
                count = law.whole
                if bits24(draws.key("link-count"), self.triggered[index]) < law.part_24:
                    count += 1
                self.triggered[index] += 1
                for _ in range(count):
                    event = draws.request(self.sent[index], hop + 1 if law.loops else 0)
                    self.sent[index] += 1
                    event = replace(event, source=source)
                    self.world.at(self.world.now, ARRIVAL, event.key, lambda e=event, law=law: self._send(e, law))

    def _send(self, event: Any, law: Any) -> None:
        now = self.world.now
        if law.longest_loop and event.hop >= law.longest_loop:
            source = self.world.sources[event.source] if event.source >= 0 else None
            gone = source.stopped(replace(event, hop=2**62)) if hasattr(source, "stopped") else 0
            self.world.deliveries.append((event.source, event.key, 0, -1, now, now, -1, now, 4, 2, gone, 0, -1))
        else:
            self.world.send(event)
