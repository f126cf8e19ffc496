"""A made-up result, as large, empty or oddly named as a test wants it."""

from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from lambdasim.config.defaults import tables_of
from lambdasim.metrics.histogram import Histogram, Samples
from lambdasim.report.assumptions import assumptions
from lambdasim.report.latencies import latencies
from lambdasim.report.run_document import RunFiles
from lambdasim.report.series import RecordedFrame, Series
from lambdasim.report.table import Table

REASONS = (
    "ConcurrentInvocationLimitExceeded",
    "FunctionInvocationRateLimitExceeded",
    "ReservedFunctionConcurrentInvocationLimitExceeded",
    "ReservedFunctionInvocationRateLimitExceeded",
    "CallerRateLimitExceeded",
)
PERIODS = 60


def measured(names):
    """Histograms of warm and cold latencies, as a run keeps them."""
    histograms, everything = {}, {"latency_warm": [], "latency_cold": []}
    for place, name in enumerate(names):
        rng = np.random.default_rng(place)
        kept = {}
        for kind, median, size in (("latency_warm", 80e6, 5000), ("latency_cold", 600e6, 200)):
            samples = Samples()
            samples.add(np.zeros(size, np.int64), (median * np.exp(rng.normal(0, 0.6, size))).astype(np.int64))
            kept[kind] = samples.histograms().histogram(0)
            everything[kind].append(kept[kind])
        histograms[name] = kept
    histograms[""] = {kind: Histogram.merged(parts) for kind, parts in everything.items()}
    return SimpleNamespace(histograms=histograms)


@dataclass
class FakeResult:
    config: Any
    summary: dict[str, Any]
    timeseries: pd.DataFrame
    stages: list[tuple[int, int, str]] = field(default_factory=list)
    measured: Any = None
    lives: Any = None
    bands: pd.DataFrame | None = None

    @property
    def waits(self) -> Table:
        return latencies(self.measured.histograms if self.measured else {}, Series(self).leaders("requests"))

    @property
    def series(self) -> RecordedFrame:
        return RecordedFrame(self.timeseries if self.bands is None else self.bands.rename(columns={"mean": "value"}))


class Maker:
    """Builds a result whose summary is that of its time series."""

    def __call__(
        self,
        names=("api", "checkout", "worker"),
        *,
        periods=PERIODS,
        period_s=60.0,
        throttled=True,
        idle=False,
        limit=1000,
        reserved=None,
        provisioned=None,
        slo=(),
        start: datetime | None = None,
        stages=(),
        warmup_ns=0,
        question="Does it hold?",
        name="launch",
    ):
        reserved, provisioned = reserved or {}, provisioned or {}
        rows: list[tuple[str, str, str]] = []
        columns: list[np.ndarray] = []
        times = np.arange(periods) * period_s

        def add(function, metric, statistic, values):
            rows.append((function, metric, statistic))
            columns.append(values)

        functions, lines, repeats = {}, [], 730 * 3600 / (periods * period_s)
        account = np.zeros(periods)
        for place, function in enumerate(names):
            rng = np.random.default_rng(place)
            size = 0.0 if idle else 300.0 / (1 + place)
            wave = size * (1 + 0.8 * np.sin(np.arange(periods) / periods * 6 + place)) + 0.05 * size * rng.random(
                periods
            )
            concurrency = np.floor(wave)
            invocations = np.floor(wave * period_s / 0.2)
            cold = np.minimum(np.floor(np.abs(np.diff(wave, prepend=0.0))), invocations)
            throttles = (
                np.where(wave > 1.4 * size, np.floor(invocations * 0.1), 0.0) if throttled else np.zeros(periods)
            )
            p50 = 80.0 + 5 * rng.random(periods)
            p99 = 500.0 + 200 * rng.random(periods) + 3 * cold
            if not idle:
                for statistic, values in (("p50", p50), ("p95", p50 * 2.5), ("p99", p99)):
                    add(function, "Latency", statistic, values)
            add(function, "ConcurrentExecutions", "Maximum", concurrency)
            add(function, "Invocations", "Sum", invocations)
            add(function, "ColdStarts", "Sum", cold)
            add(function, "Throttles", "Sum", throttles)
            add(function, f"Throttles.{REASONS[0]}", "Sum", np.floor(throttles * 0.8))
            add(function, f"Throttles.{REASONS[1]}", "Sum", throttles - np.floor(throttles * 0.8))
            add(function, "Environments", "Average", wave * 1.3)
            add(function, "EnvironmentsIdle", "Average", wave * 0.4)
            add(function, "EnvironmentsInitializing", "Average", wave * 0.05)
            add(function, "Cost", "Sum", invocations * 1e-6)
            account += concurrency
            requests, ran, hit = (float(a.sum()) for a in (invocations + throttles, invocations, throttles))
            first = float(np.floor(throttles * 0.8).sum())
            functions[function] = {
                "requests": int(requests),
                "invocations": int(ran),
                "throttles": int(hit),
                "throttles_by_reason": dict(zip(REASONS, (int(first), int(hit - first), 0, 0, 0), strict=True)),
                "throttle_rate": hit / requests if requests else 0.0,
                "throttled_requests": int(hit),
                "retries": 0,
                "errors": 0,
                "error_rate": 0.0,
                "cold_starts": int(cold.sum()),
                "cold_start_rate": float(cold.sum() / ran) if ran else 0.0,
                "latency": {"mean": 100.0, "p50": 82.1, "p99": 650.4}
                if ran
                else {"mean": None, "p50": None, "p99": None},
                "concurrency": {"max": int(concurrency.max(initial=0)), "mean": float(concurrency.mean())},
                "environments": {
                    "max": int((wave * 1.3).max()),
                    "mean": float(wave.mean()),
                    "created": int(cold.sum()),
                },
            }
            for item, unit, quantity, price in (
                ("requests", "request", int(ran), 2e-7),
                ("duration", "GB-s", ran * 0.048, 1.66667e-5),
            ):
                if quantity:
                    lines.append(
                        {
                            "function": function,
                            "item": item,
                            "quantity": quantity,
                            "unit": unit,
                            "unit_price": price,
                            "usd": quantity * price,
                            "source": "AWS Price List API",
                            "date": "2026-09-19",
                            "certainty": "official",
                        }
                    )
            own = sum(line["usd"] for line in lines if line["function"] == function)
            functions[function]["cost"] = {"total": own, "monthly": own * repeats, "uncertain": 0.0}
        account = np.minimum(account, limit)
        add("", "ConcurrentExecutions", "Maximum", account)
        claimed = account + sum(reserved.values()) * 0.5
        add("", "ClaimedAccountConcurrency", "Maximum", claimed)
        total = sum(line["usd"] for line in lines)
        summary = {
            "name": name,
            "question": question,
            "verdict": "No request was throttled.",
            "success": all(row["success"] for row in slo),
            "engine": {"used": "simpy", "reason": "it was asked for"},
            "seed": 42,
            "replications": 1,
            "simulated_s": periods * period_s,
            "wall_s": 0.912,
            "slo": list(slo),
            "account": {
                "concurrency": {"max": int(account.max(initial=0)), "mean": float(account.mean())},
                "claimed_concurrency": {"max": int(claimed.max(initial=0))},
                "throttles": sum(f["throttles"] for f in functions.values()),
                "retries": 0,
                "cost": {"total": total, "monthly": total * repeats},
            },
            "functions": functions,
            "sources": {},
            "cost": {
                "total": total,
                "monthly": total * repeats,
                "uncertain": 0.0,
                "uncertain_monthly": 0.0,
                "period_s": periods * period_s,
                "currency": "USD",
                "lines": lines,
                "notes": [],
            },
        }
        config = SimpleNamespace(
            simulation=SimpleNamespace(start=start, warmup=warmup_ns, confidence=0.95),
            account=SimpleNamespace(
                concurrency=limit,
                region="eu-west-1",
                scaling=SimpleNamespace(policy="per-function", environments=1000),
            ),
            highest_concurrency=limit,
            moments=(),
            downstream={},
            event_sources={},
            function={
                function: SimpleNamespace(
                    memory=1024,
                    alias={},
                    reserved_concurrency=reserved.get(function),
                    provisioned=SimpleNamespace(concurrency=provisioned[function]) if function in provisioned else None,
                )
                for function in names
            },
            output=SimpleNamespace(period=int(period_s * 1e9)),
        )
        frame = pd.DataFrame({"time": np.tile(times, len(rows)), "value": np.concatenate(columns)})
        for name, words in zip(("function", "metric", "statistic"), zip(*rows, strict=True), strict=True):
            frame[name] = pd.Categorical(np.repeat(np.array(words, object), periods))
        return FakeResult(config, summary, frame, list(stages), None if idle else measured(names))


MANIFEST = {
    "lambdasim": "0.1.0",
    "complete": True,
    "python": "3.11.7",
    "packages": {"numpy": "2.0"},
    "quotas_read": "2026-11-23",
    "prices_published": "2026-09-19",
    "reproduce": "lambdasim run resolved.toml --seed 42",
    "inputs": {"launch.toml": "ab" * 32},
}
RESOLVED = """\
[account]
concurrency = 1000  # default, official: AWS, DG:gettingstarted-limits, 2026-11-23

[function.api]
timeout = "3s"  # default, official: AWS, API CreateFunction, 2026-11-23
threads = 1  # default: lambdasim

[sweep]
design = "grid"  # default: lambdasim

[output]
period = "1min"  # default: lambdasim
"""


@pytest.fixture
def run_of():
    """What a made-up result would leave in its folder."""

    def made(result, resolved=RESOLVED, **changes):
        files = {
            "summary": result.summary,
            "config": result.config,
            "manifest": dict(MANIFEST),
            "assumptions": assumptions(tables_of(resolved), MANIFEST, result.config.account.region),
            "experiment": "[function.api]\n",
            "figures": {},
        }
        return RunFiles(**{**files, **changes})

    return made


class Page(HTMLParser):
    """A page taken apart: its tags with their attributes, its texts, and what is not closed as it should be."""

    VOID: ClassVar = {"meta", "link", "img", "br", "hr", "input", "wbr"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.wrong: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.wrong += [f"<{tag}> is never closed" for tag in self._open]

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing at {self.getpos()}")

    def handle_data(self, data):
        if not self._open or self._open[-1] not in ("style", "script"):
            self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return "".join(self.texts)


@pytest.fixture
def parse():
    return Page


@pytest.fixture
def make_result() -> Maker:
    return Maker()
