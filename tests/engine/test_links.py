"""What follows from invocations, event by event: chains, counts, and the end of a loop."""

from by_hand import MS, Event, Hand, function, simulate

from lambdasim.model import rules
from lambdasim.model.asynchronous import AsynchronousSource, AsynchronousSpec
from lambdasim.model.events import DeliveryOutcome, Fate, Status
from lambdasim.model.links import After, LinkSpec, Trigger
from lambdasim.model.spec import AccountSpec

AT_ONCE = AsynchronousSpec(dequeue_ns=0, max_retries=0)
SHARE = 1 << 24


def chain(*links: LinkSpec) -> AccountSpec:
    """A source (0) invokes f, and another (1) invokes g."""
    functions = (function("f", asynchronous=AT_ONCE), function("g", asynchronous=AT_ONCE))
    sources = (AsynchronousSource("a", 0), AsynchronousSource("b", 1))
    return AccountSpec(concurrency=1_000, functions=functions, sources=sources, links=links)


DRAWN = [Hand(1), Hand(2, function=1)]


def test_a_load_follows_the_successes_of_a_source() -> None:
    spec = chain(LinkSpec(3, Trigger.SOURCE, (0,), After.SUCCESS))
    events = [Event(0, takes=10), Event(50, takes=10, outcome=Status.ERROR)]
    log = simulate(spec, events, drawn=DRAWN, followers=[(Hand(3, takes=[5], function=1, delay=2), 1)])
    assert log.runs() == [
        (0, 0, 0, 0, 10, "SUCCESS", 1),
        (3, 0, 0, 12, 17, "SUCCESS", 1),
        (0, 1, 0, 50, 60, "ERROR", 1),
    ]
    assert [(row["source"], row["sent_ns"] // MS) for row in log.deliveries] == [(0, 0), (1, 12), (0, 50)]


def test_failures_and_any_end() -> None:
    events = [Event(0, takes=10), Event(50, takes=10, outcome=Status.ERROR)]
    for after, sent in ((After.FAILURE, [60]), (After.ANY, [10, 60])):
        spec = chain(LinkSpec(3, Trigger.FUNCTION, (0,), after))
        log = simulate(spec, events, drawn=DRAWN, followers=[(Hand(3, function=1), 1)])
        assert [row["sent_ns"] // MS for row in log.deliveries if row["source"] == 1] == sent


def test_a_load_follows_another_load() -> None:
    spec = chain(LinkSpec(3, Trigger.LOAD, (0,)))
    log = simulate(spec, [Event(0, takes=10, source=-1)], drawn=DRAWN, followers=[(Hand(3, function=1), -1)])
    assert [row[:4] for row in log.runs()] == [(0, 0, 0, 0), (3, 0, 0, 10)]


def test_count_is_whole_and_a_chance_of_one_more() -> None:
    spec = chain(LinkSpec(3, Trigger.SOURCE, (0,), base_count=2, extra_probability_q24=SHARE // 4))
    events = [Event(100 * i) for i in range(400)]
    log = simulate(spec, events, drawn=DRAWN, followers=[(Hand(3, function=1, keys={"link-count": 5}), 1)])
    sent = sum(row["source"] == 1 for row in log.deliveries)
    assert sent == 800 + sum(rules.jitter24(5, i) < SHARE // 4 for i in range(400))
    assert abs(sent - 900) < 4 * (400 * 0.25 * 0.75) ** 0.5  # binomial


def test_aws_stops_a_loop() -> None:
    """Developer Guide, invocation-recursion: a function is invoked about 16 times in one chain of requests."""
    spec = chain(LinkSpec(3, Trigger.FUNCTION, (0,), loops=True, longest_loop=rules.RECURSION_LIMIT))
    log = simulate(spec, [Event(0, takes=10)], drawn=DRAWN, followers=[(Hand(3, takes=[10]), 0)])
    assert len(log.runs()) == 16
    last = log.deliveries[-1]
    assert (last["outcome"], last["fate"], last["delivered_ns"]) == (DeliveryOutcome.REFUSED, Fate.EXHAUSTED, -1)
    assert last["ended_ns"] == 160 * MS


def test_what_follows_arrives_after_all_ends_of_its_instant() -> None:
    """f ends and frees the only concurrency; what follows it finds it free, and comes after earlier loads' arrivals."""
    functions = (function("f"), function("g"))
    spec = AccountSpec(concurrency=1, functions=functions, links=(LinkSpec(1, Trigger.FUNCTION, (0,)),))
    log = simulate(
        spec, [Event(0, takes=10, source=-1), Event(10, takes=3, source=-1, function=1)], drawn=[],
        followers=[(Hand(1, function=1), -1)],
    )  # fmt: skip
    assert log.runs() == [
        (0, 0, 0, 0, 10, "SUCCESS", 1),
        (0, 1, 0, 10, 13, "SUCCESS", 1),
        (1, 0, 0, 10, -1, "THROTTLED", 1),
    ]
