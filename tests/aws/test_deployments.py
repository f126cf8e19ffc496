"""Versions, aliases and CodeDeploy against AWS's pages: weights, presets, and the alarms that roll back."""

import pytest

from lambdasim.config import config_from_dict
from lambdasim.config.change import Deployment
from lambdasim.config.deployments import ends_after_ns, shifts
from lambdasim.errors import InputError
from lambdasim.model.aliases import WHOLE_Q24, chosen

MIN = 60 * 10**9
PERCENT = WHOLE_Q24 / 100


def weight_at(strategy: object, minutes: float) -> float:
    """Return the weight of the new version, in percent."""
    deployment = Deployment(alias="f:live", version="2", strategy=strategy)
    steps = [weight for at_ns, weight in shifts(deployment) if at_ns <= minutes * MIN]
    return round(steps[-1] / PERCENT, 4)


@pytest.mark.parametrize(
    ("strategy", "minutes", "percent"),
    [
        # SAM translator, names of presets, 2026-11-27; CodeDeploy API, TimeBasedCanary and TimeBasedLinear, 2026
        ("AllAtOnce", 0, 100),
        ("Canary10Percent5Minutes", 0, 10),
        ("Canary10Percent5Minutes", 4.99, 10),
        ("Canary10Percent5Minutes", 5, 100),
        ("Canary10Percent10Minutes", 9.99, 10),
        ("Canary10Percent15Minutes", 15, 100),
        ("Canary10Percent30Minutes", 29.99, 10),
        # "shifted at the start of each increment": the first at once, the tenth after nine intervals
        ("Linear10PercentEvery1Minute", 0, 10),
        ("Linear10PercentEvery1Minute", 1, 20),
        ("Linear10PercentEvery1Minute", 8.99, 90),
        ("Linear10PercentEvery1Minute", 9, 100),
        ("Linear10PercentEvery2Minutes", 17.99, 90),
        ("Linear10PercentEvery2Minutes", 18, 100),
        ("Linear10PercentEvery3Minutes", 13, 50),
        ("Linear10PercentEvery3Minutes", 27, 100),
        ("Linear10PercentEvery10Minutes", 89.99, 90),
        ("Linear10PercentEvery10Minutes", 90, 100),
        ("CodeDeployDefault.LambdaCanary10Percent5Minutes", 5, 100),
        ({"linear": 0.25, "every": "2min"}, 5.99, 75),
        ({"linear": 0.25, "every": "2min"}, 6, 100),
        ({"linear": 0.3, "every": "1min"}, 2, 90),
        ({"linear": 0.3, "every": "1min"}, 3, 100),
        ({"canary": 0.5, "after": "10min"}, 9, 50),
    ],
)
def test_steps(strategy: object, minutes: float, percent: float) -> None:
    assert weight_at(strategy, minutes) == pytest.approx(percent, abs=1e-3)


def test_a_linear_deployment_has_ten_steps() -> None:
    deployment = Deployment(alias="f:live", version="2", strategy="Linear10PercentEvery3Minutes")
    assert [at_ns // MIN for at_ns, _ in shifts(deployment)] == [0, 3, 6, 9, 12, 15, 18, 21, 24, 27]
    assert ends_after_ns(deployment) == 27 * MIN


@pytest.mark.parametrize(("u24", "place"), [(0, 0), (WHOLE_Q24 // 10 - 1, 0), (WHOLE_Q24 // 10, 1), (WHOLE_Q24 - 1, 1)])
def test_a_request_goes_by_its_draw_alone(u24: int, place: int) -> None:
    """Developer Guide, configuration-aliases, 2026: "a simple probabilistic model"."""
    assert chosen((WHOLE_Q24 // 10, WHOLE_Q24 - WHOLE_Q24 // 10), 0, 2, u24) == place


LOAD = {"target": "f:live", "executor": "poisson", "rate": "1/s", "duration": "1h"}
FUNCTION = {"duration": "constant(1s)", "init": "constant(1s)", "version": {"1": {}, "2": {}, "3": {}}}


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        # API CreateAlias, AdditionalVersionWeights: one more version at most; the rest is the first's
        ({"1": 0.5, "2": 0.4}, "add up to 0.9; an alias leads to one version, or to two whose weights add up to 1"),
        ({"1": 0.4, "2": 0.3, "3": 0.3}, "names 3 versions; an alias leads to one version, or to two"),
        ({"9": 1.0}, "version 9 is not published; there are: 1, 2, 3"),
        ({"$LATEST": 1.0}, "$LATEST, which no weight may be of, is not published; there are: 1, 2, 3"),
        ({}, "names 0 versions"),
    ],
)
def test_weights(weights: dict[str, float], message: str) -> None:
    tree = {"function": {"f": FUNCTION | {"alias": {"live": {"weights": weights}}}}, "load": [LOAD]}
    with pytest.raises(InputError) as caught:
        config_from_dict(tree)
    assert any(message in problem.message for problem in caught.value.problems), caught.value.problems
