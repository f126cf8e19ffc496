"""A standard queue and its pollers by brute force: a second telling that imports nothing of ``lambdasim``.

Every step looks through all that is still to happen for the earliest, every question through all messages. Environments
start at once and never end; there is one function with the whole account to itself. Neither duplicates of the queue nor
provisioned pollers are known here.
"""

from typing import Any

INVOKE_END, RETRY, ARRIVAL, VISIBLE, SCALE, POLL = 1, 5, 6, 9, 10, 11
MINUTE = 60_000_000_000
MASK = (1 << 64) - 1


def bits24(key: int, index: int) -> int:
    """SplitMix64, its upper 24 bits."""
    z = (key + index * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return (z ^ (z >> 31)) >> 40


class QueueOracle:
    """One run. ``law`` has the names of the queue's law, ``polling`` those of its concurrency's, ``keys`` the streams.

    ``takes`` and ``outcomes`` are of the batches in turn, the last for all that follow.
    """

    def __init__(self, law: Any, limit: int, takes: list[int], outcomes: list[int], keys: dict[str, int]) -> None:
        self.law, self.polling, self.limit = law, law.polling, limit
        self.takes, self.outcomes, self.keys = takes, outcomes, keys
        self.agenda: list[tuple[int, int, int, int, Any]] = []
        self.now = self.count = self.batches = self.environments = self.running = self.rests = 0
        self.spare: list[int] = []
        self.asked: dict[int, int] = {}
        self.messages: list[dict[str, Any]] = []  # in the order in which they became visible
        self.working: set[int] = set()
        self.coming: set[int] = set()
        self.open: dict[str, Any] | None = None
        self.target = self.polling.initial
        self.growing = False
        self.failed = self.held = False
        self.peak = 0
        self.review_at = -1
        self.deliveries: list[tuple[int, ...]] = []
        self.invocations: list[tuple[int, ...]] = []
        self.levels = [(0, self.target)]

    def run(self, times: list[int]) -> None:
        """Send messages at these times, in ns, and let all happen."""
        for event, time in enumerate(times):
            self.at(time, ARRIVAL, event, lambda event=event: self.arrive(event))
        while self.agenda:
            entry = min(self.agenda, key=lambda entry: entry[:4])
            self.agenda.remove(entry)
            self.now = entry[0]
            entry[4]()

    def at(self, time: int, rank: int, subject: int, what: Any) -> None:
        self.count += 1
        self.agenda.append((time, rank, subject, self.count, what))

    # messages

    def arrive(self, event: int) -> None:
        message = {
            "event": event,
            "attempt": 0,
            "sent": self.now,
            "available": self.now + self.law.delay_ns,
            "at": None,
        }
        if self.law.delay_ns:
            self.at(self.now + self.law.delay_ns, VISIBLE, event, lambda: self.show(message))
            message["at"] = "delayed"
            self.messages.append(message)
        else:
            self.messages.append(message)
            self.look()

    def show(self, message: dict[str, Any]) -> None:
        self.messages.remove(message)
        message["at"] = None
        self.messages.append(message)
        self.look()

    def visible(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["at"] is None]

    def uncovered(self) -> bool:
        return len(self.visible()) > len(self.coming) * self.law.batch_size

    def receive(self, limit: int) -> dict[str, Any] | None:
        taken: list[dict[str, Any]] = []
        for message in self.visible():
            if len(taken) == limit:
                break
            old = message["sent"] + self.law.retention_ns
            if self.now >= old:
                self.leave(message, max(old, message["available"]), 4, 3, 0, -1)
            elif self.law.max_receives and message["attempt"] >= self.law.max_receives:
                self.leave(message, self.now, 4, 2, 1, -1)
            else:
                taken.append(message)
        if not taken:
            return None
        receipt = {
            "of": taken,
            "attempts": [message["attempt"] for message in taken],
            "at": self.now,
            "until": self.now + self.law.visibility_ns,
            "state": "running",
            "batch": -1,
        }
        for message in taken:
            message["at"] = receipt
        self.at(receipt["until"], VISIBLE, taken[0]["event"], lambda: self.return_all(receipt))
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
            if self.now >= message["sent"] + self.law.retention_ns:
                self.leave(message, self.now, 4, 3, 0, -1)
        if mine:
            self.look()

    # pollers

    def look(self) -> None:
        batch = self.open
        if batch is not None:
            receipt = self.receive(self.law.batch_size - sum(len(r["of"]) for r in batch["receipts"]))
            if receipt:
                batch["receipts"].append(receipt)
                if sum(len(r["of"]) for r in batch["receipts"]) == self.law.batch_size:
                    self.open = None
                    batch["closed"] = True
                    self.at(self.now, POLL, batch["poller"], lambda: self.invoke(batch))
        while self.uncovered():
            idle = [poller for poller in range(self.target) if poller not in self.working]
            if not idle:
                self.want()
                return
            self.working.add(idle[0])
            self.peak = max(self.peak, len(self.working))
            self.come(idle[0])
        self.rest()

    def come(self, poller: int) -> None:
        self.coming.add(poller)
        self.at(self.now + self.law.receive_ns, POLL, poller, lambda: self.poll(poller))

    def poll(self, poller: int) -> None:
        self.coming.remove(poller)
        receipt = self.receive(self.law.batch_size)
        if receipt is None:
            self.go_on(poller)
            return
        batch = {"poller": poller, "receipts": [receipt], "closed": False}
        if not self.law.window_ns or len(receipt["of"]) == self.law.batch_size:
            self.invoke(batch)
            return
        self.open = batch

        def over() -> None:
            if not batch["closed"]:
                self.open = None if self.open is batch else self.open
                self.invoke(batch)

        self.at(self.now + self.law.window_ns, POLL, poller, over)

    def go_on(self, poller: int) -> None:
        if poller < self.target and self.uncovered():
            self.come(poller)
        else:
            self.working.remove(poller)
            self.rest()

    def rest(self) -> None:
        if not self.messages and not self.working:
            self.growing = False
            self.rests += 1

    # invocations

    def invoke(self, batch: dict[str, Any]) -> None:
        n, self.batches = self.batches, self.batches + 1
        of = [(m, a) for r in batch["receipts"] for m, a in zip(r["of"], r["attempts"], strict=True)]
        failing = {
            m["event"]
            for m, a in of
            if bits24(self.keys["sqs-poison"], m["event"]) < self.law.poison_24
            or bits24(self.keys["sqs-record"], m["event"] << 7 | a) < self.law.record_errors_24
        }
        outcome = self.outcomes[min(n, len(self.outcomes) - 1)]
        if failing and not self.law.partial and outcome == 0:
            outcome = 1
        batch.update(number=n, failing=failing, outcome=outcome, first=self.now)
        batch["takes"] = self.takes[min(n, len(self.takes) - 1)]
        for receipt in batch["receipts"]:
            receipt["batch"] = n
        self.attempt(batch, 0)

    def attempt(self, batch: dict[str, Any], attempt: int) -> None:
        second = self.now // 1_000_000_000
        asked = self.asked.get(second, 0)
        if asked < 10 * self.limit:
            self.asked[second] = asked + 1
        if asked < 10 * self.limit and self.running < self.limit:
            self.running += 1
            if not self.spare:
                self.spare.append(self.environments)
                self.environments += 1
            environment, begun = self.spare.pop(), self.now
            self.at(self.now + batch["takes"], INVOKE_END, environment,
                    lambda: self.end(batch, attempt, begun, environment))  # fmt: skip
            return
        delay = min(self.law.backoff_base_ns * 2**attempt, self.law.backoff_cap_ns)
        delay = delay // 2 + (delay * bits24(self.keys["sqs-backoff"], batch["number"] << 7 | attempt) >> 24)
        until = batch["receipts"][0]["until"]
        last = self.now + delay >= until
        self.invocations.append((batch["number"], attempt, self.now, -1, 5, int(last)))
        self.fail()
        if not last:
            self.at(self.now + delay, RETRY, batch["number"], lambda: self.attempt(batch, attempt + 1))
            return
        for receipt in batch["receipts"]:
            receipt["state"] = "throttled"
        self.at(max(until, self.now), POLL, batch["poller"], lambda: self.go_on(batch["poller"]))

    def end(self, batch: dict[str, Any], attempt: int, begun: int, environment: int) -> None:
        self.running -= 1
        self.spare.append(environment)
        failed = batch["outcome"] != 0
        self.invocations.append((batch["number"], attempt, begun, self.now, batch["outcome"], 1))
        if failed and not self.law.partial:
            self.fail()
        for receipt in batch["receipts"]:
            for message, of in zip(list(receipt["of"]), receipt["attempts"], strict=True):
                lost = failed or message["event"] in batch["failing"]
                if message["at"] is receipt:
                    self.row(message, receipt["at"], self.now, 1 if lost else 0, 0 if lost else 1, 0, batch["number"])
                    if not lost:
                        self.messages.remove(message)
                        message["at"] = "gone"
                elif message["at"] is None and message in self.messages and message["attempt"] == of + 1 and not lost:
                    self.leave(message, self.now, 0, 1, 0, batch["number"])
                    message["at"] = "gone"
            receipt["state"] = "ended"
        self.go_on(batch["poller"])

    # concurrency

    def fail(self) -> None:
        self.failed = self.held = True
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
        if not self.held:
            self.change(min(self.polling.maximum, self.target + self.polling.amount))
            self.plan_review()
        if self.uncovered():
            self.want()

    def plan_review(self) -> None:
        if self.review_at < 0 and (self.target != self.polling.initial or self.held):
            self.review_at = self.now + MINUTE
            self.at(self.review_at, SCALE, 1, self.review)

    def review(self) -> None:
        target = self.target
        if self.failed:
            target = max(min(self.polling.floor, target), target * self.polling.shrink_permille // 1_000)
        elif not self.uncovered():
            target = max(self.polling.initial, min(target, self.peak))
        self.held, self.failed = self.failed, False
        self.peak = len(self.working)
        self.review_at = -1
        self.change(target)
        self.plan_review()
        if self.uncovered():
            self.want()

    def change(self, target: int) -> None:
        if target != self.target:
            self.target = target
            self.levels.append((self.now, target))
            if self.visible():
                self.look()
