"""What a run says, compared with its own summary and with arithmetic: one rule a function.

A rule takes a :class:`Told` and yields a sentence for each contradiction that it finds.
"""

import json
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from itertools import pairwise
from typing import Any, Final

import lambdasim as ls
from lambdasim.config.slo import observe
from lambdasim.model.events import REASON_NAMES
from lambdasim.report import content
from lambdasim.report.figures import figures_of
from lambdasim.report.html import page
from lambdasim.report.run_document import RunFiles, run_document
from lambdasim.report.sentences import Clause, Sentence, clauses_of
from lambdasim.report.text import summary_markdown
from lambdasim.report.verdict import limit_value, parts, verdict
from lambdasim.report.words import milliseconds, money, number, percent

Rule = Callable[["Told"], Iterator[str]]
COMPARED: Final = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq}
TOLERANCE: Final = 1e-9
TIMES: Final = ("latency", "duration", "init_duration", "age", "iterator_age", "executions")
QUANTILES: Final = ("p50", "p90", "p95", "p99", "p99.9", "max")
SUMMED: Final = ("requests", "invocations", "throttles", "throttled_requests", "retries", "errors", "timeouts",
                 "crashes", "out_of_memory", "cold_starts", "in_flight")  # fmt: skip


@dataclass(frozen=True)
class Told:
    """A run and everything that is said of it."""

    result: ls.Result

    @cached_property
    def summary(self) -> Mapping[str, Any]:
        return self.result.summary

    @property
    def single(self) -> bool:
        return bool(self.summary["replications"] == 1)

    @cached_property
    def verdict(self) -> Sentence:
        """With its clauses, which the summary's verdict has lost where a sentence was added to it."""
        return verdict(self.summary, self.result.config)

    @cached_property
    def titles(self) -> dict[str, str]:
        return {name: plot.draw(self.result).finding for name, plot in figures_of(self.result).items()}

    @cached_property
    def pages(self) -> dict[str, str]:
        """Text, Markdown and page, their white space joined and their escapes undone."""
        shown = {"text": str(self.result), "Markdown": summary_markdown(self.result)}
        manifest = {"reproduce": "", "packages": {}, "lambdasim": "", "python": "", "inputs": {}, "quotas_read": "",
                    "prices_published": ""}  # fmt: skip
        html = page(run_document(RunFiles(self.summary, self.result.config, manifest, [], "")))
        shown["page"] = unescape(re.sub(r"<[^>]+>", " ", html))
        return {name: " ".join(text.replace("\\", "").split()) for name, text in shown.items()}

    @cached_property
    def owners(self) -> dict[str, Mapping[str, Any]]:
        """What counts requests: the account, functions, sources and loads."""
        return {"account": self.summary["account"], **self.summary["functions"], **self.summary["sources"]}

    @cached_property
    def clauses(self) -> list[tuple[str, Clause]]:
        """Every clause of every sentence, with where it stands."""
        every: dict[str, str] = {
            "verdict": self.verdict,
            "account": content.account(self.summary, self.result.config),
            "bill": content.bill(self.summary).total,
            **{f"title of {name}": title for name, title in self.titles.items()},
        }
        return [(where, clause) for where, said in every.items() for clause in clauses_of(said)]


def differs(one: float, other: float, tolerance: float = TOLERANCE) -> bool:
    return not math.isclose(one, other, rel_tol=tolerance, abs_tol=1e-12)


def _leaves(of: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(of, Mapping):
        for key, value in of.items():
            yield from _leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(of, list | tuple):
        for i, value in enumerate(of):
            yield from _leaves(value, f"{path}.{i}")
    else:
        yield path, of


# numbers


def json_is_finite(told: Told) -> Iterator[str]:
    """Every number of the summary is one that JSON has."""
    try:
        json.dumps(told.summary, allow_nan=False)
    except ValueError:
        yield from (f"{p} is {v}" for p, v in _leaves(told.summary) if isinstance(v, float) and not math.isfinite(v))


def rates_are_shares(told: Told) -> Iterator[str]:
    """Rates lie from 0 to 1, their intervals too; counts, levels and amounts are not negative."""
    for path, value in _leaves({key: told.summary[key] for key in ("account", "functions", "sources", "cost")}):
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if value < 0:
            yield f"{path} is {value}"
        if re.search(r"_rate(\.(mean|ci\.\d))?$", path) and value > 1:
            yield f"{path} is {value}"


def intervals_hold_their_means(told: Told) -> Iterator[str]:
    """An interval has its mean in it."""

    def visit(of: Any, path: str) -> Iterator[str]:
        if isinstance(of, Mapping):
            if "ci" in of and "mean" in of and of["mean"] is not None and of["ci"] is not None:
                low, high = of["ci"]
                if not low <= of["mean"] * (1 + TOLERANCE) or not of["mean"] <= high * (1 + TOLERANCE):
                    yield f"{path}: {of['mean']} is outside {low} to {high}"
            for key, value in of.items():
                yield from visit(value, f"{path}.{key}")

    yield from visit({key: told.summary[key] for key in ("account", "functions", "sources")}, "")


def rates_are_their_counts(told: Told) -> Iterator[str]:
    """A rate is its count over what it is of."""
    for name, of in told.owners.items():
        wholes = {
            "throttle_rate": ("throttles", number(of["throttles"]) + number(of["invocations"])),
            "cold_start_rate": ("cold_starts", number(of["invocations"])),
            "error_rate": ("errors", number(of["invocations"])),
            "timeout_rate": ("timeouts", number(of["invocations"])),
        } | {f"{part}_rate": (part, number(of["received"])) for part in ("dead_lettered", "dropped") if part in of}
        for rate, (part, whole) in wholes.items():
            expected = number(of[part]) / whole if whole else 0.0
            if differs(number(of[rate]), expected):
                yield f"{name}.{rate} is {number(of[rate])}, but {number(of[part])} of {whole} is {expected}"


def parts_are_within_wholes(told: Told) -> Iterator[str]:
    """What happened to invocations happened to no more than there were."""
    for name, of in told.owners.items():
        for part, whole in (
            ("cold_starts", "invocations"), ("errors", "invocations"), ("timeouts", "errors"), ("crashes", "errors"),
            ("out_of_memory", "errors"), ("throttled_requests", "requests"), ("throttled_requests", "throttles"),
            ("in_flight", "requests"), ("delivered", "received"), ("processed", "received"), ("waiting", "received"),
            ("failed", "delivered"),
        ):  # fmt: skip
            if part == "delivered" or part not in of or whole not in of:
                continue
            if number(of[part]) > number(of[whole]) * (1 + TOLERANCE):
                yield f"{name}: {part} {number(of[part])} of {whole} {number(of[whole])}"


def throttles_sum_by_reason(told: Told) -> Iterator[str]:
    """Throttles are those of all reasons."""
    for name, of in told.owners.items():
        reasons = sum(number(n) for n in of["throttles_by_reason"].values())
        if differs(reasons, number(of["throttles"])):
            yield f"{name}: {number(of['throttles'])} throttles, {reasons} by reason"


def functions_sum_to_the_account(told: Told) -> Iterator[str]:
    """The account is all its functions."""
    for key in SUMMED:
        together = sum(number(of[key]) for of in told.summary["functions"].values())
        if differs(together, number(told.summary["account"][key])):
            yield f"functions have {together} {key}, the account {number(told.summary['account'][key])}"


def requests_run_or_do_not(told: Told) -> Iterator[str]:
    """Nothing that arrived is without an end: it ran, was throttled, or is still there."""
    for name, of in told.owners.items():
        ended = number(of["invocations"]) + number(of["throttled_requests"]) + number(of["in_flight"])
        ended += number(of.get("service_errors", 0))  # of attempts, of which a request may have several
        if number(of["requests"]) > ended * (1 + TOLERANCE) and not number(of.get("waiting", 0)):
            yield f"{name}: {number(of['requests'])} requests, of which {ended} ran, were throttled or are in flight"


def deliveries_sum_by_fate(told: Told) -> Iterator[str]:
    """Events received were processed, given up, filtered, or are still there; what waits is of the backlog."""
    for name, of in told.summary["sources"].items():
        if "received" not in of:
            continue
        given_up = ("dead_lettered", "dropped") if "dropped" in of else ("exhausted", "aged_out")
        remaining = [key for key in ("waiting", "hidden") if key in of]
        ended = sum(number(of[key]) for key in ("processed", *given_up, "filtered", *remaining, "in_process"))
        if "backlog" in of and number(of["waiting"]) > number(of["backlog"]["max"]):
            yield f"{name} has {number(of['waiting'])} waiting, of a backlog of {number(of['backlog']['max'])} at most"
        if differs(ended, number(of["received"])):
            yield f"{name} received {number(of['received'])} events; their fates are {ended}"


def percentiles_rise(told: Told) -> Iterator[str]:
    """A higher percentile is no lower, and a mean no higher than the greatest."""
    for name, of in told.owners.items():
        for metric in TIMES:
            if metric not in of:
                continue
            values = [number(of[metric][q]) for q in QUANTILES if q in of[metric]]
            values = [value for value in values if value == value]
            if any(b < a * (1 - TOLERANCE) for a, b in pairwise(values)):
                yield f"{name}.{metric} falls: {values}"
            if values and number(of[metric]["mean"]) > values[-1] * (1 + TOLERANCE):
                yield f"{name}.{metric} has a mean of {number(of[metric]['mean'])} above its greatest {values[-1]}"


def times_are_of_something(told: Told) -> Iterator[str]:
    """There is a latency where something ran, and none of nothing; with cold starts, a duration of init."""
    for name, of in told.summary["functions"].items():
        if not told.single or number(of["in_flight"]):
            continue
        ran, measured = number(of["invocations"]), of["duration"]["p50"] is not None
        if bool(ran) != measured:
            yield f"{name} had {ran} invocations and {'a' if measured else 'no'} duration"


def levels_are_possible(told: Told) -> Iterator[str]:
    """A mean level is within its greatest; nothing is above its limit; a part is within the whole."""
    account, config = told.summary["account"], told.result.config
    used, claimed = number(account["concurrency"]["max"]), number(account["claimed_concurrency"]["max"])
    if max(used, claimed) > config.highest_concurrency:
        yield f"concurrency reached {used}, claimed {claimed}, of the account's {config.highest_concurrency}"
    if used > claimed * (1 + TOLERANCE):
        yield f"{used} used, only {claimed} claimed"
    peaks = [number(of["concurrency"]["max"]) for of in told.summary["functions"].values()]
    if told.single and peaks and not max(peaks) <= used <= sum(peaks):
        yield f"functions peaked at {peaks}, the account at {used}"
    for name, of in told.owners.items():
        for level in ("concurrency", "environments", "backlog", "processing", "pollers", "offset_lag"):
            if level not in of or "max" not in of[level] or of[level]["max"] is None:
                continue
            if number(of[level]["mean"]) > number(of[level]["max"]) * (1 + 1e-6):
                yield f"{name}.{level} has a mean of {of[level]['mean']} above its greatest {of[level]['max']}"
    changed = {path for change in config.change for path in change.set or ()}
    for name, of in told.summary["functions"].items():
        reserved = config.function[name].reserved_concurrency
        if (
            f"function.{name}.reserved_concurrency" not in changed
            and reserved is not None
            and number(of["concurrency"]["max"]) > reserved
        ):
            yield f"{name} used {number(of['concurrency']['max'])} of {reserved} reserved"
        if number(of["concurrency"]["max"]) > number(of["environments"]["max"]) * (1 + TOLERANCE):
            yield f"{name} ran {of['concurrency']['max']} at once in {of['environments']['max']} environments"


# money


def the_bill_adds_up(told: Told) -> Iterator[str]:
    """Each line is its arithmetic, lines are the total, owners are the account, and so is the month."""
    cost, account = told.summary["cost"], told.summary["account"]["cost"]
    for key, lines in (("total", cost["lines"]), ("monthly", cost["month"])):
        if lines is None:
            continue
        together = sum(number(line["usd"]) for line in lines)
        if differs(together, number(cost[key])):
            yield f"lines are {together}, cost.{key} is {number(cost[key])}"
        for line in lines:
            product = number(line["quantity"]) * number(line["unit_price"])
            if differs(product, number(line["usd"]), 1e-6):
                yield f"{line['function']} {line['item']} of {key}: {product} against {number(line['usd'])}"
        uncertain = sum(number(line["usd"]) for line in lines if line["certainty"] == "uncertain")
        of = "uncertain" if key == "total" else "uncertain_monthly"
        if differs(uncertain, number(cost[of])):
            yield f"uncertain lines are {uncertain}, cost.{of} is {number(cost[of])}"
        owners = [*told.summary["functions"].values(), *told.summary["sources"].values()]
        owned = sum(number(owner["cost"][key]) for owner in owners if "cost" in owner)
        if differs(owned, number(account[key])) or differs(number(account[key]), number(cost[key])):
            yield f"{key}: owners {owned}, account {number(account[key])}, bill {number(cost[key])}"


def a_month_is_told_where_there_is_one(told: Told) -> Iterator[str]:
    """Null in every place or in none, and the words say which; short loads have a month only by ``repeats``."""
    monthly = told.summary["cost"]["monthly"]
    none = [path for path, value in _leaves(told.summary) if path.endswith("cost.monthly") and value is None]
    every = [name for name, of in told.owners.items() if "cost" in of and of["cost"]["monthly"] is None]
    if (monthly is None) != bool(none or every) or (told.summary["cost"]["month"] is None) != (monthly is None):
        yield f"cost.monthly is {monthly}, but null of {every}"
    for name, text in told.pages.items():
        if monthly is None and re.search(r"\$[\d.,]+ a month|uncertain prices\) a month", text):
            yield f"the {name} tells a month that there is not"
        if monthly is None and "cannot be said" not in text:
            yield f"the {name} does not say that there is no month"
        if monthly is not None and "cannot be said" in text:
            yield f"the {name} tells no month, though there is one"


# words


def verdict_of_nothing(told: Told) -> Iterator[str]:
    """``no``, ``none``, ``nothing`` and ``all`` are true of the numbers."""
    account, said = told.summary["account"], told.verdict
    throttles, ran = number(account["throttles"]), number(account["invocations"])
    refused = sum(number(of.get("answers", {}).get("429", 0)) for of in told.summary["sources"].values())
    if re.search(r"No request was throttled|Nothing was throttled", said) and (throttles or refused):
        yield f"'{said[:60]}', but {throttles} throttles and {refused} answers 429"
    if "Nothing ran" in said and ran:
        yield f"'{said[:60]}', but {ran} invocations"
    if "after the warm-up" in said and not told.result.config.simulation.warmup:
        yield f"'{said}', but there is no warm-up"
    if "no request was throttled" in content.account(told.summary, told.result.config) and throttles:
        yield f"the account's sentence says none of {throttles} throttles"
    if match := re.search(r"100 % of ([^ ]+)'s .*were", said):
        [clause] = [c for _, c in told.clauses if "rate" in c.values and c.values.get("name") == match[1]][:1] or [None]
        if clause is not None and number(clause.values["rate"]) < 1 - 5e-4:
            yield f"'{said}' of {clause.values['rate']}"
    if match := re.search(r", (all|most) by (\w+)", said):
        for name, of in told.summary["functions"].items():
            if f"of {name}'s" in said:
                counts = {reason: number(n) for reason, n in of["throttles_by_reason"].items() if number(n)}
                if match[2] != max(counts, key=lambda reason: counts[reason]) or (match[1] == "all") != (
                    len(counts) == 1
                ):
                    yield f"'{said}', by reason {counts}"
                if match[1] == "most" and 2 * counts[match[2]] <= sum(counts.values()):
                    yield f"'{said}', which is less than half: {counts}"


def fractions_in_words(told: Told) -> Iterator[str]:
    """``4.2 % of ... (42 of 1,000)`` is one number twice, and a part is within its whole."""
    for where, said in (("verdict", told.verdict), *told.titles.items()):
        for rate, part, whole in re.findall(r"([\d.,]+) % of [^(;]*\(([\d.,]+) of ([\d.,]+)[;)]", said):
            share, a, b = (float(text.rstrip(".,").replace(",", "")) for text in (rate, part, whole))
            if a > b or (b and abs(share - 100 * a / b) > 0.011 * share + 1e-9):
                yield f"{where}: {share} % are {a} of {b}"
    for where, clause in told.clauses:
        part, whole = clause.values.get("part"), clause.values.get("whole")
        if part is not None and number(part) > number(whole):
            yield f"{where}: {number(part)} of {number(whole)}"


OF_ONE: Final = ("title of cold_starts", "title of environments")
"""Titles that tell of one function where there are several."""


def _of_function(told: Told, name: str | None) -> dict[str, float]:
    """Return what a title tells of a function; nothing where it names none."""
    if name is None:
        return {}
    of = told.summary["functions"][name]
    return {key: number(of[key]) for key in ("cold_starts", "invocations")} | {
        "created": number(of["environments"]["created"]),
        "others": number(told.summary["account"]["cold_starts"]) - number(of["cold_starts"]),
    }


def sentences_tell_the_summary(told: Told) -> Iterator[str]:
    """The named values of sentences and titles are the summary's."""
    account, cost = told.summary["account"], told.summary["cost"]
    functions = told.summary["functions"].values()
    ran = sum(number(of["invocations"]) for of in functions)
    expected = {
        "peak": number(account["concurrency"]["max"]), "limit": told.result.config.highest_concurrency,
        "claimed": number(account["claimed_concurrency"]["max"]), "mean": number(account["concurrency"]["mean"]),
        "total": number(cost["total"]), "monthly": number(cost["monthly"]), "throttles": number(account["throttles"]),
        "invocations": number(account["invocations"]), "cold_starts": number(account["cold_starts"]),
        "error_rate": number(account["errors"]) / ran if ran else 0.0, "period_s": number(cost.get("period_s")),
        "created": sum(number(of["environments"]["created"]) for of in functions),
    }  # fmt: skip
    named = {where: clause.values["name"] for where, clause in told.clauses if "name" in clause.values}
    for where, clause in told.clauses:
        own = expected | _of_function(told, named.get(where)) if where in OF_ONE else expected
        for name, value in clause.values.items():
            if value == "":  # no words where there are none to say
                continue
            if name in own and differs(number(value), own[name]):
                yield f"{where}: {name} is {number(value)}, of the summary {own[name]}"
            if name in ("rate", "share", "idle", "error_rate") and not -1e-12 <= number(value) <= 1 + 1e-9:
                yield f"{where}: a share of {number(value)}"


def titles_are_true_of_their_data(told: Told) -> Iterator[str]:
    """A title's number is that of the data drawn, where the data are of the same time."""
    if told.result.config.simulation.warmup:
        return
    data = {name: plot.data(told.result).frame() for name, plot in figures_of(told.result).items()}
    reasons = [name for name in data["throttles"].columns if name in REASON_NAMES.values()]
    drawn = float(data["throttles"][reasons].to_numpy().sum())
    if differs(drawn, number(told.summary["account"]["throttles"]), 1e-6):
        yield f"{drawn} throttles are drawn, {number(told.summary['account']['throttles'])} told"
    cold = float(data["cold_starts"].drop(columns="(rate)").to_numpy().sum())
    if differs(cold, number(told.summary["account"]["cold_starts"]), 1e-6):
        yield f"{cold} cold starts are drawn, {number(told.summary['account']['cold_starts'])} told"
    if told.single:
        peak = float(data["concurrency"]["(account)"].max()) if len(data["concurrency"]) else 0.0
        if differs(peak, number(told.summary["account"]["concurrency"]["max"])):
            yield f"concurrency of {peak} is drawn, {told.summary['account']['concurrency']['max']} told"
    spent = float(data["cost"].iloc[-1].sum()) if len(data["cost"]) else 0.0
    if differs(spent, number(told.summary["cost"]["total"]), 1e-6):
        yield f"a cost of {spent} is drawn, {number(told.summary['cost']['total'])} told"


def titles_tell_their_sources(told: Told) -> Iterator[str]:
    """What a title names, a queue's backlog or a function's latency, is what the summary has of it."""
    if told.result.config.simulation.warmup or not told.single:
        return
    functions, sources = told.summary["functions"], told.summary["sources"]
    answered = [sum(of["answers"].values()) for of in sources.values() if "answers" in of]
    for where, clause in told.clauses:
        of, pairs = clause.values, []
        name = of.get("name")
        if where == "title of queues" and "waiting" in of:
            queue = sources[name]
            most = max(queue["backlog"]["max"], queue["waiting"])
            pairs = [(of["waiting"], most), (of["oldest"], queue["age_of_oldest"]["max"])]
        elif where == "title of iterator_age" and "oldest" in of:
            pairs = [(of["oldest"], sources[name]["iterator_age"]["max"])]
        elif where == "title of latency" and "p99" in of:
            pairs = [(of[p], functions[name]["latency"][p]) for p in ("p50", "p99")]
        elif where == "title of answers" and "answers" in of:
            pairs = [(of["answers"], min(answered, key=lambda n: abs(n - of["answers"])))]
        yield from (f"{where}: {a} of {name}, of the summary {b}" for a, b in pairs if differs(a, b, 1e-6))
    if told.titles.get("queues", "").startswith("No message was left waiting"):
        left = {name: of["waiting"] for name, of in sources.items() if "sqs" in of.get("type", "") and of["waiting"]}
        if left:
            yield f"no message was left waiting, but {left}"


def objectives_are_what_was_observed(told: Told) -> Iterator[str]:
    """An objective is judged on the number of the summary, and its words do not allow what was missed."""
    for slo in told.summary["slo"]:
        statistic, comparison, limit = parts(slo["expression"])
        value = observe(slo["path"], statistic, told.summary)
        if value is None or slo["observed"] is None:
            continue
        if differs(number(slo["observed"]), number(value)) and "kept" not in slo:
            yield f"{slo['path']} was {slo['observed']}, of the summary {value}"
        if told.single and slo["success"] is not None:
            kept = COMPARED[comparison](number(slo["observed"]), limit_value(limit))
            if kept != slo["success"]:
                yield f"{slo['path']} {slo['expression']} with {slo['observed']} is said to be {slo['success']}"
    judged = [slo["success"] for slo in told.summary["slo"]]
    if told.summary["success"] is not (False if False in judged else None if None in judged else True):
        yield f"success is {told.summary['success']}"
    match = re.search(
        r"Missed: .* (?:had|was|at|costs) (.*?) (?:\w+ )?against (?:at least )?(.*) allowed", told.verdict
    )
    if match and match[1] == match[2]:
        yield f"'{told.verdict}' allows what it calls missed"


def every_page_says_the_same(told: Told) -> Iterator[str]:
    """Text, Markdown and page have the verdict, the objectives, the account's sentence and the bill's total."""
    bill = content.bill(told.summary)
    wanted = {
        "verdict": told.summary["verdict"],
        "account": content.account(told.summary, told.result.config).removeprefix("Account: "),
        "total": bill.total.removeprefix("Cost: "),
        **{f"note {i}": note for i, note in enumerate(bill.notes)},
        **{f"objective {row.path}": row.observed for row in content.objectives(told.summary)},
    }
    for function in told.summary["functions"]:
        of = told.summary["functions"][function]
        wanted[f"p99 of {function}"] = milliseconds(of["latency"]["p99"])
        wanted[f"throttled of {function}"] = percent(of["throttle_rate"], 2)
        wanted[f"cost of {function}"] = money(of["cost"]["total"])
    for name, text in told.pages.items():
        for what, words in wanted.items():
            if " ".join(words.replace("\\", "").split()) not in text:
                yield f"the {name} has no {what}: {words[:80]}"


def all_is_all(told: Told) -> Iterator[str]:
    """``all of it`` is said of nothing less."""
    cost = told.summary["cost"]
    for part, whole in (("uncertain", "total"), ("uncertain_monthly", "monthly")):
        if cost[whole] is None:
            continue
        rest = number(cost[whole]) - number(cost[part])
        said = content._amount(cost[whole], cost[part], cost.get("currency", "USD"))
        if "(all of it" in said and rest > 1e-9 * number(cost[whole]):
            yield f"{said}, but ${rest} is not"


RULES: Final[tuple[Rule, ...]] = (
    json_is_finite,
    rates_are_shares,
    intervals_hold_their_means,
    rates_are_their_counts,
    parts_are_within_wholes,
    throttles_sum_by_reason,
    functions_sum_to_the_account,
    requests_run_or_do_not,
    deliveries_sum_by_fate,
    percentiles_rise,
    times_are_of_something,
    levels_are_possible,
    the_bill_adds_up,
    a_month_is_told_where_there_is_one,
    verdict_of_nothing,
    fractions_in_words,
    sentences_tell_the_summary,
    titles_are_true_of_their_data,
    titles_tell_their_sources,
    objectives_are_what_was_observed,
    every_page_says_the_same,
    all_is_all,
)


def contradictions(result: ls.Result) -> list[str]:
    """Return everything that a run says and that is not so."""
    told = Told(result)
    return [f"{rule.__name__}: {found}" for rule in RULES for found in rule(told)]
