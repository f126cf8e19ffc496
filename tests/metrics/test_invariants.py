"""The exact laws hold for what the engine writes, and each one notices the records it is there to notice."""

from collections.abc import Callable

import pytest
from record_rows import chunk, environment, invocation

from lambdasim.errors import LambdasimError
from lambdasim.metrics.invariants import Balance, InvariantViolation, verify
from lambdasim.metrics.meter import Metrics
from lambdasim.metrics.metered import LoadInfo, MeteredFunction
from lambdasim.model.events import StartKind, Status

S = 1_000_000_000
Rows = list[dict[str, int]]


def balances_of(change: Callable[[Rows, Rows], object]) -> tuple[Balance, ...]:
    """Records of a throttled and retried cold start, a warm start and one in flight, after ``change``."""
    cold = {"start": StartKind.COLD, "init_ns": S}
    refused = invocation(0, status=Status.THROTTLED, final=0)
    retried = invocation(1 * S, 2 * S, attempt=1, first_arrival_ns=0, **cold)
    warm = invocation(5 * S, 1 * S)
    flying = invocation(9 * S, 3 * S, status=Status.IN_FLIGHT, environment=1, start=StartKind.COLD)
    invocations = [refused, retried, warm, flying]
    environments = [
        environment(1 * S, 8 * S, S, invocations=2),
        environment(9 * S, -1, 2 * S, invocations=1, environment=1),
    ]
    change(invocations, environments)
    metrics = Metrics([MeteredFunction("f")], [LoadInfo("f")], period_ns=2 * S)
    metrics.consume(chunk(invocations, environments))
    return metrics.finish(10 * S).balances


def test_all_hold_for_consistent_records() -> None:
    verify(balances_of(lambda invocations, environments: None))


@pytest.mark.parametrize(
    ("invariant", "change"),
    [
        ("conservation", lambda i, e: i.append(invocation(3 * S, attempt=1, status=Status.THROTTLED))),
        ("conservation", lambda i, e: i[0].update(final=1)),
        ("busy time", lambda i, e: i[2].update(end_ns=6 * S + 1)),
        ("busy time", lambda i, e: i[1].update(init_ns=S - 1)),
        ("environment starts", lambda i, e: i[2].update(start=StartKind.COLD)),
        ("environment starts", lambda i, e: e.append(environment(0, -1))),
        ("environment use", lambda i, e: e[0].update(invocations=1)),
        ("environment states", lambda i, e: e[0].update(initialised_ns=2 * S + 1)),
        ("environment states", lambda i, e: e[0].update(destroyed_ns=4 * S + 1)),
        ("Little's law", lambda i, e: i[1].update(first_arrival_ns=1)),
        ("Little's law", lambda i, e: i.append(invocation(3 * S, status=Status.THROTTLED, attempt=1))),
    ],
)
def test_each_notices_its_records(invariant: str, change: Callable[[Rows, Rows], object]) -> None:
    balances = balances_of(change)
    assert invariant in {balance.invariant for balance in balances if not balance.holds}
    with pytest.raises(InvariantViolation, match=invariant):
        verify(balances)


def test_a_violation_is_our_bug_and_names_both_numbers() -> None:
    balance = Balance("conservation", ["f", "g"], "requests", [7, 5], "ends", [6, 5])
    assert balance.violations() == ["conservation, f: requests = 7, but ends = 6 (difference 1)"]
    assert issubclass(InvariantViolation, LambdasimError)
    assert InvariantViolation.exit_code == 1
    with pytest.raises(InvariantViolation, match="and 5 more"):
        verify([balance] * 15)
