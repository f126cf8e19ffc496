"""What is told of event sources: the table, and the verdicts that lead with events that were not processed."""

import pytest

from lambdasim.report.text import summary_markdown, summary_text
from lambdasim.report.verdict import verdict
from lambdasim.report.words import columns


def source(received=1000, processed=1000, **counts):
    of = {"received": received, "processed": processed, "waiting": 0, "dead_lettered": 0, "dropped": 0}
    of["retries"] = 0
    return of | {"age": {"max": 75_000.0}, "age_of_oldest": {"max": 75_000.0}} | counts


@pytest.fixture
def quiet(make_result):
    return make_result(["worker"], throttled=False)


def told(result, slos=(), **sources):
    return verdict(result.summary | {"slo": list(slos), "sources": sources}, result.config)


def test_lost_events_lead_the_verdict(quiet):
    assert told(quiet, jobs=source(processed=950, dropped=20, dead_lettered=30)) == (
        "Events were lost: 2 % of jobs's events (20 of 1,000) were lost and 30 went to the dead-letter queue or "
        "destination."
    )


def test_dead_letters_lead_it_when_none_was_lost_and_throttling_is_told_too(make_result):
    result = make_result(["worker"], limit=500)
    sentence = told(result, jobs=source(processed=970, dead_lettered=30))
    first, second = sentence.split("; ", 1)
    assert first == (
        "Events were given up: 3 % of jobs's events (30 of 1,000) were given up: 30 went to the dead-letter queue or "
        "destination"
    )
    assert second.startswith("5.62 % of worker's requests were throttled")


@pytest.mark.parametrize(("waiting", "leads"), [(400, True), (50, False), (0, False)])
def test_a_backlog_that_is_left_leads_it_if_it_is_much(quiet, waiting, leads):
    sentence = told(quiet, jobs=source(processed=1000 - waiting, waiting=waiting), other=source())
    expected = "Not drained: 400 of jobs's 1,000 events still waited at the end."
    assert (sentence == expected) is leads


def test_lost_events_are_told_beside_objectives_that_were_met(quiet):
    met = {"path": "worker.latency", "expression": "p99 < 1s", "observed": 700.0, "success": True}
    assert told(quiet, [met], jobs=source(processed=980, dropped=20)) == (
        "No SLO missed: worker's p99 latency was 700 ms against 1 s allowed. "
        "Still, 2 % of jobs's events (20 of 1,000) were lost."
    )


@pytest.mark.parametrize(
    ("path", "expression", "observed", "sentence"),
    [
        ("jobs.age", "max < 10min", 900_000.0, "jobs's max age was 15 min against 10 min allowed"),
        ("jobs.iterator_age", "p99 < 1s", 2000.0, "jobs's p99 iterator age was 2,000 ms against 1 s allowed"),
        (
            "jobs.dropped",
            "rate < 1%",
            0.02,
            "2 % of jobs's events were lost (20 of 1,000) against 1 % allowed",
        ),
        (
            "jobs.dead_lettered",
            "count == 0",
            7.0,
            "7 of jobs's events were dead-lettered (0.7 % of 1,000), none allowed",
        ),
        (
            "http.answers.5xx",
            "rate < 1%",
            0.25,
            "25 % of http's answers were server errors (1 of 4) against 1 % allowed",
        ),
    ],
)
def test_missed_objectives_of_sources(quiet, path, expression, observed, sentence):
    missed = {"path": path, "expression": expression, "observed": observed, "success": False}
    http = {"received": 4, "answers": {"200": 3, "502": 1}, "answers_5xx": 1, "dead_lettered": 0, "dropped": 0}
    found = told(quiet, [missed], jobs=source(dropped=20), http=http | {"waiting": 0, "retries": 0})
    assert found == f"Missed: {sentence}."


def test_the_table_of_sources(quiet):
    gateway = {"received": 1000, "processed": 990, "latency": {"max": 812.0}}
    quiet.summary["sources"] = {"morning": {"requests": 5}, "jobs": source(waiting=3, dropped=20), "http": gateway}
    assert """
source  received  processed  waiting  dead letters  lost  oldest
jobs       1,000      1,000        3             0    20    75 s
http       1,000        990        -             -     -  812 ms
""" in summary_text(quiet)
    assert "| jobs | 1,000 | 1,000 | 3 | 0 | 20 | 75 s |" in summary_markdown(quiet)
    assert "morning" not in summary_text(quiet)


@pytest.mark.parametrize("width", [40, 50, 66, 80])
def test_every_line_of_it_fits(quiet, width):
    quiet.summary["sources"] = {f"a-long-name-of-a-queue-{i}" * 3: source(10**9, 10**9) for i in range(12)}
    text = summary_text(quiet, width=width)
    assert max(columns(line) for line in text.splitlines()) <= width
    assert "and 2 more sources" in text
