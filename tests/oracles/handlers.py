"""Handlers that use downstreams and call other functions."""

from collections.abc import Callable
from typing import Any

from oracles.agenda import ARRIVAL, INVOKE_END, bits24

SUCCESS, ERROR, CRASH, OUT_OF_MEMORY, TIMEOUT = range(5)
CONNECTIONS, REFUSALS = 5, 6


def passes(spec: Any, passed: list[tuple[int, int]], now: int, calls: int, amount: int) -> bool:
    """Say whether a bucket lets so many pass now; ``passed`` has (time, number) of all that it let pass before."""
    full = spec.burst * spec.per_ns
    credit, last = full, 0
    for time, number in [*passed, (now, calls)]:
        credit = min(full, credit + (time - last) * amount) - number * spec.per_ns
        last = time
    if credit < 0:
        return False
    passed.append((now, calls))
    return True


class Handlers:
    """All handlers of an account that wait for others."""

    def __init__(self, world: Any, downstreams: Any, called: Any) -> None:
        self.world, self.downstreams, self.called = world, downstreams, called
        self.made = [0] * len(called)
        self.connected: list[tuple[int, Any]] = []
        self.passed: list[list[tuple[int, int]]] = [[] for _ in downstreams]

    def ended(self, environment: Any, at: int) -> None:
        """An environment ended or was reset: its connections come back."""
        for pair in [pair for pair in self.connected if pair[1] is environment]:
            self.connected.remove(pair)
            self.world.samples.append((-1 - pair[0], CONNECTIONS, at, -1))

    def handle(self, environment: Any, request: Any, takes: int, status: int, end: Callable[[int, int], None]) -> None:
        """Run a handler that begins now."""
        world = self.world
        function, began = world.functions[request.function], world.now
        calls: list[Any] = []

        def own_work_done() -> None:
            nonlocal status
            if status == SUCCESS:
                for call in function.calls:
                    more = bits24(self.called[call.number].key("call-count"), request.key) < call.extra_probability_q24
                    calls.extend([call] * (call.base_count + (1 if more else 0)))
            go_on()

        def go_on() -> None:
            if status != SUCCESS or not calls:
                done()
                return
            call = calls.pop(0)
            state = {"open": True, "answered": False}

            def late() -> None:
                nonlocal status
                if not state["answered"]:
                    state["open"] = False
                    status = TIMEOUT
                    done()

            def answered(result: int) -> None:
                if not state["open"]:
                    return
                state["answered"] = True
                world.drop(timer)
                world.at(world.now, INVOKE_END, environment.number, lambda: heard(call, result))

            timer = world.at(began + function.timeout_ns, INVOKE_END, environment.number, late)
            callee = self.called[call.number].request(self.made[call.number], request.chain_depth)
            self.made[call.number] += 1
            world.at(world.now, ARRIVAL, callee.key, lambda: world.ask(callee, answered))

        def heard(call: Any, result: int) -> None:
            nonlocal status
            if call.must_succeed and result != SUCCESS:
                status = ERROR
            go_on()

        def done() -> None:
            if status in (CRASH, OUT_OF_MEMORY, TIMEOUT):
                self.ended(environment, world.now)
            end(world.now - began, status)

        if status != TIMEOUT:
            takes, status = self.used(function, environment, takes, status)
        world.at(world.now + takes, INVOKE_END, environment.number, own_work_done)

    def used(self, function: Any, environment: Any, takes: int, status: int) -> tuple[int, int]:
        """Return what a handler takes by itself and how it ends, with what it uses."""
        world = self.world
        now = world.now
        for use in function.uses:
            index, spec = use.downstream, self.downstreams[use.downstream]
            refused = False
            if spec.connections and (index, environment) not in self.connected:
                if sum(other == index for other, _ in self.connected) < spec.connections:
                    self.connected.append((index, environment))
                    world.samples.append((-1 - index, CONNECTIONS, now, 1))
                else:
                    refused = True
            if not refused and spec.calls:
                refused = not passes(spec, self.passed[index], now, use.calls, spec.calls)
            if refused:
                world.samples.append((-1 - index, REFUSALS, now, 1))
                takes, status = spec.fail_ns, ERROR
                break
            there = takes * use.permille // 1_000
            slow = there
            for window in spec.slowdowns:
                if window.from_ns <= now < window.until_ns:
                    slow = slow * window.permille // 1_000
            takes = takes - there + slow
        return (function.timeout_ns, TIMEOUT) if takes > function.timeout_ns else (takes, status)
