"""How fast Lambda adds execution environments, end to end: the present rate per function and the burst before it."""

from collections import Counter
from pathlib import Path

import pytest
from replay import PLAIN, attempts, replay, values

import lambdasim as ls

CONCURRENCY_PAGE = "Developer Guide, lambda-concurrency, read 2026-11"
SCALING_PAGE = "Developer Guide, scaling-behavior, in force since 2023-11-26, read 2026-11"
BURST_PAGE = "Developer Guide, invocation-scaling, 2022"
OPERATOR_GUIDE = "Lambda Operator Guide, on-demand scaling example, 2022"
DERIVED = "follows from the refill of 1,000 per 10 s: from 0 to N in max(0, (N - 1,000) / 100) s"

RATE, LIMIT = "FunctionInvocationRateLimitExceeded", "ConcurrentInvocationLimitExceeded"


def admitted(result: ls.Result) -> list[tuple[int, int]]:
    """Return (requests that ran, requests that the scaling rate throttled) for each instant of the trace."""
    rows = attempts(result)
    assert set(rows.reason) <= {"", RATE}
    return [((at.reason == "").sum(), (at.reason == RATE).sum()) for _, at in rows.groupby("arrival_ns")]


@pytest.mark.parametrize(
    ("rate", "duration_ms", "quota", "concurrency", "source"),
    [
        (100, 1_000, 1_000, 100, CONCURRENCY_PAGE),
        (100, 500, 1_000, 50, CONCURRENCY_PAGE),
        (200, 250, 1_000, 50, CONCURRENCY_PAGE),
        (5_000, 200, 1_000, 1_000, CONCURRENCY_PAGE),
        (20_000, 50, 2_000, 1_000, CONCURRENCY_PAGE),  # within the default quota of concurrency, but not of requests
        (30_000, 20, 3_000, 600, CONCURRENCY_PAGE),
    ],
)
def test_a_steady_rate_needs_rate_times_duration(
    rate: int, duration_ms: int, quota: int, concurrency: int, source: str
) -> None:
    load = {"target": "f", "executor": "constant-arrival-rate", "process": "deterministic"}
    exp = ls.Experiment(
        functions={"f": PLAIN | {"duration": f"constant({duration_ms}ms)"}},
        loads=[load | {"rate": f"{rate}/s", "duration": f"{1.5 * duration_ms / 1_000}s"}],
        account={"concurrency": quota},
    )
    function = exp.run().summary["functions"]["f"]
    assert function["concurrency"]["max"] == function["environments"]["created"] == concurrency, source
    assert function["requests"] == function["invocations"] == round(1.5 * rate * duration_ms / 1_000)


def test_ten_requests_reuse_what_is_idle(tmp_path: Path) -> None:
    """The walk-through of the Developer Guide, lambda-concurrency, read 2026-11: environments A to F."""
    times = [(0, 5_000), (200, 5_500), (400, 6_000), (1_000, 8_000), (2_000, 9_000), (5_100, 5_000), (5_800, 5_000),
             (6_500, 5_000), (8_000, 3_000), (9_100, 1_000)]  # fmt: skip
    result = replay(tmp_path, {"f": {}}, [(at, "f", duration) for at, duration in times], output={"period": "1s"})
    rows = attempts(result)
    assert list(rows.environment) == ["ABCDEF".index(name) for name in "ABCDEABCFD"]
    assert list(rows.start) == ["cold" if name == "c" else "warm" for name in "cccccwwwcw"]
    concurrent = values(result, "ConcurrentExecutions", "Maximum", "f")
    assert concurrent[0.0] == 3  # after the first three
    assert max(concurrent.values()) == concurrent[8.0] == 6


def test_a_request_that_comes_while_all_are_busy_does_not_wait(tmp_path: Path) -> None:
    """Developer Guide, lambda-concurrency, read 2026-11: one environment serves one request at a time, none queues."""
    rows = attempts(replay(tmp_path, {"f": {"init": "constant(300ms)"}}, [(0, "f", 1), (300, "f", 1), (301, "f", 1)]))
    assert list(rows.start) == ["cold", "cold", "warm"]  # environment 0 is busy with its init, then free at 301 ms
    assert list(rows.environment) == [0, 1, 0]


@pytest.mark.parametrize(
    ("refill", "at_ms", "requests", "ran", "source"),
    [
        ("continuous", [0], [1_500], [1_000], SCALING_PAGE),
        ("continuous", [0, 5, 10], [1_000, 1, 1], [1_000, 0, 1], DERIVED),  # one each 10 ms
        ("continuous", [0, 1_000, 1_010], [1_000, 150, 2], [1_000, 100, 1], DERIVED),
        ("continuous", [0, 10_000], [1_000, 1_001], [1_000, 1_000], SCALING_PAGE),
        ("continuous", [30_000], [1_001], [1_000], SCALING_PAGE),  # what was not used does not accrue
        ("step", [0, 9_999, 10_000], [1_001, 1, 1_001], [1_000, 0, 1_000], SCALING_PAGE),
        ("step", [5_000, 9_999, 10_000], [700, 301, 1_001], [700, 300, 1_000], SCALING_PAGE),
    ],
)
def test_a_function_adds_1000_environments_every_10_s(
    tmp_path: Path, refill: str, at_ms: list[int], requests: list[int], ran: list[int], source: str
) -> None:
    rows = [(at, "f", 600_000) for at, count in zip(at_ms, requests, strict=True) for _ in range(count)]
    account = {"concurrency": 10_000, "scaling": {"refill": refill}}
    got = admitted(replay(tmp_path, {"f": {}}, rows, account=account))
    assert got == [(one, count - one) for one, count in zip(ran, requests, strict=True)], source


def test_a_warm_environment_needs_no_permission(tmp_path: Path) -> None:
    """Developer Guide, scaling-behavior, read 2026-11: the rate limits new execution environments."""
    rows = [(0, "f", 5)] * 1_000 + [(6, "f", 5)] * 1_000 + [(7, "f", 5)]
    assert admitted(replay(tmp_path, {"f": {}}, rows, account={"concurrency": 2_000})) == [(1_000, 0)] * 2 + [(0, 1)]


def test_each_function_scales_on_its_own(tmp_path: Path) -> None:
    """Developer Guide, scaling-behavior, read 2026-11: the concurrency scaling rate is a function-level limit."""
    rows = [(0, name, 60_000) for name in "ab" for _ in range(1_100)]
    result = replay(tmp_path, {"a": {}, "b": {}}, rows, account={"concurrency": 10_000})
    assert [f["invocations"] for f in result.summary["functions"].values()] == [1_000, 1_000]
    assert [f["throttles_by_reason"][RATE] for f in result.summary["functions"].values()] == [100, 100]


@pytest.mark.parametrize(("concurrency", "after_s"), [(1_000, 0), (1_500, 5), (3_000, 20), (10_000, 90)])
def test_time_to_reach_a_concurrency(tmp_path: Path, concurrency: int, after_s: int) -> None:
    """Every second asks for one more than the refill gives: exactly N are running after (N - 1,000) / 100 s."""
    rows = [(0, "f", 600_000)] * 1_001
    rows += [(1_000 * second, "f", 600_000) for second in range(1, after_s + 1) for _ in range(101)]
    got = admitted(replay(tmp_path, {"f": {}}, rows, account={"concurrency": 20_000}))
    assert got == [(1_000, 1)] + [(100, 1)] * after_s, DERIVED
    assert sum(ran for ran, _ in got) == concurrency


@pytest.mark.parametrize(
    ("region", "burst", "source"),
    [
        ("us-west-2", 3_000, BURST_PAGE),
        ("us-east-1", 3_000, BURST_PAGE),
        ("eu-west-1", 3_000, BURST_PAGE),
        ("ap-northeast-1", 1_000, BURST_PAGE),
        ("eu-central-1", 1_000, BURST_PAGE),
        ("us-east-2", 1_000, BURST_PAGE),
        ("eu-north-1", 500, BURST_PAGE),  # all other Regions
        ("sa-east-1", 500, BURST_PAGE),
    ],
)
def test_the_legacy_burst_is_the_accounts_and_grows_by_500_a_minute(
    tmp_path: Path, region: str, burst: int, source: str
) -> None:
    half = burst // 2
    rows = [(0, name, 600_000) for name in "ab" for _ in range(half)] + [(1, "a", 600_000)]
    rows += [(59_999, "b", 600_000)] + [(60_000, "b", 600_000)] * 501 + [(120_000, "a", 600_000)] * 501
    account = {"region": region, "concurrency": 10_000, "scaling": {"policy": "legacy-burst"}}
    got = admitted(replay(tmp_path, {"a": {}, "b": {}}, rows, account=account))
    assert got == [(burst, 0), (0, 1), (0, 1), (500, 1), (500, 1)], source


def test_the_legacy_burst_stops_at_the_account_limit(tmp_path: Path) -> None:
    """Developer Guide, invocation-scaling, 2022: a burst of 3,000 under the default limit of 1,000 is 1,000."""
    account = {"scaling": {"policy": "legacy-burst"}}
    rows = attempts(replay(tmp_path, {"f": {}}, [(0, "f", 60_000)] * 1_001, account=account))
    assert Counter(rows.reason) == {"": 1_000, LIMIT: 1}


@pytest.mark.parametrize(
    ("requests", "ran", "created", "source"),
    [
        ([10_000], [3_000], 3_000, OPERATOR_GUIDE + ", scenario 1"),
        ([5_000, 5_000], [3_000, 3_500], 3_500, OPERATOR_GUIDE + ", scenario 2"),
        ([3_333, 3_333, 3_334], [3_000, 3_333, 3_334], 3_334, OPERATOR_GUIDE + ", scenario 3"),
        ([2_500, 2_500, 2_500, 2_500], [2_500] * 4, 2_500, OPERATOR_GUIDE + ", scenario 4"),
    ],
)
def test_ten_thousand_requests_spread_over_minutes(
    tmp_path: Path, requests: list[int], ran: list[int], created: int, source: str
) -> None:
    rows = [(60_000 * minute, "f", 200) for minute, count in enumerate(requests) for _ in range(count)]
    account = {"concurrency": 10_000, "scaling": {"policy": "legacy-burst"}}
    result = replay(tmp_path, {"f": {}}, rows, account=account)
    assert admitted(result) == [(one, count - one) for one, count in zip(ran, requests, strict=True)], source
    assert result.summary["functions"]["f"]["environments"]["created"] == created


def test_requests_per_second_grow_as_environments_do() -> None:
    """Developer Guide, scaling-behavior, read 2026-11: 10,000 requests a second more every 10 seconds."""
    load = {"target": "f", "executor": "constant-arrival-rate", "process": "deterministic", "duration": "3s"}
    exp = ls.Experiment(
        functions={"f": {"duration": "constant(1ms)", "init": "constant(0ms)"}},
        loads=[load | {"rate": "13000/s"}],
        account={"concurrency": 10_000},
    )
    function = exp.run().summary["functions"]["f"]
    assert function["invocations"] == pytest.approx(11_000 + 12_000 + 13_000, abs=5)
    assert function["throttles_by_reason"]["FunctionInvocationRateLimitExceeded"] == function["throttles"] > 0
    before = exp.with_({"account.scaling.policy": "legacy-burst"}).run().summary["functions"]["f"]
    assert before["throttles"] == 0
