"""Reuse orders and expiry: the lazy pool shows what an eager one would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.model.environment import Environment
from lambdasim.model.events import NEVER_NS, Expiry, Reuse
from lambdasim.model.idle import IDLE_SETS
from lambdasim.model.pool import Pool, rests


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


def rested(expiry: Expiry, count: int, reuse: Reuse = Reuse.MOST_RECENT, own_timeout: int = 1_000) -> tuple[Pool, list]:
    """Return a pool whose environments have all fallen idle at time 0, with a clock of 10 running, and who ended."""
    ended: list[tuple[int, int]] = []
    pool = Pool(reuse, lambda environment, at_ns, _: ended.append((at_ns, environment.number)), expiry)
    for environment in environments(count):
        pool.add(environment)
        pool.put(environment, 0, own_timeout)
    assert rests(expiry, pool) == (count > 0)
    if count:
        pool.rest(0, 10)
    return pool, ended


def test_all_end_together_when_their_function_has_rested() -> None:
    pool, ended = rested(Expiry.TOGETHER, 4)
    pool.expire(9)
    assert (pool.alive, ended) == (4, [])
    pool.expire(10)
    assert (pool.alive, ended, pool.strikes_ns) == (0, [(10, 0), (10, 1), (10, 2), (10, 3)], NEVER_NS)


@pytest.mark.parametrize(
    ("count", "left"), [(1, [0]), (2, [1, 0]), (5, [3, 2, 1, 0]), (8, [4, 2, 1, 0]), (12, [6, 3, 2, 1, 0])]
)
def test_half_of_them_end_and_half_of_the_rest(count: int, left: list[int]) -> None:
    """SeBS (Middleware 2021; results of its repository): of 5 environments 3, 2 and 1 were left, of 2 one and none."""
    pool, _ = rested(Expiry.HALVES, count)
    found = []
    for strike in range(len(left)):
        pool.expire(10 * strike + 10)
        found.append(pool.alive)
    assert found == left
    assert pool.strikes_ns == NEVER_NS


@pytest.mark.parametrize(
    ("reuse", "first"), [(Reuse.MOST_RECENT, 0), (Reuse.LEAST_RECENT, 0), (Reuse.RANDOM, 0), (Reuse.NEWEST, 3)]
)
def test_who_has_waited_longest_ends_first_where_that_is_known(reuse: Reuse, first: int) -> None:
    pool, ended = rested(Expiry.HALVES, 4, reuse)
    pool.expire(10)
    assert ended[0] == (10, first)


def test_a_late_look_sees_every_strike_and_own_ends_between_them() -> None:
    pool, ended = rested(Expiry.HALVES, 8, own_timeout=25)
    pool.expire(100)
    assert [at for at, _ in ended] == [10] * 4 + [20] * 2 + [25] * 2


def test_a_clock_stands_still_while_any_environment_is_used() -> None:
    pool, ended = rested(Expiry.TOGETHER, 2)
    pool.take(0)
    pool.expire(500)
    assert (ended, pool.strikes_ns) == ([], NEVER_NS)
    pool, ended = rested(Expiry.TOGETHER, 2)
    pool.add(Environment(7, 5, NEVER_NS, provisioned=False))
    pool.expire(500)
    assert ended == []
