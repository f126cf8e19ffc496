"""The report of a calibration: what was measured, the law taken for it, and what the log cannot tell."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lambdasim.calibration.laws import FEWEST, FOR_P99, MOST_VALUES, NEAR, NEAR_P99, Fit
from lambdasim.calibration.model import FunctionModel
from lambdasim.report.document import Block, Cell, Code, Document, Exact, Figure, Section, Table, Text
from lambdasim.report.words import counted, milliseconds, percent, significant

if TYPE_CHECKING:
    from lambdasim.calibration.calibrate import Calibration

MOST_DRAWN: Final = 12
"""Functions whose figures are drawn."""
POINTS: Final = 400
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def document(calibration: "Calibration") -> Document:
    """Return the report of a calibration."""
    fit, models = calibration.fit, calibration.models
    return Document(
        title=f"Calibration of {', '.join(model.name for model in models[:5])}{' …' if len(models) > 5 else ''}",
        question="",
        verdict=_verdict(models),
        success=None,
        sections=[
            Section("Laws", list(_laws(models))),
            Section("Measured and fitted", list(_figures(models))),
            Section("Rates", [_rates(fit)]),
            Section("Environments", [_environments(fit)]),
            Section("Traffic", list(_traffic(fit))),
            Section("Predicted and held out", list(_holdout(calibration.holdout))),
            Section("What the log cannot tell", list(_notes(calibration))),
            Section("The experiment", [Code(calibration.toml)]),
        ],
    )


CRITERION: Final = (
    "Lognormal, gamma and a mixture of two lognormals are fitted by maximum likelihood, and the one with the lowest "
    f"BIC is taken, if its Kolmogorov-Smirnov distance is at most {percent(NEAR)} or within what chance gives, and its "
    f"p99 within {percent(NEAR_P99)} of the measured one (of {FOR_P99:,} values or more). Of fewer than {FEWEST} it is "
    "taken as a guess. Else the measured values themselves are drawn, "
    f"{MOST_VALUES:,} quantiles of them at most."
)


def _verdict(models: Sequence[FunctionModel]) -> str:
    count = sum(len(model.seen) for model in models)
    laws = [model.duration.law for model in models if model.duration is not None]
    worst = max((model.duration.ks for model in models if model.duration is not None), default=0.0)
    what = f"its duration is {laws[0]}" if len(models) == 1 and laws else f"durations of {len(laws)} functions"
    return f"{counted(count, 'invocation')}: {what}, at most {percent(worst)} from what was measured."


def _laws(models: Sequence[FunctionModel]) -> Iterator[Block]:
    rows: list[list[Cell]] = []
    for model in models:
        for what, law in (("duration", model.duration), ("init", model.init)):
            rows.append([model.name, what, *_law(law)])
    yield Table(("function", "time", "law", "values", "p50", "p99", "KS"), rows, names=3)
    for model in models[:MOST_DRAWN]:
        for what, law in (("duration", model.duration), ("init", model.init)):
            if law is not None:
                yield Text(f"The {what} of {model.name}: {law.why}.")
    yield Text(CRITERION)


def _law(law: Fit | None) -> list[Cell]:
    if law is None:
        return ["nothing was measured", Exact("0", 0), "-", "-", "-"]
    seen = law.to_json()["observed_ms"]
    return [
        law.text or "empirical",
        Exact(f"{law.samples:,}", law.samples),
        Exact(milliseconds(seen["p50"]), seen["p50"], f"law {milliseconds(law.p50_ms)}"),
        Exact(milliseconds(seen["p99"]), seen["p99"], f"law {milliseconds(law.p99_ms)}"),
        Exact(f"{law.ks:.4f}", law.ks, f"chance {law.near:.4f}"),
    ]


def _figures(models: Sequence[FunctionModel]) -> Iterator[Block]:
    from lambdasim.report.figures.fitted import Panel, figure

    for place, model in enumerate(models[:MOST_DRAWN], 1):
        laws = (("duration of warm invocations", model.duration), ("Init Duration of cold starts", model.init))
        panels = [Panel(what, law.values, _curves(law), law.ks) for what, law in laws if law is not None]
        yield Figure(f"fitted_{place}", figure(model.name, panels).svg())
    if len(models) > MOST_DRAWN:
        yield Text(f"{len(models) - MOST_DRAWN} more functions are in fit.json.")


def _curves(law: Fit) -> list[tuple[str, Any, Any, bool]]:
    low, high = float(law.values[0]), float(law.values[-1])
    x = np.geomspace(low * 0.8, max(high, low * 1.01) * 1.1, POINTS)
    curves = [(one.law, x, one.cdf(x), one.law == law.law) for one in law.candidates]
    if law.law == "empirical":
        best = min(law.candidates, key=lambda one: one.bic, default=None)
        curves = [curve for curve in curves if best is not None and curve[0] == best.law]
        values = law.values
        curves.append(("empirical", x, np.searchsorted(values, x, side="right") / len(values), True))
    return curves


def _rates(fit: dict[str, Any]) -> Table:
    rows: list[list[Cell]] = []
    for name, of in fit["functions"].items():
        rates = (of["cold_start_rate"], of["error_rate"], of["timeout_rate"])
        used = of["memory_used_mb"]
        billing = of["billing"]
        rows.append(
            [
                name,
                _billing(billing),
                Exact(f"{of['invocations']:,}", of["invocations"]),
                *(Exact(percent(rate), rate) for rate in rates),
                Exact(f"{of['memory_mb']:,} MB", of["memory_mb"]) if of["memory_mb"] else "-",
                Exact(f"{used['max']:,.0f} MB", used["max"]) if used else "-",
            ]
        )
    return Table(
        ("function", "billed", "invocations", "cold", "errors", "time-outs", "memory", "used at most"), rows, names=2
    )


def _billing(billing: dict[str, Any]) -> str:
    if billing["rounded_to_ms"] is None:
        return "-"
    init = {True: ", init too", False: ", without init", None: ""}[billing["init_billed"]]
    return f"by {billing['rounded_to_ms']} ms{init}"


def _environments(fit: dict[str, Any]) -> Table:
    rows: list[list[Cell]] = []
    for name, of in fit["functions"].items():
        idle, reuse, level = of["idle_timeout"], of["reuse"], of["concurrency"]
        cpu = of["cpu_share"]
        rows.append(
            [
                name,
                _idle(idle["value"]) or f"not known (survived {significant(idle['longest_survived_s'])} s)",
                reuse["law"] or "not known",
                f"{of['environments']:,}" if of["environments"] else "-",
                Exact(f"{level['max']:,}", level["max"]) if level else "-",
                Exact(significant(level["mean"]), level["mean"]) if level else "-",
                Exact(percent(cpu["share"]), cpu["share"], cpu["source"]) if cpu else "-",
            ]
        )
    headings = ("function", "idle timeout", "reuse", "log streams", "concurrency at most", "on average", "CPU work")
    return Table(headings, rows, names=3)


def _idle(value: Any) -> str:
    if isinstance(value, dict):
        return f"{value['surplus']}; all together after a rest of {value['lone']}"
    return value or ""


def _traffic(fit: dict[str, Any]) -> Iterator[Block]:
    from lambdasim.report.figures import hours

    rows: list[list[Cell]] = []
    shown: list[str] = []
    for name, of in fit["functions"].items():
        seen = of["arrivals"]
        if seen is None:
            continue
        days = " ".join(f"{day} {count:,}" for day, count in zip(DAYS, seen["by_weekday"], strict=True) if count)
        shown.append(name)
        rates = (seen["mean_per_s"], seen["peak_second"], seen["peak_minute"])
        rows.append([name, seen["first"], seen["last"], days, *(Exact(significant(rate), rate) for rate in rates)])
    if rows:
        headings = ("function", "first", "last", "by day (UTC)", "a second", "busiest second", "busiest minute")
        yield Table(headings, rows, names=4)
        yield Figure(
            "hours", hours.figure({name: fit["functions"][name]["arrivals"]["by_hour"] for name in shown}).svg()
        )


def _holdout(holdout: dict[str, Any] | None) -> Iterator[Block]:
    if holdout is None:
        return
    yield Text(
        f"A model of the first {counted(holdout['first'], 'invocation')}, given the traffic after "
        f"{holdout['split_at']}, beside the {holdout['second']:,} that followed. {holdout['verdict']}"
    )
    yield metrics_table(holdout["metrics"])


def metrics_table(metrics: Sequence[dict[str, Any]]) -> Table:
    """Return metrics that were measured and simulated as a table."""
    rows: list[list[Cell]] = [
        [
            one["path"],
            one["word"],
            Exact(significant(one["measured"]), one["measured"]),
            Exact(significant(one["simulated"]), one["simulated"]),
            "-" if one["bias"] is None else Exact(f"{one['bias']:+.1%}", one["bias"]),
        ]
        for one in metrics
    ]
    return Table(("metric", "in a word", "measured", "simulated", "difference"), rows, names=2)


def _notes(calibration: "Calibration") -> Iterator[Block]:
    rows: list[list[Cell]] = [[model.name, note] for model in calibration.models for note in model.notes()]
    if rows:
        yield Table(("function", "what"), rows, names=2)
    left = calibration.log.account()
    yield Text(f"Left out: {left}." if left else "Every line was read.")
