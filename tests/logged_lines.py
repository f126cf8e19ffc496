"""Logs for tests: REPORT lines of invocations that a test knows."""

from collections.abc import Iterable
from datetime import UTC, datetime

ORIGIN_S = 1_767_571_200
"""2026-01-05T00:00:00Z, a Monday."""


def line(
    number: int,
    end_s: float,
    duration_ms: float,
    init_ms: float | None = None,
    *,
    stream: str = "",
    memory_mb: int = 512,
    tail: str = "",
) -> str:
    """Return one line of a text log with its time and, where one is given, its stream."""
    at = datetime.fromtimestamp(ORIGIN_S + end_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    init = "" if init_ms is None else f"Init Duration: {init_ms:.2f} ms\t"
    billed = int(duration_ms + (init_ms or 0)) + 1
    where = f"2026/01/05/[$LATEST]{stream:0>32} " if stream else ""
    return (
        f"{at} {where}REPORT RequestId: {number:08x}-1111-4222-8333-{number:012x}"
        f"\tDuration: {duration_ms:.2f} ms\tBilled Duration: {billed} ms\tMemory Size: {memory_mb} MB"
        f"\tMax Memory Used: 90 MB\t{init}{tail}\n"
    )


def text(lines: Iterable[str]) -> str:
    """Return a whole log."""
    return "".join(lines)
