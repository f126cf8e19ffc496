"""Handlers that use downstreams and call other functions."""

from collections.abc import Callable
from typing import Any

from oracles.agenda import ARRIVAL, INVOKE_END, bits24

SUCCESS, ERROR, CRASH, OUT_OF_MEMORY, TIMEOUT = range(5)
CONNECTIONS, REFUSALS, BORROW_WAIT = 5, 6, 17


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


def takes_turns(spec: Any) -> bool:
    """Say whether who uses a downstream may have to wait for others."""
    return bool(spec.has_pool or spec.connect_per_ns or spec.contention_permille)


class Handlers:
    """All handlers of an account that wait for others."""

    def __init__(self, world: Any, downstreams: Any, called: Any) -> None:
        self.world, self.downstreams, self.called = world, downstreams, called
        self.made = [0] * len(called)
        self.connected: list[tuple[int, Any]] = []
        self.passed: list[list[tuple[int, int]]] = [[] for _ in downstreams]
        self.borrowed, self.opened, self.at_work = ([0] * len(downstreams) for _ in range(3))
        self.opens = [0] * len(downstreams)
        self.waiting: list[list[Any]] = [[] for _ in downstreams]
        """By downstream: what each does that waits, once it has a connection."""

    def ended(self, environment: Any, at: int) -> None:
        """An environment ended or was reset: its connections come back."""
        for pair in [pair for pair in self.connected if pair[1] is environment]:
            self.connected.remove(pair)
            self.world.samples.append((-1 - pair[0], CONNECTIONS, at, -1))
            if self.downstreams[pair[0]].has_pool:
                self.borrowed[pair[0]] -= 1
                self.let_in(pair[0])

    def let_in(self, index: int) -> None:
        """Let those in for whom there is room."""
        while self.waiting[index] and self.borrowed[index] < self.size(index):
            self.borrowed[index] += 1
            self.waiting[index].pop(0)()

    def size(self, index: int) -> int:
        """Return how many connections a pool has."""
        spec = self.downstreams[index]
        return int(spec.pool_connections or spec.connections * spec.pool_share_ppm // 1_000_000)

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

        def works(left: int, comes_to: int) -> None:
            nonlocal status
            status = comes_to
            world.at(world.now + left, INVOKE_END, environment.number, own_work_done)

        if any(takes_turns(self.downstreams[use.downstream]) for use in function.uses):
            self.in_turn(function, environment, takes, status, works)
        elif status != TIMEOUT:
            works(*self.used(function, environment, takes, status))
        else:
            works(takes, status)

    def in_turn(
        self, function: Any, environment: Any, takes: int, status: int, works: Callable[[int, int], None]
    ) -> None:
        """Use one downstream after the other; ``works`` hears what is left to do, and how that will end."""
        world, number = self.world, environment.number
        stops, own = self.world.now + function.timeout_ns, takes

        def ends(left: int, comes_to: int) -> None:
            late = left > stops - world.now
            works(stops - world.now if late else left, TIMEOUT if late else comes_to)

        def refused(index: int) -> None:
            world.samples.append((-1 - index, REFUSALS, world.now, 1))
            ends(self.downstreams[index].fail_ns, ERROR)

        def at(place: int) -> None:
            nonlocal own
            if place == len(function.uses):
                ends(max(own, 0), status)
                return
            use = function.uses[place]
            index, spec = use.downstream, self.downstreams[use.downstream]
            there = takes * use.permille // 1_000

            def back() -> None:
                if spec.has_pool and (index, environment) not in self.connected:
                    world.samples.append((-1 - index, CONNECTIONS, world.now, -1))
                    self.borrowed[index] -= 1
                    self.let_in(index)

            def enters() -> None:
                nonlocal own
                if world.now >= stops:
                    back()
                    works(0, TIMEOUT)
                    return
                own -= there
                self.at_work[index] += 1
                full = self.size(index) if spec.has_pool else spec.connections
                slow = self.slow(spec, there)
                if full:
                    slow += slow * (spec.contention_permille * min(full, self.at_work[index]) // full) // 1_000
                left = stops - world.now
                world.at(world.now + min(slow, left), INVOKE_END, number, lambda: leaves(slow > left))

            def leaves(is_late: bool) -> None:
                self.at_work[index] -= 1
                back()
                if is_late:
                    works(0, TIMEOUT)
                else:
                    at(place + 1)

            def opening() -> None:
                opens = max(world.now, self.opens[index]) if spec.connect_per_ns else world.now
                self.opens[index] = opens + spec.connect_per_ns
                if opens > world.now:
                    world.at(min(opens, stops), INVOKE_END, number, enters)
                else:
                    enters()

            def borrows() -> None:
                if bits24(spec.pin_key, number * 128) < spec.pinned_q24:
                    self.connected.append((index, environment))
                world.samples.append((-1 - index, CONNECTIONS, world.now, 1))
                if self.borrowed[index] > self.opened[index]:
                    self.opened[index] = self.borrowed[index]
                    opening()
                else:
                    enters()

            def waits() -> None:
                began = world.now

                def had() -> None:
                    world.drop(timer)
                    world.at(world.now, INVOKE_END, number, lambda: waited(True))

                def waited(has: bool) -> None:
                    world.samples.append((-1 - index, BORROW_WAIT, began, world.now - began))
                    if has:
                        borrows()
                        return
                    self.waiting[index].remove(had)
                    if world.now >= stops:
                        works(0, TIMEOUT)
                    else:
                        refused(index)

                until = began + min(spec.borrow_ns, stops - began)
                timer = world.at(until, INVOKE_END, number, lambda: waited(False))
                self.waiting[index].append(had)

            if not takes_turns(spec):
                if self.refuses(use, environment):
                    refused(index)
                    return
                there = own * use.permille // 1_000
                own += self.slow(spec, there) - there
                at(place + 1)
            elif not spec.has_pool:
                new = (index, environment) not in self.connected
                if not self.connects(index, environment):
                    refused(index) if world.now < stops else works(0, TIMEOUT)
                elif new and spec.connections:
                    opening()
                else:
                    enters()
            elif (index, environment) in self.connected:
                enters()
            elif self.borrowed[index] < self.size(index):
                self.borrowed[index] += 1
                borrows()
            else:
                waits()

        at(0)

    def connects(self, index: int, environment: Any) -> bool:
        """Give an environment a connection unless it has one; say whether it has one now."""
        spec = self.downstreams[index]
        if spec.connections == 0 or (index, environment) in self.connected:
            return True
        if sum(other == index for other, _ in self.connected) == spec.connections:
            return False
        self.connected.append((index, environment))
        self.world.samples.append((-1 - index, CONNECTIONS, self.world.now, 1))
        return True

    def refuses(self, use: Any, environment: Any) -> bool:
        """Say whether a downstream refuses a connection or the calls of an invocation."""
        spec = self.downstreams[use.downstream]
        if not self.connects(use.downstream, environment):
            return True
        return bool(spec.calls) and not passes(spec, self.passed[use.downstream], self.world.now, use.calls, spec.calls)

    def slow(self, spec: Any, takes: int) -> int:
        """Return how long something takes in a downstream that begins now."""
        for window in spec.slowdowns:
            if window.from_ns <= self.world.now < window.until_ns:
                takes = takes * window.permille // 1_000
        return takes

    def used(self, function: Any, environment: Any, takes: int, status: int) -> tuple[int, int]:
        """Return what a handler takes by itself and how it ends, with what it uses."""
        world = self.world
        now = world.now
        for use in function.uses:
            index, spec = use.downstream, self.downstreams[use.downstream]
            if self.refuses(use, environment):
                world.samples.append((-1 - index, REFUSALS, now, 1))
                takes, status = spec.fail_ns, ERROR
                break
            there = takes * use.permille // 1_000
            takes += self.slow(spec, there) - there
        return (function.timeout_ns, TIMEOUT) if takes > function.timeout_ns else (takes, status)
