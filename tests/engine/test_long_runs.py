"""Runs of five years: both engines agree, no sum overflows, and what happens late is what would happen early."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from support import experiment, records

from lambdasim.errors import InputError
from lambdasim.units import NS_PER_D, NS_PER_H

FUNCTION = {"duration": "lognormal(p50=80ms, p99=600ms)", "init": "exponential(mean=300ms)", "errors": 0.01}


def without_clock(summary: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in summary.items() if key not in ("wall_s", "engine")}


def test_both_engines_agree_on_five_years() -> None:
    exp = experiment(FUNCTION, {"executor": "poisson", "rate": "2/h", "duration": "1826d"})
    simpy, compiled = (exp.run(engine=engine) for engine in ("simpy", "compiled"))
    assert without_clock(simpy.summary) == without_clock(compiled.summary)
    assert simpy.timeseries.equals(compiled.timeseries)
    assert simpy.summary["simulated_s"] == 1826 * 86_400
    expected = 2 * 24 * 1826
    assert abs(simpy.summary["functions"]["f"]["requests"] - expected) < 4 * expected**0.5


@pytest.mark.parametrize(
    "load",
    [
        {"executor": "constant-arrival-rate", "process": "deterministic", "rate": "50/s", "duration": "1min"},
        {"executor": "poisson", "rate": "50/s", "duration": "1min"},
        {"executor": "spike", "rate": "1/s", "spike_rate": "90/s", "spike_at": "20s", "spike_duration": "20s",
         "duration": "1min"},
        {"executor": "bursty", "rates": ["5/s", "90/s"], "sojourns": ["5s", "5s"], "duration": "1min"},
    ],
    ids=lambda load: load["executor"],
)  # fmt: skip
@pytest.mark.parametrize("source", [None, "async-invoke", "apigateway-http"])
def test_a_load_that_starts_after_five_years_is_the_same_but_for_its_time(
    load: dict[str, object], source: str | None
) -> None:
    tables = {"account": {"concurrency": 10}}
    if source is not None:
        tables["sources"] = {"s": {"type": source, "function": "f"}}
        load = {**load, "target": "s"}
    early, late = (records(experiment(FUNCTION, {**load, "start_time": start}, **tables)) for start in ("0s", "1825d"))
    shift = 1825 * NS_PER_D
    for before, after in zip(early, late, strict=True):
        assert before.keys() == after.keys()
        for name in before:
            moved = np.where(before[name] >= 0, before[name] + shift, before[name])
            is_moment = name.endswith("_ns") and name not in ("placement_ns", "init_ns", "duration_ns")
            assert np.array_equal(after[name], moved if is_moment else before[name]), name


def test_levels_of_thousands_for_five_years_add_up() -> None:
    """The integral of 2,000 environments is 3.2 x 10^20 ns, which no 64-bit integer holds."""
    function = {**FUNCTION, "provisioned": {"concurrency": 2_000}, "max_lifetime": "none"}
    exp = experiment(
        function,
        {"executor": "poisson", "rate": "1/d", "duration": "1826d"},
        account={"concurrency": 5_000},
        output={"period": "1d"},
    )
    summary = exp.run().summary
    assert summary["functions"]["f"]["environments"]["mean"] == pytest.approx(2_000, rel=0.01)
    hours = 1826 * 24
    held = next(line for line in summary["cost"]["lines"] if "provisioned" in line["item"] and line["usd"] > 1_000)
    assert held["quantity"] == pytest.approx(2_000 * hours * 3_600 * 0.125, rel=0.01)  # GB-s of 128 MB


def test_a_trace_of_five_years(tmp_path: Path) -> None:
    file = tmp_path / "days.csv"
    days = [date(2021, 1, 1) + timedelta(days=day) for day in range(1_826)]
    file.write_text("time,count\n" + "".join(f"{day},{20 + day.weekday()}\n" for day in days))
    exp = experiment(FUNCTION, {"trace": {"file": str(file), "format": "counts"}}, output={"period": "1h"})
    expected = sum(20 + day.weekday() for day in days)
    simpy, compiled = (exp.run(engine=engine).summary for engine in ("simpy", "compiled"))
    assert simpy["functions"]["f"]["requests"] == expected
    assert without_clock(simpy) == without_clock(compiled)
    window = {"load.0.trace.from": "1800d", "load.0.trace.until": "1801d"}
    assert exp.with_(window).run().summary["functions"]["f"]["requests"] == 20 + days[1_800].weekday()
    with pytest.raises(InputError, match=r'2,629,440 periods of 1min.*output.period = "1h"'):
        exp.with_({"output.period": "1min"}).run()


def test_a_trace_of_more_is_refused_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("time\n2020-01-01\n2025-06-01\n")
    exp = experiment(FUNCTION, {"trace": {"file": str(file), "format": "events"}}, output={"period": "1d"})
    with pytest.raises(InputError, match="takes more than five years to replay"):
        exp.run()
    assert exp.with_({"load.0.trace.speed": 2}).run().summary["functions"]["f"]["requests"] == 2


def test_hours_are_the_periods_of_a_long_run() -> None:
    exp = experiment(FUNCTION, {"executor": "poisson", "rate": "1/d", "duration": "400d"})
    result = exp.run()
    assert set(result.timeseries["time"] % (NS_PER_H / 1e9)) == {0.0}
