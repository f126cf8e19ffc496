"""Requests for provisioned concurrency as rows of the control table, with all that chance decides about them."""

from collections import Counter
from collections.abc import Iterable

from lambdasim.model import rules
from lambdasim.model.control import Change, Control, provisioned
from lambdasim.workload.plan import Workload


class Provisioner:
    """Numbers the requests and environments of each function, from those on that ``control`` has asked for already."""

    def __init__(self, workload: Workload, control: Iterable[Change] = ()) -> None:
        self._workload = workload
        self._requests: Counter[int] = Counter()
        self._environments: Counter[int] = Counter()
        for change in control:
            if change.kind == Control.PROVISIONED_REQUESTED:
                self._count(change.subject, change.value)

    def long_before(self, function: int, count: int) -> tuple[Change, ...]:
        """Return the rows of a request that is ready when the experiment starts."""
        init_ns = self._inits(function, count)
        self._count(function, count)
        return provisioned(function, 0, 0, init_ns)

    def request(self, function: int, at_ns: int, count: int) -> tuple[Change, ...]:
        """Return the rows of a request for so many environments of a function, by index, at ``at_ns``.

        It is allocated after its preparation, at AWS's rate, and ready when the slowest init is over.
        """
        init_ns = self._inits(function, count)
        preparation_ns = self._workload.preparation_ns(function, self._requests[function])
        self._count(function, count)
        return provisioned(function, at_ns, at_ns + rules.provisioned_wait_ns(preparation_ns, init_ns), init_ns)

    def _inits(self, function: int, count: int) -> tuple[int, ...]:
        timeout_ns = self._workload.functions[function].config.timeout
        drawn_ns = self._workload.provisioned_init_ns(function, count, self._environments[function])
        return tuple(rules.provisioned_init_ns(init_ns, timeout_ns) for init_ns in drawn_ns.tolist())

    def _count(self, function: int, count: int) -> None:
        self._requests[function] += 1
        self._environments[function] += count
