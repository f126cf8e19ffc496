"""``simulation.replications``: a number or a rule."""

import pytest

from lambdasim.config.load import config_from_dict
from lambdasim.config.replications import Until
from lambdasim.config.resolved import resolved_toml
from lambdasim.config.slo import find_statistic
from lambdasim.errors import InputError


def experiment(replications: object) -> dict[str, object]:
    return {
        "function": {"api": {"duration": "constant(1s)", "init": "constant(1s)"}},
        "load": [{"name": "web", "target": "api", "executor": "poisson", "rate": "1/s", "duration": "1min"}],
        "simulation": {"replications": replications},
    }


@pytest.mark.parametrize("sign", ["±", " +- ", "+/-"])
def test_a_rule_is_read_however_its_sign_is_typed(sign: str) -> None:
    loaded = config_from_dict(experiment({"min": 5, "max": 40, "until": f"api.latency.p99.9{sign}2.5%"}))
    until = loaded.config.simulation.replications
    assert until == Until(5, 40, "api.latency.p99.9", 0.025)
    assert until.text == "api.latency.p99.9 ±2.5%"


def test_a_rule_survives_both_ways_of_writing(tmp_path) -> None:
    import tomllib

    loaded = config_from_dict(experiment({"max": 40, "until": "account.cost.monthly.mean ±5%"}))
    for text in (loaded.to_toml(), resolved_toml(loaded.config)):
        again = config_from_dict(tomllib.loads(text))
        assert again.config.simulation.replications == loaded.config.simulation.replications


def test_the_least_number_has_a_default_below_the_greatest() -> None:
    rule = {"max": 3, "until": "api.latency.p99 ±5%"}
    assert config_from_dict(experiment(rule)).config.simulation.replications.least == 3


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("many", "'many' is not a whole number; write how many, or { min = 5"),
        (True, "True is not a whole number"),
        ({"min": 5, "max": 40}, "until is missing"),
        ({"min": 5, "until": "api.latency.p99 ±5%"}, "max is missing"),
        ({"min": 5, "max": 4, "until": "api.latency.p99 ±5%"}, "max (4) is below min (5)"),
        ({"min": 1, "max": 4, "until": "api.latency.p99 ±5%"}, "min: 1 is outside 2 to 10000"),
        ({"min": "5", "max": 4, "until": "api.latency.p99 ±5%"}, "min: '5' is not a whole number"),
        ({"mim": 5, "max": 9, "until": "api.latency.p99 ±5%"}, "unknown key 'mim'; did you mean 'min'?"),
        ({"max": 9, "until": "api.latency.p99 5%"}, "until: 'api.latency.p99 5%' is not a precision"),
        ({"max": 9, "until": "api.latency.p99 ±0%"}, "is not a precision above 0%"),
        ({"max": 9, "until": 5}, "until: 5 is not a precision"),
        ({"max": 9, "until": "apy.latency.p99 ±5%"}, "did you mean 'api'?"),
        ({"max": 9, "until": "api.latency ±5%"}, "until: 'api.latency' names no statistic; add one, such as '.mean'"),
        ({"max": 9, "until": "api.latency.p98 ±5%"}, "'api.latency' has no statistic 'p98'; did you mean 'p99'?"),
        ({"max": 9, "until": "api.age.max ±5%"}, "a function has no metric 'age'"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_at_its_key(rule: object, message: str) -> None:
    with pytest.raises(InputError) as caught:
        config_from_dict(experiment(rule))
    assert [problem.path for problem in caught.value.problems] == ["simulation.replications"]
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("api.latency.p99.9", ("api.latency", "p99.9")),
        ("account.cost.monthly.mean", ("account.cost.monthly", "mean")),
        ("account.cost.mean", ("account.cost", "mean")),
        ("web.throttles.rate", ("web.throttles", "rate")),
    ],
)
def test_metric_and_statistic_are_told_apart(path: str, found: tuple[str, str]) -> None:
    assert find_statistic(path, ["api"], ["web"]) == found
