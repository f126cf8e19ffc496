"""A standard queue and its pollers by brute force: a second telling that imports nothing of ``lambdasim``.

Every step looks through all that is still to happen for the earliest, every question through all messages. Environments
start at once and never end; there is one function with the whole account to itself.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

INVOKE_END, CHANGE, RETRY, ARRIVAL, VISIBLE, SCALE, POLL = 1, 2, 5, 6, 9, 10, 11
MINUTE = 60_000_000_000
MASK = (1 << 64) - 1


def bits24(key: int, index: int) -> int:
    """SplitMix64, its upper 24 bits."""
    z = (key + index * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return (z ^ (z >> 31)) >> 40


SETTINGS = ("batch_size", "window_ns", "visibility_ns", "partial", "max_receives")
"""In the order in which they change at one instant. What a batch has begun to gather by stays as it was."""


class QueueOracle:
    """One run. ``law`` has the names of the queue's law, ``polling`` those of its concurrency's, ``keys`` the streams.

    ``takes`` and ``outcomes`` are of the batches in turn, the last for all that follow.
    """

    def __init__(self, spec: Any, limit: int, takes: list[int], outcomes: list[int], keys: dict[str, int]) -> None:
        self.spec, self.polling, self.limit = spec, spec.polling, limit
        self.takes, self.outcomes, self.keys = takes, outcomes, keys
        self.agenda: list[tuple[int, int, int, int, Any]] = []
        self.now = self.count = self.batches = self.environments = self.running = self.rests = 0
        self.spare: tuple[list[int], list[int]] = ([], [])  # of each function
        self.moves: Sequence[int] = ()
        self.moved = 0
        self.turns = 0
        self.asked = 0  # requests that passed, in billionths, as far as they have not been made up for
        self.asked_at = 0
        self.messages: list[dict[str, Any]] = []  # in the order in which they became visible
        self.working: set[int] = set()
        self.coming: set[int] = set()
        self.open: list[dict[str, Any]] = []
        self.on = True
        self.target = self.polling.initial
        self.growing = False
        self.owed = 0
        self.peak = 0
        self.review_at = -1
        self.deliveries: list[tuple[int, ...]] = []
        self.invocations: list[tuple[int, ...]] = []
        self.levels = [(0, self.target // (spec.per_poller or 1))]
        self.size_batches()
        self.parked = dict.fromkeys(range(self.target), 0)
        self.ready: dict[int, int] = {}
        self.requests: Counter[int] = Counter()
        self.empty: Counter[int] = Counter()

    def run(
        self,
        times: list[int],
        switches: list[tuple[int, int]],
        settings: Sequence[tuple[int, str, int]] = (),
        moves: Sequence[int] = (),
    ) -> None:
        """Send messages at these times, in ns, and let all happen; a switch is a time and whether the mapping is on, a
        setting a time, one of :data:`SETTINGS` and what it is from then on. At each of ``moves`` the mapping leads to
        the other one of two functions, of which the second takes three times as long."""
        self.moves = moves
        for time in moves:
            self.at(time, CHANGE, 1 + len(SETTINGS), self.move)
        for time, on in switches:
            self.at(time, CHANGE, 0, lambda on=on: self.switch(bool(on)))  # type: ignore[misc]
        for time, name, value in settings:
            place = 1 + SETTINGS.index(name)
            self.at(time, CHANGE, place, lambda name=name, value=value: self.set(name, value))  # type: ignore[misc]
        for event, time in enumerate(times):
            self.at(time, ARRIVAL, event, lambda event=event: self.arrive(event))
        while any(entry[1] != SCALE for entry in self.agenda):  # how many pollers there are moves nothing by itself
            entry = min(self.agenda, key=lambda entry: entry[:4])
            self.agenda.remove(entry)
            self.now = entry[0]
            entry[4]()
        for poller in list(self.parked):
            self.leave_long_poll(poller)

    def at(self, time: int, rank: int, subject: int, what: Any) -> Any:
        self.count += 1
        self.agenda.append((time, rank, subject, self.count, what))
        return self.agenda[-1]

    # requests to the queue

    def ask(self, requests: int) -> None:
        self.requests[self.now // MINUTE * MINUTE] += requests

    def leave_long_poll(self, poller: int) -> None:
        since = self.parked.pop(poller, None)
        if since is not None and poller % (self.spec.per_poller or 1) == 0:
            vain = (self.now - since) // 20_000_000_000
            self.ask(vain)
            self.empty[self.now // MINUTE * MINUTE] += vain

    @staticmethod
    def chunks(size: int) -> int:
        return len(range(0, size, 64 * 1024))

    @staticmethod
    def calls(messages: int) -> int:
        return max(1, len(range(0, messages, 10)))

    # messages

    def arrive(self, event: int) -> None:
        self.ask(max(1, self.chunks(self.spec.payload)))
        self.send(event)
        if bits24(self.keys["sqs-duplicate"], event) < self.spec.duplicates_q24:
            self.batches += 1
            self.send(2**44 + self.batches - 1)

    def send(self, event: int) -> None:
        message = {
            "event": event,
            "attempt": 0,
            "sent": self.now,
            "available": self.now + self.spec.delay_ns,
            "at": None,
        }
        if self.spec.delay_ns:
            self.at(self.now + self.spec.delay_ns, VISIBLE, event, self.show)
            message["at"] = "delayed"
            self.messages.append(message)
        else:
            self.messages.append(message)
            self.look()

    def show(self) -> None:
        message = next(message for message in self.messages if message["at"] == "delayed")  # as they were sent
        self.messages.remove(message)
        message["at"] = None
        self.messages.append(message)
        self.look()

    def visible(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["at"] is None]

    def uncovered(self) -> bool:
        return self.on and len(self.visible()) > len(self.coming) * self.limit_of_batch

    def receive(self, limit: int) -> dict[str, Any] | None:
        taken: list[dict[str, Any]] = []
        for message in self.visible():
            if len(taken) == limit:
                break
            old = message["sent"] + self.spec.retention_ns
            if self.now >= old:
                self.leave(message, max(old, message["available"]), 4, 3, 0, -1)
            elif self.spec.max_receives and message["attempt"] >= self.spec.max_receives:
                self.leave(message, self.now, 4, 2, 1, -1)
            else:
                taken.append(message)
        self.ask(max(self.calls(len(taken)), self.chunks(len(taken) * self.spec.payload)))
        if not taken:
            return None
        receipt = {
            "of": taken,
            "attempts": [message["attempt"] for message in taken],
            "at": self.now,
            "until": self.now + self.spec.visibility_ns,
            "state": "running",
            "batch": -1,
        }
        for message in taken:
            message["at"] = receipt
        receipt["timer"] = self.at(receipt["until"], VISIBLE, taken[0]["event"], lambda: self.return_all(receipt))
        return receipt

    def leave(self, message: dict[str, Any], ended: int, outcome: int, fate: int, destination: int, batch: int) -> None:
        self.row(message, -1, ended, outcome, fate, destination, batch)
        self.messages.remove(message)

    def row(self, message, delivered, ended, outcome, fate, destination, batch) -> None:  # type: ignore[no-untyped-def]
        self.deliveries.append((message["event"], message["attempt"], message["sent"], message["available"], delivered,
                                ended, outcome, fate, destination, batch))  # fmt: skip

    def return_all(self, receipt: dict[str, Any]) -> None:
        mine = [message for message in receipt["of"] if message["at"] is receipt]
        for message in mine:
            if receipt["state"] != "ended":
                outcome = 2 if receipt["state"] == "throttled" else 3
                self.row(message, receipt["at"], receipt["until"], outcome, 0, 0, receipt["batch"])
            self.messages.remove(message)
            message.update(attempt=message["attempt"] + 1, available=self.now, at=None)
            self.messages.append(message)
            if self.now >= message["sent"] + self.spec.retention_ns:
                self.leave(message, self.now, 4, 3, 0, -1)
        if mine:
            self.look()

    # pollers

    def look(self) -> None:
        if self.spec.shares_window and self.on:
            self.join()
        while self.uncovered():
            idle = [poller for poller in range(self.target) if poller not in self.working]
            if not idle:
                self.join()
                if self.uncovered():
                    self.want()
                return
            self.working.add(idle[0])
            self.leave_long_poll(idle[0])
            self.peak = max(self.peak, len(self.working))
            self.come(idle[0])
        self.rest()

    def join(self) -> None:
        while self.open and self.visible():
            batch = min(self.open, key=lambda batch: batch["turn"])
            receipt = self.receive(batch["limit"] - sum(len(r["of"]) for r in batch["receipts"]))
            if receipt is None:
                break
            batch["receipts"].append(receipt)
            self.turns += 1
            batch["turn"] = self.turns
            if sum(len(r["of"]) for r in batch["receipts"]) == batch["limit"]:
                self.open.remove(batch)
                self.agenda.remove(batch["timer"])
                self.at(self.now, POLL, batch["poller"], lambda batch=batch: self.invoke(batch))

    def come(self, poller: int) -> None:
        self.coming.add(poller)
        self.at(self.now + self.spec.receive_ns, POLL, poller, lambda: self.poll(poller))

    def poll(self, poller: int) -> None:
        of = poller // (self.spec.per_poller or 1)
        if self.ready.get(of, 0) > self.now:
            self.at(self.ready[of], POLL, poller, lambda: self.poll(poller))
            return
        self.coming.remove(poller)
        receipt = self.receive(self.limit_of_batch)
        if self.spec.per_poller:
            taken = len(receipt["of"]) if receipt else 0
            self.ready[of] = self.now + max(self.calls(taken) * 100_000_000, taken * self.spec.payload * 1_000)
        if receipt is None:
            self.go_on(poller)
            return
        batch = {"poller": poller, "receipts": [receipt], "limit": self.limit_of_batch}
        if not self.spec.window_ns or len(receipt["of"]) == self.limit_of_batch:
            self.invoke(batch)
            return
        self.turns += 1
        batch["turn"] = self.turns
        self.open.append(batch)

        def over() -> None:
            self.open.remove(batch)
            self.invoke(batch)

        batch["timer"] = self.at(self.now + self.spec.window_ns, POLL, poller, over)

    def go_on(self, poller: int) -> None:
        if poller < self.target and self.uncovered():
            self.come(poller)
        else:
            self.working.remove(poller)
            if poller < self.target and self.on:
                self.parked[poller] = self.now
            self.rest()

    def rest(self) -> None:
        if not self.messages and not self.working:
            self.growing = False
            self.rests += 1

    # invocations

    def move(self) -> None:
        self.moved += 1

    def invoke(self, batch: dict[str, Any]) -> None:
        of = [(m, a) for r in batch["receipts"] for m, a in zip(r["of"], r["attempts"], strict=True)]
        failing = {
            m["event"]
            for m, a in of
            if bits24(self.keys["sqs-poison"], m["event"]) < self.spec.poison_q24
            or bits24(self.keys["sqs-record"], m["event"] << 7 | a) < self.spec.record_errors_q24
        }
        batch["failing"] = failing
        self.hand_over(batch)

    def hand_over(self, batch: dict[str, Any]) -> None:
        n, self.batches = self.batches, self.batches + 1
        outcome = self.outcomes[min(n, len(self.outcomes) - 1)]
        if batch["failing"] and not self.spec.partial and outcome == 0:
            outcome = 1
        batch.update(number=n, outcome=outcome, moved=self.moved, function=self.moved % 2)
        batch["takes"] = self.takes[min(n, len(self.takes) - 1)] * (3 if batch["function"] else 1)
        for receipt in batch["receipts"]:
            receipt["batch"] = n
        self.attempt(batch, 0)

    def attempt(self, batch: dict[str, Any], attempt: int) -> None:
        self.asked = max(0, self.asked - (self.now - self.asked_at) * 10 * self.limit)
        self.asked_at = self.now
        passes = self.asked + 1_000_000_000 <= 10 * self.limit * 1_000_000_000
        if passes:
            self.asked += 1_000_000_000
        if passes and self.running < self.limit:
            self.running += 1
            spare = self.spare[batch["function"]]
            if not spare:
                spare.append(self.environments)
                self.environments += 1
            environment, begun = spare.pop(), self.now
            self.at(self.now + batch["takes"], INVOKE_END, environment,
                    lambda: self.end(batch, attempt, begun, environment))  # fmt: skip
            return
        delay = min(self.spec.backoff_base_ns * 2**attempt, self.spec.backoff_cap_ns)
        delay = delay // 2 + (delay * bits24(self.keys["sqs-backoff"], batch["number"] << 7 | attempt) >> 24)
        until = batch["receipts"][0]["until"]
        tries = self.spec.throttle_tries
        last = self.now + delay >= until or attempt + 1 == tries
        moves = sum(time <= self.now + delay for time in self.moves) > batch["moved"]
        self.invocations.append((batch["number"], batch["function"], attempt, self.now, -1, 5, int(last or moves)))
        self.fail()
        if not last and moves:
            self.at(self.now + delay, RETRY, batch["number"], lambda: self.hand_over(batch))
            return
        if not last:
            self.at(self.now + delay, RETRY, batch["number"], lambda: self.attempt(batch, attempt + 1))
            return
        for receipt in batch["receipts"]:
            receipt["state"] = "throttled"
        free = self.now if tries else max(until, self.now)
        self.at(free, POLL, batch["poller"], lambda: self.go_on(batch["poller"]))

    def end(self, batch: dict[str, Any], attempt: int, begun: int, environment: int) -> None:
        self.running -= 1
        self.spare[batch["function"]].append(environment)
        failed = batch["outcome"] != 0
        self.invocations.append((batch["number"], batch["function"], attempt, begun, self.now, batch["outcome"], 1))
        if failed and not self.spec.partial:
            self.fail()
        deleted = 0
        for receipt in batch["receipts"]:
            for message, of in zip(list(receipt["of"]), receipt["attempts"], strict=True):
                lost = failed or message["event"] in batch["failing"]
                deleted += not lost
                if message["at"] is receipt:
                    self.row(message, receipt["at"], self.now, 1 if lost else 0, 0 if lost else 1, 0, batch["number"])
                    if not lost:
                        self.messages.remove(message)
                        message["at"] = "gone"
                elif message["at"] is None and message in self.messages and message["attempt"] == of + 1 and not lost:
                    self.leave(message, self.now, 0, 1, 0, batch["number"])
                    message["at"] = "gone"
            receipt["state"] = "ended"
            if all(message["at"] is not receipt for message in receipt["of"]) and receipt["timer"] in self.agenda:
                self.agenda.remove(receipt["timer"])
        if deleted:
            self.ask(self.calls(deleted))
        self.go_on(batch["poller"])

    # concurrency

    def fail(self) -> None:
        if self.target > self.polling.floor:
            self.owed += (self.target - self.polling.floor) * self.polling.decrease_ppm
        target = self.target
        while self.owed >= self.polling.unit * 1_000_000:
            self.owed -= self.polling.unit * 1_000_000
            target -= self.polling.unit
        self.change(max(target, min(self.polling.floor, self.target)))
        self.plan_review()

    def want(self) -> None:
        if not self.growing and self.target < self.polling.maximum:
            self.growing = True
            since = self.rests
            self.at(self.now + self.polling.every_ns, SCALE, 0, lambda: self.grow(since))

    def grow(self, since: int) -> None:
        if since != self.rests:  # nothing was left to do meanwhile, which ends the growth
            return
        self.growing = False
        if not self.uncovered():
            return
        self.change(min(self.polling.maximum, self.target + self.polling.amount))
        self.plan_review()
        if self.uncovered():
            self.want()

    def plan_review(self) -> None:
        if self.review_at < 0 and self.target != self.polling.initial:
            self.review_at = self.now + MINUTE
            self.at(self.review_at, SCALE, 1, self.review)

    def review(self) -> None:
        target = self.target
        if not self.uncovered():
            used = self.peak
            while used % self.polling.unit:
                used += 1
            target = max(self.polling.initial, min(target, used))
        self.peak = len(self.working)
        self.review_at = -1
        self.change(target)
        self.plan_review()
        if self.uncovered():
            self.want()

    def change(self, target: int) -> None:
        if target != self.target:
            self.target = target
            self.levels.append((self.now, target // (self.spec.per_poller or 1)))
            self.take_places()

    def size_batches(self) -> None:
        self.limit_of_batch = max(1, min(self.spec.batch_size, 6 * 2**20 // max(1, self.spec.payload)))

    def set(self, name: str, value: int) -> None:
        self.spec = replace(self.spec, **{name: value})
        self.size_batches()
        if self.visible():
            self.look()

    def switch(self, on: bool) -> None:
        self.on = on
        self.take_places()

    def take_places(self) -> None:
        for poller in set(range(max([self.target, *self.parked]) + 1)) - self.working:
            if poller >= self.target or not self.on:
                self.leave_long_poll(poller)
            else:
                self.parked.setdefault(poller, self.now)
        if self.visible():
            self.look()
