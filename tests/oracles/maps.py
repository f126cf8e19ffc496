"""Map states: an execution runs its items, so many at a time."""

from typing import Any

from oracles.agenda import ARRIVAL


class Map:
    """The executions of one map state."""

    def __init__(self, world: Any, index: int, spec: Any) -> None:
        self.world, self.index, self.spec = world, index, spec
        self.open: dict[int, int] = {}

    def arrive(self, request: Any) -> None:
        """Begin an execution."""
        world, spec, sent = self.world, self.spec, self.world.now
        self.open[request.key] = sent
        state = {"begun": 0, "running": spec.concurrency, "failed": 0}

        def lane() -> None:
            if state["begun"] < spec.items:
                state["begun"] += 1
                item = world.next(self.index, chain_depth=request.chain_depth)
                world.at(world.now, ARRIVAL, item.key, lambda: world.ask(item, ended))
                return
            state["running"] -= 1
            if not state["running"]:
                del self.open[request.key]
                outcome, fate = (1, 2) if state["failed"] > spec.tolerated else (0, 1)
                self._row(request.key, sent, world.now, outcome, fate)
                world.samples.append((self.index, 7, world.now, world.now - sent))

        def ended(status: int) -> None:
            state["failed"] += status != 0
            lane()

        for _ in range(spec.concurrency):
            lane()

    def finish(self) -> None:
        """Write what remains."""
        for event, sent in self.open.items():
            self._row(event, sent, -1, 6, 5)

    def _row(self, event: int, sent: int, ended: int, outcome: int, fate: int) -> None:
        self.world.deliveries.append((self.index, event, 0, -1, sent, sent, sent, ended, outcome, fate, 0, 0, -1))
