"""The verdict: the one sentence a run comes down to, with the number that summary.json holds.

In order of weight: the first service level objective that was missed, before those of which nothing was observed; else
the first that is undecided, with what would decide it; else the objective nearest to its limit; without objectives,
events that were lost, given up or left over, throttling with its main reason and the remedy; else what the run looked
like. Standard library only.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from lambdasim.config.qualifier import function_of
from lambdasim.config.slo import function_table
from lambdasim.model.events import REASON_NAMES, ThrottleReason
from lambdasim.model.rules import REQUESTS_PER_CONCURRENCY
from lambdasim.report.failures import FAILURE_SHARE, refused_by_downstream, refused_by_gateways, unprocessed
from lambdasim.report.sentences import Sentence, Worded, say
from lambdasim.report.words import count, money, number, percent, printable, significant
from lambdasim.units import NS_PER_MS, parse_duration, parse_fraction

Json = Mapping[str, Any]

TIMES = {
    "latency": "latency",
    "duration": "duration",
    "init_duration": "init duration",
    "restore_duration": "restore duration",
    "age": "age",
    "iterator_age": "iterator age",
    "executions": "execution time",
    "age_of_oldest": "age of the oldest",
    "async.age": "age of events",
    "borrow_wait": "wait for a connection",
}
RATES = {  # metric: (the count that it is the rate of, in words)
    "throttles": ("throttles", "{rate} of {name}'s {attempts} were throttled"),
    "cold_starts": ("cold_starts", "{rate} of {name}'s invocations were cold starts"),
    "errors": ("errors", "{rate} of {name}'s invocations failed"),
    "timeouts": ("timeouts", "{rate} of {name}'s invocations timed out"),
    "service_errors": ("service_errors", "{rate} of {name}'s requests were answered by an error of Lambda's own"),
    "dead_lettered": ("dead_lettered", "{rate} of {name}'s events were dead-lettered"),
    "dropped": ("dropped", "{rate} of {name}'s events were lost"),
    "answers.4xx": ("answers_4xx", "{rate} of {name}'s answers were client errors"),
    "answers.5xx": ("answers_5xx", "{rate} of {name}'s answers were server errors"),
}
QUEUES = ("sqs", "sqs-fifo")
COSTS = ("cost", "cost.monthly")
BOUNDS = {">": "more than ", ">=": "at least "}
"""What is said before a limit, by how it is compared; an upper one needs nothing unless it was just reached."""
CODES = {name: reason for reason, name in REASON_NAMES.items()}


def verdict(summary: Json, config: Any) -> str:
    """Return one sentence about a run; another where something was throttled although no objective was missed.

    ``summary`` is summary.json's object (its own verdict is not read), ``config`` the ``ExperimentConfig`` of the run.
    """
    cut = ""
    if summary.get("incomplete"):
        cut = say(
            "Interrupted, so this is of the {simulated_s:span} that were simulated. ",
            simulated_s=summary["simulated_s"],
        )
        if summary["replications"] > 1:
            cut = f"Interrupted, so this is of {count(summary['replications'])} runs. "
    return cut + _verdict(summary, config) + _uncertain(summary)


def _verdict(summary: Json, config: Any) -> str:
    slos = summary["slo"]
    missed = [slo for slo in slos if slo["success"] is False]
    undecided = [slo for slo in slos if slo["success"] is None]
    throttling = _throttling(summary, config) or _refusals(summary)
    refused = refused_by_downstream(summary)
    opening, events = unprocessed(summary)
    if missed:
        how = "Missed" if len(missed) == 1 else f"{len(missed)} of {len(slos)} SLOs missed"
        first = next((slo for slo in missed if slo["observed"] is not None), missed[0])
        return say("{how}: {finding}.", how=how, finding=_finding(first, summary, config))
    if undecided:
        how = "Undecided" if len(undecided) == 1 else f"{len(undecided)} of {len(slos)} SLOs undecided"
        finding = _finding(undecided[0], summary, config)
        return say("{how}: {finding}; {lacks}.", how=how, finding=finding, lacks=undecided[0]["lacks"])
    if slos:
        nearest = max(slos, key=_nearness)
        told = not throttling or nearest["path"].endswith(".throttles")
        still = events if events and not _tells(nearest) else "" if told else throttling
        still = still or ("" if nearest["path"].endswith((".refusals", ".errors")) else refused)
        finding = say("No SLO missed: {finding}.", finding=_finding(nearest, summary, config))
        return finding + (say(" Still, {still}.", still=still) if still else "")
    if events:
        lost = say("{opening}: {events}", opening=opening, events=events)
        return lost + (say("; {throttling}.", throttling=throttling) if throttling else ".")
    if throttling:
        return say("Throttled: {throttling}.", throttling=throttling)
    return say("Refused: {refused}.", refused=refused) if refused else _uneventful(summary, config)


def _finding(slo: Json, summary: Json, config: Any) -> str:
    """What was observed of one objective, against what it allows, and in how many runs."""
    words = _observation(slo, summary, config)
    level = percent(config.simulation.confidence)
    if kept := slo.get("kept"):
        words = words.replace(" against", " at worst against", 1) if " against" in words else f"{words} at worst"
        runs, (low, high) = kept["runs"], kept["share"]["ci"]
        if kept["count"] == runs:
            return f"{words}: kept in all of {runs:,} runs, so in {percent(low)} of all runs at least ({level})"
        share = f"{percent(low)} to {percent(high)} of all runs ({level}), where {percent(kept['needed'])} are asked"
        return f"{words}: kept in {kept['count']:,} of {runs:,} runs, so in {share}"
    if unseen := slo.get("unseen"):
        words += f": none in {unseen['runs']:,} runs, so in at most {percent(unseen['rate'])} of all"
        return f"{words}, and in at most {percent(unseen['share_of_runs'])} of all runs ({level})"
    return words


def _observation(slo: Json, summary: Json, config: Any) -> str:
    """What was observed of one objective, against what it allows."""
    subject, _, metric = slo["path"].partition(".")
    statistic, comparison, limit = parts(slo["expression"])
    name, observed = "the account" if subject == "account" else printable(subject), slo["observed"]
    at_limit = observed is not None and number(observed) == limit_value(limit)
    bound = "less than " if comparison == "<" and at_limit else BOUNDS.get(comparison, "")
    allowed = f"against {bound}{spaced(limit)} allowed"
    of = _table_of(subject, summary)
    if observed is None:
        return f"{printable(slo['path'])} has no {statistic}, for nothing was measured"
    if metric in TIMES:
        words: str = say(
            "{name}'s {statistic} {what} was {observed:ms} {allowed}",
            name=name, path=slo["path"], statistic=statistic, what=TIMES[metric], observed=observed, allowed=allowed,
        )  # fmt: skip
        cold = number(of.get("cold_start_rate", 0))
        tail = 1 - float(statistic[1:]) / 100 if re.fullmatch(r"p[\d.]+", statistic) else 1.0
        return words + (
            say(", with {cold_start_rate:percent} cold starts", name=subject, cold_start_rate=cold)
            if cold > tail and not slo["success"]
            else ""
        )
    if metric in RATES and statistic == "rate":
        part, sentence = RATES[metric]
        rate = Worded(observed, percent(observed))
        words = say(sentence, rate=rate, name=name, attempts=attempts(of))
        words += "" if slo.get("unseen") else _counted(of, part)
        why = _reason(subject, summary, config) if part == "throttles" and not slo["success"] else ""
        return words + f" {allowed}" + why
    if metric in COSTS:
        month = metric == "cost.monthly"
        whose = "the run" if subject == "account" else name
        if month:
            whose = "a month" if subject == "account" else f"a month of {name}"
        spent = marked(observed, of.get("cost", {}), currency(summary), month=month)
        return f"{whose} costs {spent} {allowed.replace(spaced(limit), money(limit_value(limit), currency(summary)))}"
    words = _number_of(name, metric, statistic, number(observed), {} if slo.get("kept") else of)
    if limit_value(limit) == 0 and not comparison.startswith(">"):
        return f"{words}, none allowed" if observed else words
    return f"{words} {allowed}"


def _table_of(subject: str, summary: Json) -> Json:
    """What a summary holds of the account, a function, a source, a load or a downstream."""
    if subject == "account":
        return summary["account"]  # type: ignore[no-any-return]
    if of := function_table(summary, subject):
        return of
    tables = (summary["sources"], summary.get("downstreams", {}))
    return next((table[subject] for table in tables if table.get(subject)), {})


def _number_of(name: str, metric: str, statistic: str, observed: float, of: Json) -> str:
    """A count or a level as a clause: how many of what, or how high it stood."""
    if metric in RATES:
        part, sentence = RATES[metric]
        words = sentence.format(rate=count(observed) if observed else "none", name=name, attempts=attempts(of))
        total = _whole(of, part) if of else 0.0
        whole = f" ({percent(observed / total)} of {count(total)})" if total and observed else ""
        return (words.replace(" were ", " was ") if observed in (0, 1) else words) + whole
    if metric in ("requests", "invocations"):
        return f"{name} had {count(observed)} {metric}"
    if metric == "refusals":
        what = "connections" if "connections" in of else "calls"
        return f"{name} refused {count(observed) if observed else 'no'} {what}"
    what = metric.removesuffix("_max").replace("_", " ").replace(".", " ")
    if statistic == "max" or metric.endswith("_max"):
        return f"{name}'s {what} peaked at {count(observed)}"
    if statistic == "count":
        return f"{name}'s {what} was {count(observed)}"
    return f"{name}'s {what} averaged {significant(observed)}"


def _tells(slo: Json) -> bool:
    """Whether an objective is about events that were not processed."""
    return bool(slo["path"].partition(".")[2] in ("dead_lettered", "dropped", "backlog", "age"))


def _throttling(summary: Json, config: Any) -> str:
    """Who was throttled most, why and what would help; nothing when nobody was."""
    functions = summary["functions"]
    throttled = [name for name in functions if number(functions[name]["throttles"]) > 0]
    if not throttled:
        return ""
    worst = max(throttled, key=lambda name: number(functions[name]["throttles"]))
    of, others = functions[worst], len(throttled) - 1
    rate = Worded(of["throttle_rate"], percent(of["throttle_rate"]))
    words = say(RATES["throttles"][1], rate=rate, name=printable(worst), attempts=attempts(of))
    words += _counted(of, "throttles")
    more = f"; {count(others)} other function{'s were' if others > 1 else ' was'} throttled too" if others else ""
    return words + _reason(worst, summary, config) + more


def _uncertain(summary: Json) -> str:
    """Say whose batches were throttled, of which AWS's page and what users report are not the same."""
    queues = {name: of for name, of in summary["sources"].items() if of.get("type") in QUEUES}
    throttles = {name: number(of.get("throttles", 0)) for name, of in queues.items()}
    worst = max(throttles, key=lambda name: throttles[name], default="")
    if not throttles.get(worst):
        return ""
    return say(" What becomes of {name}'s throttled batches is not certain: see on_throttle.", name=printable(worst))


def _refusals(summary: Json) -> str:
    """Which gateway refused most, without asking the function; nothing when none did."""
    refused = refused_by_gateways(summary)
    if not refused:
        return ""
    worst = max(refused, key=lambda name: refused[name])
    whole = refused[worst] + number(summary["sources"][worst]["delivered"])
    return say(
        "{rate:percent} of {name}'s requests ({part:count} of {whole:count}) were refused by API Gateway at its rate "
        "limit",
        rate=refused[worst] / whole,
        name=printable(worst),
        part=refused[worst],
        whole=whole,
    )


def attempts(of: Json) -> str:
    """What throttles are counted among: with retries a request is several attempts."""
    return "attempts" if number(of.get("retries", 0)) else "requests"


def _counted(of: Json, part: str) -> Sentence:
    """A rate's numerator and denominator, and how many requests did not run where callers retry."""
    words = say("{part:count} of {whole:count}", part=of[part], whole=_whole(of, part))
    if part == "throttles" and number(of["retries"]):
        words += say(
            "; {throttled_requests:count} of {requests:count} requests did not run",
            throttled_requests=of["throttled_requests"],
            requests=of["requests"],
        )
    return say(" ({counted})", counted=words)


def _whole(of: Json, part: str) -> float:
    """What a count is a part of."""
    if part in ("dead_lettered", "dropped"):
        return number(of["received"])
    if part in ("answers_4xx", "answers_5xx"):
        return float(sum(number(answered) for answered in of["answers"].values()))
    if part == "service_errors":
        return number(of["requests"]) + number(of["retries"])
    return number(of["invocations"]) + (number(of["throttles"]) if part == "throttles" else 0)


def _reason(subject: str, summary: Json, config: Any) -> str:
    """The commonest reason of a function's throttles and what would help against it."""
    of = _table_of(subject, summary)
    by_reason = of.get("throttles_by_reason", {})
    counts = {reason: number(n) for reason, n in by_reason.items() if number(n) > 0}
    if not counts:
        return ""
    reason = max(counts, key=lambda name: counts[name])
    return (
        f", {'all' if len(counts) == 1 else 'most'} by {reason}{_remedy(CODES.get(reason), subject, summary, config)}"
    )


def remedies(subject: str, summary: Json, config: Any) -> list[tuple[str, str]]:
    """Return each reason of a function's throttles, the commonest first, with what would help against it."""
    by_reason = (function_table(summary, subject) or {})["throttles_by_reason"]
    ranked = sorted((name for name, n in by_reason.items() if number(n) > 0), key=lambda name: -number(by_reason[name]))
    return [(name, _remedy(CODES.get(name), subject, summary, config)) for name in ranked]


def _remedy(reason: ThrottleReason | None, subject: str, summary: Json, config: Any) -> str:
    """What stood at which limit, and the change that would move it."""
    limit = config.account.concurrency
    function = config.function.get(function_of(subject), config.function.get("*"))
    reserved = function.reserved_concurrency if function is not None else None
    if reason is ThrottleReason.ACCOUNT_CONCURRENCY:
        used = number(summary["account"]["concurrency"]["max"])
        if used >= limit:
            return f": concurrency stood at the account's {count(limit)}; ask for a higher quota"
        claimed = f": the account's {count(limit)} were all claimed, though {count(used)} at most were used"
        return f"{claimed}; ask for a higher quota or reserve less"
    if reason is ThrottleReason.SCALING_RATE:
        if most := most_requests_added(subject, summary, config):
            return f": its requests rose by more than the {count(most)}/s that Lambda adds at once; ramp up slower"
        return ": it needed new environments faster than Lambda adds them; provision some or ramp up slower"
    path = f"function.{function_of(subject)}.reserved_concurrency"
    changed = any(path in change.get("set", ()) for change in summary.get("changes", ()))
    if reason is ThrottleReason.RESERVED_CONCURRENCY and reserved is not None and changed:
        return f": its reserved concurrency, {count(reserved)} at first, was full; raise it"
    if reason is ThrottleReason.RESERVED_CONCURRENCY and reserved == 0:
        return ": its reserved concurrency is 0, which throttles all"
    if reason is ThrottleReason.RESERVED_CONCURRENCY and reserved is not None:
        return f": its reserved concurrency of {count(reserved)} was full; raise it"
    if reason is ThrottleReason.RESERVED_RATE and reserved is not None:
        return f": its reserved concurrency of {count(reserved)} allows {count(10 * reserved)} requests/s; raise it"
    if reason is ThrottleReason.ACCOUNT_RATE:
        return f": the account's {count(limit)} allow {count(10 * limit)} requests/s; ask for a higher quota"
    return ""


def most_requests_added(subject: str, summary: Json, config: Any) -> int:
    """Return by how many requests/s a function may grow at once, if it was never refused an environment; else 0."""
    scaling, of = config.account.scaling, function_table(summary, subject)
    if scaling.policy != "per-function" or config.simulation.warmup or config.moments or of is None:
        return 0
    return REQUESTS_PER_CONCURRENCY * scaling.environments if number(of["cold_starts"]) < scaling.environments else 0


def _uneventful(summary: Json, config: Any) -> str:
    """A run without objectives and without throttles: the slowest function, cold starts, concurrency and cost."""
    functions = summary["functions"]
    ran = {name: f for name, f in functions.items() if number(f["invocations"]) > 0}
    if not ran:
        when = " after the warm-up" if config.simulation.warmup else ""
        return say("Nothing ran: the loads sent no request{when}.", when=when)
    invocations = sum(number(f["invocations"]) for f in ran.values())
    cold, failed = (sum(number(f[key]) for f in ran.values()) for key in ("cold_starts", "errors"))
    slowest = max(ran, key=lambda name: number(ran[name]["latency"]["p99"]))
    whose = "p99 latency was" if len(ran) == 1 else f"the slowest p99 latency was {printable(slowest)}'s with"
    opening, failures = say("No request was throttled: "), say("")
    if failed >= FAILURE_SHARE * invocations:
        opening = say(
            "Nothing was throttled, but {error_rate:percent} of the invocations failed: ",
            error_rate=failed / invocations,
        )
    elif failed:
        failures = say(", {error_rate:percent} failed", error_rate=failed / invocations)
    account, total = summary["account"], summary["cost"]["total"]
    return say(
        "{opening}{whose} {p99:ms}, {cold_start_rate:percent} of {invocations:count} invocations were cold "
        "starts{failures}, concurrency peaked at {peak:count} of {limit:count} and the run cost {total}.",
        opening=opening,
        whose=whose,
        p99=ran[slowest]["latency"]["p99"],
        cold_start_rate=cold / invocations,
        invocations=invocations,
        failures=failures,
        peak=account["concurrency"]["max"],
        limit=config.highest_concurrency,
        total=Worded(total, marked(total, summary["cost"], currency(summary))),
    )


def currency(summary: Json) -> str:
    """Return the currency that the bill's amounts are in."""
    cost = summary.get("cost")  # searches name a metric there, or nothing
    return str(cost.get("currency", "USD")) if isinstance(cost, Mapping) else "USD"


def marked(amount: Any, cost: Json, unit: str, *, month: bool = False) -> str:
    """Return an amount of a cost, ``~$1.87`` where prices of it are uncertain."""
    uncertain = number(cost.get("uncertain_monthly" if month else "uncertain"))
    return f"{'~' if uncertain > 0 else ''}{money(amount, unit)}"


def parts(expression: str) -> tuple[str, str, str]:
    """Split ``p99 < 800ms``, or that within ``P(...) >= 99%``, into statistic, comparison and limit."""
    if share := re.fullmatch(r"\s*P\s*\((.+)\)[^)]*", expression):
        expression = share[1]
    match = re.fullmatch(r"\s*(\S+?)\s*(<=|>=|==|<|>)\s*(.+?)\s*", expression)
    return (match[1], match[2], match[3]) if match else (expression, "", "")


def spaced(limit: str) -> str:
    """Return ``800 ms`` for ``800ms`` and ``0.1 %`` for ``0.1%``."""
    return re.sub(r"^([\d.]+)([A-Za-z%]+)$", r"\1 \2", limit)


def limit_value(limit: str) -> float:
    """Return a limit in the unit of summary.json: ms, 0..1, USD or a plain number; NaN when it is none of these."""
    try:
        if limit.endswith("%"):
            return parse_fraction(limit)
        return float(limit.removesuffix("USD")) if limit[-1:] in "0123456789D" else parse_duration(limit) / NS_PER_MS
    except ValueError:
        return math.nan


def _nearness(slo: Json) -> float:
    """How near an objective is to its limit: 1 is at the limit, 0 far from it, not measured, or nothing of nothing."""
    _, comparison, limit = parts(slo["expression"])
    observed, allowed = number(slo["observed"]), limit_value(limit)
    nothing = 1.0 if observed else 0.0
    share = (
        allowed / observed if comparison.startswith(">") and observed else observed / allowed if allowed else nothing
    )
    return share if share == share else 0.0
