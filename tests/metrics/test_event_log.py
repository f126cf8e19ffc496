"""The event log: names for numbers, and a sample that holds whole events."""

from delivery_rows import delivery, table

from lambdasim.metrics.event_log import EventLog
from lambdasim.model.events import DeliveryOutcome, Destination, Fate

LOADS = ["morning", "jobs"]


def test_a_delivery_in_words() -> None:
    log = EventLog("all", ["jobs"], LOADS)
    log.consume(
        table(
            [
                delivery(5, 1, 2, 3, 4, batch=1 << 44 | 7, answer=200, partition=2),
                delivery(6, 1, 2, -1, 9, outcome=DeliveryOutcome.REFUSED, fate=Fate.AGED_OUT, batch=-1, destination=1),
                delivery(7, 1, 2, -1, -1, outcome=DeliveryOutcome.WAITING, fate=Fate.REMAINS, batch=-1),
            ]
        )
    )
    log.finish()
    frame = log.frame()
    first, second, third = frame.astype(object).where(frame.notna(), None).to_dict("records")
    assert first == {
        "source": "jobs",
        "load": "morning",
        "sequence": 5,
        "attempt": 0,
        "partition": 2,
        "sent_ns": 1,
        "available_ns": 2,
        "delivered_ns": 3,
        "ended_ns": 4,
        "outcome": "succeeded",
        "fate": "done",
        "destination": "none",
        "answer": 200,
        "invocation_load": "jobs",
        "invocation_sequence": 7,
    }
    assert (second["fate"], second["destination"], second["delivered_ns"]) == ("aged-out", "delivered", None)
    assert (second["invocation_load"], second["answer"], second["partition"]) == (None, None, None)
    assert (third["outcome"], third["fate"], third["ended_ns"]) == ("waiting", "remains", None)
    assert Destination.DELIVERED == 1


def test_a_sample_is_of_events_with_all_their_deliveries() -> None:
    logs = [EventLog("sample(10)", ["jobs"], LOADS) for _ in range(2)]
    rows = [
        delivery(event, 0, attempt, attempt, attempt, attempt=attempt) for attempt in range(3) for event in range(100)
    ]
    logs[0].consume(table(rows))
    for row in rows:
        logs[1].consume(table([row]))
    for log in logs:
        log.finish()
    whole, cut = (log.frame() for log in logs)
    assert whole["sequence"].nunique() == 10
    assert len(whole) == 30
    assert whole.equals(cut)


def test_none() -> None:
    log = EventLog("none", ["jobs"], LOADS)
    log.consume(table([delivery(1, 0, 0, 0, 1)]))
    log.finish()
    assert log.frame() is None
