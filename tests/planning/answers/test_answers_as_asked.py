"""Answers as they were asked for, each compared with one worked out by brute force from rows and single runs."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from random_experiments import random_experiment
from scipy import stats

import lambdasim as ls
from lambdasim.config.advice import advice
from lambdasim.config.answer import COMMANDS
from lambdasim.metrics.inference.intervals import Interval
from lambdasim.planning.answers import comparing
from lambdasim.planning.answers.choosing import choice, is_tied
from lambdasim.planning.answers.cold_starts import beside

FUNCTION = {"duration": "exponential(mean=200ms)", "init": "constant(300ms)"}


def load(target: str, rate: str, **more: Any) -> dict[str, Any]:
    return {"target": target, "name": f"to-{target}", "executor": "poisson", "rate": rate, "duration": "60s", **more}


def experiment(asks: str, functions: dict[str, Any], loads: list[Any], **tables: Any) -> ls.Experiment:
    answer = {"asks": asks} | tables.pop("answer", {})
    return ls.Experiment(functions=functions, loads=loads, answer=answer, **tables)


def rows_of(exp: ls.Experiment) -> pd.DataFrame:
    result = exp.with_({"output.requests": "all"}).run(engine="simpy")
    assert result.requests is not None
    return result.requests


def test_a_reason_is_told_of_every_function_that_is_throttled() -> None:
    functions = {
        "a": FUNCTION | {"reserved_concurrency": 3},
        "b": FUNCTION | {"reserved_concurrency": 2},
        "c": FUNCTION,
    }
    exp = experiment("reason", functions, [load("a", "20/s"), load("b", "20/s"), load("c", "5/s")])
    result = exp.run(engine="simpy")
    rows = rows_of(exp)
    throttled = rows[rows["status"] == "throttled"]
    counted = throttled.groupby("function", observed=True).size().to_dict()
    answer = result.summary["answer"]
    assert {one["name"]: one["throttles"] for one in answer["functions"]} == counted
    assert set(counted) == {"a", "b"}
    for one in answer["functions"]:
        assert sum(reason["throttles"] for reason in one["reasons"]) == counted[one["name"]]
        assert "raise it" in one["reasons"][0]["remedy"]
        assert f"{one['name']}: " in result.summary["verdict"]
        assert f"({counted[one['name']]:,})" in result.summary["verdict"]


def neighbours(left_out: str = "") -> ls.Experiment:
    functions = {"shop": FUNCTION, "noisy": FUNCTION, "calm": FUNCTION}
    rates = {"shop": "20/s", "noisy": "60/s", "calm": "10/s"}
    loads = [load(name, rate) for name, rate in rates.items() if name != left_out]
    tables: dict[str, Any] = {"account": {"concurrency": 20}, "simulation": {"replications": 3}}
    return experiment("neighbour", functions, loads, answer={"of": "shop"}, **tables)


def test_the_neighbour_is_who_is_missed_most_when_left_out() -> None:
    result = neighbours().run(engine="simpy")
    every = [one["functions"]["shop"]["throttles"] for one in result.replications]
    shares = {}
    for name in ("noisy", "calm"):  # really without that load
        left = neighbours(name).with_({"answer": {"asks": "reason"}}).run(engine="simpy")
        throttles = [one["functions"]["shop"]["throttles"] for one in left.replications]
        shares[name] = np.mean([1 - after / before for before, after in zip(every, throttles, strict=True)])
    answer = result.summary["answer"]
    assert answer["who"] == "noisy"
    assert answer["share"]["mean"] == pytest.approx(shares["noisy"])
    assert {name: share["mean"] for name, share in answer["shares"].items()} == pytest.approx(shares)
    assert answer["tied"] == []
    assert result.summary["verdict"].startswith("noisy is the noisy neighbour: without it shop has ")


def test_a_sweep_of_suspects_offers_to_contain_the_neighbour() -> None:
    exp = neighbours().with_({"account.concurrency": 200, "load.to-noisy.rate": "600/s", "simulation.replications": 1})
    result = exp.sweep({"account.concurrency": [200]})
    (one,) = result.summary["what_to_change"]
    ceiling = one["set"]["function.noisy.reserved_concurrency"]
    peak = exp.run(engine="simpy").summary["functions"]["noisy"]["concurrency"]["max"]
    assert ceiling == max(1, -(-peak // 2))
    assert "cheapest" not in result.summary["verdict"]
    changed = exp.with_({"function.noisy.reserved_concurrency": ceiling, "answer": {"asks": "reason"}})
    after = changed.run(engine="simpy").summary["functions"]["calm"]["throttle_rate"]
    better = {of["path"]: of["after"] for of in one["better"]}
    assert better["calm.throttles.rate"] == pytest.approx(after)
    assert "calm.throttles.rate" in str(result)


def test_without_throttles_there_is_no_neighbour() -> None:
    answer = neighbours().with_({"account.concurrency": 1000}).run(engine="simpy").summary["answer"]
    assert (answer["who"], answer["share"]) == (None, None)


def test_two_neighbours_who_throttle_alike_are_a_tie() -> None:
    functions = {"shop": FUNCTION, "one": FUNCTION, "two": FUNCTION}
    loads = [load(name, "25/s") for name in functions]
    tables: dict[str, Any] = {"account": {"concurrency": 18}, "simulation": {"replications": 4}}
    result = experiment("neighbour", functions, loads, answer={"of": "shop"}, **tables).run(engine="simpy")
    who, *tied = (result.summary["answer"]["who"], *result.summary["answer"]["tied"])
    assert {who, *tied} == {"one", "two"}
    assert "cannot be told apart" in result.summary["verdict"]


def test_cold_starts_are_counted_and_p99_is_told_without_them() -> None:
    function = FUNCTION | {"init": "constant(2s)", "idle_timeout": "constant(1s)"}
    exp = experiment("cold-starts", {"f": function}, [load("f", "3/s")])
    answer = exp.run(engine="simpy").summary["answer"]
    rows = rows_of(exp)
    assert answer["cold_starts"] == (rows["start"] == "cold").sum()
    assert answer["rate"] == pytest.approx((rows["start"] == "cold").mean())
    without = rows_of(exp.with_({"function.f.init": "constant(0s)"}))
    ms = np.sort(without["latency_ms"].to_numpy())
    assert answer["p99_without"] == pytest.approx(ms[int(np.ceil(0.99 * len(ms))) - 1], rel=4e-3)
    assert answer["difference"] == pytest.approx(answer["p99_without"] - answer["p99"])


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (None, ", and the same without them"),
        (Interval(0.0, 0.0, 0.0), ", and the same without them"),
        (Interval(-190.0, -411.0, 32.0), " and would be {least} without them, which may be chance"),
        (Interval(-190.0, -211.0, -169.0), " and would be {least} without them"),
    ],
)
def test_what_p99_would_be_is_told_even_where_it_may_be_chance(more: Interval | None, told: str) -> None:
    assert beside(more) == told


OVER = "function.f.provisioned.concurrency"


def test_break_even_is_where_the_cost_equals_that_of_none() -> None:
    function = FUNCTION | {"memory": "2048 MB", "provisioned": {"concurrency": 0}}
    tables: dict[str, Any] = {"simulation": {"replications": 3}, "answer": {"over": OVER}}
    exp = experiment("break-even", {"f": function}, [load("f", "30/s")], **tables)
    answer = exp.run(engine="simpy").summary["answer"]
    plain = exp.with_({"answer": {"asks": "reason"}})
    costs = []
    for value in range(12):
        of = plain.with_({OVER: value}).run(engine="simpy").replications
        costs.append([one["account"]["cost"]["monthly"] for one in of])
    excess = (np.array(costs, float) - np.array(costs[0], float)).T  # by pair and value
    zeros = []
    for pair in excess:
        last = np.flatnonzero(pair < 0)[-1]
        zeros.append(last - pair[last] / (pair[last + 1] - pair[last]))
    assert answer["at"]["mean"] == pytest.approx(np.mean(zeros), abs=0.02)
    low, high = stats.t.interval(0.95, 2, np.mean(zeros), stats.sem(zeros))
    assert answer["at"]["ci"] == pytest.approx([low, high], abs=0.1)
    assert answer["cheapest"]["saves"]["mean"] <= -excess.mean(axis=0).min() + 1e-9
    least, ties = answer["cheapest"]["value"], answer["cheapest"]["ties"]
    apart = {value: stats.ttest_1samp(excess[:, value] - excess[:, least], 0).pvalue for value in (1, 2, 4, 8)}
    assert {value for value in ties if value in apart} == {v for v, p in apart.items() if v != least and p >= 0.05}


def test_what_is_never_busy_never_pays() -> None:
    function = FUNCTION | {"memory": "2048 MB", "provisioned": {"concurrency": 0}}
    exp = experiment("break-even", {"f": function}, [load("f", "0.2/s")], answer={"over": OVER})
    result = exp.run(engine="simpy")
    assert result.summary["answer"]["at"] is None
    assert "does not pay at any value" in result.summary["verdict"]


def queue(**keys: Any) -> ls.Experiment:
    source = {"type": "sqs", "function": "f", "batch_size": 1, "visibility_timeout": "10s", "max_receive_count": 2}
    source |= {"dead_letter_queue": "dead"} | keys
    function = {"duration": "constant(3s)", "timeout": "10s", "init": "constant(100ms)", "reserved_concurrency": 2}
    return experiment("dead-letters", {"f": function}, [load("q", "3/s")], sources={"q": source}, answer={"of": "q"})


def test_good_messages_are_those_that_room_would_have_saved() -> None:
    exp = queue(poison=0.05)
    answer = exp.run(engine="simpy").summary["answer"]
    events = exp.with_({"output.requests": "all"}).run(engine="simpy").events
    assert events is not None
    dead = int((events["destination"] == "delivered").sum())
    roomy = {"function.f.reserved_concurrency": 500, "answer": {"asks": "reason"}}
    bad = exp.with_(roomy).run(engine="simpy").summary["sources"]["q"]["dead_lettered"]
    assert answer["dead_lettered"] == dead > bad > 0
    assert answer["good"] == dead - bad
    assert [one["path"] for one in answer["advice"]] == ["source.q.visibility_timeout", "source.q.max_receive_count"]


def test_no_good_message_is_lost_where_pollers_wait() -> None:
    result = queue(maximum_concurrency=2).run(engine="simpy")
    assert result.summary["answer"]["good"] == 0
    assert result.summary["verdict"].startswith("No, no good message of q was dead-lettered")


def test_the_age_is_that_of_the_oldest_event_and_what_was_lost_is_counted() -> None:
    function = FUNCTION | {"reserved_concurrency": 1, "async": {"maximum_event_age": "60s"}}
    tables: dict[str, Any] = {"sources": {"q": {"type": "async-invoke", "function": "f"}}}
    exp = experiment("age", {"f": function}, [load("q", "9/s")], **tables)
    result = exp.run(engine="simpy")
    events = exp.with_({"output.requests": "all"}).run(engine="simpy").events
    assert events is not None
    left = events[events["fate"] != "stays"]
    answer = result.summary["answer"]
    assert answer["received"] == len(left)
    lost = left[left["fate"].isin(["exhausted", "aged-out"])]
    assert answer["lost"] == len(lost) > 0
    assert answer["age"]["max"] == pytest.approx(float((left["ended_ns"] - left["sent_ns"]).max()) / 1e6, rel=1e-6)


def test_connections_are_those_of_all_environments_that_there_would_be() -> None:
    function = FUNCTION | {"uses": [{"downstream": "db"}]}
    tables: dict[str, Any] = {"downstream": {"db": {"type": "database", "max_connections": 5}}}
    exp = experiment("connections", {"f": function}, [load("f", "40/s")], **tables)
    answer = exp.run(engine="simpy").summary["answer"]
    free = exp.with_({"downstream.db.max_connections": 10_000, "answer": {"asks": "reason"}}).run(engine="simpy")
    assert answer["needed"] == free.summary["functions"]["f"]["environments"]["max"] > 5
    assert answer["allowed"] == 5
    assert answer["refused"] > 0


def test_the_bill_is_of_the_whole_path() -> None:
    gateway = {"type": "apigateway-rest", "function": "f"}
    exp = experiment("bill", {"f": FUNCTION}, [load("http", "10/s")], sources={"http": gateway})
    result = exp.run(engine="simpy")
    answer = result.summary["answer"]
    lines = result.cost[result.cost["of"] == "month"]
    assert answer["monthly"] == pytest.approx(lines["usd"].sum())
    unsure = set(lines.loc[lines["certainty"] == "uncertain", "function"])
    assert ("costs ~$" in result.summary["verdict"]) == bool(unsure)
    assert (" http ~$" in result.summary["verdict"]) == ("http" in unsure)
    logs = lines["item"].str.startswith("logs")
    own = lines[~logs].groupby("function")["usd"].sum().to_dict() | {"logs": lines[logs]["usd"].sum()}
    assert {one["owner"]: one["usd"] for one in answer["path"]} == pytest.approx(own)
    warm = exp.with_({"function.f.init": "constant(0s)", "answer": {"asks": "reason"}}).run(engine="simpy")
    assert answer["adds"]["init"] == pytest.approx(result.summary["cost"]["monthly"] - warm.summary["cost"]["monthly"])


def test_a_drain_is_timed_and_said_to_pay_or_not() -> None:
    source = {"type": "sqs", "function": "f", "batch_size": 10}
    burst = load("q", "1000/s", executor="constant-arrival-rate", duration="1s")
    function = {"duration": "constant(2s)", "init": "constant(100ms)"}
    tables: dict[str, Any] = {"sources": {"q": source}, "billing": {"repeats": "1/h"}}
    exp = experiment("drain", {"f": function}, [burst], simulation={"duration": "1h"}, **tables)
    faster = exp.with_({"source.q.provisioned_pollers": {"minimum": 20, "maximum": 20}})
    found = ls.compare(exp.run(engine="simpy"), faster.run(engine="simpy"))
    events = [one.with_({"output.requests": "all"}).run(engine="simpy").events for one in (exp, faster)]
    ends = [float(rows["ended_ns"].max()) / 1e9 for rows in events if rows is not None]
    answer = found.to_json()["answer"]
    # drained is when the last message begins to be processed, so a batch's 2 s before the last end
    assert [answer["before_s"], answer["after_s"]] == pytest.approx([end - 2 for end in ends], abs=0.2)
    assert answer["sooner_s"] == pytest.approx(answer["before_s"] - answer["after_s"])
    assert answer["pays"] is (answer["cost"] <= 0)
    assert "sooner" in found.verdict
    assert "with provisioned pollers after" in found.verdict


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("source.jobs.provisioned_pollers.minimum", "provisioned pollers"),
        ("function.f.memory", "memory"),
        ("function.f.async.dead_letter_queue", "async"),
        ("account.concurrency", "concurrency"),
        ("load.0.rate", "rate"),
    ],
)
def test_what_a_comparison_changes_is_called_by_its_key(path: str, words: str) -> None:
    assert comparing._key(path) == words


@pytest.mark.parametrize(("retries", "worse"), [(3, True), (0, None)])
def test_an_incident_is_worse_where_a_harm_is_greater_for_certain(retries: int, worse: bool | None) -> None:
    client = {"retries": retries, "backoff": "exponential(base=100ms, max=1s, jitter=full)"}
    gateway = {"type": "apigateway-rest", "function": "f", "client": client}
    exp = experiment(
        "incident", {"f": FUNCTION}, [load("http", "30/s")], sources={"http": gateway},
        account={"concurrency": 4}, simulation={"replications": 4},
    )  # fmt: skip
    calm = exp.with_({"source.http.client.retries": 0})
    found = ls.compare(exp.run(engine="simpy"), calm.run(engine="simpy"))
    answer = found.to_json()["answer"]
    assert answer["worse"] is worse
    for one in answer["by"]:
        name, rate = one["path"].split(".")
        scope = "sources" if name == "http" else "functions"
        pairs = [
            was[scope][name][rate] - now[scope][name][rate]
            for was, now in zip(found.before.replications, found.after.replications, strict=True)
        ]
        low, high = stats.t.interval(0.95, len(pairs) - 1, np.mean(pairs), stats.sem(pairs))
        assert one["difference"]["mean"] == pytest.approx(np.mean(pairs))
        assert one["difference"]["ci"] == pytest.approx([low, high])


def choosing() -> ls.Experiment:
    source = {"type": "sqs", "function": "f", "batch_size": 10, "visibility_timeout": "30s"}
    function = {"duration": "constant(500ms)", "timeout": "5s", "init": "constant(100ms)"}
    over = {"source.q.visibility_timeout": ["5s", "30s", "30s"], "function.f.memory": ["128 MB", "129 MB", "512 MB"]}
    tables: dict[str, Any] = {"slo": {"q.age": ["max < 10min"]}, "sources": {"q": source}}
    tables["sweep"] = {"design": "list", "over": over}
    return experiment("choice", {"f": function}, [load("q", "10/s")], **tables)


def test_of_points_that_cost_the_same_the_one_that_follows_advice_is_chosen() -> None:
    exp = choosing()
    found = exp.sweep()
    answer = found.summary["answer"]
    assert answer["values"] == {"source.q.visibility_timeout": "30s", "function.f.memory": "129 MB"}
    assert answer["advice"] == []
    [tie] = answer["ties"]
    assert tie["values"]["source.q.visibility_timeout"] == "5s"
    assert [one["path"] for one in tie["advice"]] == ["source.q.visibility_timeout"]
    costs = found.points.set_index("point")["account.cost.monthly"]
    both = [costs[n] for n in (found.summary["best"]["point"], found.summary["best"]["safer_than"])]
    assert tie["difference"] == pytest.approx(both[1] - both[0])
    assert is_tied(both[1] - both[0], both[1] - both[0], both[1] - both[0], both[0])
    assert "is a tie" in found.summary["verdict"]
    assert "of those that cost least the one that keeps most of AWS's advice" in found.summary["verdict"]


def test_a_tie_that_fresh_runs_did_not_confirm_says_so() -> None:
    exp, best = choosing(), {"values": {"function.f.memory": "128 MB"}, "cost_monthly": 2.0}
    tie = {"values": {"function.f.memory": "129 MB"}, "of": "account.cost.monthly", "difference": 0.01, "advice": []}
    for unsure in (False, True):
        told = choice("choice", exp.config, {"best": best}, [tie | {"unsure": unsure}]).sentence
        assert told.endswith(
            "is a tie (account.cost.monthly: $0.01 more)"
            + unsure * ", but fresh runs do not show that it meets every SLO"
            + "."
        )


def test_a_choice_whose_cost_differs_by_more_is_no_tie() -> None:
    assert is_tied(1.0, 0.5, 1.5, 200.0)
    assert not is_tied(3.0, 2.5, 3.5, 200.0)
    assert is_tied(3.0, -0.5, 6.5, 200.0)


def test_a_split_leaves_the_rest_unreserved() -> None:
    functions = {
        "a": FUNCTION | {"reserved_concurrency": 10},
        "b": FUNCTION | {"reserved_concurrency": 7},
        "c": FUNCTION,
    }
    over = {"function.a.reserved_concurrency": [10, 30]}
    tables: dict[str, Any] = {
        "slo": {"a.throttles": ["rate < 1%"]},
        "sweep": {"over": over},
        "account": {"concurrency": 200},
    }
    exp = experiment("split", functions, [load("a", "50/s")], **tables)
    found = exp.sweep()
    assert found.summary["answer"]["values"] == {"function.a.reserved_concurrency": 30}
    assert found.summary["answer"]["unreserved"] == 200 - 30 - 7
    assert "163 stay unreserved for the other 1." in found.summary["verdict"]


def test_a_quota_is_the_one_that_passed() -> None:
    tables: dict[str, Any] = {"slo": {"a.throttles": ["rate < 1%"]}, "account": {"concurrency": 200}}
    found = experiment("quota", {"a": FUNCTION}, [load("a", "20/s")], **tables).capacity(over="account.concurrency")
    assert found.summary["answer"]["at"] == found.summary["passes"]
    assert found.summary["verdict"].startswith(f"Request a concurrency quota of {found.summary['passes']}.")


def test_what_to_change_is_tried_on_the_same_requests() -> None:
    result = queue().with_({"slo": {"q.dead_lettered": ["count == 0"]}}).run(engine="simpy")
    changes = result.summary["what_to_change"]
    assert 1 <= len(changes) <= 3
    first = changes[0]
    assert first["set"] == {"source.q.maximum_concurrency": 2}
    assert first["success"] is True
    for one in changes:
        again = queue().with_({**one["set"], "answer": {"asks": "reason"}}).run(engine="simpy").summary
        [objective] = one["slo"]
        assert objective["before"] == result.summary["sources"]["q"]["dead_lettered"]
        assert objective["after"] == again["sources"]["q"]["dead_lettered"]
        assert one["cost"] == pytest.approx(again["cost"]["total"] - result.summary["cost"]["total"])  # unlike months
    assert "What to change:" in str(result)


def test_a_change_that_harms_what_has_no_objective_says_so() -> None:
    function = FUNCTION | {"uses": [{"downstream": "db"}]}
    tables: dict[str, Any] = {"downstream": {"db": {"type": "database", "max_connections": 5}}}
    tables["slo"] = {"db.refusals": ["count == 0"]}
    exp = experiment("connections", {"f": function}, [load("f", "40/s")], **tables)
    [first, *_] = exp.run(engine="simpy").summary["what_to_change"]
    assert first["set"] == {"function.f.reserved_concurrency": 5}
    assert [one["path"] for one in first["worse"]] == ["f.throttles.rate"]


def test_advice_is_quoted_where_it_is_not_followed() -> None:
    assert [one.path for one in advice(queue().config)] == ["source.q.visibility_timeout", "source.q.max_receive_count"]
    safe = queue(visibility_timeout="60s", max_receive_count=5, maximum_concurrency=2)
    assert advice(safe.config) == []
    more = queue(visibility_timeout="60s", max_receive_count=5, maximum_concurrency=3)
    [found] = advice(more.config)
    assert (found.path, found.remedy) == ("function.f.reserved_concurrency", 3)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"asks": "reasn"}, "unknown value 'reasn'; did you mean 'reason'?"),
        ({"asks": "age", "of": "g"}, "no function, source or downstream is named 'g'"),
        ({"asks": "break-even"}, "is missing; name what is varied"),
        ({"asks": "age", "over": "function.f.memory"}, "has no effect where 'age' is asked"),
        ({}, "is missing"),
    ],
)
def test_a_wrong_answer_table_is_refused(answer: dict[str, str], message: str) -> None:
    with pytest.raises(ls.InputError, match=message.replace("?", r"\?")):
        ls.Experiment(functions={"f": FUNCTION}, loads=[load("f", "1/s")], answer=answer)


@pytest.mark.parametrize("asks", [asks for asks, commands in COMMANDS.items() if "run" in commands])
@pytest.mark.parametrize("number", [0, 1, 4])
def test_any_question_can_be_asked_of_any_experiment(asks: str, number: int) -> None:
    """What an experiment has not is said in a sentence, or refused in one; the summary stays JSON."""
    exp = random_experiment(number)
    function = next(iter(exp.config.function))
    over = {"answer.over": f"function.{function}.provisioned.concurrency"} if asks == "break-even" else {}
    lacking = {
        "connections": not exp.config.downstream and "there is no downstream",
        "deploy": "there is no deployment",
    }
    if message := lacking.get(asks):
        with pytest.raises(ls.InputError, match=message):
            exp.with_({"answer.asks": asks})
        return
    asked = exp.with_({"answer.asks": asks, **over})
    if asks == "break-even" and number == 1:  # whose account has no room
        with pytest.raises(ls.InputError, match=r"cannot be varied from 0 on: .* unreserved"):
            asked.run(seed=number, engine="simpy")
        return
    result = asked.run(seed=number, engine="simpy")
    json.dumps(result.summary, allow_nan=False)
    assert result.summary["answer"]["asks"] == asks
    assert result.summary["verdict"]
