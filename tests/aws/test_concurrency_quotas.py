"""Who may run at once and how often: account, reserved and unreserved concurrency, request rates; end to end."""

from pathlib import Path

import pandas as pd
import pytest
from replay import PLAIN, attempts, replay, values

import lambdasim as ls

CONCURRENCY_PAGE = "Developer Guide, lambda-concurrency, read 2026-11"
RESERVED_PAGE = "Developer Guide, configuration-concurrency, read 2026-11"
LIMITS_PAGE = "Developer Guide, gettingstarted-limits, read 2026-11"
MONITORING_PAGE = "Developer Guide, monitoring-concurrency, read 2026-11"
URL_PAGE = "Developer Guide, urls-configuration, 2022"
API = "botocore 1.44.5, ThrottleReason, 2026-11-17"

ACCOUNT, RATE = "ConcurrentInvocationLimitExceeded", "CallerRateLimitExceeded"
RESERVED, RESERVED_RATE = (
    "ReservedFunctionConcurrentInvocationLimitExceeded",
    "ReservedFunctionInvocationRateLimitExceeded",
)


def outcomes(rows: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Return how many attempts of each function had each reason of a throttle, "" for those that ran."""
    return rows.groupby(["function", "reason"], observed=True).size().to_dict()


@pytest.mark.parametrize(
    ("functions", "requests", "expected", "source"),
    [
        (
            {"f": {}},
            [("f", 1_001)],
            {("f", ""): 1_000, ("f", ACCOUNT): 1},
            LIMITS_PAGE + ": default quota 1,000",
        ),
        (
            {"blue": {"reserved_concurrency": 400}, "orange": {"reserved_concurrency": 400}, "other": {}, "more": {}},
            [("orange", 401), ("other", 120), ("more", 81), ("blue", 400)],
            {("orange", ""): 400, ("orange", RESERVED): 1, ("other", ""): 120, ("more", ""): 80, ("more", ACCOUNT): 1,
             ("blue", ""): 400},
            CONCURRENCY_PAGE,
        ),
        (
            {"blue": {"reserved_concurrency": 400}, "orange": {"reserved_concurrency": 400}},
            [("orange", 405)],
            {("orange", ""): 400, ("orange", RESERVED): 5},  # though nothing else runs
            CONCURRENCY_PAGE,
        ),
        (
            {"orange": {"provisioned": {"concurrency": 400}}, "other": {}},
            [("orange", 401), ("other", 600)],
            {("orange", ""): 401, ("other", ""): 599, ("other", ACCOUNT): 1},
            CONCURRENCY_PAGE,
        ),
        (
            {"f": {"reserved_concurrency": 0}, "other": {}},
            [("f", 3), ("other", 1)],
            {("f", RESERVED): 3, ("other", ""): 1},
            RESERVED_PAGE + ": 0 throttles every request",
        ),
    ],
    ids=["account", "two reserved", "a ceiling", "provisioned", "zero"],
)  # fmt: skip
def test_simultaneous_requests(tmp_path: Path, functions, requests, expected, source: str) -> None:
    rows = [(0, name, 60_000) for name, count in requests for _ in range(count)]
    result = replay(tmp_path, functions, rows)
    assert outcomes(attempts(result)) == expected, source
    assert result.summary["account"]["concurrency"]["max"] <= 1_000


def test_the_401st_request_is_cold_and_shares_the_rest(tmp_path: Path) -> None:
    """Developer Guide, lambda-concurrency, read 2026-11: 400 provisioned of 1,000, the rest is shared."""
    functions = {"orange": {"provisioned": {"concurrency": 400}}, "other": {}}
    rows = attempts(replay(tmp_path, functions, [(0, "orange", 60_000)] * 401 + [(1, "other", 60_000)] * 600))
    orange = rows[rows.function == "orange"]
    assert list(orange.provisioned) == [True] * 400 + [False]
    assert list(orange.start) == ["warm"] * 400 + ["cold"]


@pytest.mark.parametrize(
    ("quota", "functions", "idle", "busy", "source"),
    [
        (1_000, {"a": {"reserved_concurrency": 600}, "b": {"provisioned": {"concurrency": 200}}, "f": {}}, 800, 900,
         MONITORING_PAGE),
        (1_000, {"a": {"reserved_concurrency": 600, "provisioned": {"concurrency": 200}}, "f": {}}, 600, 700,
         MONITORING_PAGE + ": provisioned concurrency within reserved is not claimed twice"),
        (2_000, {"f": {}}, 0, 100, MONITORING_PAGE),
    ],
)  # fmt: skip
def test_claimed_account_concurrency(tmp_path: Path, quota: int, functions, idle: int, busy: int, source: str) -> None:
    rows = [(60_000, "f", 1_000)] * 100 + [(180_000, "f", 1)]
    result = replay(tmp_path, functions, rows, account={"concurrency": quota})
    claimed = values(result, "ClaimedAccountConcurrency", "Maximum")
    assert (claimed.get(0.0, 0), claimed[60.0], claimed.get(120.0, 0)) == (idle, busy, idle), source
    assert values(result, "UnreservedConcurrentExecutions", "Maximum") == {60.0: 100, 180.0: 1}
    assert result.summary["account"]["claimed_concurrency"]["max"] == busy


@pytest.mark.parametrize(
    ("quota", "function", "accepted", "source"),
    [
        (1_000, {"reserved_concurrency": 900}, True, RESERVED_PAGE),
        (1_000, {"reserved_concurrency": 901}, False, RESERVED_PAGE),
        (1_000, {"provisioned": {"concurrency": 900}}, True, CONCURRENCY_PAGE),
        (1_000, {"provisioned": {"concurrency": 901}}, False, CONCURRENCY_PAGE),
        (2_000, {"reserved_concurrency": 1_900}, True, RESERVED_PAGE),
        (2_000, {"reserved_concurrency": 1_901}, False, RESERVED_PAGE),
        (2_000, {"provisioned": {"concurrency": 1_901}}, False, CONCURRENCY_PAGE),
        (10, {"reserved_concurrency": 0}, True, RESERVED_PAGE),
        (10, {"reserved_concurrency": 1}, False, "deploy logs of new accounts, 2023-2026: nothing can be reserved"),
        (1_000, {"reserved_concurrency": 10, "provisioned": {"concurrency": 10}}, True, CONCURRENCY_PAGE),
        (1_000, {"reserved_concurrency": 10, "provisioned": {"concurrency": 11}}, False, CONCURRENCY_PAGE),
    ],
)
def test_one_hundred_always_stay_unreserved(quota: int, function, accepted: bool, source: str) -> None:
    def build() -> ls.Experiment:
        load = {"target": "f", "executor": "poisson", "rate": "1/s", "duration": "1s"}
        return ls.Experiment(functions={"f": PLAIN | function}, loads=[load], account={"concurrency": quota})

    if accepted:
        assert build().config.account.concurrency == quota, source
    else:
        with pytest.raises(ls.InputError, match="reserved"):
            build()


@pytest.mark.parametrize(
    ("quota", "function", "allowed", "reason", "source"),
    [
        (10, {}, 100, RATE, LIMITS_PAGE),
        (100, {}, 1_000, RATE, LIMITS_PAGE),
        (1_000, {"reserved_concurrency": 20}, 200, RESERVED_RATE, CONCURRENCY_PAGE),
        (1_000, {"reserved_concurrency": 100}, 1_000, RESERVED_RATE, URL_PAGE),
    ],
)
def test_ten_requests_a_second_for_each_unit_of_concurrency(
    tmp_path: Path, quota: int, function, allowed: int, reason: str, source: str
) -> None:
    """``allowed`` + 1 requests of no length come evenly in each of two seconds; the last of each is throttled.

    A bucket has more to give at first: it lets all pass.
    """
    gap_us = 1_000_000 // (allowed + 1)
    rows = [(second * 1_000_000 + i * gap_us, "f", 0) for second in range(2) for i in range(allowed + 1)]
    account = {"concurrency": quota, "request_meter": "second"}
    result = replay(tmp_path, {"f": function}, rows, unit="us", account=account)
    assert list(attempts(result).reason) == ([""] * allowed + [reason]) * 2, source
    assert result.summary["functions"]["f"]["concurrency"]["max"] == 1
    result = replay(tmp_path, {"f": function}, rows, unit="us", account=account | {"request_meter": "bucket"})
    assert list(attempts(result).reason) == [""] * (2 * allowed + 2)


@pytest.mark.parametrize(("meter", "throttles"), [("second", (100, 200)), ("bucket", (0, 100))])
def test_a_bucket_lets_a_tenth_more_pass_for_ten_seconds(
    tmp_path: Path, meter: str, throttles: tuple[int, int]
) -> None:
    """A quota of 100/s and 110/s for 20 s: AWS does not say which of them it is."""
    rows = [(i * 1_000_000 // 110, "f", 0) for i in range(2_200)]
    log = attempts(replay(tmp_path, {"f": {}}, rows, unit="us", account={"concurrency": 10, "request_meter": meter}))
    throttled = log.reason == RATE
    early = throttled[log.arrival_ns < 10 * 10**9].sum()
    assert (early, throttled.sum()) == pytest.approx(throttles, abs=1)


@pytest.mark.parametrize(("meter", "admitted"), [("second", 200), ("bucket", 100)])
def test_a_bucket_refills_steadily(tmp_path: Path, meter: str, admitted: int) -> None:
    """What is beyond a quota of 1,000/s in the first 100 ms of a second, once what was saved is used up."""
    rows = [(i * 500, "f", 0) for i in range(2_200)]
    log = attempts(replay(tmp_path, {"f": {}}, rows, unit="us", account={"concurrency": 100, "request_meter": meter}))
    late = log[log.arrival_ns >= 10**9]
    assert (late.reason == "").sum() == pytest.approx(admitted, abs=1)


def test_thirty_thousand_short_requests_need_a_quota_of_3000(tmp_path: Path) -> None:
    """Developer Guide, lambda-concurrency, read 2026-11: 600 concurrent, but 10,000 requests/s at a quota of 1,000."""
    load = {"target": "f", "executor": "constant-arrival-rate", "process": "deterministic"}
    exp = ls.Experiment(
        functions={"f": PLAIN | {"duration": "constant(20ms)"}},
        loads=[load | {"rate": "30000/s", "duration": "1s"}],
        account={"request_meter": "second"},
    )
    function = exp.run().summary["functions"]["f"]
    assert (function["invocations"], function["throttles_by_reason"][RATE]) == (10_000, 20_000)
    at_once = {"account.concurrency": 3_000, "account.scaling.policy": "legacy-burst"}
    enough = exp.with_(at_once).run().summary["functions"]["f"]
    assert (enough["invocations"], enough["throttles"], enough["concurrency"]["max"]) == (30_000, 0, 600)


def test_a_throttled_request_counts_against_no_concurrency(tmp_path: Path) -> None:
    """Developer Guide, scaling-behavior, read 2026-11: it fails at once and leaves no trace but the metric."""
    rows = [(0, "f", 1_000)] * 20 + [(1_000, "f", 1_000)] * 10
    result = replay(tmp_path, {"f": {}}, rows, account={"concurrency": 10})
    assert list(attempts(result).reason) == [""] * 10 + [ACCOUNT] * 10 + [""] * 10
    assert result.summary["account"]["cost"]["total"] == pytest.approx(
        20 * 2e-7 + 20 / 8 * 1.66667e-5 + (10 * 465 + 10 * 266) * 0.5e-9
    )


def test_every_reason_is_one_of_the_api() -> None:
    """All names that a throttle may carry, those of the API included that nothing here leads to."""
    names = {
        "ConcurrentInvocationLimitExceeded",
        "FunctionInvocationRateLimitExceeded",
        "ReservedFunctionConcurrentInvocationLimitExceeded",
        "ReservedFunctionInvocationRateLimitExceeded",
        "CallerRateLimitExceeded",
        "ConcurrentSnapshotCreateLimitExceeded",
    }
    load = {"target": "f", "executor": "constant-arrival-rate", "rate": "1/s", "duration": "1s"}
    reasons = ls.Experiment(functions={"f": PLAIN}, loads=[load]).run().summary["functions"]["f"]["throttles_by_reason"]
    assert set(reasons) < names, API
