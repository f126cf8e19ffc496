"""The merged stream against a plain sort of all rows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdasim.model.events import NEVER_NS, request_key
from lambdasim.workload import merge
from lambdasim.workload.block import ArrivalBlock, Stage
from lambdasim.workload.merge import Cursor, Cursors, Rows, windows


@dataclass(frozen=True)
class Listed:
    """A load whose rows are given: blocks of (arrival, local function)."""

    rows: list[list[tuple[int, int]]]
    functions: tuple[str, ...] = ("a", "b", "c")
    name: str = "listed"
    ends_ns: int = 0
    stages: tuple[Stage, ...] = ()
    durations: bool = False

    def blocks(self) -> Iterator[ArrivalBlock]:
        for block in self.rows:
            arrival = np.array([time for time, _ in block], dtype=np.int64)
            function = np.array([which for _, which in block], dtype=np.int64)
            yield ArrivalBlock(arrival, function, duration_ns=arrival * 10 if self.durations else None)


def expected(loads: list[Listed], actors: list[list[int]]) -> list[tuple[int, int, int, int]]:
    """Return (arrival, request, actor, index) of all rows, by sorting."""
    rows = []
    for number, load in enumerate(loads):
        seen: dict[int, int] = {}
        for sequence, (arrival, which) in enumerate(row for block in load.rows for row in block):
            actor = actors[number][which]
            rows.append((arrival, request_key(number, sequence), actor, seen.get(actor, 0)))
            seen[actor] = seen.get(actor, 0) + 1
    return sorted(rows)


def listed(rows: Rows) -> list[tuple[int, int, int, int]]:
    actor = np.broadcast_to(rows.actor, len(rows))
    return list(zip(rows.arrival_ns.tolist(), rows.request.tolist(), actor.tolist(), rows.index.tolist(), strict=True))


def blocks_of(times: list[tuple[int, int]], size: int) -> list[list[tuple[int, int]]]:
    ordered = sorted(times, key=lambda row: row[0])
    return [ordered[i : i + size] for i in range(0, len(ordered), size)]


LOADS = st.lists(
    st.builds(
        lambda times, size, gap: Listed(
            [*blocks_of(times, size)[:1], *([[]] if gap else []), *blocks_of(times, size)[1:]]
        ),
        st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2)), max_size=25),
        st.integers(1, 7),
        st.booleans(),
    ),
    max_size=4,
)
ACTORS = st.sampled_from([[0, 1, 2], [0, 0, 0], [0, 1, 0]])


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "CHUNK_ROWS", 16)
    monkeypatch.setattr(merge, "MOST_PULLED", 5)


@settings(deadline=None)
@given(LOADS, ACTORS, st.integers(0, 14) | st.just(NEVER_NS), st.none() | st.integers(1, 5))
def test_the_stream_is_the_sorted_whole(loads: list[Listed], actors: list[int], limit: int, step: int | None) -> None:
    if step is not None:
        limit = min(limit, 20)
    mine = [[3 * number + actor for actor in actors] for number in range(len(loads))]
    position, rows = 0, []
    for until, window in windows(Cursors([Cursor(n, load, mine[n]) for n, load in enumerate(loads)]), limit, step):
        assert position < until <= limit
        part = listed(window)
        assert part or step is not None
        assert all(position <= row[0] < until for row in part)
        assert step is None or until - position <= step
        rows += part
        position = until
    assert rows == [row for row in expected(loads, mine) if row[0] < limit]
    if step is not None:
        assert position == limit


def test_what_a_trace_gives_stays_with_its_row() -> None:
    plain = Listed([[(1, 0), (3, 0)], [(5, 0)]], functions=("a",))
    trace = Listed([[(0, 0), (3, 1)], [(4, 0)]], functions=("a", "b"), durations=True)
    cursors = [Cursor(0, plain, [0]), Cursor(1, trace, [1, 2])]
    seen = []
    for _, window in windows(Cursors(cursors), NEVER_NS):
        given = window.given.duration_ns
        durations = [-1] * len(window) if given is None else given.tolist()
        seen += list(zip(window.arrival_ns.tolist(), durations, strict=True))
    assert seen == [(0, 0), (1, -1), (3, -1), (3, 30), (4, 40), (5, -1)]


def test_no_load_is_read_far_ahead() -> None:
    pulled = 0

    class Endless(Listed):
        def blocks(self) -> Iterator[ArrivalBlock]:
            nonlocal pulled
            while True:
                pulled += 1
                yield ArrivalBlock(np.arange(10) + 10 * pulled, np.zeros(10, dtype=np.int64))

    stream = windows(Cursors([Cursor(0, Endless([]), [0]), Cursor(1, Listed([[(10**6, 0)]]), [1])]), NEVER_NS)
    rows = 0
    for _ in range(50):
        rows += len(next(stream)[1])
    assert 10 * pulled < rows + 50
