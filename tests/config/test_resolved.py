"""The resolved experiment reads back equal and says whose its defaults are."""

import tomllib
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lambdasim.config import config_from_dict
from lambdasim.config.families import EXAMPLES
from lambdasim.config.json_schema import schema_json
from lambdasim.config.plain import plain_tree
from lambdasim.config.quotas import REGIONS
from lambdasim.config.resolved import resolved_toml
from lambdasim.config.toml_writer import to_toml
from lambdasim.units import format_duration, format_memory, format_rate

SCHEMA = schema_json()
MAX_NS = 2**53
_DURATIONS = st.integers(1, MAX_NS // 4).map(format_duration)
_RATES = st.floats(0, 1e6).map(format_rate)
_DISTRIBUTIONS = st.sampled_from(list(EXAMPLES.values())) | _DURATIONS.map(lambda text: f"constant({text})")
_FRACTIONS = st.floats(0, 0.5) | st.sampled_from(["2%", 0, "12.5%"])


def _table(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


_FUNCTION = _table(
    {"duration": _DISTRIBUTIONS, "init": _DISTRIBUTIONS},
    {
        "runtime": st.sampled_from(["python3.13", 'a "quoted" one']),
        "package": st.sampled_from(["zip", "image"]),
        "architecture": st.sampled_from(["x86_64", "arm64"]),
        "memory": st.integers(128, 10240).map(format_memory),
        "timeout": st.integers(1, 900).map(lambda seconds: format_duration(seconds * 10**9)),
        "duration_memory": st.integers(128, 10240).map(format_memory),
        "cpu_share": _FRACTIONS,
        "threads": st.integers(1, 6),
        "memory_used": st.just("uniform(1 MB, 2 GB)"),
        "placement": _DISTRIBUTIONS,
        "suppressed_init_slowdown": st.floats(1, 100),
        "errors": _FRACTIONS,
        "crashes": _FRACTIONS,
        "reserved_concurrency": st.integers(100, 400),
        "provisioned": _table({"concurrency": st.integers(0, 100)}, {})
        | _table({"concurrency": st.integers(0, 100), "requested_at": _DURATIONS}, {"preparation": _DISTRIBUTIONS}),
        "idle_timeout": _DISTRIBUTIONS | st.fixed_dictionaries({"lone": _DISTRIBUTIONS, "surplus": _DISTRIBUTIONS}),
        "max_lifetime": _DISTRIBUTIONS | st.just("none"),
        "reuse": st.sampled_from(["most-recent", "least-recent", "random"]),
        "ephemeral_storage": st.integers(512, 10240).map(format_memory),
    },
)
_CLIENT = _table(
    {"mode": st.sampled_from(["none", "legacy", "standard"])}, {"max_attempts": st.integers(1, 9)}
) | st.just({"retries": 2, "backoff": "exponential(base=100ms, max=2s, jitter=none)", "clients": 4})
_TO_SOURCE = {"target": "http", "executor": "poisson", "rate": "1/s", "duration": "1s"}
_COMMON = {"client": _CLIENT, "start_time": _DURATIONS, "name": st.just("morning")}
_LOAD = (
    _table(
        {"executor": st.just("constant-arrival-rate"), "rate": _RATES, "duration": _DURATIONS},
        {"process": st.sampled_from(["poisson", "deterministic", "gamma(cv=0.5)"]), **_COMMON},
    )
    | _table(
        {
            "executor": st.just("ramping-arrival-rate"),
            "stages": st.lists(
                st.fixed_dictionaries({"duration": _DURATIONS, "target": _RATES}), min_size=1, max_size=3
            ),
        },
        {"start_rate": _RATES, **_COMMON},
    )
    | _table(
        {"executor": st.just("diurnal"), "rate": st.just("10/s"), "peak": st.just("15/s"), "duration": _DURATIONS},
        {"period": st.just("12h"), "peak_at": st.just("3h"), **_COMMON},
    )
    | _table(
        {"executor": st.just("bursty"), "duration": _DURATIONS},
        _COMMON,
    ).flatmap(
        lambda load: st.lists(_RATES, min_size=2, max_size=3).map(
            lambda r: {**load, "rates": r, "sojourns": ["1s"] * len(r)}
        )
    )
    | _table(
        {"executor": st.just("constant-vus"), "vus": st.integers(1, 9), "duration": _DURATIONS},
        {"think_time": _DISTRIBUTIONS},
    )
    | st.just({"trace": {"file": __file__, "format": "events", "from": "1h", "until": "2h", "scale": 1.4}})
)
EXPERIMENTS = st.fixed_dictionaries(
    {
        "function": st.fixed_dictionaries({"api": _FUNCTION}, optional={"*": _FUNCTION}),
        "load": st.tuples(_LOAD, _LOAD.map(lambda load: {k: v for k, v in load.items() if k != "name"})).map(
            lambda loads: [{"target": "api", **load} for load in loads]
        ),
    },
    optional={
        "name": st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
        "question": st.just('Is "this" a\nquestion?'),
        "simulation": _table(
            {},
            {
                "duration": _DURATIONS,
                "seed": st.integers(0, 2**63 - 1),
                "start": st.just("2026-11-27T08:00:00+02:00"),
            },
        ),
        "account": _table(
            {},
            {
                "region": st.sampled_from(REGIONS),
                "scaling": st.sampled_from(
                    [{"refill": "step"}, {"policy": "legacy-burst"}, {"policy": "legacy-burst", "burst": 7}]
                ),
                "free_tier": st.booleans(),
            },
        ),
        "source": st.just({"http": {"type": "invoke", "function": "api"}}),
        "slo": st.just({"api.latency": ["p99 < 800ms"], "account.cost": ["mean < 2500 USD"]}),
        "sweep": st.sampled_from(
            [
                {"design": "grid", "over": {"function.api.memory": ["1 GB", "2 GB"]}},
                {"design": "lhs", "points": 3, "over": {"simulation.seed": {"min": 1, "max": 9}}},
            ]
        ),
        "optimize": st.just({"subject_to": "none", "over": {"simulation.seed": [1, 9]}}),
        "output": st.just({"requests": "sample(10)", "period": "5min"}),
        "billing": st.just({"repeats": "2.5/week", "sources": False}),
    },
).map(lambda raw: raw | {"load": [*raw["load"], _TO_SOURCE]} if "source" in raw else raw)  # fmt: skip


UPDATED = {
    "function": {"api": {"duration": "constant(80ms)", "init": "constant(0s)"}},
    "load": [{"target": "api", "executor": "constant-arrival-rate", "rate": "1/s", "duration": "1min"}],
    "change": [{"time": "30s", "deploy": {"function": "api", "set": {"memory": "1 GB"}}}],
}


@settings(max_examples=30, deadline=None)
@given(EXPERIMENTS)
@example(UPDATED)
def test_resolved_reads_back_equal(raw: dict[str, Any]) -> None:
    config = config_from_dict(raw).config
    text = resolved_toml(config)
    again = config_from_dict(tomllib.loads(text)).config
    assert again == config
    assert resolved_toml(again).count("# default") == 0
    assert [load.name for load in again.load] == [load.name for load in config.load]


@settings(max_examples=30, deadline=None)
@given(EXPERIMENTS)
def test_models_go_back_to_plain_values(raw: dict[str, Any]) -> None:
    loaded = config_from_dict(raw)
    tree = plain_tree(dict(loaded.config))
    assert config_from_dict(tree).config == loaded.config
    assert config_from_dict(tomllib.loads(to_toml(loaded.raw))).config == loaded.config


@settings(max_examples=30, deadline=None)
@given(EXPERIMENTS)
def test_the_json_schema_accepts_what_is_valid(raw: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    text = resolved_toml(config_from_dict({**raw, "simulation": {}}).config)
    jsonschema.Draft202012Validator(SCHEMA).validate(tomllib.loads(text))


def test_text(load, minimal) -> None:
    lines = resolved_toml(load(minimal, ("simulation.seed", "0")).config).splitlines()
    for line in [
        'name = "e"  # default: the file\'s name',
        "seed = 0",
        "concurrency = 1000  # default, official: AWS, DG:gettingstarted-limits, 2026-11-23",
        'per = "10s"  # default, official: AWS, DG:scaling-behavior, 2026-11-23',
        'memory = "1024 MB"',
        'timeout = "3s"  # default, official: AWS, API CreateFunction, 2026-11-23',
        "# reserved_concurrency: not set",
        'name = "api"  # default: the target\'s name',
        'rate = "300/s"',
    ]:
        assert line in lines
    assert not [line for line in lines if line.startswith(("vus", "burst =", "# vus"))]
