"""A map state, event by event."""

import pytest
from by_hand import MS, Event, Hand, function, simulate

from lambdasim.model.events import Status
from lambdasim.model.maps import MapSource
from lambdasim.model.spec import AccountSpec, ClientSpec
from lambdasim.records import SourceMetric


def run(items: int, concurrency: int, *events: Event, tolerated: int = 0, **hand: object):
    spec = AccountSpec(
        concurrency=100,
        functions=(function("f"),),
        sources=(MapSource("m", 0, items, concurrency, tolerated),),
        clients=(ClientSpec(), ClientSpec()),
    )
    return simulate(spec, events or [Event(0)], drawn=[Hand(1, **hand)], horizon=None)


def test_so_many_items_at_a_time() -> None:
    log = run(5, 2, takes=[10, 20, 10, 10, 10])
    assert [row[1:5] for row in log.runs()] == [
        (0, 0, 0, 10),
        (1, 0, 0, 20),
        (2, 0, 10, 20),
        (3, 0, 20, 30),
        (4, 0, 20, 30),
    ]
    assert log.story() == [(0, 0, 0, 0, 30, "SUCCEEDED", "DONE")]
    assert [(s["metric"], s["value"] // MS) for s in log.samples] == [(SourceMetric.EXECUTION_TIME, 30)]


def test_executions_do_not_share_their_limit() -> None:
    log = run(2, 1, Event(0), Event(5), takes=[10])
    assert [row[3:5] for row in log.runs()] == [(0, 10), (5, 15), (10, 20), (15, 25)]


@pytest.mark.parametrize(("tolerated", "end"), [(0, ("FAILED", "EXHAUSTED")), (1, ("SUCCEEDED", "DONE"))])
def test_an_execution_fails_with_its_items(tolerated: int, end: tuple[str, str]) -> None:
    log = run(3, 3, tolerated=tolerated, outcomes=[Status.SUCCESS, Status.ERROR, Status.SUCCESS])
    assert log.story()[0][-2:] == end


def test_what_is_under_way_at_the_horizon() -> None:
    spec = AccountSpec(concurrency=9, functions=(function("f"),), sources=(MapSource("m", 0, 4, 1),))
    log = simulate(spec, [Event(0)], drawn=[Hand(1, takes=[10])], horizon=25)
    assert log.story() == [(0, 0, 0, 0, -1, "IN_FLIGHT", "REMAINS")]
    assert [row[5] for row in log.runs()] == ["SUCCESS", "SUCCESS", "IN_FLIGHT"]
