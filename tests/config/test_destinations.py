"""Where events may go that were given up or processed, by AWS's pages; what goes to a function invokes it."""

from typing import Any

import pytest

import lambdasim as ls

FUNCTION = {"duration": "constant(10ms)", "init": "constant(10ms)"}
SOURCES: dict[str, dict[str, Any]] = {
    "queue": {"type": "sqs"},
    "fifo": {"type": "sqs-fifo"},
    "topic": {"type": "sns"},
    "bucket": {"type": "s3"},
    "bus": {"type": "eventbridge"},
    "stream": {"type": "kinesis"},
    "rest": {"type": "apigateway-rest"},
}
ASYNC_PAGE = "DG:invocation-async-retain-records"


def build(changes: dict[str, Any], target: str, event: dict[str, Any]) -> ls.Experiment:
    """Return an experiment whose events of ``event`` may go to ``target``."""
    functions = {"f": FUNCTION | changes, "g": FUNCTION}
    sources = {"in": event | {"function": "f"}}
    if target in SOURCES:
        sources[target] = SOURCES[target] | {"function": "g"}
    load = {"executor": "poisson", "rate": "1/s", "duration": "1s"}
    loads = [load | {"target": name} for name in sources]
    return ls.Experiment(functions=functions, sources=sources, loads=loads)


def accepted(key: str) -> dict[str, bool]:
    """Return which kinds AWS takes for a key of a function."""
    fine = {
        "dead_letter_queue": "queue topic",
        "on_failure": "queue topic bucket bus g",
        "on_success": "queue topic bus g",
    }
    return {target: target in fine[key].split() for target in [*SOURCES, "g"]}


@pytest.mark.parametrize(
    ("key", "target", "is_fine"),
    [(key, *pair) for key in ("dead_letter_queue", "on_failure", "on_success") for pair in accepted(key).items()],
)
def test_destinations_of_asynchronous_events(key: str, target: str, is_fine: bool) -> None:
    def experiment() -> ls.Experiment:
        return build({"async": {key: target}}, target, {"type": "async-invoke"})

    if is_fine:
        experiment()
        return
    with pytest.raises(ls.InputError, match=f"AWS takes .* here .*{ASYNC_PAGE}.*name one, or leave it out"):
        experiment()


@pytest.mark.parametrize(
    ("event", "key", "target", "is_fine"),
    [
        ({"type": "sqs", "max_receive_count": 3}, "dead_letter_queue", "queue", True),
        ({"type": "sqs", "max_receive_count": 3}, "dead_letter_queue", "fifo", False),
        ({"type": "sqs", "max_receive_count": 3}, "dead_letter_queue", "topic", False),
        ({"type": "sqs-fifo", "max_receive_count": 3}, "dead_letter_queue", "queue", False),
        ({"type": "sqs-fifo", "max_receive_count": 3}, "dead_letter_queue", "fifo", True),
        ({"type": "kinesis"}, "on_failure", "queue", True),
        ({"type": "kinesis"}, "on_failure", "bucket", True),
        ({"type": "kinesis"}, "on_failure", "g", False),
        ({"type": "kinesis"}, "on_failure", "bus", False),
        ({"type": "dynamodb"}, "on_failure", "fifo", False),
    ],
)
def test_destinations_of_sources(event: dict[str, Any], key: str, target: str, is_fine: bool) -> None:
    if is_fine:
        build({}, target, event | {key: target})
        return
    with pytest.raises(ls.InputError, match="AWS takes"):
        build({}, target, event | {key: target})


def test_what_is_outside_the_experiment_may_be_anything() -> None:
    assert build({"async": {"on_failure": "elsewhere"}}, "elsewhere", {"type": "async-invoke"})


@pytest.mark.parametrize(
    ("event", "key", "target", "message"),
    [
        ({}, "on_success", "g:1", "is a version or alias, which no destination leads to here; name the function, 'g'"),
        ({}, "on_failure", "", "'' is no name; leave the key out where there is none, or write a name"),
        ({"type": "sqs", "max_receive_count": 3}, "dead_letter_queue", "none", "'none' is no name; leave the key out"),
        ({"type": "kinesis"}, "on_failure", "g:live", "'g:live' is a function; AWS takes a standard queue, a topic"),
    ],
)
def test_what_cannot_be_outside(event: dict[str, Any], key: str, target: str, message: str) -> None:
    own = {} if event else {"async": {key: target}}
    with pytest.raises(ls.InputError, match=message):
        build(own, target, event | {key: target} if event else {"type": "async-invoke"})


def test_a_topic_takes_256_kilobytes() -> None:
    def experiment(size: str, target: str) -> ls.Experiment:
        return build({"async": {"on_failure": target}}, target, {"type": "async-invoke", "payload": size})

    experiment("256 KB", "topic")
    experiment("900 KB", "queue")
    with pytest.raises(ls.InputError, match="a topic takes 256 KB"):
        experiment("900 KB", "topic")


@pytest.mark.parametrize("key", ["on_success", "on_failure"])
def test_a_function_that_is_a_destination_has_retries_of_its_own(key: str) -> None:
    """G13-17: B fails at once, a minute and three minutes later; A is done."""
    own = {"errors": float(key == "on_failure"), "async": {"maximum_retry_attempts": 0, key: "b"}}
    load = {"target": "in", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "1/s"}
    result = ls.Experiment(
        functions={"a": FUNCTION | own, "b": FUNCTION | {"errors": 1.0}},
        sources={"in": {"type": "async-invoke", "function": "a"}},
        loads=[load | {"duration": "5s"}],
        simulation={"duration": "10min"},
        output={"requests": "all"},
    ).run()
    functions = result.summary["functions"]
    assert (functions["a"]["invocations"], functions["b"]["invocations"]) == (5, 15)
    of = result.summary["sources"]["async:b"]
    assert (of["received"], of["exhausted"]) == (5, 5)
    rows = result.requests[result.requests.function == "b"].sort_values("arrival_ns")
    first = rows.arrival_ns.iloc[[0, 5, 10]].diff().dropna() / 1e9
    assert list(first) == pytest.approx([60, 120], abs=0.1)
