"""Nothing that a run says contradicts its own numbers: random experiments, and rules that find what was made wrong.

LAMBDASIM_EXAMPLES=8 checks a few hundred experiments instead of the first few dozen.
"""

import copy
import os
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from comparison_contradictions import contradictions as found_in_comparison
from contradictions import RULES, Rule, Told, contradictions
from eventful_experiments import eventful_experiment
from random_experiments import KINDS, random_experiment
from scipy.stats import binom
from search_contradictions import RESERVED, random_loss_system, refuted, titles_are_true_of_their_points
from search_contradictions import contradictions as found_in_search

import lambdasim as ls
from lambdasim.planning.compare import Comparison

NUMBERS = 48 * int(os.environ.get("LAMBDASIM_EXAMPLES", "1"))
TOGETHER = 12
"""Experiments of one test."""


@pytest.mark.parametrize("first", range(0, NUMBERS, TOGETHER))
def test_nothing_that_a_run_says_is_contradicted(first: int) -> None:
    found = {}
    for number in range(first, first + TOGETHER):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".* to settle")  # short runs are told to be short
            drawn = eventful_experiment if number % 2 else random_experiment
            result = drawn(number).run(seed=number, engine="simpy")
            found |= {number: said} if (said := contradictions(result)) else {}
    assert found == {}


def test_the_experiments_have_every_kind_of_source_and_no_two_are_one() -> None:
    some = [random_experiment(number) for number in range(3 * len(KINDS))]
    kinds = {str(source.type) for exp in some for source in exp.config.source.values()}
    assert kinds == set(KINDS)
    assert len({exp.with_({"name": "one"}).to_toml() for exp in some}) == len(some)
    assert random_experiment(7).to_toml() == random_experiment(7).to_toml()


class Changed:
    """A result whose summary was tampered with."""

    def __init__(self, result: ls.Result, change: Callable[[dict[str, Any]], object]) -> None:
        self._result = result
        self.summary = copy.deepcopy(result.summary)
        change(self.summary)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._result, name)


@pytest.fixture(scope="module")
def throttled() -> ls.Result:
    exp = ls.Experiment(
        functions={
            "api": {"duration": "exponential(mean=300ms)", "init": "constant(100ms)", "reserved_concurrency": 2},
            "worker": {"duration": "constant(20ms)", "init": "constant(100ms)", "errors": 0.1},
        },
        sources={"jobs": {"type": "sqs", "function": "worker"}, "http": {"type": "apigateway-rest", "function": "api"}},
        loads=[
            {"target": "http", "executor": "constant-arrival-rate", "rate": "10/s", "duration": "61s"},
            {"target": "jobs", "executor": "constant-arrival-rate", "rate": "3/s", "duration": "61s"},
        ],
        slo={"api.latency": ["p99 < 5s"]},
    )
    return exp.run(engine="simpy")


def test_the_rules_find_nothing_where_nothing_was_changed(throttled: ls.Result) -> None:
    assert contradictions(throttled) == []
    assert throttled.summary["functions"]["api"]["throttles"] > 10


def _at(summary: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    *keys, last = path.split("/")
    for key in keys:
        summary = summary[int(key) if key.isdigit() else key]
    return summary, last


def put(path: str, value: Any) -> Callable[[dict[str, Any]], object]:
    def change(summary: dict[str, Any]) -> None:
        of, key = _at(summary, path)
        of[key] = value

    return change


def add(path: str, amount: float) -> Callable[[dict[str, Any]], object]:
    def change(summary: dict[str, Any]) -> None:
        of, key = _at(summary, path)
        of[key] += amount

    return change


CHANGES = {
    "json_is_finite": put("account/latency/mean", float("nan")),
    "rates_are_shares": put("functions/api/throttle_rate", 1.01),
    "intervals_hold_their_means": put("account/throttle_rate", {"mean": 0.5, "ci": [0.6, 0.7]}),
    "rates_are_their_counts": add("functions/worker/errors", 1),
    "parts_are_within_wholes": put("functions/worker/cold_starts", 10**6),
    "throttles_sum_by_reason": add("functions/api/throttles", 1),
    "functions_sum_to_the_account": add("account/cold_starts", 1),
    "requests_run_or_do_not": add("functions/api/requests", 10**4),
    "deliveries_sum_by_fate": add("sources/jobs/processed", -1),
    "percentiles_rise": put("functions/api/latency/p95", 0.001),
    "times_are_of_something": put("functions/api/duration/p50", None),
    "levels_are_possible": put("functions/api/concurrency/max", 3),
    "the_bill_adds_up": add("cost/lines/0/usd", 0.01),
    "a_month_is_told_where_there_is_one": put("functions/api/cost/monthly", None),
    "objectives_are_what_was_observed": put("slo/0/observed", 1.5),
    "titles_are_true_of_their_data": add("account/throttles", 1),
    "titles_tell_their_sources": add("sources/http/answers/200", 5),
    "sentences_tell_the_summary": add("account/cold_starts", 5),
}
"""For each rule that reads numbers, a change of the summary that it finds."""


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.__name__ in CHANGES], ids=lambda rule: rule.__name__)
def test_a_rule_finds_what_it_is_for(rule: Rule, throttled: ls.Result) -> None:
    assert list(rule(Told(Changed(throttled, CHANGES[rule.__name__]))))  # type: ignore[arg-type]


SAID = {
    "verdict_of_nothing": "No request was throttled.",
    "fractions_in_words": "12 % of api's requests (30 of 200) were throttled",
}


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.__name__ in SAID], ids=lambda rule: rule.__name__)
def test_a_rule_finds_a_wrong_sentence(rule: Rule, throttled: ls.Result) -> None:
    told = Told(throttled)
    told.__dict__["verdict"] = SAID[rule.__name__]
    assert list(rule(told))


def test_a_page_that_says_something_else_is_found(throttled: ls.Result) -> None:
    told = Told(throttled)
    told.__dict__["pages"] = told.pages | {
        "page": told.pages["page"].replace(throttled.summary["verdict"], "All is well.")
    }
    [rule] = [rule for rule in RULES if rule.__name__ == "every_page_says_the_same"]
    assert [found for found in rule(told) if found.startswith("the page has no verdict")]


CHANGED = (
    {"function.checkout.memory": "2048 MB"}, {"function.checkout.duration": "constant(30ms)"}, {"load.scale": 2.0},
    {"account.free_tier": True}, {"function.checkout.init": "constant(2s)"},
)  # fmt: skip
"""What a comparison of a random experiment changes."""


def compared(number: int) -> Comparison | None:
    """Return a random experiment and one change, compared; None where AWS does not allow the change."""
    exp, change = random_experiment(number), CHANGED[number % len(CHANGED)]
    try:
        other = exp.with_(change)
    except ls.InputError:
        return None
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* to settle")
        return ls.compare(*(one.run(seed=number, engine="simpy") for one in (exp, other)))


def test_nothing_that_a_comparison_says_is_contradicted() -> None:
    every = [found for number in range(NUMBERS // 2) if (found := compared(number)) is not None]
    said = {found.before.summary["name"]: contradict for found in every if (contradict := found_in_comparison(found))}
    assert said == {}
    assert len(every) > NUMBERS // 3
    verdicts = " ".join(found.verdict for found in every)
    for words in ("falls by", "rises by", "stay the same", "Nothing differs"):
        assert words in verdicts


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ("nothing_is_nothing", "Nothing differs: every number is the same before and after."),
        ("moves_are_true", "p99 of api falls by 10 ms (from 100 ms to 110 ms)."),
        ("moves_are_true", "p99 of api rises by 20 ms (from 100 ms to 110 ms)."),
        ("what_is_not_sure_is_not", "A month costs the same. One replication each has no interval: run more."),
        ("what_is_not_sure_is_not", "No difference to be sure of in p99 of f: it changes by 1 ms."),
        ("objectives_turn", "f.throttles rate < 1% is no longer met."),
        ("every_page_says_the_same", "All is well."),
    ],
)
def test_a_rule_finds_what_a_comparison_has_wrong(rule: str, verdict: str) -> None:
    objective = {"f.throttles": ["rate < 99.9%"]}
    exp = random_loss_system(0).with_({"simulation.replications": 3, "slo": objective, RESERVED: 2})
    found = ls.compare(exp.run(), exp.with_({RESERVED: 8}).run())
    assert found_in_comparison(found) == []
    if rule == "every_page_says_the_same":
        found.__dict__["to_text"] = lambda: ""
    found.__dict__["verdict"] = verdict
    assert any(said.startswith(f"{rule}: ") for said in found_in_comparison(found))


SEARCHES = 4 * int(os.environ.get("LAMBDASIM_EXAMPLES", "1"))
LEVELS = [2, 4, 6, 8, 12, 16]


def test_nothing_that_a_search_says_is_contradicted_and_enough_is_enough_on_fresh_seeds() -> None:
    """The seeds are fixed. A search claims 95 %, and fresh runs refute at most what it had wrong: by the binomial
    distribution more than the limit have a probability below 0.1 % where each is wrong with 5 %.
    """
    wrong, against = [], []
    for number in range(SEARCHES):
        exp = random_loss_system(number)
        answers = [exp.capacity(over=RESERVED), exp.sweep({RESERVED: LEVELS})]
        answers.append(exp.optimize({RESERVED: LEVELS}, minimize="account.cost"))
        wrong += [f"{number}: {said}" for answer in answers for said in found_in_search(answer)]
        enough = answers[0].summary["passes"]
        if enough is not None and (said := refuted(exp, {RESERVED: enough})):
            against.append(said)
    assert wrong == []
    assert len(against) <= binom.isf(0.001, SEARCHES, 0.05), against


@pytest.mark.parametrize(
    ("rule", "path", "value"),
    [
        ("points_are_counted", "passing", 5),
        ("points_are_counted", "verdict", "None of 6 points meets every SLO."),
        ("what_is_found_passed", "best/point", 0),
        ("what_is_found_passed", "best/values", {RESERVED: 99}),
        ("json_is_finite", "best/cost_monthly", float("inf")),
        ("nothing_that_passes_is_cheaper", "best/point", 5),
    ],
)
def test_a_rule_finds_what_a_search_has_wrong(rule: str, path: str, value: Any) -> None:
    exp = random_loss_system(0).with_({"slo": {"f.throttles": ["rate < 30%"]}})
    answer = exp.sweep({RESERVED: LEVELS})
    assert found_in_search(answer) == []
    put(path, value)(answer.summary)
    assert any(f" {rule}: " in said for said in found_in_search(answer))


@pytest.mark.parametrize(
    "title",
    [
        "3 of 6 points meet every SLO; f.throttles.rate from 0 % to 10 %",
        "None of 6 points meets every SLO; f.throttles.rate from 0 % to 10 %",
        "Every SLO is met wherever it was tried, up to load scale 2",
    ],
)
def test_a_title_that_is_not_true_of_its_points_is_found(title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = random_loss_system(0).with_({"slo": {"f.throttles": ["rate < 30%"]}}).sweep({RESERVED: LEVELS})
    assert list(titles_are_true_of_their_points(answer)) == []
    assert answer.summary["passing"] == 4
    monkeypatch.setattr("search_contradictions.titles", lambda answer: {"sweep_1": title})
    assert list(titles_are_true_of_their_points(answer))
