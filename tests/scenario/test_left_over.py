"""What remains when a run ends: messages that wait, those that are hidden, and clients without an answer."""

from typing import Any

import lambdasim as ls
from lambdasim.report.content import sources
from lambdasim.report.figures import figures_of


def queue(*, errors: float = 0, **keys: Any) -> ls.Result:
    exp = ls.Experiment(
        functions={"f": {"duration": "constant(20ms)", "init": "constant(0s)", "errors": errors}},
        sources={"q": {"type": "sqs", "function": "f", "batch_size": 1, "visibility_timeout": "60s", **keys}},
        loads=[
            {"target": "q", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "2/s",
             "duration": "1s"}
        ],
        simulation={"duration": "20s"},
    )  # fmt: skip
    return exp.run()


def test_messages_that_failed_are_hidden_until_their_visibility_timeout() -> None:
    result = queue(errors=1)
    of = result.summary["sources"]["q"]
    assert (of["waiting"], of["hidden"], of["in_process"]) == (0, 2, 0)
    assert of["backlog"]["max"] == 0
    assert of["drained_s"] is None
    assert result.summary["verdict"] == "Not drained: 2 of q's 2 events still waited at the end."
    table = sources(result.summary)
    assert table is not None
    assert table.headings == (
        "source", "received", "processed", "waiting", "hidden", "dead letters", "lost", "oldest",
    )  # fmt: skip
    assert table.rows[0][1:7] == ("2", "0", "0", "2", "0", "0")


def test_nothing_is_hidden_where_all_was_processed() -> None:
    result = queue()
    of = result.summary["sources"]["q"]
    assert (of["processed"], of["waiting"], of["hidden"]) == (2, 0, 0)
    table = sources(result.summary)
    assert table is not None
    assert "hidden" not in table.headings


def test_messages_that_cannot_be_received_yet_are_hidden_and_the_figure_says_so() -> None:
    result = queue(delay="30s")
    of = result.summary["sources"]["q"]
    assert (of["waiting"], of["hidden"]) == (0, 2)
    title = figures_of(result)["queues"].draw(result).finding
    assert title == "No message was left waiting; the oldest was 20 s old; 2 were hidden at the end"


def test_a_gateways_table_has_the_clients_that_wait() -> None:
    exp = ls.Experiment(
        functions={
            "f": {"duration": "constant(1s)", "init": "constant(0s)", "timeout": "10s", "reserved_concurrency": 1}
        },
        sources={
            "api": {
                "type": "alb",
                "function": "f",
                "client": {"retries": 5, "backoff": "exponential(base=10s, max=10s, jitter=none)"},
            }
        },
        loads=[
            {"target": "api", "executor": "constant-arrival-rate", "process": "deterministic", "rate": "10/s",
             "duration": "5s"}
        ],
        simulation={"duration": "5s"},
    )  # fmt: skip
    result = exp.run()
    of = result.summary["sources"]["api"]
    assert (of["received"], of["processed"], of["waiting"], of["in_process"]) == (50, 4, 45, 1)
    table = sources(result.summary)
    assert table is not None
    assert table.rows[0][:4] == ("api", "50", "4", "45")
