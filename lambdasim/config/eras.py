"""``account.era``: dated presets of what AWS has changed over the years, or does not publish and somebody has measured.

An era gives defaults; any key that a file has overrides its own. The newest era's are the defaults that stand beside
the keys. Numbers that were read from measurements stand here, once, each with the data it was read from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdasim.config.evidence import Evidence, measured, official
from lambdasim.config.positions import Path

ERAS: Final = ("2019-01", "2019-08", "2020", "2021", "2025", "2026")
"""The eras, oldest first."""
NEWEST: Final = ERAS[-1]
BEGINS: Final = dict(zip(ERAS, ("0001-01", "2019-07", "2020-01", "2020-12", "2023-12", "2026-01"), strict=True))
"""Since which month what an era says is nearest: durations are billed in steps of 1 ms since December 2020, functions
scale on their own since the end of November 2023; in between lie the dates of measurements."""
GATEWAYS: Final = ("apigateway-rest", "apigateway-http", "alb", "function-url")

SURPLUS: Final = "uniform(22min, 26min)"
"""Idle life of an environment among others while its function is used: in raw logs of 2020 (Mahmoudi and Khazaei,
pacslab) 64 idle times of over 10 min ended in a use, the longest after 24 min; of 33 that ended the environment none is
known to have lasted 26."""
_OF_2020: Final = "raw logs of April to June 2020 (pacslab, six experiments of 28 h)"
_CARRIED: Final = "; that of one among others was measured in 2020 alone (pacslab)"


@dataclass(frozen=True, slots=True)
class Preset:
    """What one era says of one key."""

    raw: Any
    """As a file would say it."""
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Governed:
    """One key that eras decide on."""

    path: Path
    """``*`` stands for any name, and the type of a source for that of any such."""
    presets: Mapping[str, Preset]
    """By era; an era that is absent has the key's own default."""
    beside: tuple[str, ...] = ()
    """Keys of its table that decide it too, so that an era does not where one of them is given."""


def era_of(month: str) -> str:
    """Return the era of a month such as ``"2020-05"``."""
    return [era for era, begins in BEGINS.items() if begins <= month][-1]


def _spread(*pairs: tuple[str, Any, Evidence]) -> dict[str, Preset]:
    """Return presets of several eras each: their names stand in one text."""
    return {era: Preset(raw, evidence) for eras, raw, evidence in pairs for era in eras.split()}


def _idle(source: str, **range_: Any) -> Evidence:
    return measured("idle timeout", source, **range_)


IDLE_2025: Final = {
    "lone": "mixture(0.18: uniform(30s, 60s), 0.74: uniform(5min, 7min), 0.08: uniform(15min, 60min))",
    "surplus": SURPLUS,
    "expiry": "halves",
}
IDLE_2025_EVIDENCE: Final = _idle(
    "probes of single environments in 2025: 2 % cold after 30 s, 20 % after 1 to 5 min, 92 % after 7 to 15 min; by "
    f"halves as in 2021{_CARRIED}; AWS promises nothing",
    low="constant(5min)",
    high="constant(45min)",
    in_steps="half-life(380s)",
)
"""Of ``idle_timeout`` in the eras 2025 and 2026: nobody has published a later measurement."""

NETWORK_2026: Final = "percentiles(p0=32ms, p50=37ms, p95=46ms, p99=59ms, p99.9=78ms, p100=96ms)"
NETWORK_2026_EVIDENCE: Final = measured(
    "client network time",
    "client latency less Duration at function URLs, 50 requests/s, 2026: p50 35 to 39 ms, p95 43 to 47, p99 59 to 62 "
    "(seng533a, nine runs), and beyond p99 as from p95 to there, 19 ms for each tenth; of clients elsewhere unknown",
    low="constant(1ms)",
    high="lognormal(p50=120ms, p99=250ms)",
)
"""Of the ``latency`` of gateways in the eras 2025 and 2026."""

LIFE_2020: Final = "mixture(0.22: uniform(0s, 105min), 0.78: uniform(105min, 123min))"
"""Raw logs of 2020: 22 % of environments ended evenly over 105 min while they were used, and all others from then to
123 min after their creation (of 262 lives none was longer)."""

GOVERNED: Final = (
    Governed(
        ("function", "*", "idle_timeout"),
        _spread(
            (
                "2019-01",
                "percentiles(p0=25min, p35=45min, p50=56min, p97=61min, p100=75min)",
                _idle("single probes of January 2019, no cold start before 25 min (mikhail.io; 775 of them)"),
            ),
            (
                "2019-08",
                {"lone": "constant(613s)", "surplus": SURPLUS, "expiry": "together"},
                _idle(
                    "single probes of August 2019: warm until 10.0 min, cold from 10.5 min on (mikhail.io; 300 of "
                    f"them){_CARRIED}"
                ),
            ),
            (
                "2020",
                {"lone": "constant(640s)", "surplus": SURPLUS, "expiry": "together"},
                _idle(
                    f"{_OF_2020}: of single environments the longest idle time was 636 s, and the shortest that ended "
                    "one 645 s; of one among others up to 24 min"
                ),
            ),
            (
                "2021",
                {"lone": "constant(366s)", "surplus": SURPLUS, "expiry": "halves"},
                _idle(
                    "single probes of January 2021: warm until 5.9 min, cold from 6.2 min on, 41 % of those that are "
                    "told as 6 min (mikhail.io); of D idle ones half ended after 6 to 7 min, half of the rest after as "
                    f"long again (SeBS, Middleware 2021){_CARRIED}"
                ),
            ),
            ("2025 2026", IDLE_2025, IDLE_2025_EVIDENCE),
        ),
    ),
    Governed(
        ("function", "*", "max_lifetime"),
        _spread(
            (
                "2019-01 2019-08 2020",
                LIFE_2020,
                measured("longest life of an environment", f"{_OF_2020}: 262 lives, none over 123 min"),
            ),
        ),
    ),
    Governed(
        ("function", "*", "reuse"),
        _spread(
            (
                "2019-01 2019-08 2020",
                "most-recent",
                measured(
                    "which idle environment is reused",
                    f"{_OF_2020}: the most recently used one in 99 % of choices",
                    least_recent="least-recent",
                    random="random",
                ),
            ),
        ),
    ),
    Governed(
        ("account", "scaling", "policy"),
        _spread(
            (
                "2019-01 2019-08 2020 2021",
                "legacy-burst",
                official("AWS until 2023-11-26, DG22:invocation-scaling"),
            ),
        ),
        beside=("environments", "per"),
    ),
    Governed(
        ("source", "sqs", "scaling", "policy"),
        _spread(("2019-01 2019-08 2020 2021", "legacy", official("AWS until 2023-11, as quoted by mikhail.io, 2018"))),
    ),
    Governed(
        ("billing", "init_policy"),
        _spread(
            (
                "2019-01 2019-08 2020 2021",
                "legacy",
                official("AWS until 2025-08-01, BLOG:init-phase-billing, 2026-11-23"),
            ),
        ),
    ),
    Governed(
        ("billing", "rounding"),
        _spread(("2019-01 2019-08 2020", "100ms", official("AWS until 2020-12-01, price page of that time"))),
    ),
    *(
        Governed(
            ("source", kind, "latency"),
            _spread(
                (
                    "2019-01 2019-08",
                    "lognormal(p50=12ms, p99=40ms)",
                    measured(
                        "client network time",
                        "warm requests of a client in the cloud, 2019-01: p50 72 ms with 60 ms of work (mikhail.io)",
                    ),
                ),
                (
                    "2020 2021",
                    "lognormal(p50=65ms, p99=95ms)",
                    measured(
                        "client network time",
                        "from dispatch to the start of a warm handler, April 2020: p50 69 to 80 ms "
                        "(danielBCN/faas-parallelism-benchmark)",
                    ),
                ),
            ),
        )
        for kind in ("invoke", *GATEWAYS)
    ),
)
"""Every key that an era decides on."""


def preset(path: Path, era: str) -> Any:
    """Return what an era says of a key, as a file would; None where that is the key's own default."""
    found = next((governed.presets.get(era) for governed in GOVERNED if governed.path == path), None)
    return None if found is None else found.raw
