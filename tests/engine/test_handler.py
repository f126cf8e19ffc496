"""Handlers that wait for others, event by event: synchronous calls, databases, limited APIs, slow windows."""

from fractions import Fraction
from typing import Any

import by_hand
import pytest
from by_hand import MS, Event, Hand, Log, function

import lambdasim as ls
from lambdasim.model.calls import CallSpec, times
from lambdasim.model.downstream import DownstreamSpec, DownstreamState, Slowdown, UseSpec, slowed_ns
from lambdasim.model.events import NEVER_NS, Status
from lambdasim.model.spec import AccountSpec, FunctionSpec
from lambdasim.records import SourceMetric

S = 1_000_000_000


def run(
    functions: list[FunctionSpec], *events: Event, called: list[Hand] | None = None, limit: int = 100, **more: Any
) -> Log:
    """Run events that go straight to their functions; calls are load 1 and further."""
    downstreams = more.pop("downstreams", ())
    spec = AccountSpec(concurrency=limit, functions=tuple(functions), downstreams=downstreams)
    return by_hand.simulate(spec, events, drawn=[], called=called or [], **more)


def direct(at: int, takes: int = 10, function: int = 0, outcome: int = Status.SUCCESS) -> Event:
    return Event(at, takes=takes, source=-1, function=function, outcome=outcome)


CALLER = function("caller", timeout=100, calls=(CallSpec(0),))
CALLEE = function("callee", timeout=1_000)


def test_a_caller_waits_and_is_billed_for_it() -> None:
    log = run([CALLER, CALLEE], direct(0, takes=10), called=[Hand(1, takes=[30], function=1)])
    assert log.runs() == [(0, 0, 0, 0, 40, "SUCCESS", 1), (1, 0, 0, 10, 40, "SUCCESS", 1)]
    assert [row["duration_ns"] // MS for row in log.invocations] == [30, 40]
    assert [row["account_concurrency"] for row in log.invocations] == [2, 1]


def test_a_caller_times_out_while_the_callee_runs_on() -> None:
    log = run([CALLER, CALLEE], direct(0, takes=10), called=[Hand(1, takes=[200], function=1)])
    assert log.runs() == [(0, 0, 0, 0, 100, "TIMEOUT", 1), (1, 0, 0, 10, 210, "SUCCESS", 1)]


def test_an_answer_at_the_very_timeout_counts_only_if_the_callee_ends_first() -> None:
    """Both at 100 ms: the caller's environment has the lower number, so its timeout comes first."""
    log = run([CALLER, CALLEE], direct(0, takes=10), called=[Hand(1, takes=[90], function=1)])
    assert log.runs()[0][4:6] == (100, "TIMEOUT")
    log = run([CALLER, CALLEE], direct(0, takes=10), called=[Hand(1, takes=[89], function=1)])
    assert log.runs()[0][4:6] == (99, "SUCCESS")


@pytest.mark.parametrize(("must_succeed", "status"), [(True, "ERROR"), (False, "SUCCESS")])
def test_a_call_that_fails(must_succeed: bool, status: str) -> None:
    caller = function("caller", calls=(CallSpec(0, must_succeed=must_succeed),))
    log = run([caller, CALLEE], direct(0), called=[Hand(1, outcomes=[Status.ERROR], function=1)])
    assert log.runs()[0][5] == status


def test_a_throttled_call_fails_at_once_without_retries() -> None:
    log = run([CALLER, function("callee", reserved=0)], direct(0, takes=10), called=[Hand(1, function=1)])
    assert log.runs() == [(0, 0, 0, 0, 10, "ERROR", 1), (1, 0, 0, 10, -1, "THROTTLED", 1)]


def test_calls_come_one_after_the_other() -> None:
    caller = function("caller", calls=(CallSpec(0, base_count=2), CallSpec(1)))
    hands = [Hand(1, takes=[5, 7], function=1), Hand(2, takes=[11], function=1)]
    log = run([caller, CALLEE], direct(0, takes=10), called=hands)
    assert [row[3:5] for row in log.runs()] == [(0, 33), (10, 15), (15, 22), (22, 33)]


def test_a_handler_that_fails_calls_nobody() -> None:
    log = run([CALLER, CALLEE], direct(0, outcome=Status.ERROR), called=[Hand(1, function=1)])
    assert log.runs() == [(0, 0, 0, 0, 10, "ERROR", 1)]


def test_what_is_in_flight_at_the_horizon() -> None:
    log = run([CALLER, CALLEE], direct(0, takes=10), called=[Hand(1, takes=[50], function=1)], horizon=30)
    assert log.runs() == [(0, 0, 0, 0, -1, "IN_FLIGHT", 1), (1, 0, 0, 10, -1, "IN_FLIGHT", 1)]


DATABASE = DownstreamSpec("db", connections=2, fail_ns=3 * MS)
USER = function("user", uses=(UseSpec(0),))


def test_each_environment_holds_a_connection() -> None:
    """Three environments at once want two connections; one that has one keeps it while it is idle."""
    events = [direct(0, 20), direct(1, 20), direct(2, 20), direct(50, 5), direct(50, 5), direct(50, 5)]
    log = run([USER], *events, downstreams=(DATABASE,))
    assert [row[3:6] for row in log.runs()] == [
        (0, 20, "SUCCESS"),
        (1, 21, "SUCCESS"),
        (2, 5, "ERROR"),
        (50, 55, "SUCCESS"),  # most recently used: environments 1 and 0, which are connected
        (50, 55, "SUCCESS"),
        (50, 53, "ERROR"),
    ]
    levels = [row["value"] for row in log.samples if row["metric"] == SourceMetric.CONNECTIONS]
    refusals = [row["time_ns"] // MS for row in log.samples if row["metric"] == SourceMetric.REFUSALS]
    assert (levels, refusals) == ([1, 1], [2, 50])
    assert {row["source"] for row in log.samples} == {-1}


def test_connections_come_back_when_an_environment_ends_or_is_reset() -> None:
    crash = direct(0, 5, outcome=Status.CRASH)
    log = run([USER], crash, direct(1, 20), direct(10, 5), direct(11, 5), downstreams=(DATABASE,))
    assert [row[5] for row in log.runs()] == ["CRASH", "SUCCESS", "SUCCESS", "ERROR"]

    state = DownstreamState(DATABASE)
    assert [state.connect(n) for n in (7, 8, 9, 7)] == [True, True, False, True]
    assert (state.disconnect(8), state.disconnect(8), state.connect(9)) == (True, False, True)
    assert state.connections == 2


def test_a_connection_that_follows_one_that_has_just_ended_is_counted() -> None:
    """An environment ended at 15 min, unnoticed until another function's wants its connection, the only one."""
    spec = AccountSpec(
        9, (USER, function("other", uses=(UseSpec(0),))), downstreams=(DownstreamSpec("db", connections=1),)
    )
    log = by_hand.simulate(spec, [direct(0), direct(1_000_000, function=1)], drawn=[])
    changes = [(row["time_ns"] // MS, row["value"]) for row in log.samples if row["metric"] == SourceMetric.CONNECTIONS]
    assert sorted(changes) == [(0, 1), (900_010, -1), (1_000_000, 1)]


def test_a_limited_api_lets_a_burst_pass_and_then_its_rate() -> None:
    api = DownstreamSpec("api", calls=100, per_ns=S, burst=2, fail_ns=0)
    log = run([USER], *(direct(t, 1) for t in (0, 1, 2, 12, 13, 22)), downstreams=(api,))
    assert [row[5] for row in log.runs()] == ["SUCCESS", "SUCCESS", "ERROR", "SUCCESS", "ERROR", "SUCCESS"]


def test_a_slow_window_stretches_the_share_that_is_spent_there() -> None:
    slow = DownstreamSpec("db", slowdowns=(Slowdown(10 * MS, 20 * MS, 5_000),))
    user = function("user", timeout=100, uses=(UseSpec(0, permille=500),))
    log = run([user], direct(0, 8), direct(10, 8), direct(20, 8), direct(15, 60), downstreams=(slow,))
    assert [row[3:6] for row in log.runs()] == [
        (0, 8, "SUCCESS"),
        (10, 34, "SUCCESS"),
        (15, 115, "TIMEOUT"),
        (20, 28, "SUCCESS"),
    ]


def test_without_limits_nothing_is_refused() -> None:
    state = DownstreamState(DownstreamSpec("any"))
    assert all(state.connect(n) and state.call(0, 10) for n in range(1_000))
    assert slowed_ns((), 1_000, NEVER_NS, 7) == 7


@pytest.mark.parametrize(("per_ns", "calls"), [(S, 100), (1, 1), (7, 3)])
def test_a_burst_passes_from_the_first_instant_to_the_last_call_and_each_costs_its_time(per_ns, calls) -> None:
    """Credit in calls, as fractions: what an unlimited ledger says."""
    state = DownstreamState(DownstreamSpec("api", calls=calls, per_ns=per_ns, burst=5))
    credit, last_ns = Fraction(5), 0
    for now, asked in [(0, 3), (0, 2), (0, 1), (per_ns, 5), (3 * per_ns, 4), (3 * per_ns, 1), (10 * per_ns, 5)]:
        credit, last_ns = min(Fraction(5), credit + Fraction(calls * (now - last_ns), per_ns)), now
        assert state.call(now, asked) == (credit >= asked)
        credit -= asked * (credit >= asked)


def test_how_often_a_call_is_made() -> None:
    spec = CallSpec(0, base_count=2, extra_probability_q24=5)
    assert [times(spec, u24) for u24 in (0, 4, 5, 2**24 - 1)] == [3, 3, 2, 2]
    assert [times(CallSpec(0), u24) for u24 in (0, 2**24 - 1)] == [1, 1]


def test_clients_that_init_opens_hold_connections_before_any_request() -> None:
    """100 provisioned environments try, the database takes 50; the used one is among the others, and tries again."""
    exp = ls.Experiment(
        functions={
            "api": {
                "duration": "constant(100ms)", "init": "constant(3s)", "timeout": "10s",
                "provisioned": {"concurrency": 100}, "uses": [{"downstream": "pg", "connects": "init"}],
            }
        },
        downstream={"pg": {"type": "database", "max_connections": 50}},
        loads=[
            {"target": "api", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "1/s",
             "duration": "2min"}
        ],
    )  # fmt: skip
    of = exp.run().summary["downstreams"]["pg"]
    assert of == {"connections": {"max": 50, "mean": 50.0}, "refusals": 50 + 120}
    lazily = exp.with_({"function.api.uses.0.connects": "handler"}).run().summary["downstreams"]["pg"]
    assert (lazily["connections"]["max"], lazily["refusals"]) == (1, 0)
    enough = exp.with_({"downstream.pg.max_connections": 100}).run().summary
    assert enough["downstreams"]["pg"] == {"connections": {"max": 100, "mean": 100.0}, "refusals": 0}
    assert enough["functions"]["api"]["errors"] == 0


def test_a_replacement_gives_back_the_connection_of_the_one_it_replaces_and_opens_its_own() -> None:
    exp = ls.Experiment(
        functions={
            "api": {
                "duration": "constant(100ms)", "init": "constant(1s)", "max_lifetime": "constant(10min)",
                "provisioned": {"concurrency": 3}, "uses": [{"downstream": "pg", "connects": "init"}],
            }
        },
        downstream={"pg": {"type": "database", "max_connections": 3}},
        loads=[
            {"target": "api", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "1/s",
             "duration": "1h"}
        ],
        simulation={"duration": "1h"},
    )  # fmt: skip
    summary = exp.run().summary
    assert summary["functions"]["api"]["environments"]["created"] == 3 + 18
    assert summary["downstreams"]["pg"] == {"connections": {"max": 3, "mean": 3.0}, "refusals": 0}
