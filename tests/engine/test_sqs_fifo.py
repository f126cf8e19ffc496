"""SQS FIFO queues, event by event, beside the Developer Guide's pages services-sqs-scaling and -errorhandling.

The group of a message is drawn; ``GROUPS`` is a key of that draw under which the groups of the first messages of load 0
among three are as the tests say.
"""

from by_hand import MS, Event, Hand, Log, function, simulate

from lambdasim.model import rules
from lambdasim.model.events import Status
from lambdasim.model.spec import AccountSpec
from lambdasim.model.sqs import SqsSpec
from lambdasim.model.sqs_fifo import FifoSpec, group_of

S = 1_000
ALL = 1 << 24
KEY = 12_345


def run(
    *events: Event,
    groups: int = 3,
    maximum: int = 1_250,
    takes: tuple[int, ...] = (10,),
    outcomes: tuple[int, ...] = (0,),
    keys: dict[str, int] | None = None,
    limit: int = 1_000,
    horizon: int | None = None,
    look_ahead: int = 120_000,
    **more: object,
) -> Log:
    """Run messages of one FIFO queue; ``more`` goes to its law, times in ms."""
    times = {name: int(value) * MS for name, value in more.items() if name.endswith("_ns")}  # type: ignore[call-overload]
    spec = FifoSpec(SqsSpec("jobs", 0, **(more | times)), groups=groups, maximum=maximum, look_ahead=look_ahead)  # type: ignore[arg-type]
    account = AccountSpec(concurrency=limit, functions=(function(),), sources=(spec,))
    hand = Hand(1, takes=takes, outcomes=outcomes, keys={"sqs-group": KEY, **(keys or {})})
    return simulate(account, events, drawn=[hand], horizon=horizon)


def groups_of(count: int, groups: int = 3) -> list[int]:
    """Return the groups of the first messages, by the law's own words."""
    return [rules.jitter24(KEY, event) * groups >> 24 for event in range(count)]


def concurrency(log: Log) -> int:
    spans = [row[3:5] for row in log.runs()]
    return max(sum(a <= at < b for a, b in spans) for at, _ in spans)


def test_there_are_as_many_batches_as_active_groups() -> None:
    """Facts GS-19: six groups, a maximum concurrency of ten: six."""
    log = run(*[Event(0)] * 300, groups=6, maximum=10)
    assert concurrency(log) == 6
    assert concurrency(run(*[Event(0)] * 300, groups=6, maximum=4)) == 4


def test_a_batch_takes_what_it_can_of_one_group_and_fills_up_from_the_next() -> None:
    log = run(*[Event(0)] * 12, batch_size=10)
    found = groups_of(12)
    order = sorted(range(12), key=lambda n: (found.index(found[n]), n))
    first = [row["event"] for row in log.deliveries if row["batch"] == min(r["batch"] for r in log.deliveries)]
    assert first == order[:10]
    assert {row["partition"] for row in log.deliveries} == set(found)


def test_each_message_is_its_own_group() -> None:
    log = run(*[Event(0)] * 5, groups=0, batch_size=1)
    assert concurrency(log) == 5
    assert {row["partition"] for row in log.deliveries} == {-1}


def test_a_failing_message_blocks_its_group_until_it_is_dead_lettered() -> None:
    log = run(Event(0), Event(1), groups=1, batch_size=1, outcomes=(Status.ERROR, Status.ERROR, 0), max_receives=2)
    assert log.story() == [
        (0, 0, 0, 0, 10, "FAILED", "STAYS"),
        (0, 1, 30 * S, 30 * S, 30 * S + 10, "FAILED", "STAYS"),
        (0, 2, 60 * S, -1, 60 * S, "REFUSED", "EXHAUSTED"),
        (1, 0, 1, 60 * S, 60 * S + 10, "SUCCEEDED", "DONE"),
    ]


def test_other_groups_go_on_meanwhile() -> None:
    found = groups_of(10)
    other = next(n for n in range(10) if found[n] != found[0])
    log = run(*[Event(0)] * 10, batch_size=1, outcomes=(Status.ERROR, 0))
    ends = {row[0]: row[4] for row in log.story() if row[-1] == "DONE"}
    assert ends[other] < 1_000
    assert all(ends[n] > 30 * S for n in range(10) if found[n] == found[0])


def test_partial_batch_response_stops_at_the_first_failure_of_a_group() -> None:
    events = range(6)
    found = groups_of(6, groups=2)
    share, key = ALL // 3, 3
    failing = [n for n in events if rules.jitter24(key, rules.jitter_index(n, 0)) < share]
    assert failing  # the key is chosen so
    log = run(*[Event(0)] * 6, groups=2, partial=True, record_errors_q24=share, keys={"sqs-record": key})
    stopped: dict[int, str] = {}
    for number, attempt, *_, outcome, _ in log.story():
        if attempt == 0:
            expected = "SKIPPED" if found[number] in stopped else "FAILED" if number in failing else "SUCCEEDED"
            if expected == "FAILED":
                stopped[found[number]] = outcome
            assert outcome == expected
    assert "SKIPPED" in {row[5] for row in log.story()}
    assert {row[2] for row in log.story() if row[1] == 1} == {30 * S}


def test_a_receipt_handle_past_its_visibility_timeout_deletes_nothing() -> None:
    log = run(Event(0), groups=1, takes=(40 * S, 10), maximum=1)
    assert log.story() == [
        (0, 0, 0, 0, 30 * S, "TIMED_OUT", "STAYS"),
        (0, 1, 30 * S, 40 * S, 40 * S + 10, "SUCCEEDED", "DONE"),
    ]


def test_throttles_back_off_and_block_the_group() -> None:
    log = run(Event(0), Event(0), Event(0), groups=0, batch_size=1, limit=1, takes=(5 * S, 10), backoff_jitter=False)
    assert [row[3] for row in log.runs() if row[1] == 1] == [0, S, 3 * S, 7 * S]
    assert {row[-1] for row in log.story()} == {"DONE"}


def test_shares_of_groups_can_differ() -> None:
    spec = FifoSpec(SqsSpec("jobs", 0), groups=3, bounds_q24=(ALL // 2, ALL * 3 // 4, ALL))
    draws = (0, ALL // 2 - 1, ALL // 2, ALL * 3 // 4, ALL - 1)
    assert [group_of(spec, spec.bounds_q24, 0, u24) for u24 in draws] == [0, 0, 1, 2, 2]
    even = FifoSpec(SqsSpec("jobs", 0), groups=4)
    assert [group_of(even, (), 0, u24) for u24 in (0, ALL // 4 - 1, ALL // 4, ALL - 1)] == [0, 0, 1, 3]


def test_groups_are_looked_for_among_the_first_messages() -> None:
    """Only what stands among the first ones is received, those in flight included; the next is seen when one leaves."""
    found = groups_of(40)
    first_of_another = next(n for n in range(40) if found[n] != found[0])

    def begins(look_ahead: int) -> int:
        log = run(*[Event(0)] * 40, batch_size=1, takes=(S,), look_ahead=look_ahead)
        assert len(log.runs()) == 40
        return next(row["delivered_ns"] // MS for row in log.deliveries if row["event"] == first_of_another)

    assert begins(first_of_another + 1) == 0
    assert begins(first_of_another) == S
