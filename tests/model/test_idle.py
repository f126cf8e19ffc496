"""Reuse orders and expiry: the lazy pool shows what an eager one would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.model.environment import Environment
from lambdasim.model.events import NEVER_NS, Reuse
from lambdasim.model.idle import IDLE_SETS
from lambdasim.model.pool import Pool


def environments(count: int) -> list[Environment]:
    return [Environment(n, 0, NEVER_NS, provisioned=False) for n in range(count)]


@pytest.mark.parametrize(
    ("reuse", "picks", "order"),
    [
        (Reuse.MOST_RECENT, [0, 0, 0, 0], [3, 2, 1, 0]),
        (Reuse.LEAST_RECENT, [0, 0, 0, 0], [0, 1, 2, 3]),
        (Reuse.NEWEST, [0, 0, 0, 0], [3, 2, 1, 0]),
        (Reuse.RANDOM, [0, 0, 0, 0], [0, 3, 2, 1]),
        (Reuse.RANDOM, [2**31 - 1, 2**30, 0, 0], [3, 1, 0, 2]),
    ],
)
def test_reuse_order(reuse: Reuse, picks: list[int], order: list[int]) -> None:
    idle = IDLE_SETS[reuse]()
    for environment in environments(4):
        idle.add(environment)
    assert [idle.take(pick).number for pick in picks] == order
    with pytest.raises((KeyError, IndexError)):
        idle.take(0)


@pytest.mark.parametrize("reuse", Reuse)
def test_what_is_removed_is_not_given(reuse: Reuse) -> None:
    idle = IDLE_SETS[reuse]()
    members = environments(3)
    for environment in members:
        idle.add(environment)
    idle.remove(members[1])
    assert {idle.take(0).number, idle.take(0).number} == {0, 2}


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=40))
def test_expiry_is_at_its_exact_time_however_late_the_look(steps: list[tuple[int, int]]) -> None:
    """Idle timeouts in any order, against a list that is scanned."""
    ended: list[tuple[int, int]] = []
    pool = Pool(Reuse.MOST_RECENT, lambda environment, at_ns, _: ended.append((at_ns, environment.number)))
    model: list[tuple[int, int]] = []  # (expiry, number) of the idle, most recent last
    expected: list[tuple[int, int]] = []
    now = number = 0
    for wait, timeout in steps:
        now += wait
        expired = sorted(pair for pair in model if pair[0] <= now)
        expected += expired
        model = [pair for pair in model if pair not in expired]
        pool.expire(now)
        assert pool.idle == len(model)
        if model:
            environment = pool.take(0)
            assert environment.number == model.pop()[1]
        else:
            environment = Environment(number, now, NEVER_NS, provisioned=False)
            number += 1
            pool.add(environment)
        pool.put(environment, now, timeout)
        model.append((now + timeout, environment.number))
        assert ended == expected
        assert pool.alive == len(model)
