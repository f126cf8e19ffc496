"""Virtual users: each sends a request, waits for the answer, thinks for 1 ms at least, and sends the next one."""

from collections.abc import Callable
from typing import Any

from oracles.agenda import ARRIVAL, THINK_END

LEAST = 10**6


class Users:
    """The virtual users of all loads."""

    def __init__(self, world: Any, crowds: Any) -> None:
        self.world, self.crowds = world, crowds
        self._waiting: dict[int, Callable[[], None]] = {}

    def begin(self) -> None:
        """Let all of them begin."""
        for crowd in self.crowds:
            for user in range(crowd.vus):
                self._sends(crowd, user, crowd.start_ns, ARRIVAL)

    def told(self, event: int) -> None:
        """Let who has sent a request through a gateway, if it was one of them, have an answer."""
        self._waiting.pop(event, lambda: None)()

    def _sends(self, crowd: Any, number: int, time: int, rank: int) -> None:
        if time >= crowd.stop_ns:
            return
        request, think = crowd.draws.request(number), crowd.thinks[number % len(crowd.thinks)]

        def ask() -> None:
            if request.source < 0:
                self.world.ask(request, lambda status: answered())
            elif type(self.world.sources[request.source]).__name__ == "Gateway":
                self._waiting[request.key] = answered
                self.world.send(request)
            else:
                self.world.send(request)
                answered()

        def answered() -> None:
            self._sends(crowd, number + crowd.vus, self.world.now + max(think, LEAST), THINK_END)

        self.world.at(time, rank, request.key, ask)
