"""What a caller does with a throttle: the retry modes of AWS's SDKs, by the times of the attempts they make."""

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from replay import attempts, replay

BOTOCORE = "botocore 1.44.5 source, read 2026-11-17"
OLDER = "botocore 1.43.127 source, read 2026-11"
POWER_TUNING = "aws-lambda-power-tuning, read 2026-04: maxAttempts 20"

BLOCKED = {"reserved_concurrency": 0}
"""A function that throttles every request."""


def delays_s(rows: pd.DataFrame) -> dict[int, np.ndarray]:
    """Return the waits before retry 0, 1, … of all requests."""
    ordered = rows.sort_values(["sequence", "attempt"])
    waits = ordered.groupby("sequence").arrival_ns.diff() / 1e9
    return {i: waits[ordered.attempt == i + 1].to_numpy() for i in range(ordered.attempt.max())}


@pytest.mark.parametrize(
    ("client", "caps_s", "source"),
    [
        (None, [], "without a client nobody retries"),
        ({"mode": "none"}, [], "no retries"),
        ({"mode": "legacy"}, [1, 2, 4, 8], OLDER + ": 5 attempts, no cap"),
        ({"mode": "legacy", "max_attempts": 8}, [1, 2, 4, 8, 16, 32, 64], OLDER + ": 5 attempts, no cap"),
        ({"mode": "standard"}, [1, 2], BOTOCORE + ": 3 attempts, throttling backs off from 1 s"),
        ({"mode": "standard-2020"}, [1, 2], OLDER + ": 3 attempts"),
        ({"mode": "standard", "max_attempts": 8}, [1, 2, 4, 8, 16, 20, 20], BOTOCORE + ": at most 20 s"),
        (
            {"retries": 19, "backoff": "exponential(base=100ms, max=2s, jitter=full)"},
            [0.1, 0.2, 0.4, 0.8, 1.6] + [2] * 14,
            POWER_TUNING,
        ),
    ],
    ids=["no client", "none", "legacy", "legacy, 8", "standard", "standard-2020", "standard, 8", "own"],
)
def test_attempts_and_full_jitter(
    tmp_path: Path, client: dict[str, Any] | None, caps_s: list[float], source: str
) -> None:
    """The wait before a retry is uniform on 0 .. cap: the mean is cap / 2 within 4 standard errors cap / sqrt(12 n)."""
    requests = 400
    if client is not None and "mode" in client:
        client = client | {"clients": requests}  # each with its own quota, which is never used up
    result = replay(tmp_path, {"f": BLOCKED}, [(5 * i, "f", 1) for i in range(requests)], client=client)
    rows = attempts(result)
    assert len(rows) == requests * (1 + len(caps_s)), source
    waits = delays_s(rows)
    assert len(waits) == len(caps_s)
    for i, cap_s in enumerate(caps_s):
        assert len(waits[i]) == requests
        assert waits[i].min() >= 0
        assert 0.98 * cap_s < waits[i].max() < cap_s
        assert abs(waits[i].mean() - cap_s / 2) < 4 * cap_s / math.sqrt(12 * requests)
    for one, other in pairwise(waits.values()):
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / math.sqrt(requests)


def test_backoff_without_jitter_is_exact(tmp_path: Path) -> None:
    """100 ms doubled up to 2 s: the times at which the interface's own example would try."""
    client = {"retries": 7, "backoff": "exponential(base=100ms, max=2s, jitter=none)"}
    rows = attempts(replay(tmp_path, {"f": BLOCKED}, [(1_000, "f", 1)], client=client))
    assert list(rows.arrival_ns // 1_000_000) == [1_000, 1_100, 1_300, 1_700, 2_500, 4_100, 6_100, 8_100]
    assert list(rows.attempt) == list(range(8))
    assert set(rows.status) == {"throttled"}


def test_a_retry_that_gets_through_has_waited(tmp_path: Path) -> None:
    """Latency is what the caller waits, backoff included; Duration is not."""
    client = {"retries": 3, "backoff": "exponential(base=100ms, max=2s, jitter=none)"}
    function = {"reserved_concurrency": 1}
    result = replay(tmp_path, {"f": function}, [(0, "f", 250), (0, "f", 10)], client=client)
    rows = attempts(result)
    assert list(rows.arrival_ns // 1_000_000) == [0, 0, 100, 300]
    assert list(rows.status) == ["success", "throttled", "throttled", "success"]
    assert rows.latency_ms[3] == 310
    assert rows.duration_ms[3] == 10
    summary = result.summary["functions"]["f"]
    counts = ("requests", "invocations", "throttles", "retries", "throttled_requests", "in_flight")
    assert [summary[key] for key in counts] == [2, 2, 2, 2, 0, 0]
    assert summary["latency"]["max"] == 310


@pytest.mark.parametrize(
    ("function", "row", "status"),
    [
        ({}, (0, "f", 5, 0, 1), "error"),
        ({"crashes": 1.0}, (0, "f", 5), "crash"),
        ({"timeout": "3s"}, (0, "f", 5_000), "timeout"),
        ({"memory": "512 MB", "memory_used": "constant(600 MB)"}, (0, "f", 5), "out-of-memory"),
    ],
)
def test_function_errors_are_not_retried(tmp_path: Path, function: dict[str, Any], row, status: str) -> None:
    """botocore 1.44.5, read 2026-11: a function error is HTTP 200 with a FunctionError, which no mode retries."""
    rows = attempts(replay(tmp_path, {"f": function}, [row], client={"mode": "legacy"}))
    assert list(rows.status) == [status]


@pytest.mark.parametrize(
    ("mode", "clients", "requests", "retries", "source"),
    [
        ("standard", 1, 60, 100, BOTOCORE + ": 500 tokens, 5 for each retry after a throttle"),
        ("standard-2020", 1, 60, 100, OLDER + ": 500 tokens, 5 for each retry"),
        ("standard", 2, 60, 120, BOTOCORE + ": a quota for each client"),
        ("standard", 1, 50, 100, BOTOCORE),
        ("standard", 1, 49, 98, BOTOCORE),
        ("legacy", 1, 60, 240, OLDER + ": no quota"),
    ],
)
def test_retry_quota(tmp_path: Path, mode: str, clients: int, requests: int, retries: int, source: str) -> None:
    client = {"mode": mode, "clients": clients}
    result = replay(tmp_path, {"f": BLOCKED}, [(0, "f", 1)] * requests, client=client)
    assert result.summary["functions"]["f"]["retries"] == retries, source
    assert result.summary["functions"]["f"]["throttled_requests"] == requests


def test_success_refills_the_retry_quota(tmp_path: Path) -> None:
    """botocore 1.44.5 source, read 2026-11: one token for a success at the first try, never more than 500 in all."""
    exhausted = [(0, "blocked", 1)] * 50
    lean = [(10_000 + i, "ok", 0) for i in range(4)] + [(20_000, "blocked", 1)]  # 4 tokens: too few
    enough = [(30_000, "ok", 0), (40_000, "blocked", 1)]  # the fifth: one retry
    rows = attempts(
        replay(tmp_path, {"blocked": BLOCKED, "ok": {}}, exhausted + lean + enough, client={"mode": "standard"})
    )
    tries = rows[rows.function == "blocked"].groupby("sequence").size()
    assert list(tries) == [3] * 50 + [1, 2]
    many = [(i, "ok", 0) for i in range(1_000)] + [(10_000, "blocked", 1)] * 60
    rows = attempts(replay(tmp_path, {"blocked": BLOCKED, "ok": {}}, many, client={"mode": "standard"}))
    assert (rows.attempt > 0).sum() == 100


def test_success_after_a_retry_refunds_its_cost(tmp_path: Path) -> None:
    """botocore 1.44.5 source, read 2026-11: what the last retry took comes back."""
    functions = {"blocked": BLOCKED, "busy": {"reserved_concurrency": 1}}
    exhausted = [(0, "blocked", 1)] * 49  # 490 tokens gone, 10 left
    held = [(20_000, "busy", 1), (20_000, "busy", 0)]  # the first adds 1; the second retries for 5, which come back
    after = [(30_000, "blocked", 1)]  # 11 tokens: both retries
    rows = attempts(replay(tmp_path, functions, exhausted + held + after, client={"mode": "standard"}))
    second = rows[(rows.function == "busy") & (rows.sequence == 50)]
    assert list(second.status) == ["throttled", "success"]
    last = rows[(rows.function == "blocked") & (rows.sequence == 51)]
    assert len(last) == 3


def test_jitter_belongs_to_the_request_and_the_attempt(tmp_path: Path) -> None:
    """The same seed draws the same waits, whatever else the load does; another seed draws others."""
    client = {"mode": "legacy"}
    alone = attempts(replay(tmp_path, {"f": BLOCKED}, [(0, "f", 1)], client=client))
    beside = attempts(replay(tmp_path, {"f": BLOCKED, "g": {}}, [(0, "f", 1), (0, "g", 5)], client=client))
    other = attempts(replay(tmp_path, {"f": BLOCKED}, [(0, "f", 1)], client=client, simulation={"seed": 1}))
    assert list(alone.arrival_ns) == list(beside[beside.function == "f"].arrival_ns)
    assert list(alone.arrival_ns) != list(other.arrival_ns)
