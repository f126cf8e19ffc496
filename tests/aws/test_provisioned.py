"""Provisioned concurrency, end to end: when it is ready, whom it serves, what spills over."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from replay import attempts, replay, values

import lambdasim as ls
from lambdasim.model import rules

PAGE = "Developer Guide, lambda-concurrency, read 2026-11"
PROVISIONED_PAGE = "Developer Guide, provisioned-concurrency, read 2026-11"
LIFECYCLE_PAGE = "Developer Guide, lambda-runtime-environment, read 2026-11"

RESERVED, ACCOUNT = "ReservedFunctionConcurrentInvocationLimitExceeded", "ConcurrentInvocationLimitExceeded"


def provisioned(concurrency: int, **more: Any) -> dict[str, Any]:
    return {"provisioned": {"concurrency": concurrency, **more}}


def requested(concurrency: int, at: str, preparation: str, init: str) -> dict[str, Any]:
    """Return a function that asks for provisioned concurrency while the experiment runs."""
    return {"init": init, **provisioned(concurrency, requested_at=at, preparation=preparation)}


@pytest.mark.parametrize(("init_s", "timeout_s", "takes_s"), [(129, 3, 129), (200, 3, 130), (200, 150, 150)])
def test_an_init_takes_no_longer_than_its_limit_or_the_timeout(init_s: int, timeout_s: int, takes_s: int) -> None:
    assert rules.provisioned_init_ns(init_s * 10**9, timeout_s * 10**9) == takes_s * 10**9, LIFECYCLE_PAGE


@pytest.mark.parametrize(
    ("concurrency", "preparation", "init", "ready_ms", "source"),
    [
        (5_000, "constant(60s)", "constant(0ms)", 60_000 + 50_000, PAGE + ": 6,000 per minute"),
        (5_000, "constant(120s)", "constant(0ms)", 120_000 + 50_000, PAGE + ": a minute or two of preparation"),
        (100, "constant(60s)", "constant(2s)", 60_000 + 1_000 + 2_000, PAGE),
        (1, "constant(60s)", "constant(60s)", 60_000 + 10 + 60_000, LIFECYCLE_PAGE + ": init may take 130 s"),
    ],
)
def test_all_or_nothing(
    tmp_path: Path, concurrency: int, preparation: str, init: str, ready_ms: int, source: str
) -> None:
    """Requested at 10 s. Until all of it is ready, a request is cold; at that instant all of it can be used."""
    function = requested(concurrency, "10s", preparation, init) | {"idle_timeout": "constant(0s)"}
    ready = 10_000 + ready_ms
    before = [(10_000, "f", 1, 0), (ready - 1, "f", 1, 0)]
    result = replay(
        tmp_path, {"f": function}, before + [(ready, "f", 1)] * concurrency, account={"concurrency": 10_000}
    )
    rows = attempts(result)
    assert list(rows.provisioned) == [False, False] + [True] * concurrency, source
    assert list(rows.start[:2]) == ["cold", "cold"]
    assert set(rows.start[2:]) == {"warm"}
    assert result.summary["functions"]["f"]["provisioned"]["spillover"] == 0  # nothing spills before it is ready
    assert values(result, "ClaimedAccountConcurrency", "Maximum")[0.0] == concurrency + 1


@pytest.mark.parametrize("seed", range(5))
def test_preparation_takes_a_minute_or_two(tmp_path: Path, seed: int) -> None:
    """Developer Guide, lambda-concurrency, read 2026-11; then 9 s for 900 environments."""
    function = provisioned(900, requested_at="0s")
    rows = attempts(
        replay(tmp_path, {"f": function}, [(1_000 * s, "f", 1) for s in range(140)], simulation={"seed": seed})
    )
    first_s = rows.arrival_ns[rows.provisioned].min() / 1e9
    assert 60 + 9 <= first_s <= 120 + 9 + 1
    assert rows.provisioned.is_monotonic_increasing


@pytest.mark.parametrize(
    ("function", "quota", "simultaneous", "expected", "source"),
    [
        (provisioned(10), 1_000, 11, [10, 1, 0], PAGE),
        (provisioned(10), 1_000, 10, [10, 0, 0], PAGE),
        (provisioned(2) | {"reserved_concurrency": 3}, 1_000, 5, [2, 1, 2], PROVISIONED_PAGE),
        (provisioned(3) | {"reserved_concurrency": 3}, 1_000, 5, [3, 0, 2], PROVISIONED_PAGE),
        (provisioned(400), 1_000, 1_001, [400, 600, 1], PAGE),
        (provisioned(900), 1_000, 1_001, [900, 100, 1], PAGE),
    ],
)
def test_spillover(tmp_path: Path, function, quota: int, simultaneous: int, expected: list[int], source: str) -> None:
    """``expected``: how many run on provisioned concurrency, how many spill over, how many are throttled."""
    function = function | {"init": "constant(400ms)"}
    result = replay(tmp_path, {"f": function}, [(0, "f", 1_000)] * simultaneous, account={"concurrency": quota})
    rows = attempts(result)
    assert list(rows.provisioned) == [True] * expected[0] + [False] * (simultaneous - expected[0])
    ran = Counter(rows.start)
    assert [ran["warm"], ran["cold"], ran[""]] == expected, source
    throttled = RESERVED if "reserved_concurrency" in function else ACCOUNT
    assert set(rows.reason) - {""} == ({throttled} if expected[2] else set())
    of = result.summary["functions"]["f"]["provisioned"]
    assert [of["invocations"], of["spillover"]] == expected[:2]
    assert sorted(set(rows.latency_ms.dropna())) == ([1_000, 1_400] if expected[1] else [1_000])


def test_one_hundred_requests_a_second_for_ten(tmp_path: Path) -> None:
    """Developer Guide, lambda-concurrency, read 2026-11: PC 10 spills over after 100 requests/s, if 10 are not busy."""
    times = [(9 * i, "f", 1) for i in range(150)]
    rows = attempts(replay(tmp_path, {"f": provisioned(10)}, times, account={"request_meter": "second"}))
    first_second = rows.arrival_ns < 1_000_000_000
    assert first_second.sum() == 112
    assert list(rows.provisioned) == [True] * 100 + [False] * 12 + [True] * 38


def test_the_account_limit_holds_for_provisioned_concurrency_too(tmp_path: Path) -> None:
    """Developer Guide, lambda-concurrency, read 2026-11: everything throttles at a total of 1,000."""
    functions = {"a": provisioned(400), "b": {}}
    rows = attempts(replay(tmp_path, functions, [(0, "b", 60_000)] * 601 + [(1, "a", 60_000)] * 401))
    reasons = [("b", "")] * 600 + [("b", ACCOUNT)] + [("a", "")] * 400 + [("a", ACCOUNT)]
    assert list(zip(rows.function, rows.reason, strict=True)) == reasons


def test_the_account_limit_holds_when_it_becomes_ready_in_a_full_account(tmp_path: Path) -> None:
    """Developer Guide, lambda-concurrency, read 2026-11: no more than 1,000 run, idle provisioned ones or not."""
    functions = {"a": requested(400, "0s", "constant(60s)", "constant(0ms)"), "b": {}}
    rows = [(0, "b", 120_000)] * 600 + [(64_000, "a", 1)] + [(64_001, "b", 120_000)]
    log = attempts(replay(tmp_path, functions, rows))
    assert list(log.provisioned[-2:]) == [True, False]
    assert log.reason.iloc[-1] == ACCOUNT  # 600 run and 400 are claimed
    late = functions | {"a": requested(400, "10s", "constant(60s)", "constant(0ms)")}
    rows = [(0, "b", 120_000)] * 1_000 + [(74_000, "a", 1)]
    assert attempts(replay(tmp_path, late, rows)).reason.iloc[-1] == ACCOUNT


def test_reserved_concurrency_holds_when_it_becomes_ready_while_all_is_in_use(tmp_path: Path) -> None:
    """Developer Guide, provisioned-concurrency, read 2026-11: it is part of the reserved concurrency."""
    function = requested(2, "0s", "constant(60s)", "constant(0ms)") | {"reserved_concurrency": 3}
    rows = [(0, "f", 90_000)] * 3 + [(70_000, "f", 1), (91_000, "f", 1)]
    log = attempts(replay(tmp_path, {"f": function}, rows))
    assert list(log.reason) == ["", "", "", RESERVED, ""]
    assert list(log.provisioned) == [False] * 4 + [True]


def test_all_reserved_provisioned_leaves_nothing_to_spill_over_to(tmp_path: Path) -> None:
    """Developer Guide, provisioned-concurrency, read 2026-11; beyond 10 requests/s for each, though none is running."""
    function = provisioned(2) | {"reserved_concurrency": 2}
    log = attempts(replay(tmp_path, {"f": function | {"init": "constant(0ms)"}}, [(i, "f", 0) for i in range(21)]))
    assert Counter(log.provisioned) == {True: 20, False: 1}
    more = function | {"reserved_concurrency": 3}
    log = attempts(replay(tmp_path, {"f": more}, [(i, "f", 0) for i in range(20)] + [(20, "f", 5)] * 2))
    assert list(log.reason[20:]) == ["", RESERVED]  # one of the three is not provisioned


def test_its_environments_neither_idle_out_nor_come_and_go(tmp_path: Path) -> None:
    """Developer Guide, provisioned-concurrency, read 2026-11: the number of initialised environments is kept."""
    function = provisioned(2) | {"idle_timeout": "constant(1s)", "max_lifetime": "constant(1h)"}
    result = replay(tmp_path, {"f": function}, [(minute * 60_000, "f", 5) for minute in range(0, 180, 30)])
    assert set(attempts(result).start) == {"warm"}
    assert set(values(result, "Environments", "Maximum", "f").values()) == {2}


@pytest.mark.parametrize(("duration_ms", "second"), [(1_000, "warm"), (4_000, "suppressed init")])
def test_a_timeout_resets_its_environment(tmp_path: Path, duration_ms: int, second: str) -> None:
    """Developer Guide, lambda-runtime-environment, read 2026-11."""
    function = provisioned(1) | {"timeout": "3s", "init": "constant(700ms)"}
    rows = attempts(replay(tmp_path, {"f": function}, [(0, "f", duration_ms), (10_000, "f", 100)]))
    assert list(rows.start) == ["warm", second]
    assert rows.duration_ms[1] == (100 if second == "warm" else 800)


def test_its_init_is_billed_though_nobody_calls(tmp_path: Path) -> None:
    """Developer Guide, provisioned-concurrency, read 2026-11. Ready before the start: long since billed."""
    idle = [(0, "other", 1)]

    def billed(function: dict[str, Any]) -> int:
        functions = {"f": function | {"init": "constant(700.5ms)"}, "other": {}}
        result = replay(tmp_path, functions, idle, simulation={"duration": "5min"})
        return result.summary["functions"]["f"]["billed_duration_ms"]

    assert billed(provisioned(3, requested_at="0s", preparation="constant(60s)")) == 3 * 701
    assert billed(provisioned(3)) == 0


@pytest.mark.parametrize(("end", "environments"), [("112s", 1), ("113s", 5_000)])
def test_none_of_it_exists_before_it_is_ready(tmp_path: Path, end: str, environments: int) -> None:
    """Developer Guide, lambda-concurrency, read 2026-11: 60 s of preparation, 50 s of allocation and 2 s of init."""
    function = requested(5_000, "0s", "constant(60s)", "constant(2s)") | {"idle_timeout": "constant(1min)"}
    limits = {"simulation": {"duration": end}, "account": {"concurrency": 6_000}}
    result = replay(tmp_path, {"f": function}, [(0, "f", 1)], **limits)
    assert result.summary["functions"]["f"]["environments"]["max"] == environments


def test_a_steady_minute_spills_what_is_above_ten_times_and_no_more_environments_than_that_needs() -> None:
    """A report of 500 provisioned, 7,128 requests/s of 29 ms: in a minute all but 300,000 spill over, 28 % utilised.

    Here with 20 and 285.12/s. The first minute is not steady: its bucket is full of one second's quota, and the first
    requests beyond find no environment on demand. By Little's law 8.2 are busy on average, so no peak can be lower.
    """
    exp = ls.Experiment(
        functions={
            "api": {
                "memory": "1024 MB", "duration": "constant(28.8ms)", "init": "constant(300ms)",
                "provisioned": {"concurrency": 20},
            }
        },
        loads=[
            {"target": "api", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "285.12/s",
             "duration": "3min"}
        ],
        output={"period": "1min"},
    )  # fmt: skip
    result = exp.run()
    series = result.timeseries[result.timeseries.function == "api"]

    def minutes(metric: str, statistic: str = "Sum") -> list[float]:
        return series[(series.metric == metric) & (series.statistic == statistic)]["value"].tolist()

    spilled, came = minutes("ProvisionedConcurrencySpilloverInvocations"), minutes("Invocations")
    assert [n - s for n, s in zip(came[1:3], spilled[1:3], strict=True)] == [pytest.approx(60 * 200, abs=1)] * 2
    assert came[0] - spilled[0] == pytest.approx(60 * 200 + 200, abs=1)
    assert max(minutes("ConcurrentExecutions", "Maximum")[1:3]) in (9, 10)
    assert result.summary["functions"]["api"]["throttles"] == 0
