"""What every written report says: the rows and sentences that text, Markdown and notebooks then set in their own type.

Numbers come from the summary alone, so that all of them agree with summary.json. Standard library only.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from lambdasim.config.qualifier import qualified
from lambdasim.config.slo import function_table
from lambdasim.report.failures import refused_by_gateways
from lambdasim.report.sentences import Worded, say
from lambdasim.report.verdict import (
    COSTS,
    RATES,
    TIMES,
    attempts,
    currency,
    marked,
    parts,
    remedies,
)
from lambdasim.report.words import (
    MISSING,
    count,
    leaders,
    milliseconds,
    money,
    number,
    numbers,
    percent,
    printable,
    significant,
    span,
    unit_price,
)
from lambdasim.units import NS_PER_S

Json = Mapping[str, Any]

MOST: Final = 10
"""How many functions, or lines of a bill, a summary lists."""


OLDEST: Final = ("age_of_oldest", "executions", "latency")
"""What says how long the longest of a source's events was there: the first that there is."""


DRAINED: Final = 0.05
"""The share of a run from which on its drain is told apart."""


@dataclass(frozen=True, slots=True)
class Objective:
    """One row of the table of service level objectives, in words."""

    met: bool | None
    """None where it is undecided."""
    path: str
    expression: str
    observed: str

    @property
    def word(self) -> str:
        """The verdict on it."""
        return "undecided" if self.met is None else "met" if self.met else "missed"

    @property
    def mark(self) -> str:
        """A sign beside that word."""
        return "?" if self.met is None else "\N{CHECK MARK}" if self.met else "\N{BALLOT X}"


@dataclass(frozen=True, slots=True)
class Table:
    """Column headings and rows of text; the first column is a name and the others are numbers."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: str
    """How many are left out, and what they come to together; empty where none is."""


@dataclass(frozen=True, slots=True)
class Bill:
    """A sentence with the totals, the dearest lines as ``(item, arithmetic, amount)``, and notes."""

    total: str
    lines: tuple[tuple[str, str, str], ...]
    left_out: int
    notes: tuple[str, ...]


def objectives(summary: Json) -> list[Objective]:
    """Return the objectives and what was observed of each."""
    return [
        Objective(slo["success"], printable(slo["path"]), printable(slo["expression"]), _observed(slo, summary))
        for slo in summary["slo"]
    ]


def _observed(slo: Json, summary: Json) -> str:
    """Return what was observed, and of several runs the bound that decides."""
    words, bound, missed = _observed_number(slo, summary), slo.get("bound"), slo["success"] is False
    if kept := slo.get("kept"):
        words += f" at worst, kept in {kept['count']:,} of {kept['runs']:,} runs"
        return words if bound is None else f"{words}, {'at most' if missed else 'at least'} {percent(bound)} of all"
    if (may_miss := slo.get("may_miss")) is not None:
        return f"{words}, missed by up to {percent(may_miss)} of runs"
    if bound is None:
        return words
    side = "at most" if parts(slo["expression"])[1].startswith("<") != missed else "at least"
    return f"{words}, {side} {_observed_number({**slo, 'observed': bound}, summary)}"


def _observed_number(slo: Json, summary: Json) -> str:
    metric, value = slo["path"].partition(".")[2], slo["observed"]
    if metric in TIMES:
        return milliseconds(value)
    if metric in RATES and parts(slo["expression"])[0] == "rate":
        return percent(value)
    if metric in COSTS:
        subject, month = slo["path"].partition(".")[0], metric == "cost.monthly"
        of = summary.get("account", {}) if subject == "account" else function_table(summary, subject) or {}
        return marked(value, of.get("cost", {}), currency(summary), month=month)
    return significant(number(value))


def with_versions(name: str, of: Json) -> Iterator[tuple[str, Json]]:
    """Yield a function, and its versions to which any request came."""
    yield name, of
    for key, own in of.get("versions", {}).items():
        if number(own["requests"]):
            yield qualified(name, key), own


def functions(summary: Json, most: int = MOST) -> Table:
    """Return a row per function; of many, those with most requests. ``peak`` is of concurrency."""
    every = summary["functions"]
    names = list(every)
    if len(names) > most:
        names = leaders(every, "requests", most)
    chosen = set(names)
    more = _rest([of for name, of in every.items() if name not in chosen], currency(summary))
    every = {own: of for name in names for own, of in with_versions(name, every[name])}
    names = list(every)
    columns: dict[str, Callable[[Json], str]] = {
        "requests": lambda of: count(of["requests"]),
        "throttled": lambda of: percent(of["throttle_rate"], 2),
        "failed": lambda of: percent(of["error_rate"], 2),
        "Lambda's errors": lambda of: percent(of.get("service_error_rate", 0.0), 2),
        "cold": lambda of: percent(of["cold_start_rate"], 2),
        "p50": lambda of: milliseconds(of["latency"]["p50"]),
        "p99": lambda of: milliseconds(of["latency"]["p99"]),
        "peak": lambda of: count(of["concurrency"]["max"]),
    }
    if not any(number(of["errors"]) for of in every.values()):
        del columns["failed"]
    if not any(number(of.get("service_errors", 0)) for of in every.values()):
        del columns["Lambda's errors"]
    rows = [
        (
            printable(name),
            *(cell(every[name]) for cell in columns.values()),
            marked(every[name]["cost"]["total"], every[name]["cost"], currency(summary)),
            marked(every[name]["cost"]["monthly"], every[name]["cost"], currency(summary), month=True),
        )
        for name in names
    ]
    return Table(("function", *columns, "cost", "a month"), tuple(rows), more)


def _rest(others: Sequence[Json], unit: str) -> str:
    """Return how many functions a table leaves out, and their sums."""
    if not others:
        return ""
    requests, throttles, invocations = (sum(numbers(others, key)) for key in ("requests", "throttles", "invocations"))
    rate = throttles / (throttles + invocations) if throttles else 0.0
    every = [of["cost"] for of in others]
    costs = {key: sum(numbers(every, key)) for key in every[0]}
    told = [f"{count(requests)} requests", f"{percent(rate, 2)} throttled", marked(costs["total"], costs, unit)]
    if costs["monthly"] == costs["monthly"]:  # NaN where there is no month
        told.append(f"{marked(costs['monthly'], costs, unit, month=True)} a month")
    return f"and {len(others):,} more functions, all in summary.json or with run --all: {', '.join(told)}"


def sources(summary: Json, most: int = MOST) -> Table | None:
    """Return a row per event source, of many those with most events; None when there is none."""
    every = {name: of for name, of in summary["sources"].items() if "received" in of}
    if not every:
        return None
    names = list(every)
    if len(names) > most:
        names = leaders(every, "received", most)
    keys = {"received": "received", "processed": "processed", "waiting": "waiting", "hidden": "hidden",
            "dead letters": "dead_lettered", "lost": "dropped"}  # fmt: skip
    if not any(number(of.get("hidden", 0)) for of in every.values()):
        del keys["hidden"]
    rows = [
        (
            printable(name),
            *(count(every[name][key]) if key in every[name] else MISSING for key in keys.values()),
            milliseconds(next(every[name][key] for key in OLDEST if key in every[name])["max"]),
        )
        for name in names
    ]
    left = len(every) - len(names)
    return Table(("source", *keys, "oldest"), tuple(rows), f"and {left:,} more sources" if left else "")


def account(summary: Json, config: Any) -> str:
    """Return the sentence about the account."""
    of = summary["account"]
    used, claimed = of["concurrency"], number(of["claimed_concurrency"]["max"])
    words = say(
        "Account: concurrency peaked at {peak:count} of {limit:count}, {mean:number} on average",
        peak=used["max"],
        limit=config.highest_concurrency,
        mean=used["mean"],
    )
    if claimed > number(used["max"]):
        words += say("; at most {claimed:count} were claimed", claimed=claimed)
    drain = of.get("drain", {"s": 0.0})  # folders of earlier versions have none
    if (drained := number(drain["s"])) >= DRAINED * number(summary["simulated_s"]) > 0:
        words += say(
            " while the loads lasted, {drain_mean:number} in the {drained} after",
            drain_mean=drain["concurrency"], drained=span(drained),
        )  # fmt: skip
    refused = sum(refused_by_gateways(summary).values())
    if refused:
        words += say("; API Gateway refused {refused:count} requests", refused=refused)
    if not number(of["throttles"]):
        return words + ("; Lambda throttled none." if refused else "; no request was throttled.")
    return words + say("; {throttles:count} {of} were throttled.", throttles=of["throttles"], of=attempts(of))


def bill(summary: Json) -> Bill:
    """Return the bill in words; lines of several functions at one price are one line."""
    cost, unit = summary["cost"], currency(summary)
    merged: dict[tuple[str, str, float, bool], tuple[float, float]] = {}
    of_line = itemgetter("item", "unit", "unit_price", "certainty", "quantity", "usd")
    for item, of, price, certainty, more, dearer in map(of_line, cost["lines"]):
        key = item, of, number(price), certainty == "uncertain"
        quantity, usd = merged.get(key, (0.0, 0.0))
        merged[key] = quantity + number(more), usd + number(dearer)
    ranked = sorted(merged.items(), key=lambda entry: -entry[1][1])
    lines = []
    for (item, of, price, uncertain), (quantity, usd) in ranked[:MOST]:
        arithmetic = f"{_quantity(quantity, of)} \N{MULTIPLICATION SIGN} {unit_price(price, unit)}"
        lines.append((printable(item), arithmetic, f"{'~' if uncertain else ''}{money(usd, unit)}"))
    total = say(
        "Cost: {total} for {simulated_s:span}; {month}.",
        total=Worded(cost["total"], _amount(cost["total"], cost["uncertain"], unit)),
        simulated_s=summary["simulated_s"],
        month=month(summary),
    )
    notes = tuple(str(note) for note in cost["notes"])
    return Bill(total, tuple(lines), len(ranked) - len(lines), notes)


def month(summary: Json) -> str:
    """Return what a month costs in words, and how often it holds the run."""
    cost = summary["cost"]
    if cost["monthly"] is None:
        return say("what a month of it costs cannot be said")
    spent = Worded(cost["monthly"], _amount(cost["monthly"], cost["uncertain_monthly"], currency(summary)))
    return say("repeated every {period_s:span}, {monthly} a month", period_s=cost["period_s"], monthly=spent)


def _amount(total: Any, uncertain: Any, unit: str) -> str:
    """An amount, and how much of it is at uncertain prices."""
    part = number(uncertain)
    if not part > 0:
        return money(total, unit)
    share = "nearly all" if part > 0.995 * number(total) else money(part, unit)
    share = "all" if part >= (1 - 1e-9) * number(total) else share
    return f"~{money(total, unit)} ({share} of it at uncertain prices)"


def _quantity(value: float, unit: str) -> str:
    """Return a billed quantity with its unit, and enough digits to check its product."""
    text = f"{value:,.0f}" if value == round(value) else significant(value, 7)
    return f"{text} {printable(unit)}{'s' if unit.islower() and value != 1 else ''}"


def provenance(summary: Json, config: Any) -> str:
    """Return how the numbers came about."""
    warmup = config.simulation.warmup
    without = f"; the first {span(warmup / NS_PER_S)} are in no statistic but the cost" if warmup else ""
    runs = summary["replications"]
    times = f", {count(runs)} replications" if runs > 1 else ""
    return (
        f"Simulated {span(summary['simulated_s'])} in {significant(summary['wall_s'])} s "
        f"with the {summary['engine']['used']} engine, seed {summary['seed']}{times}{without}."
    )


def intervals(summary: Json, most: int = MOST) -> list[tuple[str, ...]]:
    """Return the numbers of most weight that have an interval, those of the busiest functions first; none of one run.

    Each with what it is, its mean, its bounds and half of its width as a share of the mean.
    """
    return [] if summary.get("one_run") else [*_intervals(summary, most)]


def _intervals(summary: Json, most: int) -> Iterator[tuple[str, ...]]:
    unit = currency(summary)
    every = summary["functions"]
    for name in leaders(every, "requests", most):
        of = every[name]
        for words, value, shown in (
            ("p50 latency", of["latency"]["p50"], milliseconds),
            ("p99 latency", of["latency"]["p99"], milliseconds),
            ("throttle rate", of["throttle_rate"], percent),
            ("cold start rate", of["cold_start_rate"], percent),
        ):
            yield from _interval(f"{name}: {words}", value, shown)
    account = summary["account"]
    yield from _interval("account: peak of concurrency", account["concurrency"]["max"], count)
    yield from _interval("account: cost of the run", account["cost"]["total"], lambda value: money(value, unit))
    yield from _interval("account: cost of a month", account["cost"]["monthly"], lambda value: money(value, unit))


def _interval(words: str, value: Any, shown: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Mapping) and "ci" in value:
        low, high = value["ci"]
        mean = number(value)
        share = percent((high - low) / 2 / abs(mean), 2) if mean else "-"
        yield words, shown(mean), shown(low), shown(high), share


def reasons(summary: Json, config: Any, most: int = MOST) -> list[tuple[str, ...]]:
    """Return each reason for which a function was throttled: the function, the reason, what would help, how often.

    Of many functions, those that were throttled most.
    """
    functions = summary["functions"]
    rows: list[tuple[str, ...]] = []
    for name in leaders(functions, "throttles", most):
        for reason, remedy in remedies(name, summary, config):
            many = count(functions[name]["throttles_by_reason"][reason])
            rows.append((printable(name), reason, remedy.removeprefix(": "), many))
    return rows


def cells(table: Table, keep: Sequence[int]) -> list[tuple[str, ...]]:
    """Return headings and rows of some columns."""
    return [tuple(row[i] for i in keep) for row in (table.headings, *table.rows)]
