"""The life of an execution environment, end to end: init and its limit, timeouts, resets, reuse, expiry, the bill."""

from pathlib import Path
from typing import Any

import pytest
from replay import attempts, replay

import lambdasim as ls

PAGE = "Developer Guide, lambda-runtime-environment, read 2026-11"
API = "API CreateFunction, botocore 1.44.5, 2026-11-17"
BLOG = "AWS Compute Blog on the billing of the init phase, 2025"
REPORT = "REPORT lines in public repositories, 2025-2026"

Told = tuple[str, str, float | None, float, float]
"""Of one attempt: how it started, how it ended, its Init Duration, Duration and latency in ms."""


def told(result: ls.Result) -> list[Told]:
    rows = attempts(result)[["start", "status", "init_duration_ms", "duration_ms", "latency_ms"]]
    return [tuple(None if value != value else value for value in row) for row in rows.itertuples(index=False)]


@pytest.mark.parametrize(
    ("function", "rows", "expected", "source"),
    [
        (
            {},
            [(0, "f", 100, 400), (1_000, "f", 100, 400)],
            [("cold", "success", 400, 100, 500), ("warm", "success", None, 100, 100)],
            PAGE + ": an idle environment is reused",
        ),
        (
            {"placement": "constant(110ms)"},
            [(0, "f", 100, 400)],
            [("cold", "success", 400, 100, 610)],
            "the time before init shows in no REPORT line: " + BLOG,
        ),
        (
            {"timeout": "45s"},
            [(0, "f", 100, 10_000)],
            [("cold", "success", 10_000, 100, 10_100)],
            PAGE + ": init has 10 s",
        ),
        (
            {"timeout": "45s"},
            [(0, "f", 100, 10_337)],
            [("cold, init timed out", "success", 10_000, 10_437, 20_437)],
            PAGE + ": then it runs again with the first invocation",
        ),
        (
            {"timeout": "45s"},
            [(0, "f", 100, 45_046)],
            [("cold, init timed out", "timeout", 10_000, 45_000, 55_000)],
            PAGE + ": under the function's timeout; INIT_REPORT lines of such a function, 2025",
        ),
        (
            {"timeout": "45s", "suppressed_init_slowdown": 1.5},
            [(0, "f", 100, 12_000)],
            [("cold, init timed out", "success", 10_000, 18_100, 28_100)],
            "articles on 3 s time-outs that never end, 2022-2025: without the CPU burst of init",
        ),
        (
            {"timeout": "3s"},
            [(0, "f", 3_000, 400), (10_000, "f", 3_001), (20_000, "f", 100, 500), (30_000, "f", 100)],
            [
                ("cold", "success", 400, 3_000, 3_400),  # init is not part of what the timeout limits
                ("warm", "timeout", None, 3_000, 3_000),
                ("suppressed init", "success", None, 600, 600),  # the reset environment's init, in the Duration
                ("warm", "success", None, 100, 100),
            ],
            PAGE + ": a timeout resets the environment",
        ),
        (
            {"timeout": "3s"},
            [(0, "f", 4_000, 0), (10_000, "f", 500, 2_501), (20_000, "f", 500, 2_500)],
            [
                ("cold", "timeout", 0, 3_000, 3_000),
                ("suppressed init", "timeout", None, 3_000, 3_000),
                ("suppressed init", "success", None, 3_000, 3_000),
            ],
            PAGE + ": init and handler together have the function's timeout",
        ),
        (
            {"timeout": "3s", "suppressed_init_slowdown": 2},
            [(0, "f", 4_000, 0), (10_000, "f", 500, 1_000)],
            [("cold", "timeout", 0, 3_000, 3_000), ("suppressed init", "success", None, 2_500, 2_500)],
            "articles on 3 s time-outs that never end, 2022-2025",
        ),
        (
            {},
            [(0, "f", 100, 400, 1), (1_000, "f", 100, 400, 0)],
            [("cold", "error", 400, 100, 500), ("warm", "success", None, 100, 100)],
            PAGE + ": an error that the handler returns is no reason for a reset",
        ),
        (
            {"crashes": 1.0},
            [(0, "f", 100, 400), (1_000, "f", 100, 400)],
            [("cold", "crash", 400, 100, 500), ("suppressed init", "crash", None, 500, 500)],
            PAGE + ": a crash resets the environment",
        ),
        (
            {"memory": "512 MB", "memory_used": "constant(1024 MB)"},
            [(0, "f", 100, 400), (1_000, "f", 100, 400)],
            [("cold", "out-of-memory", 400, 50, 450), ("suppressed init", "out-of-memory", None, 450, 450)],
            PAGE + "; that it dies after half the time is the model's: memory grows with time",
        ),
        (
            {"memory": "512 MB", "memory_used": "constant(512 MB)"},
            [(0, "f", 100, 400)],
            [("cold", "success", 400, 100, 500)],
            PAGE,
        ),
        (
            {"timeout": "3s", "memory": "512 MB", "memory_used": "constant(1024 MB)"},
            [(0, "f", 8_000, 400)],
            [("cold", "timeout", 400, 3_000, 3_400)],
            PAGE + ": whichever comes first",
        ),
    ],
    ids=["cold, warm", "placement", "init of 10 s", "init over 10 s", "init over 10 s, timeout",
         "init over 10 s, slower", "timeout", "suppressed init, timeout", "suppressed init, slower", "error", "crash",
         "out of memory", "memory full", "timeout before out of memory"],
)  # fmt: skip
def test_phases(tmp_path: Path, function: dict[str, Any], rows, expected: list[Told], source: str) -> None:
    result = replay(tmp_path, {"f": function}, rows)
    assert told(result) == expected, source
    assert result.summary["functions"]["f"]["environments"]["created"] == 1


@pytest.mark.parametrize(
    ("timeout", "accepted", "source"),
    [("900s", True, API), ("901s", False, API), (None, True, API + ": default 3 s")],
)
def test_timeouts_of_at_most_15_minutes(tmp_path: Path, timeout: str | None, accepted: bool, source: str) -> None:
    function = {"init": "constant(0ms)", "duration": "constant(1000s)"} | ({"timeout": timeout} if timeout else {})
    load = {"target": "f", "executor": "constant-arrival-rate", "process": "deterministic"}
    load |= {"rate": "1/s", "duration": "1s"}
    if accepted:
        summary = ls.Experiment(functions={"f": function}, loads=[load]).run().summary["functions"]["f"]
        assert summary["duration"]["max"] == (3_000 if timeout is None else 900_000), source
        assert (summary["timeouts"], summary["errors"]) == (1, 1)
    else:
        with pytest.raises(ls.InputError, match=r"function\.f\.timeout"):
            ls.Experiment(functions={"f": function}, loads=[load])


@pytest.mark.parametrize(
    ("duration_us", "init_us", "timeout", "policy", "billed_ms", "source"),
    [
        (250_060, 100_770, "3s", "2025-08", 351, BLOG),
        (250_060, 100_770, "3s", "legacy", 251, BLOG),
        (2_030, 87_780, "3s", "2025-08", 90, REPORT),
        (2_120, 112_290, "3s", "2025-08", 115, REPORT),
        (8_959_280, 1_202_750, "15s", "2025-08", 10_163, REPORT),
        (344_356_220, 399_330, "900s", "2025-08", 344_756, REPORT),
        (700_000_000, 476_750, "600s", "2025-08", 600_477, REPORT + ": timeout"),
        (3_000_001, 402_040, "3s", "2025-08", 3_403, REPORT + ": timeout"),
        (3_000_001, 402_040, "3s", "legacy", 3_000, REPORT + ": timeout"),
        (999_000_000, 502_370, "900s", "2025-08", 900_503, REPORT + ": timeout"),
        (100_000, 10_337_000, "45s", "2025-08", 10_000 + 10_437, "not documented: an init cut off is billed"),
        (100_000, 10_337_000, "45s", "legacy", 10_437, BLOG + ": what runs in the invocation is billed"),
    ],
)
def test_billed_duration(
    tmp_path: Path, duration_us: int, init_us: int, timeout: str, policy: str, billed_ms: int, source: str
) -> None:
    row = (0, "f", duration_us, init_us)
    result = replay(tmp_path, {"f": {"timeout": timeout}}, [row], unit="us", billing={"init_policy": policy})
    assert result.summary["functions"]["f"]["billed_duration_ms"] == billed_ms, source


@pytest.mark.parametrize(
    ("function", "billed_ms"),
    [({"package": "zip"}, 100), ({"package": "image"}, 500), ({"runtime": "provided.al2023"}, 500)],
)
def test_whose_init_was_billed_before_2025_08(tmp_path: Path, function: dict[str, Any], billed_ms: int) -> None:
    """AWS Compute Blog on the billing of the init phase, 2025: not that of a managed runtime in a zip."""
    result = replay(tmp_path, {"f": function}, [(0, "f", 100, 400)], billing={"init_policy": "legacy"})
    assert result.summary["functions"]["f"]["billed_duration_ms"] == billed_ms


def test_failures_are_billed_and_throttles_are_not(tmp_path: Path) -> None:
    """AWS Lambda pricing, 2026: every start of an execution counts, a throttle is none."""
    rows = [(0, "f", 100, 0, 1), (0, "f", 5_000, 0, 0), (0, "f", 100, 0, 0)]
    function = {"timeout": "3s", "reserved_concurrency": 2}
    result = replay(tmp_path, {"f": function}, rows)
    assert told(result)[2][1] == "throttled"
    assert result.summary["functions"]["f"]["billed_duration_ms"] == 3_100
    lines = {line["item"]: line["quantity"] for line in result.summary["cost"]["lines"]}
    assert lines["requests"] == 2


@pytest.mark.parametrize(
    ("reuse", "third"),
    [("most-recent", 1), ("least-recent", 0), ("newest-created", 2)],
)
def test_which_idle_environment_is_next(tmp_path: Path, reuse: str, third: int) -> None:
    """AWS does not say; environments 0, 2 and 1 fall idle in this order."""
    rows = [(0, "f", 100), (1, "f", 500), (2, "f", 200), (1_000, "f", 1)]
    assert attempts(replay(tmp_path, {"f": {"reuse": reuse}}, rows)).environment[3] == third


def test_random_reuse_takes_every_idle_environment_alike(tmp_path: Path) -> None:
    rows = [(0, "f", 5)] * 4 + [(1_000 * i, "f", 5) for i in range(1, 401)]
    used = attempts(replay(tmp_path, {"f": {"reuse": "random"}}, rows)).environment[4:].value_counts()
    assert len(used) == 4
    assert abs(used - 100).max() < 4 * (400 * 0.25 * 0.75) ** 0.5  # binomial, 4 standard deviations


@pytest.mark.parametrize(
    ("idle_timeout", "gaps_s", "starts"),
    [
        ("constant(5min)", [299.999, 300], ["cold", "warm", "cold"]),
        ("constant(5min)", [300.001], ["cold", "cold"]),
        ("constant(0s)", [0.001, 0.001], ["cold"] * 3),
        ({"lone": "constant(1min)", "surplus": "constant(10min)"}, [59, 61], ["cold", "warm", "cold"]),
    ],
)
def test_idle_environments_expire(tmp_path: Path, idle_timeout: Any, gaps_s: list[float], starts: list[str]) -> None:
    """How long AWS keeps them is not contractual (Developer Guide, lambda-runtime-environment, read 2026-11)."""
    rows, at = [(0, "f", 0)], 0
    for gap in gaps_s:
        at += round(gap * 1_000)
        rows.append((at, "f", 0))
    assert list(attempts(replay(tmp_path, {"f": {"idle_timeout": idle_timeout}}, rows)).start) == starts


def test_a_surplus_environment_outlives_a_lone_one(tmp_path: Path) -> None:
    function = {"idle_timeout": {"lone": "constant(1min)", "surplus": "constant(10min)"}}
    rows = [(0, "f", 1_000), (0, "f", 2_000), (500_000, "f", 1), (562_000, "f", 1)]
    result = replay(tmp_path, {"f": function}, rows)
    assert list(attempts(result).environment) == [0, 1, 1, 1]  # 62 s after its last use, because 0 is idle beside it
    alone = replay(tmp_path, {"f": function}, [(0, "f", 1_000), (500_000, "f", 1)])
    assert list(attempts(alone).start) == ["cold", "cold"]


def test_environments_end_after_hours_though_they_are_busy(tmp_path: Path) -> None:
    """Developer Guide, lambda-runtime-environment, read 2026-11: every few hours, even if invoked continuously."""
    function = {"max_lifetime": "constant(2h)"}
    rows = [(minute * 60_000, "f", 1_000) for minute in range(300)]
    result = replay(tmp_path, {"f": function}, rows)
    log = attempts(result)
    assert [int(at / 60e9) for at in log.arrival_ns[log.start == "cold"]] == [0, 120, 240]


def test_an_execution_outlives_its_environments_lifetime(tmp_path: Path) -> None:
    """The lifetime ends an environment when it is free, never an invocation."""
    function = {"max_lifetime": "constant(5s)"}
    result = replay(tmp_path, {"f": function}, [(0, "f", 8_000), (8_000, "f", 1)])
    assert told(result) == [("cold", "success", 0, 8_000, 8_000), ("cold", "success", 0, 1, 1)]
