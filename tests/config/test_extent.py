"""How long an experiment may last, and how much it may send."""

import pytest

from lambdasim.config import config_from_dict
from lambdasim.config.extent import MOST_PERIODS, too_many_periods
from lambdasim.errors import InputError
from lambdasim.units import NS_PER_D, NS_PER_H, NS_PER_MIN, NS_PER_MS, NS_PER_S

FUNCTION = {"f": {"duration": "constant(1s)", "init": "constant(1s)"}}


def config_of(load: dict[str, object], **tables: object) -> object:
    return config_from_dict({"function": FUNCTION, "load": [{"target": "f", **load}], **tables}).config


def constant(rate: str, duration: str) -> dict[str, object]:
    return {"executor": "poisson", "rate": rate, "duration": duration}


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        (constant("1/s", "1831d"), "'1831d' is longer than 1830d, five years"),
        (constant("200000/s", "1825d"), "sends up to 3.15e+13 requests, more than 17,592,186,044,416, the most"),
        (
            {"executor": "bursty", "rates": ["1/s", "900000/s"], "sojourns": ["1h", "1s"], "duration": "1000d"},
            "sends up to 7.78e+13 requests",
        ),
        (
            {"executor": "ramping-arrival-rate", "stages": [{"duration": "900d", "target": "1/s"}] * 3},
            "load.0.stages: together they are longer than 1830d",
        ),
    ],
)
def test_what_cannot_be_counted_is_refused(load: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError) as caught:
        config_of(load)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("load", "tables", "period_ns"),
    [
        (constant("1/min", "105d"), {}, NS_PER_MIN),
        (constant("1/min", "106d"), {}, NS_PER_H),
        (constant("1/min", "1825d"), {"output": {"period": "1d"}}, NS_PER_D),
        (constant("1/min", "1825d"), {"simulation": {"duration": "1d"}}, NS_PER_MIN),
        (constant("1/min", "1d"), {"simulation": {"duration": "1825d"}}, NS_PER_H),
    ],
)
def test_long_runs_have_hours_as_periods(load: dict[str, object], tables: dict[str, object], period_ns: int) -> None:
    assert config_of(load, **tables).output.period == period_ns


@pytest.mark.parametrize(
    ("lasts", "more", "period_ns"),
    [
        ("30min", {}, NS_PER_MIN),
        ("29min", {}, 30 * NS_PER_S),
        ("5min", {}, 10 * NS_PER_S),
        ("1s", {}, 20 * NS_PER_MS),
        ("1ms", {}, 10 * NS_PER_MS),
        ("1h", {"simulation": {"duration": "10min"}}, 20 * NS_PER_S),
        ("1s", {"simulation": {"duration": "1h"}}, NS_PER_MIN),
        ("1s", {"output": {"period": "1min"}}, NS_PER_MIN),
    ],
)
def test_short_runs_have_thirty_periods_or_more(lasts: str, more: dict[str, object], period_ns: int) -> None:
    assert config_of(constant("1/s", lasts), **more).output.period == period_ns


def test_a_queue_may_drain_for_long_after_a_short_load() -> None:
    queue = {"q": {"type": "sqs", "function": "f", "visibility_timeout": "10s"}}
    assert config_of({**constant("1/s", "1s"), "target": "q"}, source=queue).output.period == 2 * NS_PER_S


def test_a_time_series_is_bounded_with_a_remedy_that_holds() -> None:
    years = 1_825 * NS_PER_D
    assert too_many_periods(years, NS_PER_MIN) == (
        "the run would have 2,628,000 periods of 1min, more than 1,000,000; give a longer one, such as "
        'output.period = "1h"'
    )
    assert too_many_periods(years, NS_PER_H) is None
    assert too_many_periods(NS_PER_S * MOST_PERIODS, NS_PER_S) is None
    assert "1,000,001 periods of 1s" in str(too_many_periods(NS_PER_S * (MOST_PERIODS + 1), NS_PER_S))
