"""What an account is set to during a run, as the rows of the control table say so."""

from collections.abc import Iterable
from heapq import heappop, heappush

from lambdasim.model.control import Change, Control
from lambdasim.model.events import NEVER_NS
from lambdasim.plan import Plan


class Settings:
    """Quotas and what is configured, from the rows that have happened; rows to come wait for their time."""

    def __init__(self, plan: Plan) -> None:
        functions = plan.account.functions
        self.concurrency = plan.account.concurrency
        self._unreserved_minimum = plan.account.unreserved_minimum
        self._first = [index if one.version_of < 0 else one.version_of for index, one in enumerate(functions)]
        self._reserved = [-1 if one.reserved is None else one.reserved for one in functions]
        self._provisioned = [0] * len(functions)
        self._ready_ns = [-1] * len(functions)
        self._weights = [weight for alias in plan.account.aliases for weight in alias.weights]
        self._aliases: dict[str, tuple[int, tuple[int, ...]]] = {}
        first = 0
        for alias in plan.account.aliases:
            self._aliases[alias.name] = first, alias.versions
            first += len(alias.versions)
        self._coming: list[tuple[tuple[int, int, int], int, Change]] = []
        self._taken = 0
        self.add(plan.control)

    def add(self, changes: Iterable[Change]) -> None:
        """Let more rows happen."""
        for change in changes:
            heappush(self._coming, (change.order, self._taken, change))
            self._taken += 1
            if change.kind == Control.PROVISIONED_READY:
                self._ready_ns[change.subject] = max(self._ready_ns[change.subject], change.at_ns)

    def advance(self, now: int) -> None:
        """Let happen what happens before ``now``, and at it what was decided by now."""
        while self._coming and self._coming[0][2].at_ns <= now:
            self._happen(heappop(self._coming)[2])

    def provisioned(self, function: int) -> int:
        """Return how much provisioned concurrency is asked for and not given up, ready or not."""
        return self._provisioned[function]

    def leads_to(self, name: str) -> int | None:
        """Return the version that an alias leads to, one of those that do not to the same throughout; None for two."""
        first, versions = self._aliases[name]
        found = [version for version, weight in zip(versions, self._weights[first:], strict=False) if weight]
        return found[0] if len(found) == 1 else None

    def versions(self, name: str) -> tuple[int, ...]:
        """Return all versions to which an alias ever leads."""
        return self._aliases[name][1]

    def settled_ns(self, name: str) -> int:
        """Return when weights of an alias change next, as far as is known."""
        first, versions = self._aliases[name]
        subjects = range(first, first + len(versions))
        weights = (own.at_ns for *_, own in self._coming if own.kind == Control.WEIGHT and own.subject in subjects)
        return min(weights, default=NEVER_NS)

    def ready_ns(self, function: int) -> int:
        """Return when the last request for provisioned concurrency is ready; -1 without any."""
        return self._ready_ns[function]

    def available(self, function: int) -> int:
        """Return how much more provisioned concurrency a function can have.

        Of a function with reserved concurrency all versions share that; the others what AWS lets be reserved (Developer
        Guide, provisioned-concurrency, 2026).
        """
        own = self._first[function]
        if self._reserved[own] >= 0:
            return self._reserved[own] - sum(
                count for count, first in zip(self._provisioned, self._first, strict=True) if first == own
            )
        held = sum(
            self._reserved[first] if self._reserved[first] >= 0 else 0 for first in dict.fromkeys(self._first)
        ) + sum(count for count, first in zip(self._provisioned, self._first, strict=True) if self._reserved[first] < 0)
        return self.concurrency - self._unreserved_minimum - held

    def _happen(self, change: Change) -> None:
        if change.kind == Control.ACCOUNT_CONCURRENCY:
            self.concurrency = change.value
        elif change.kind == Control.RESERVED_CONCURRENCY:
            self._reserved[self._first[change.subject]] = change.value
        elif change.kind == Control.WEIGHT and change.subject < len(self._weights):
            self._weights[change.subject] = change.value
        elif change.kind == Control.PROVISIONED_REQUESTED:
            self._provisioned[change.subject] += change.value
        elif change.kind == Control.PROVISIONED_DECREASED:
            self._provisioned[change.subject] -= min(change.value, self._provisioned[change.subject])
