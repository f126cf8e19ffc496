"""What runs cost: a month is possible, parts sum to wholes, and the same work has the same month."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lambdasim as ls
from lambdasim.cli.app import main

MONTH_S = 730 * 3_600
GB_S = 0.0000166667
DURATIONS = st.integers(1, 5_000).map(lambda ms: f"constant({ms}ms)")


def function(**keys: Any) -> dict[str, Any]:
    return {"memory": "1024 MB", "timeout": "10min", "init": "constant(0s)", **keys}


def load(target: str, **keys: Any) -> dict[str, Any]:
    return {"target": target, "executor": "constant-arrival-rate", "rate": "5/s", "duration": "60s", **keys}


FUNCTIONS = st.fixed_dictionaries(
    {"duration": DURATIONS, "memory": st.sampled_from(["128 MB", "1024 MB", "1769 MB"])},
    optional={
        "reserved_concurrency": st.integers(1, 20),
        "architecture": st.just("arm64"),
        "ephemeral_storage": st.just("2 GB"),
        "logs": st.just("2 KB"),
        "provisioned": st.just({"concurrency": 1}),
        "init": st.sampled_from(["constant(0s)", "constant(300ms)"]),
    },
)
SOURCES = st.sampled_from(
    [
        {"type": "s3"},
        {"type": "async-invoke"},
        {"type": "sns"},
        {"type": "sqs", "batch_size": 1, "visibility_timeout": "1h"},
        {"type": "sqs", "visibility_timeout": "1h", "provisioned_pollers": {"minimum": 2, "maximum": 20}},
        {"type": "kinesis", "shards": 2},
        {"type": "apigateway-rest"},
        {"type": "alb"},
        {"type": "map", "items": 3},
        None,
    ]
)


@st.composite
def experiments(draw: st.DrawFn) -> ls.Experiment:
    functions, sources, loads = {}, {}, []
    for name in ("f", "g"):
        functions[name] = function(**draw(FUNCTIONS))
        if (source := draw(SOURCES)) is not None:
            sources[f"s-{name}"] = {**source, "function": name}
        target = f"s-{name}" if source else name
        start, lasting = draw(st.sampled_from(["0s", "30s"])), draw(st.sampled_from(["5s", "61s", "3min"]))
        rate = draw(st.sampled_from(["0.2/s", "2/s", "8/s"]))
        loads.append(load(target, rate=rate, duration=lasting, start_time=start))
    account = {
        "free_tier": draw(st.booleans()),
        "region": draw(st.sampled_from(["us-east-1", "eu-west-1", "ap-east-2"])),
    }
    billing = draw(st.sampled_from([{}, {"repeats": "3/day"}, {"sources": False}]))
    return ls.Experiment(functions=functions, sources=sources, loads=loads, account=account, billing=billing)


@settings(max_examples=40, deadline=None)
@given(experiments(), st.integers(0, 3))
def test_parts_sum_to_wholes_and_no_month_is_above_the_ceiling_of_its_peak(exp: ls.Experiment, seed: int) -> None:
    result = exp.run(seed=seed, engine="simpy")
    summary = result.summary
    account, cost = summary["account"]["cost"], summary["cost"]
    owners = {name: summary["sources"][name]["cost"] for name in exp.config.event_sources}
    owners |= {name: of["cost"] for name, of in summary["functions"].items()}
    for key, amount in account.items():
        assert cost[key] == amount
        if amount is not None:
            assert sum(of[key] for of in owners.values()) == pytest.approx(amount, rel=1e-9, abs=1e-15)
    assert sum(line["usd"] for line in cost["lines"]) == pytest.approx(account["total"], rel=1e-9)

    series = result.timeseries[result.timeseries["metric"] == "Cost"]
    by_owner = series.groupby("function", observed=True)["value"].sum().to_dict()
    assert by_owner.pop("", 0.0) == pytest.approx(account["total"], rel=1e-9)
    for name, usd in by_owner.items():
        assert usd == pytest.approx(owners[name]["total"], rel=1e-9)

    if exp.config.billing.repeats is None and account["monthly"] is not None:
        for name, of in summary["functions"].items():
            billed = sum(
                line["quantity"]
                for line in cost["month"]
                if line["function"] == name and line["item"].startswith(("duration", "provisioned-duration"))
            )
            memory_gb = exp.config.function[name].memory / 1_024
            assert billed <= of["concurrency"]["max"] * MONTH_S * memory_gb * (1 + 1e-9)
        billed_s = sum(
            line["quantity"] / (exp.config.function[line["function"]].memory / 1_024)
            for line in cost["month"]
            if line["item"].startswith(("duration", "provisioned-duration"))
        )
        assert billed_s <= summary["account"]["concurrency"]["max"] * MONTH_S * (1 + 1e-9)


def test_the_month_of_a_drain_is_its_ceiling() -> None:
    """20 reserved x 2 GB for a month: 20 * 2 * 2,628,000 s * $0.0000166667 = $1,752 of duration, however much waits."""
    exp = ls.Experiment(
        functions={"f": function(memory="2048 MB", duration="constant(1s)", reserved_concurrency=20)},
        sources={"up": {"type": "s3", "function": "f"}},
        loads=[load("up", rate="33/s", duration="90s")],
    )
    for more in ({}, {"load.0.rate": "100/s"}, {"load.0.duration": "60s"}):
        cost = exp.with_(more).run().summary["cost"]
        (duration,) = (line for line in cost["month"] if line["item"] == "duration")
        assert duration["usd"] == pytest.approx(20 * 2 * MONTH_S * GB_S, rel=1e-9)


TEN = ls.Experiment(
    functions={"f": function(duration="constant(1s)")},
    loads=[load("f", process="deterministic", rate="1000/s", duration="10ms")],
)
OVER_A_SECOND = {"load.0.rate": "10/s", "load.0.duration": "1s"}


def test_a_short_run_has_no_month_by_itself_and_the_text_says_why() -> None:
    for changes in ({}, OVER_A_SECOND, {"simulation.duration": "1h"}, {"load.0.start_time": "2h"}):
        result = TEN.with_(changes).run()
        assert result.summary["account"]["requests"] == 10
        assert result.summary["account"]["cost"]["monthly"] is None
        assert result.summary["functions"]["f"]["cost"]["monthly"] is None
        assert result.summary["cost"]["month"] is None
        assert "what a month of it costs cannot be said" in str(result)
        assert 'such as billing.repeats = "3/day"' in " ".join(str(result).split())


def test_with_repeats_the_same_work_has_the_same_month() -> None:
    """Also with charges by time, which do not depend on how long the run takes."""
    changes = {"billing.repeats": "3/day", "function.f.provisioned": {"concurrency": 10}}
    months = [
        TEN.with_({**changes, **more}).run().summary["account"]["cost"]["monthly"]
        for more in ({}, OVER_A_SECOND, {"simulation.duration": "1h"}, {"load.0.start_time": "5min"})
    ]
    assert months == [months[0]] * 4
    runs = 3 * 730 / 24
    work = runs * 10 * (2e-7 + 0.0000097222 + 266 * 0.5e-9)
    assert months[0] == pytest.approx(work + 10 * MONTH_S * 0.0000041667, rel=1e-6)


def test_provisioned_concurrency_is_counted_once_however_long_the_drain() -> None:
    """Ten environments cost a month of ten, whether the run lasts as long as its loads or much longer."""
    exp = ls.Experiment(
        functions={"f": function(duration="constant(100ms)", provisioned={"concurrency": 10})},
        loads=[load("f", rate="1/s")],
    )
    for changes in ({}, {"simulation.duration": "1h"}, {"function.f.duration": "constant(5min)"}):
        cost = exp.with_(changes).run().summary["cost"]
        (held,) = (line["quantity"] for line in cost["month"] if line["item"] == "provisioned-concurrency")
        assert held == 10 * MONTH_S


def test_an_objective_on_a_month_that_is_none_is_refused_with_the_remedy(tmp_path, capsys) -> None:
    for path in ("account.cost.monthly", "f.cost.monthly"):
        with pytest.raises(
            ls.InputError, match=r'loads that last 10ms do not make a month; .* billing.repeats = "3/day"'
        ):
            TEN.with_({"slo": {path: ["mean < 5 USD"]}})
    (tmp_path / "short.csv").write_text("time,function\n0,f\n1,f\n", encoding="utf-8")
    (tmp_path / "trace.toml").write_text(
        """\
[function.f]
duration = "constant(1s)"
init = "constant(0s)"
[[load]]
trace = { file = "short.csv", format = "events" }
[slo]
"account.cost.monthly" = ["mean < 5 USD"]
""",
        encoding="utf-8",
    )
    for command in ("check", "run"):
        assert main([command, str(tmp_path / "trace.toml")]) == 2
        error = capsys.readouterr().err
        assert "slo.account.cost.monthly: loads that last" in error
        assert 'billing.repeats = "3/day"' in error


def test_what_is_minimized_must_be_there() -> None:
    with pytest.raises(ls.InputError, match=r"optimize.minimize: loads that last 10ms do not make a month"):
        TEN.optimize({"function.f.memory": ["1 GB", "2 GB"]}, minimize="account.cost.monthly")
    judged = TEN.with_({"slo": {"f.throttles": ["count == 0"]}})
    found = judged.optimize({"function.f.memory": ["1 GB", "2 GB"]})
    assert found.summary["minimize"] == found.summary["cost"] == "account.cost"
    assert found.best == {"function.f.memory": "1024 MB"}


def test_a_sweep_without_a_month_tells_what_a_run_costs() -> None:
    found = TEN.sweep({"function.f.memory": ["1 GB", "2 GB"]})
    assert found.summary["best"]["cost_monthly"] is None
    assert found.summary["best"]["cost"] == pytest.approx(10 * (2e-7 + GB_S + 465 * 0.5e-9))
    assert found.summary["verdict"].endswith(" a run.")


def test_a_comparison_without_a_month_tells_what_a_run_costs() -> None:
    before, after = (TEN.with_({"function.f.memory": memory}).run() for memory in ("1 GB", "2 GB"))
    assert "The run's cost rises by $" in ls.compare(before, after).verdict or (
        "the run's cost rises by $" in ls.compare(before, after).verdict
    )


def test_the_minimum_of_each_provisioned_poller() -> None:
    """200 pollers for 10 s: a minute each, 200 / 60 hours."""
    exp = ls.Experiment(
        simulation={"duration": "10s"},
        functions={"f": function(memory="128 MB", duration="constant(10ms)", timeout="10s")},
        sources={"q": {"type": "sqs", "function": "f", "provisioned_pollers": {"minimum": 200, "maximum": 200}}},
        loads=[load("q", process="deterministic", rate="1/s", duration="10s")],
        billing={"repeats": "1/day"},
    )
    cost = exp.run().summary["cost"]
    of_run, of_month = (
        next(line["quantity"] for line in lines if line["item"] == "event-poller-sqs")
        for lines in (cost["lines"], cost["month"])
    )
    assert of_run == pytest.approx(200 / 60)
    assert of_month == 200 * 730


def test_rows_of_several_replications_sum_to_the_mean_bill() -> None:
    exp = ls.Experiment(
        functions={"f": function(duration="exponential(mean=2s)")}, loads=[load("f", rate="2/min", duration="10min")]
    )
    result = exp.run(replications=5)
    rows = result.timeseries[(result.timeseries["metric"] == "Cost") & (result.timeseries["function"] == "")]
    assert rows["value"].sum() == pytest.approx(result.summary["account"]["cost"]["total"]["mean"], rel=1e-9)


def test_logs_are_of_the_platform_and_of_the_handler() -> None:
    exp = ls.Experiment(
        functions={"f": function(duration="constant(10ms)", logs="1 KB")},
        loads=[load("f", process="deterministic", rate="10/s", duration="1s")],
    )
    (logs,) = (line for line in exp.run().summary["cost"]["lines"] if line["item"] == "logs-ingested")
    assert logs["quantity"] == pytest.approx((465 + 9 * 266 + 10 * 1_024) / 1e9)


def test_no_other_services_is_said_everywhere(tmp_path) -> None:
    result = TEN.with_({"billing.sources": False}).run()
    result.save(tmp_path)
    sentence = "what other services charge is not on the bill, for billing.sources is false"
    assert {line["item"] for line in result.summary["cost"]["lines"]} == {"requests", "duration"}
    assert result.summary["cost"]["sources"] is False
    assert sentence in result.summary["cost"]["notes"]
    for name in ("summary.md", "report.html"):
        assert sentence in (tmp_path / name).read_text(encoding="utf-8")
    assert sentence in " ".join(str(result).split())


def test_the_bill_of_a_folder_is_a_table(tmp_path) -> None:
    import pandas as pd

    result = TEN.with_({"billing.repeats": "1/day"}).run()
    result.save(tmp_path)
    table = pd.read_csv(tmp_path / "cost.csv")
    cost = result.summary["account"]["cost"]
    assert table.groupby("of")["usd"].sum().to_dict() == pytest.approx({"run": cost["total"], "month": cost["monthly"]})
    assert set(table["certainty"]) <= {"official", "measured", "uncertain"}
