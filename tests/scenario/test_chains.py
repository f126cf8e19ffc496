"""Events that send events: loads that follow loads, and loops that end by themselves, by a bound or by AWS."""

from typing import Any

import pytest

import lambdasim as ls

FUNCTION = {"duration": "constant(100ms)", "init": "constant(100ms)"}
ONCE = {"executor": "constant-arrival-rate", "process": "deterministic", "rate": "1/s"}
TYPES = {"sqs": {}, "sqs-fifo": {}, "kinesis": {}, "async-invoke": {}, "mq": {"engine": "rabbitmq"}}


def run(sources: dict[str, Any], *loads: dict[str, Any], **function: Any) -> dict[str, Any]:
    """Run loads of the functions ``f`` and ``g``; return the summary."""
    functions = {"f": FUNCTION | function, "g": FUNCTION}
    duration = {"duration": "30min"}
    return ls.Experiment(functions=functions, sources=sources, loads=list(loads), simulation=duration).run().summary


@pytest.mark.parametrize("kind", TYPES)
def test_a_load_follows_a_load_whatever_it_targets(kind: str) -> None:
    sources = {"a": {"type": kind, "function": "f"} | TYPES[kind], "b": {"type": "sqs", "function": "g"}}
    first = ONCE | {"name": "r0", "target": "a", "duration": "10s"}
    summary = run(sources, first, {"name": "r1", "target": "b", "per": {"source": "r0"}})
    assert summary["sources"]["a"]["processed"] == summary["sources"]["b"]["processed"] == 10


def test_the_events_of_a_batch_are_followed_one_by_one() -> None:
    """Ten messages of a load and ten of another share batches; only those of the first are followed."""
    sources = {
        "a": {"type": "sqs", "function": "f", "batch_size": 10, "partial_batch_response": True, "record_errors": 0.5},
        "b": {"type": "sqs", "function": "g"},
    }
    loads = [ONCE | {"name": name, "target": "a", "duration": "10s"} for name in ("r0", "other")]
    follower = {"name": "r1", "target": "b", "per": {"source": "r0", "on": "success"}}
    summary = run(sources, *loads, follower)
    assert summary["sources"]["a"]["processed"] == 20
    assert summary["sources"]["b"]["processed"] == 10


def test_a_chain_that_nothing_follows_is_no_loop() -> None:
    sources = {"q": {"type": "sqs", "function": "f"}}
    first = ONCE | {"name": "r0", "target": "q", "duration": "1s"}
    summary = run(sources, first, {"name": "r1", "target": "q", "per": {"source": "r0"}}, recursive_loop="allow")
    assert summary["functions"]["f"]["invocations"] == 2


def loop(**per: Any) -> list[dict[str, Any]]:
    first = ONCE | {"target": "q", "rate": "25/s", "duration": "1s"}
    return [first, {"name": "again", "target": "q", "per": {"source": "q"} | per}]


QUEUE = {"type": "sqs", "function": "f", "batch_size": 1, "delay": "10s"}


@pytest.mark.parametrize(("per", "fewest", "most"), [({"max_rounds": 30}, 775, 775), ({"count": 0.9}, 100, 500)])
def test_loops_that_end(per: dict[str, Any], fewest: int, most: int) -> None:
    """25 messages that go round 30 times, or each time with a chance of 0.9, which makes ten of one on average."""
    summary = run({"q": QUEUE}, *loop(**per), recursive_loop="allow")
    assert fewest <= summary["functions"]["f"]["invocations"] <= most
    assert summary["sources"]["q"]["waiting"] == 0


@pytest.mark.parametrize("per", [{}, {"count": 1.0}])
def test_loops_that_do_not(per: dict[str, Any]) -> None:
    with pytest.raises(ls.InputError, match=r"without end.*max_rounds"):
        run({"q": QUEUE}, *loop(**per), recursive_loop="allow")


def test_a_loop_that_what_is_delivered_twice_keeps_alive() -> None:
    """0.95 of the messages come back, and one in ten of those twice: 1.045 of each."""
    with pytest.raises(ls.InputError, match=r"without end.*max_rounds"):
        run({"q": QUEUE | {"duplicates": 0.1}}, *loop(count=0.95), recursive_loop="allow")
    retries = {"on_success": "f", "duplicates": 0.3}
    with pytest.raises(ls.InputError, match=r"function\.f\.async\.duplicates: 0\.3 in a loop .* multiplies"):
        run({"q": QUEUE}, ONCE | {"target": "q", "duration": "1s"}, recursive_loop="allow", **{"async": retries})
    for ends in ({"async": retries, "errors": 0.5}, {"async": {"on_failure": "f", "duplicates": 0.3}}):
        run({"q": QUEUE}, ONCE | {"target": "q", "duration": "1s"}, recursive_loop="allow", **ends)


@pytest.mark.parametrize("has_queue", [True, False])
def test_a_stopped_event_goes_to_the_dead_letter_queue(has_queue: bool) -> None:
    """Developer Guide, invocation-recursion, read 2026-11: after about 16 invocations."""
    letters = {"dead_letter_queue": "dlq", "max_receive_count": 3} if has_queue else {}
    first, again = loop()
    summary = run({"q": QUEUE | letters}, first | {"rate": "1/s"}, again)
    of = summary["sources"]["q"]
    assert (of["received"], of["processed"], of["exhausted"]) == (17, 16, 1)
    assert (of["dead_lettered"], of["dropped"]) == ((1, 0) if has_queue else (0, 1))
