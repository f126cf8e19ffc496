"""The back of the envelope, against sums done by hand."""

from typing import Any

import pytest

from lambdasim.config.schema import ExperimentConfig
from lambdasim.metrics.queueing import erlang_b
from lambdasim.planning.envelope import ALL_TOGETHER, estimates, month_estimate

CONSTANT = {"target": "api", "executor": "constant-arrival-rate", "duration": "1h"}


def monthly_usd(config: ExperimentConfig) -> float | None:
    return month_estimate(config).usd


def _config(
    loads: list[dict[str, Any]], account: dict[str, Any] | None = None, billing: Any = None, **functions: Any
) -> ExperimentConfig:
    named = [{"name": f"load-{place}", **load} for place, load in enumerate(loads)]
    return ExperimentConfig.model_validate(
        {"load": named, "account": account or {}, "billing": billing or {}, "function": functions}
    )


def test_offered_load_is_rate_times_mean_duration() -> None:
    config = _config([{**CONSTANT, "rate": "50/s"}], api={"duration": "constant(200ms)", "init": "constant(0ms)"})
    (load,) = estimates(config)
    assert load.offered_erlangs == pytest.approx(10.0)
    assert load.concurrency == pytest.approx(10.0)
    assert load.blocking == 0.0
    assert (load.concurrency_limit, load.rate_limit) == (1000, 10_000)


def test_erlang_b_is_taken_at_the_reserved_limit() -> None:
    function = {"duration": "exponential(mean=1s)", "timeout": "900s", "reserved_concurrency": 2}
    (load,) = estimates(_config([{**CONSTANT, "rate": "1/s"}], api=function))
    assert load.blocking == pytest.approx(0.2)  # B(2, 1) = (1/2) / (1 + 1 + 1/2)
    assert load.concurrency == pytest.approx(0.8)
    assert load.rate_limit == 20


def test_functions_without_a_reservation_share_what_the_others_leave() -> None:
    config = _config(
        [{**CONSTANT, "rate": "1/s"}, {**CONSTANT, "target": "other", "rate": "3/s"}],
        account={"concurrency": 500},
        api={"duration": "constant(1s)"},
        other={"duration": "constant(1s)", "provisioned": {"concurrency": 30}},
        third={"duration": "constant(1s)", "reserved_concurrency": 100},
    )
    api, other, together = estimates(config)
    assert (api.concurrency_limit, other.concurrency_limit) == (370, 400)
    assert (together.load, together.concurrency_limit) == (ALL_TOGETHER, 400)
    assert together.offered_erlangs == pytest.approx(4.0)


def test_memory_scales_the_cpu_part_and_the_timeout_cuts() -> None:
    scaled = {"memory": "1024 MB", "duration_memory": "512 MB", "cpu_share": 0.5, "duration": "constant(1s)"}
    assert estimates(_config([{**CONSTANT, "rate": "1/s"}], api=scaled))[0].duration_ms == pytest.approx(750)
    cut = {"timeout": "3s", "duration": "constant(10s)"}
    assert estimates(_config([{**CONSTANT, "rate": "1/s"}], api=cut))[0].duration_ms == pytest.approx(3000)


@pytest.mark.parametrize(
    ("load", "mean", "peak"),
    [
        (
            {
                "executor": "ramping-arrival-rate",
                "start_rate": "0/s",
                "stages": [{"duration": "10s", "target": "100/s"}, {"duration": "30s", "target": "100/s"}],
            },
            87.5,
            100,
        ),
        ({"executor": "diurnal", "rate": "10/s", "peak": "15/s", "duration": "24h"}, 10, 15),
        ({"executor": "bursty", "rates": ["1/s", "9/s"], "sojourns": ["3s", "1s"], "duration": "1h"}, 3, 9),
        (
            {
                "executor": "spike",
                "rate": "10/s",
                "spike_rate": "110/s",
                "spike_at": "1min",
                "spike_duration": "1min",
                "duration": "10min",
            },
            20,
            110,
        ),
        ({"executor": "constant-vus", "vus": 10, "think_time": "constant(900ms)", "duration": "1h"}, 10, 10),
    ],
)
def test_rates_of_every_kind_of_load(load: dict[str, Any], mean: float, peak: float) -> None:
    (found,) = estimates(_config([{"target": "api", **load}], api={"duration": "constant(100ms)"}))
    assert (found.mean_rate, found.peak_rate) == (pytest.approx(mean), pytest.approx(peak))


def test_what_only_files_know_stays_open() -> None:
    trace = {"target": "api", "trace": {"file": "t.csv", "format": "counts"}}
    config = _config([trace, {"trace": {"file": "t.csv", "format": "counts"}}], api={"duration": "constant(100ms)"})
    (load,) = estimates(config)
    assert load.mean_rate is None
    assert load.blocking is None
    assert load.notes == ("the rate is in the trace",)
    per = {"target": "api", "per": {"source": "first", "on": "success", "count": 1}}
    follows = _config([trace | {"name": "first"}, per], api={"duration": "constant(100ms)"})
    assert estimates(follows)[1].notes == ("the rate follows from first",)
    assert monthly_usd(config) is None
    named_by_the_trace = _config([{"trace": {"file": "t.csv", "format": "counts"}}], api={"duration": "constant(1s)"})
    assert estimates(named_by_the_trace) == []
    assert monthly_usd(named_by_the_trace) is None


def test_the_seed_example_costs_what_aws_says() -> None:
    """1 M invocations of 200 ms at 512 MB: $0.20 + $1.67 (AWS's pricing examples), here per month of 730 h."""
    rate = 1_000_000 / 730
    config = _config([{**CONSTANT, "rate": f"{rate}/h"}], api={"memory": "512 MB", "duration": "constant(200ms)"})
    assert monthly_usd(config) == pytest.approx(1.87, rel=0.01)


def test_provisioned_concurrency_is_paid_by_the_hour_and_lowers_the_price_of_duration() -> None:
    """10 busy of 20 provisioned at 1 GB for 730 h: $0.0000041667 and $0.0000097222 per GB-s, $0.20 per 1 M requests."""
    function = {"memory": "1024 MB", "duration": "constant(999.5ms)", "provisioned": {"concurrency": 20}}
    month_s = 730 * 3600
    expected = 20 * month_s * 0.0000041667 + 10 * month_s * 0.0000097222 + 10 * month_s * 0.2e-6
    assert monthly_usd(_config([{**CONSTANT, "rate": "10/s"}], api=function)) == pytest.approx(expected, rel=1e-4)


def test_a_short_load_beside_a_long_one_counts_for_as_long_as_it_lasts() -> None:
    """An hour at 1/s and 36 s at 100/s: twice the requests of the hour, not a month at 101/s."""
    short = {**CONSTANT, "rate": "100/s", "duration": "36s", "start_time": "10min"}
    hour = monthly_usd(_config([{**CONSTANT, "rate": "1/s"}], api={"duration": "constant(1s)"}))
    both = monthly_usd(_config([{**CONSTANT, "rate": "1/s"}, short], api={"duration": "constant(1s)"}))
    assert hour is not None
    assert both == pytest.approx(2 * hour, rel=1e-9)


def test_no_month_is_above_the_ceiling_of_the_concurrency_that_there_is() -> None:
    """600 s of work each second on 20 reserved: 20 GB for a month, and its requests, less what Erlang B leaves idle."""
    function = {"duration": "constant(999.5ms)", "memory": "1024 MB", "reserved_concurrency": 20}
    ceiling = 20 * 730 * 3_600 * (0.0000166667 + 2e-7)
    busy = 600 * (1 - erlang_b(600, 20)) / 20
    assert 0.99 < busy < 1
    month = monthly_usd(_config([{**CONSTANT, "rate": "600/s"}], api=function))
    assert month == pytest.approx(ceiling * busy, rel=1e-3)


def test_loads_of_less_than_a_minute_have_no_month_but_a_note() -> None:
    short = [{**CONSTANT, "rate": "10/s", "duration": "1s"}]
    found = month_estimate(_config(short, api={"duration": "constant(1s)"}))
    assert found.usd is None
    assert found.notes == (
        "no cost of a month: loads that last 1s do not make a month; say how often they happen, such as "
        'billing.repeats = "3/day"',
    )
    daily = _config(short, api={"duration": "constant(1s)", "memory": "1024 MB"}, billing={"repeats": "1/day"})
    assert monthly_usd(daily) == pytest.approx(730 / 24 * 10 * (1.0005 * 0.0000166667 + 2e-7), rel=1e-3)


def test_a_region_without_prices_is_told() -> None:
    config = _config([{**CONSTANT, "rate": "1/s"}], {"region": "mx-central-1"}, api={"duration": "constant(1s)"})
    (note,) = month_estimate(config).notes
    assert "has no prices of mx-central-1; those of us-east-1 stand in" in note


def test_what_is_throttled_costs_nothing_in_a_month() -> None:
    """2 erlangs on 1: B(2, 1) = 2/3 of the requests are turned away, and neither run nor are billed."""
    function = {"duration": "constant(999.5ms)", "memory": "1024 MB", "reserved_concurrency": 1}
    expected = 2 / 3 * 730 * 3_600 * (0.0000166667 + 2e-7)  # one third of 2/s
    assert monthly_usd(_config([{**CONSTANT, "rate": "2/s"}], api=function)) == pytest.approx(expected, rel=1e-3)
