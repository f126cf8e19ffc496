import pytest

import lambdasim as ls
from lambdasim.config.measurable import OF_KINDS, SCOPES
from lambdasim.report.verdict import RATES, TIMES, limit_value, parts, verdict


def slo(path, expression, observed, success):
    return {"path": path, "expression": expression, "observed": observed, "success": success}


@pytest.fixture
def quiet(make_result):
    return make_result(["api"], throttled=False)


def judged(result, *slos):
    return verdict(result.summary | {"slo": list(slos)}, result.config)


def test_every_time_and_rate_has_its_words_and_so_its_unit():
    metrics = {name: one.kind for of in (*SCOPES.values(), *OF_KINDS.values()) for name, one in of.items()}
    assert {name for name, kind in metrics.items() if kind == "time"} == set(TIMES)
    assert {name for name, kind in metrics.items() if kind == "events"} == set(RATES)


def test_errors_of_lambda_are_told_of_all_that_was_asked(quiet):
    quiet.summary["functions"]["api"] |= {"requests": 190, "retries": 10, "invocations": 150, "service_errors": 50}
    sentence = judged(quiet, slo("api.service_errors", "rate < 1%", 0.25, False))
    assert sentence == (
        "Missed: 25 % of api's requests were answered by an error of Lambda's own (50 of 200) against 1 % allowed."
    )


def test_met_objectives_name_the_one_nearest_to_its_limit(quiet):
    sentence = judged(
        quiet,
        slo("api.latency", "p50 < 120ms", 60.0, True),
        slo("api.latency", "p99 < 800ms", 731.2, True),
        slo("api.throttles", "rate < 0.1%", 0.0, True),
    )
    assert sentence == "No SLO missed: api's p99 latency was 731 ms against 800 ms allowed."


def test_a_missed_latency_says_so_with_the_cold_starts_that_reach_into_the_percentile(quiet):
    quiet.summary["functions"]["api"]["cold_start_rate"] = 0.021
    missed = slo("api.latency", "p99 < 800ms", 1234.0, False)
    assert judged(quiet, missed) == (
        "Missed: api's p99 latency was 1,234 ms against 800 ms allowed, with 2.1 % cold starts."
    )


def test_of_several_missed_objectives_the_first_is_told(quiet):
    sentence = judged(
        quiet,
        slo("api.latency", "p50 < 120ms", 60.0, True),
        slo("account.cost.monthly", "mean < 2500 USD", 4000.0, False),
        slo("api.cold_starts", "rate < 1%", 0.5, False),
    )
    assert sentence == "2 of 3 SLOs missed: a month costs $4,000 against $2,500 allowed."


def test_a_missed_throttle_rate_names_its_reason_and_the_remedy(make_result):
    result = make_result(["api"], limit=500)
    of = result.summary["functions"]["api"]
    missed = slo("api.throttles", "rate < 0.1%", of["throttle_rate"], False)
    assert judged(result, missed) == (
        "Missed: 5.62 % of api's requests were throttled (331,719 of 5,906,839) against 0.1 % allowed, most by "
        "ConcurrentInvocationLimitExceeded: concurrency stood at the account's 500; ask for a higher quota."
    )


def test_throttling_is_told_beside_objectives_that_were_met(make_result):
    result = make_result(["api"], limit=500)
    met = slo("api.latency", "p99 < 800ms", 700.0, True)
    first, second = judged(result, met).split(". Still, ")
    assert first == "No SLO missed: api's p99 latency was 700 ms against 800 ms allowed"
    assert second.startswith("5.62 % of api's requests were throttled")


def test_a_throttle_rate_that_is_allowed_is_told_once(make_result):
    result = make_result(["api"], limit=500)
    met = slo("api.throttles", "rate < 10%", result.summary["functions"]["api"]["throttle_rate"], True)
    assert judged(result, met) == (
        "No SLO missed: 5.62 % of api's requests were throttled (331,719 of 5,906,839) against 10 % allowed."
    )


@pytest.mark.parametrize(
    ("path", "expression", "observed", "told"),
    [
        (
            "api.errors",
            "count == 0",
            1.0,
            "Missed: 1 of api's invocations failed (0.00002 % of 5,000,000), none allowed.",
        ),
        ("api.throttles", "count <= 5", 0.0, "No SLO missed: none of api's requests was throttled against 5 allowed."),
        ("api.throttles", "count == 0", 0.0, "No SLO missed: none of api's requests was throttled."),
        ("api.requests", "count > 1000", 900.0, "Missed: api had 900 requests against more than 1000 allowed."),
        ("api.concurrency", "max <= 80", 60.0, "No SLO missed: api's concurrency peaked at 60 against 80 allowed."),
        ("api.environments", "mean < 9", 8.25, "No SLO missed: api's environments averaged 8.25 against 9 allowed."),
        (
            "account.claimed_concurrency",
            "max < 9",
            8.0,
            "the account's claimed concurrency peaked at 8 against 9 allowed.",
        ),
        ("account.cost", "mean < 3 USD", 2.5, "No SLO missed: the run costs $2.50 against $3.00 allowed."),
        ("api.cost", "mean < 3 USD", 4.0, "Missed: api costs $4.00 against $3.00 allowed."),
        (
            "api.provisioned.spillover",
            "count < 1",
            3.0,
            "Missed: api's provisioned spillover was 3 against 1 allowed.",
        ),
        (
            "api.provisioned.utilization_max",
            "max < 0.9",
            0.95,
            "Missed: api's provisioned utilization peaked at 0.95 against 0.9 allowed.",
        ),
        ("db.refusals", "count == 0", 7.0, "Missed: db refused 7 connections, none allowed."),
        ("db.refusals", "count == 0", 0.0, "No SLO missed: db refused no connections."),
        ("tax.refusals", "count == 0", 7.0, "Missed: tax refused 7 calls, none allowed."),
        ("db.connections", "max <= 80", 81.0, "Missed: db's connections peaked at 81 against 80 allowed."),
    ],
)
def test_counts_levels_and_costs_are_sentences(quiet, path, expression, observed, told):
    quiet.summary["functions"]["api"] |= {"invocations": 5_000_000, "errors": 1}
    if path.startswith(("db.", "tax.")):
        quiet.summary["downstreams"] = {"db": {"connections": {"max": 81}, "refusals": 7}, "tax": {"refusals": 7}}
    sentence = judged(quiet, slo(path, expression, observed, sentence_is_met(told)))
    assert sentence.endswith(told)


def sentence_is_met(told):
    return not told.startswith("Missed")


def test_an_objective_of_the_account_is_told_with_its_counts(quiet):
    quiet.summary["account"] |= {"invocations": 990, "throttles": 10, "retries": 0, "throttles_by_reason": {}}
    missed = slo("account.throttles", "rate < 0.1%", 0.01, False)
    assert judged(quiet, missed) == (
        "Missed: 1 % of the account's requests were throttled (10 of 1,000) against 0.1 % allowed."
    )


def test_nothing_of_nothing_is_not_the_nearest(quiet):
    sentence = judged(
        quiet,
        slo("api.latency", "p99 < 800ms", 600.0, True),
        slo("api.errors", "count == 0", 0.0, True),
    )
    assert sentence == "No SLO missed: api's p99 latency was 600 ms against 800 ms allowed."


def test_with_retries_attempts_are_counted_and_the_requests_given_up(make_result):
    result = make_result(["api"], limit=500)
    result.summary["functions"]["api"] |= {"retries": 9, "throttled_requests": 31}
    assert "5.62 % of api's attempts were throttled (331,719 of 5,906,839; 31 of 5,906,839 requests did not run)" in (
        judged(result)
    )


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (
            "ConcurrentInvocationLimitExceeded",
            "the account's 1,000 were all claimed, though 892 at most were used",
        ),
        ("FunctionInvocationRateLimitExceeded", "it needed new environments faster than Lambda adds them"),
        ("ReservedFunctionConcurrentInvocationLimitExceeded", "its reserved concurrency of 300 was full; raise it"),
        ("ReservedFunctionInvocationRateLimitExceeded", "its reserved concurrency of 300 allows 3,000 requests/s"),
        ("CallerRateLimitExceeded", "the account's 1,000 allow 10,000 requests/s; ask for a higher quota"),
    ],
)
def test_each_reason_has_its_remedy(make_result, reason, told):
    result = make_result(reserved={"api": 300})
    for of in result.summary["functions"].values():
        of["throttles_by_reason"] = {reason: of["throttles"]}
    sentence = judged(result)
    assert sentence.startswith("Throttled: 5.62 % of api's requests were throttled (331,719 of 5,906,839)")
    assert f", all by {reason}: {told}" in sentence
    assert sentence.endswith("; 2 other functions were throttled too.")


def test_a_function_that_was_never_refused_an_environment_had_too_many_requests(make_result):
    result = make_result(["api"])
    of = result.summary["functions"]["api"]
    of |= {"throttles_by_reason": {"FunctionInvocationRateLimitExceeded": of["throttles"]}, "cold_starts": 60}
    assert judged(result).endswith(
        "Exceeded: its requests rose by more than the 10,000/s that Lambda adds at once; ramp up slower."
    )
    of["cold_starts"] = 1000
    assert "it needed new environments faster" in judged(result)


def test_reserving_nothing_is_named(make_result):
    result = make_result(["api"], reserved={"api": 0})
    of = result.summary["functions"]["api"]
    of["throttles_by_reason"] = {"ReservedFunctionConcurrentInvocationLimitExceeded": of["throttles"]}
    assert judged(result).endswith(": its reserved concurrency is 0, which throttles all.")


def test_a_run_without_objectives_or_throttles_is_described(make_result):
    result = make_result(throttled=False)
    result.summary["functions"]["worker"]["latency"]["p99"] = 900.0
    assert judged(result) == (
        "No request was throttled: the slowest p99 latency was worker's with 900 ms, 0.0235 % of 10,054,069 "
        "invocations were cold starts, concurrency peaked at 892 of 1,000 and the run cost $10.05."
    )


def test_nothing_ran(make_result):
    assert judged(make_result(idle=True)) == "Nothing ran: the loads sent no request."


def test_an_interrupted_run_is_called_one(make_result):
    result = make_result(idle=True)
    result.summary |= {"incomplete": True, "simulated_s": 680.0}
    cut = "Interrupted, so this is of the 11.3 min that were simulated. "
    assert judged(result) == cut + "Nothing ran: the loads sent no request."
    result.summary["replications"] = 5
    assert judged(result) == "Interrupted, so this is of 5 runs. Nothing ran: the loads sent no request."


def test_what_a_database_refused_is_named(quiet):
    quiet.summary["functions"]["api"] |= {"invocations": 1_000, "errors": 910}
    quiet.summary["downstreams"] = {"db": {"connections": {"max": 1, "mean": 1.0}, "refusals": 910}}
    words = "db refused 910 connections, and 91 % of the invocations failed."
    assert judged(quiet) == f"Refused: {words}"
    kept = slo("api.latency", "p99 < 800ms", 731.2, True)
    assert judged(quiet, kept).endswith(f" Still, {words}")
    told = slo("api.errors", "rate < 95%", 0.91, True)
    assert "Still" not in judged(quiet, told)


def test_an_objective_without_data_says_so(quiet):
    missed = slo("api.latency", "p99 < 800ms", None, False)
    assert judged(quiet, missed) == "Missed: api.latency has no p99, for nothing was measured."
    throttled = slo("api.throttles", "rate < 1%", 1.0, False)
    assert judged(quiet, missed, throttled).startswith("2 of 2 SLOs missed: 100 % of api's requests were throttled")


def test_means_over_replications_are_read(quiet):
    quiet.summary["functions"]["api"]["latency"]["p99"] = {"mean": 700.0, "ci": [650.0, 750.0]}
    assert "p99 latency was 700 ms" in judged(quiet)


@pytest.mark.parametrize(
    ("limit", "value"),
    [("800ms", 800), ("1.5s", 1500), ("1h30m", 5_400_000), ("0.1%", 0.001), ("2500 USD", 2500), ("5", 5)],
)
def test_limits_are_in_the_units_of_the_summary(limit, value):
    assert limit_value(limit) == pytest.approx(value)


def test_parts_of_an_expression():
    assert parts("p99.9<=800ms") == ("p99.9", "<=", "800ms")


@pytest.mark.parametrize(
    ("expression", "observed", "allowed"),
    [
        ("count > 10", 10.0, "more than 10"),
        ("count >= 11", 10.0, "at least 11"),
        ("count < 10", 10.0, "less than 10"),
        ("count < 10", 12.0, "10"),
        ("count <= 10", 12.0, "10"),
    ],
)
def test_a_limit_that_was_only_reached_is_not_said_to_be_allowed(quiet, expression, observed, allowed):
    told = f"Missed: api had {observed:.0f} requests against {allowed} allowed."
    assert judged(quiet, slo("api.requests", expression, observed, False)) == told


GATEWAY = {"type": "apigateway-rest", "refused": 969, "delivered": 51, "received": 1020, "retries": 0,
           "answers": {"200": 51, "429": 969}}  # fmt: skip


def test_requests_that_api_gateway_refused_are_not_called_unthrottled(quiet):
    quiet.summary["sources"]["front"] = GATEWAY
    refused = "95 % of front's requests (969 of 1,020) were refused by API Gateway at its rate limit"
    assert judged(quiet) == f"Throttled: {refused}."
    met = slo("api.latency", "p99 < 800ms", 700.0, True)
    assert judged(quiet, met).endswith(f" Still, {refused}.")
    quiet.summary["sources"]["front"] = GATEWAY | {"type": "sqs"}
    assert judged(quiet).startswith("No request was throttled: ")


def test_a_sentence_keeps_the_values_that_it_tells(quiet):
    quiet.summary["sources"]["front"] = GATEWAY
    told = verdict(quiet.summary | {"slo": []}, quiet.config)
    values = {name: value for clause in told.clauses for name, value in clause.values.items()}
    assert values == {"rate": 0.95, "name": "front", "part": 969, "whole": 1020}
    assert told.clauses[0].template == "Throttled: {throttling}."


def test_a_reserved_concurrency_that_changed_is_told_as_such():
    result = ls.Experiment(
        functions={"f": {"duration": "constant(2s)", "init": "constant(10ms)", "reserved_concurrency": 1}},
        loads=[{"target": "f", "executor": "poisson", "rate": "2/s", "duration": "20s"}],
        change=[{"time": "10s", "set": {"function.f.reserved_concurrency": 0}}],
    ).run()
    assert "its reserved concurrency, 1 at first, was full; raise it" in verdict(result.summary, result.config)
