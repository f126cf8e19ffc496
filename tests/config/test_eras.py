"""Eras: dated defaults, which any key of a file overrides, and of which ``check`` tells."""

import tomllib
from typing import Any

import pytest

from lambdasim.config import config_from_dict
from lambdasim.config.defaults import defaults_of
from lambdasim.config.eras import ERAS, GOVERNED, NEWEST
from lambdasim.config.of_era import presets_of
from lambdasim.config.reference import explained
from lambdasim.config.resolved import resolved_toml
from lambdasim.config.schema import ExperimentConfig, FunctionConfig
from lambdasim.config.sources.sqs import SqsScaling
from lambdasim.errors import InputError
from lambdasim.planning.assumptions import assumptions

MIN = 60_000_000_000


def tree(era: str | None = None, **tables: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "function": {"f": {"duration": "constant(1s)", "init": "constant(1s)"}},
        "source": {"q": {"type": "sqs", "function": "f"}, "u": {"type": "function-url", "function": "f"}},
        "load": [
            {"target": target, "executor": "poisson", "rate": "1/s", "duration": "1h"} for target in ("f", "q", "u")
        ],
    }
    if era is not None:
        found["account"] = {"era": era}
    return found | tables


def loaded(raw: dict[str, Any]) -> ExperimentConfig:
    return config_from_dict(raw).config


def governed_values(config: Any) -> dict[str, Any]:
    f, q = config.function["f"], config.source["q"]
    return {
        "idle": f.idle_timeout, "lifetime": f.max_lifetime, "reuse": f.reuse, "burst": config.account.scaling.policy,
        "refill": config.account.scaling.refill, "queue": q.scaling.policy, "init": config.billing.init_policy,
        "rounding": config.billing.rounding, "network": config.source["u"].latency,
    }  # fmt: skip


def test_no_era_is_the_newest() -> None:
    assert governed_values(loaded(tree())) == governed_values(loaded(tree(NEWEST)))


@pytest.mark.parametrize("governed", GOVERNED, ids=lambda governed: ".".join(governed.path))
def test_the_newest_presets_are_the_defaults(governed: Any) -> None:
    """What the newest era says is what stands beside the key."""
    if NEWEST in governed.presets:
        assert governed.path == ("function", "*", "idle_timeout")
        declared = FunctionConfig.model_fields["idle_timeout"]
        assert declared.default.to_raw() == governed.presets[NEWEST].raw
        assert governed.presets[NEWEST].evidence in declared.metadata
    assert set(governed.presets) <= set(ERAS)


def test_an_era_decides_what_a_file_leaves_to_it() -> None:
    values = governed_values(loaded(tree("2020")))
    idle = values.pop("idle")
    assert (idle.lone.params, idle.expiry) == ((640e9,), "together")
    assert values.pop("network").text == "lognormal(p50=65ms, p99=95ms)"
    assert values.pop("lifetime").text.startswith("mixture(0.22")
    assert values == {
        "reuse": "most-recent", "burst": "legacy-burst", "refill": "step", "queue": "legacy", "init": "legacy",
        "rounding": "100ms",
    }  # fmt: skip


@pytest.mark.parametrize("era", ERAS)
def test_what_is_resolved_reads_back_as_the_same(era: str) -> None:
    config = loaded(tree(era))
    again = loaded(tomllib.loads(resolved_toml(config)))
    assert governed_values(again) == governed_values(config)
    assert again == config


@pytest.mark.parametrize(
    ("tables", "key", "value"),
    [
        ({"billing": {"rounding": "1ms"}}, "rounding", "1ms"),
        ({"account": {"era": "2020", "scaling": {"policy": "per-function"}}}, "burst", "per-function"),
        ({"account": {"era": "2020", "scaling": {"environments": 7}}}, "burst", "per-function"),
        ({"account": {"era": "2020", "scaling": {"per_minute": 7}}}, "burst", "legacy-burst"),
    ],
)
def test_any_key_overrides_it(tables: dict[str, Any], key: str, value: str) -> None:
    assert governed_values(loaded(tree("2020", **tables)))[key] == value


def test_a_base_of_functions_overrides_it() -> None:
    functions = {"*": {"idle_timeout": "constant(9min)"}, "f": {"duration": "constant(1s)", "init": "constant(1s)"}}
    assert loaded(tree("2020", function=functions)).function["f"].idle_timeout.params == (9 * MIN,)


def test_provisioned_pollers_are_of_no_era() -> None:
    sources = tree()["source"] | {"q": {"type": "sqs", "function": "f", "provisioned_pollers": {}}}
    assert loaded(tree("2020", source=sources)).source["q"].scaling == SqsScaling()


def test_resolved_values_tell_which_the_era_decided() -> None:
    told = {(d.table, d.key): d for d in defaults_of(resolved_toml(loaded(tree("2020"))))}
    idle = told[("function", "f"), "idle_timeout"]
    assert (idle.kind, idle.source[:9]) == ("measured", "era 2020:")
    assert told[("billing",), "rounding"].source.startswith("era 2020: AWS until 2020-12-01")
    assert told[("source", "q", "scaling"), "policy"].source.startswith("era 2020: ")
    assert not told[("function", "f"), "memory"].source.startswith("era")
    newest = {(d.table, d.key): d for d in defaults_of(resolved_toml(loaded(tree())))}
    assert newest[("function", "f"), "idle_timeout"].source.startswith("era 2026: probes of single environments")


def test_what_is_given_is_no_default() -> None:
    told = {d.key for d in defaults_of(resolved_toml(loaded(tree("2020", billing={"rounding": "1ms"}))))}
    assert "rounding" not in told


def test_sensitivity_knows_the_evidence_of_the_era() -> None:
    [idle] = [one for one in assumptions(loaded(tree("2025"))) if one.name == "idle timeout"]
    assert "probes of single environments in 2025" in idle.reason


def test_explain_tells_what_each_era_has() -> None:
    [key] = explained("function.idle_timeout")
    assert set(key.eras) == set(ERAS) - {NEWEST}
    assert key.eras["2020"].startswith('{ lone = "constant(640s)"')
    assert presets_of(SqsScaling, "floor") is None
    assert explained("function.memory")[0].eras == {}


def test_a_year_needs_no_quotes() -> None:
    assert governed_values(loaded(tree() | {"account": {"era": 2020}})) == governed_values(loaded(tree("2020")))


def test_an_unknown_era_is_refused() -> None:
    with pytest.raises(InputError, match=r"unknown value '2020-13'"):
        loaded(tree("2020-13"))
