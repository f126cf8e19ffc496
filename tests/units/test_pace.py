"""How far a simulation says it is: in what is simulated, not only in the time of its clock."""

import numpy as np
import pytest
from delivery_rows import delivery, table

from lambdasim import pace
from lambdasim.model.events import Fate
from lambdasim.plan import PLAN_COLUMNS, PlanChunk
from lambdasim.records import ENVIRONMENT_COLUMNS, INVOCATION_COLUMNS, RecordChunk, RecordTable

NOTHING = RecordChunk(
    *(RecordTable(names, np.empty((0, len(names)), np.int64)) for names in (INVOCATION_COLUMNS, ENVIRONMENT_COLUMNS))
)


def chunk(until_ns: int, requests: int, events: int = 0) -> PlanChunk:
    zeros = np.zeros(requests, np.int64)
    source = np.where(np.arange(requests) < events, 0, -1) if events else None
    return PlanChunk(until_ns=until_ns, source=source, **dict.fromkeys(PLAN_COLUMNS, zeros))


def left(done: int, stays: int = 0) -> RecordChunk:
    rows = [delivery(n, 0, 0, 0, 0, fate=Fate.DONE if n < done else Fate.STAYS) for n in range(done + stays)]
    return RecordChunk(NOTHING.invocations, NOTHING.environments, table(rows))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(pace.time, "perf_counter", lambda: now[0])
    return now


def test_without_events_it_goes_by_the_clock(clock) -> None:
    watch = pace.Pace(100)
    clock[0] = 3.0
    assert watch.after(chunk(25, 60), NOTHING) == pace.Progress(0.25, 25e-9, 60, 20.0, 9.0)
    assert watch.after(chunk(500, 60), NOTHING) == pace.Progress(1.0, 100e-9, 120, 40.0, 0.0)


def test_what_waits_in_its_source_is_still_to_be_done(clock) -> None:
    watch = pace.Pace(100)
    clock[0] = 1.0
    assert watch.after(chunk(50, 100, events=80), left(20, stays=7)).fraction == pytest.approx(0.5 * 0.4)
    clock[0] = 2.0
    half = watch.after(chunk(100, 100, events=80), left(40))
    assert (half.fraction, half.eta_s) == (pytest.approx(0.5), pytest.approx(2.0))
    assert watch.draining(left(50)).fraction == pytest.approx(0.75)
    assert watch.draining(left(60)).fraction == 1.0  # more than came, as some were sent by others


def test_what_drains_is_estimated_from_the_drain(clock) -> None:
    watch = pace.Pace(100)
    clock[0] = 60.0
    assert watch.after(chunk(100, 100, events=100), NOTHING).eta_s is None
    clock[0] = 61.0
    assert watch.draining(NOTHING).eta_s is None
    clock[0] = 62.0
    assert watch.draining(left(25)).eta_s == pytest.approx(6.0)
    clock[0] = 64.0
    assert watch.draining(left(50)).eta_s == pytest.approx(4 / 3)
    assert watch.draining(left(25)).eta_s is None  # what others sent may take longer


def test_what_is_seen_ahead_of_its_chunk_counts_once(clock) -> None:
    watch = pace.Pace(100)
    watch.after(chunk(100, 100, events=100), NOTHING)
    clock[0] = 1.0
    assert watch.ahead(left(20).deliveries).eta_s == pytest.approx(4.0)
    assert watch.ahead(left(5, stays=5).deliveries).fraction == pytest.approx(0.25)
    assert watch.draining(left(40)).fraction == pytest.approx(0.35)
    assert watch.draining(left(10)).fraction == pytest.approx(0.45)


def test_how_long_what_others_sent_will_drain_is_not_known(clock) -> None:
    watch = pace.Pace(100)
    clock[0] = 60.0
    watch.after(chunk(100, 100), NOTHING)
    clock[0] = 61.0
    assert watch.draining(left(25)) == pace.Progress(1.0, 100e-9, 100, 100 / 61, None)


def test_nothing_is_estimated_from_hardly_anything(clock) -> None:
    clock[0] = 1.0
    watch = pace.Pace(1_000)
    clock[0] = 2.0
    assert watch.after(chunk(9, 1), NOTHING).eta_s is None
    assert pace.Pace(0).draining(NOTHING).fraction == 1.0
