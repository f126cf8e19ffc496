"""Databases as they are: pools that queue, connections that take turns to open, and contention, told event by event."""

import random
from dataclasses import replace
from typing import Any

import pytest
from by_hand import MS, Event, Log, function, simulate
from oracle_cases import SourceCase, numbered, told_by_engine
from oracles.world import Request

from lambdasim.config import config_from_dict
from lambdasim.errors import InputError
from lambdasim.model import database
from lambdasim.model.control import Change, Control
from lambdasim.model.downstream import DownstreamSpec, UseSpec
from lambdasim.model.losses import Loss
from lambdasim.model.spec import AccountSpec
from lambdasim.records import SourceMetric
from lambdasim.scenario import planned
from lambdasim.simulate import simulate as simulated

POOL = DownstreamSpec("db", connections=2, has_pool=True, pool_share_ppm=1_000_000, borrow_ns=120_000 * MS)
HALF = UseSpec(0, permille=500)


def run(
    database: DownstreamSpec, *events: Event, use: UseSpec = HALF, control: Any = (), losses: Any = (), **more: Any
) -> Log:
    """Run invocations that go straight to a function that uses a database for half of their time, unless told."""
    own = function(uses=(use,), **more)
    account = AccountSpec(concurrency=1_000, functions=(own,), downstreams=(database,), losses=losses)
    return simulate(account, [replace(event, source=-1) for event in events], drawn=[], control=control)


def ends(log: Log) -> list[tuple[float, float, str]]:
    """Return when each invocation began and ended, in ms, and how."""
    return [(arrival, end, status) for _, _, _, arrival, end, status, _ in log.runs()]


def waits(log: Log) -> list[float]:
    return [row["value"] / MS for row in log.samples if row["metric"] == SourceMetric.BORROW_WAIT]


def test_a_pool_queues() -> None:
    """Two connections; each invocation holds one for 100 of its 200 ms. The third waits for the first, and so on."""
    log = run(POOL, *(Event(at, 200) for at in (0, 10, 20, 30, 40)))
    assert ends(log) == [
        (0, 200, "SUCCESS"), (10, 210, "SUCCESS"), (20, 300, "SUCCESS"), (30, 310, "SUCCESS"), (40, 400, "SUCCESS"),
    ]  # fmt: skip
    assert waits(log) == [80, 80, 160]


def test_a_transaction_gives_up_after_the_borrow_timeout() -> None:
    """The handler then fails, after ``fail_ns``, and has used nothing."""
    impatient = replace(POOL, borrow_ns=50 * MS, fail_ns=7 * MS)
    log = run(impatient, *(Event(0, 200) for _ in range(3)), Event(120, 200))
    assert ends(log) == [(0, 200, "SUCCESS"), (0, 200, "SUCCESS"), (0, 57, "ERROR"), (120, 320, "SUCCESS")]
    assert [row["time_ns"] // MS for row in log.samples if row["metric"] == SourceMetric.REFUSALS] == [50]


def test_a_connection_that_is_free_as_the_patience_ends_is_had() -> None:
    log = run(replace(POOL, borrow_ns=100 * MS), *(Event(0, 200) for _ in range(3)))
    assert ends(log)[2] == (0, 300, "SUCCESS")


def test_a_function_timeout_ends_the_waiting() -> None:
    log = run(POOL, *(Event(0, 200) for _ in range(3)), timeout=90)
    assert {end for _, end, _ in ends(log)} == {90}
    assert {status for _, _, status in ends(log)} == {"TIMEOUT"}


def test_a_pinned_session_keeps_its_connection() -> None:
    """Both connections are pinned by the first two environments; a third never has one, and they need not ask again."""
    pinned = replace(POOL, pinned_q24=1 << 24, borrow_ns=60 * MS)
    log = run(pinned, Event(0, 200), Event(0, 200), Event(10, 200), Event(300, 200), Event(300, 200))
    assert ends(log) == [
        (0, 200, "SUCCESS"), (0, 200, "SUCCESS"), (10, 70, "ERROR"), (300, 500, "SUCCESS"), (300, 500, "SUCCESS"),
    ]  # fmt: skip


def test_a_pinned_connection_comes_back_as_its_environment_is_lost() -> None:
    pinned = replace(POOL, connections=1, pinned_q24=1 << 24)
    lost = Change(150 * MS, Control.ENVIRONMENTS_LOST, 0, 1 << 24)
    log = run(pinned, Event(0, 200), Event(20, 400), control=(lost,), losses=(Loss(150 * MS, 1 << 24, 1),))
    assert ends(log) == [(0, 150, "LOST"), (20, 150, "LOST")]
    log = run(pinned, Event(0, 100), Event(160, 400), control=(lost,), losses=(Loss(150 * MS, 1 << 24, 1),))
    assert ends(log) == [(0, 100, "SUCCESS"), (160, 560, "SUCCESS")]
    assert waits(log) == []


def test_a_pinned_connection_comes_back_as_its_environment_expires() -> None:
    """Whoever waits for it has it at that moment, though nothing else happens then."""
    pinned = replace(POOL, connections=1, pinned_q24=1 << 24)
    account = AccountSpec(9, (function(uses=(UseSpec(0),)),), downstreams=(pinned,))
    asked = [(at * MS, Request(0, 0, 0, takes * MS, 0, 40 * MS, 0, -1, 0)) for at, takes in ((0, 100), (50, 30))]
    told = told_by_engine(SourceCase(account, numbered(asked)))
    assert [row[14] // MS for row in told["invocations"]] == [100, 100 + 40 + 30]


def test_a_larger_database_lets_those_in_who_wait() -> None:
    larger = Change(30 * MS, Control.CONNECTIONS, 0, 3)
    log = run(POOL, *(Event(0, 200) for _ in range(3)), control=(larger,))
    assert ends(log)[2] == (0, 230, "SUCCESS")


def test_a_smaller_pool_lets_those_end_who_are_in() -> None:
    smaller = Change(30 * MS, Control.CONNECTIONS, 0, 1)
    log = run(POOL, *(Event(0, 200) for _ in range(4)), control=(smaller,))
    assert [end for _, end, _ in ends(log)] == [200, 200, 300, 400]


def test_new_connections_take_turns() -> None:
    """Ten a second: the second environment waits 100 ms for its own, which it then keeps."""
    slow = DownstreamSpec("db", connections=9, connect_per_ns=100 * MS)
    log = run(slow, Event(0, 200), Event(0, 200), Event(0, 200), Event(900, 200), Event(900, 200))
    assert [end for _, end, _ in ends(log)] == [200, 300, 400, 1_100, 1_100]


def test_a_pool_opens_connections_in_turn_and_keeps_them() -> None:
    log = run(replace(POOL, connect_per_ns=100 * MS), Event(0, 200), Event(0, 200), Event(900, 200), Event(900, 200))
    assert [end for _, end, _ in ends(log)] == [200, 300, 1_100, 1_100]


def test_contention_grows_with_what_is_at_work() -> None:
    """With one of four connections at work 1.5 times as long, with two twice, with all of them three times."""
    busy = DownstreamSpec("db", connections=4, contention_permille=2_000)
    log = run(busy, Event(0, 200), Event(0, 200), Event(0, 200), Event(0, 200), Event(900, 200))
    assert [end for _, end, _ in ends(log)] == [250, 300, 350, 400, 1_150]


def test_two_downstreams_are_used_one_after_the_other() -> None:
    account = AccountSpec(
        concurrency=9,
        functions=(function(uses=(UseSpec(0, permille=250), UseSpec(1, permille=250))),),
        downstreams=(POOL, replace(POOL, name="other", connections=1)),
    )
    log = simulate(account, [Event(0, 200, source=-1), Event(0, 200, source=-1)], drawn=[])
    assert [end for _, end, _ in ends(log)] == [200, 250]


def served(arrivals: list[tuple[int, int]], connections: int, patience: int) -> list[tuple[int, str]]:
    """A second opinion: when each transaction of (arrival, length) ends, by looking at every ms."""
    waiting: list[int] = []
    inside: dict[int, int] = {}
    ends: dict[int, tuple[int, str]] = {}
    for now in range(10_000):
        for number in [n for n, until in inside.items() if until == now]:
            ends[number] = (now, "SUCCESS")
            del inside[number]
        while waiting and len(inside) < connections:
            number = waiting.pop(0)
            inside[number] = now + arrivals[number][1]
        for number in [n for n in waiting if arrivals[n][0] + patience == now]:
            waiting.remove(number)
            ends[number] = (now, "ERROR")
        for number, (at, length) in enumerate(arrivals):
            if at == now and len(inside) < connections:
                inside[number] = now + length
            elif at == now:
                waiting.append(number)
    return [ends[number] for number in range(len(arrivals))]


def disagrees(seeds: range) -> bool:
    """Say whether the engine and the second opinion differ anywhere. Times are odd where somebody may give up."""
    for seed in seeds:
        rng = random.Random(seed)
        arrivals = sorted((2 * rng.randrange(100), 2 * rng.randrange(1, 40)) for _ in range(30))
        connections, patience = rng.randrange(1, 4), 2 * rng.randrange(5, 60) + 1
        spec = replace(POOL, connections=connections, borrow_ns=patience * MS)
        log = run(spec, *(Event(at, length) for at, length in arrivals), use=UseSpec(0))
        ours = [(end, status) for _, end, status in ends(log)]
        if ours != [(end, status) for end, status in served(arrivals, connections, patience)]:
            return True
    return False


def test_a_pool_as_a_second_opinion_has_it() -> None:
    assert not disagrees(range(20))


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("pool_size", lambda spec: spec.connections + 1),
        ("pool_size", lambda spec: 1),
        ("is_pinned", lambda spec, u24: True),
        ("contended_ns", lambda spec, connections, busy, time_ns: time_ns + busy * MS),
    ],
)
def test_the_second_opinion_notices(name: str, mutant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, name, mutant)
    assert disagrees(range(20))


# G13-19: db.m5.large, PostgreSQL: about 856 connections (measured), MaxConnectionsPercent 95 (RDS guide, 2026-11-27)
def test_the_size_of_a_pool() -> None:
    share = 950_000
    assert database.pool_size(replace(POOL, connections=856, pool_share_ppm=share)) == 813
    assert database.pool_size(replace(POOL, connections=1_000, pool_share_ppm=share)) == 950
    assert database.pool_size(replace(POOL, connections=856, pool_connections=100)) == 100


def table(**db: Any) -> dict[str, Any]:
    own = {"init": "constant(1ms)", "duration": "constant(100ms)", "uses": [{"downstream": "db"}]}
    load = {"target": "f", "executor": "constant-arrival-rate", "rate": "50/s", "duration": "10s"}
    return {"function": {"f": own}, "load": [load], "downstream": {"db": {"type": "database", **db}}}


def test_clients_with_pauses_need_part_of_a_connection() -> None:
    """G13-19 in small: 100 of each 120 ms in a transaction; eight clients do not wait, of ten some do."""
    for clients, does_wait in ((8, False), (10, True)):
        tree = table(max_connections=8, pool={})
        users = {"target": "f", "executor": "constant-vus", "vus": clients, "duration": "20s"}
        users["think_time"] = "constant(20ms)"
        outcome = simulated(config_from_dict(tree | {"load": [users]}).config, 1)
        assert (outcome.measured.downstreams["db"]["waits"] > 0) == does_wait


def test_what_a_pool_tells() -> None:
    of = simulated(config_from_dict(table(max_connections=4, pool={"share": 0.5})).config, 1).measured.downstreams["db"]
    assert of["connections"]["max"] == 2
    assert of["waits"] > 100
    assert 0 < of["borrow_wait"]["mean"] <= of["borrow_wait"]["max"]
    plain = simulated(config_from_dict(table(max_connections=9)).config, 1).measured.downstreams["db"]
    assert "waits" not in plain


@pytest.mark.parametrize(
    ("db", "message"),
    [
        ({"pool": {}}, "is missing: give it, or the database's max_connections"),
        ({"max_connections": 5, "pool": {"connections": 6}}, "6 is above the database's max_connections, 5"),
        ({"max_connections": 5, "pool": {"connections": 2, "share": 0.5}}, "has no effect beside connections"),
        ({"max_connections": 5, "pool": {"share": 0.1}}, "leaves the pool no connection"),
        ({"contention": 2.0}, "needs max_connections"),
        ({"max_connections": 5, "connection_rate": "1/d"}, "is below 0.001/s"),
        ({"connection_rate": "9/s"}, "needs max_connections, without which no connections are counted"),
        ({"max_connections": 5, "pool": {"borrow_timeout": "301s"}}, "above 5min"),
    ],
)
def test_what_is_no_pool(db: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        config_from_dict(table(**db))


def test_an_init_connects_to_no_pool() -> None:
    tree = table(max_connections=5, pool={})
    tree["function"]["f"]["uses"][0]["connects"] = "init"
    with pytest.raises(InputError, match=r"uses.0.connects: has no effect with a pool"):
        config_from_dict(tree)


def test_a_database_without_these_keys_is_as_before() -> None:
    plan, _ = planned(config_from_dict(table(max_connections=5)).config, 1)
    assert plan.account.downstreams == (DownstreamSpec("db", connections=5, per_ns=10**12),)
