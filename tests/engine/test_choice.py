"""Which engine runs, what it says of itself, and that it makes no difference."""

import json
from pathlib import Path
from typing import Any

import pytest

import lambdasim as ls
from lambdasim import engine
from lambdasim.cli import main
from lambdasim.machine_code import shipped
from lambdasim.model.spec import AccountSpec
from lambdasim.plan import Plan

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
SHORT = {"quickstart": {"load.0.duration": "30s"}, "provisioned-spillover": {"load.0.duration": "1min"}}


@pytest.mark.parametrize("name", ["quickstart", "noisy-neighbour", "reserved-or-not", "provisioned-spillover"])
def test_both_engines_give_the_same_result(name: str) -> None:
    pytest.importorskip("numba")
    exp = ls.load_experiment(EXPERIMENTS / f"{name}.toml").with_(SHORT.get(name, {}))
    results = [exp.run(engine=used) for used in ("simpy", "compiled")]
    summaries = [{k: v for k, v in r.summary.items() if k not in ("engine", "wall_s")} for r in results]
    assert summaries[0] == summaries[1]
    assert results[0].timeseries.equals(results[1].timeseries)
    assert [r.summary["engine"]["used"] for r in results] == ["simpy", "compiled"]


@pytest.fixture
def by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """The installation carries no machine code, as that of a checkout."""
    pytest.importorskip("numba")
    monkeypatch.setattr(shipped, "loops", lambda: None)


def test_auto_goes_by_size(by_size, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    exp = ls.load_experiment(EXPERIMENTS / "quickstart.toml").with_({"load.0.duration": "10s"})
    with caplog.at_level("INFO", "lambdasim"):
        assert exp.run().summary["engine"] == {"used": "simpy", "reason": "auto: fewer than 200,000 requests"}
    assert "--engine compiled gives the same numbers" in caplog.text
    monkeypatch.setattr("lambdasim.simulate.LARGE_REQUESTS", 1_000)
    caplog.clear()
    assert exp.run().summary["engine"] == {"used": "compiled", "reason": "auto: at least 200,000 requests"}
    assert "--engine" not in caplog.text


@pytest.mark.parametrize(("replications", "others"), [(3, 0), (1, 1_000)])
def test_auto_counts_all_runs_of_a_command(by_size, replications, others, monkeypatch: pytest.MonkeyPatch) -> None:
    exp = ls.load_experiment(EXPERIMENTS / "quickstart.toml").with_({"load.0.duration": "10s"})
    requests = exp.run().requests_simulated
    monkeypatch.setattr("lambdasim.simulate.LARGE_REQUESTS", requests + 1_000)
    assert exp.run(others=999 if others else 0).engine.used == "simpy"
    assert exp.run(replications=replications, others=others).engine.used == "compiled"


def test_auto_counts_all_files_of_a_command_before_the_first_run(by_size, monkeypatch, tmp_path, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lambdasim.simulate.LARGE_REQUESTS", 1_000)
    files = {"small": "10s", "smaller": "5s", "large": "200s"}
    for name, duration in files.items():
        Path(f"{name}.toml").write_text(FILE.replace("10s", duration))

    def used(*names: str, command: str = "run", **more: str) -> list[str]:
        changes = [part for option in more.items() for part in option]
        main([command, *(f"{name}.toml" for name in names), "--out", command, "--no-figures", "--quiet", *changes])
        capsys.readouterr()
        folders = ("before", "after") if command == "compare" else names
        summaries = [Path(f"{command}/{folder}/summary.json") for folder in folders]
        return [json.loads(file.read_text())["engine"]["used"] for file in summaries]

    assert used("small", "smaller") == ["simpy"] * 2
    assert used("small", "smaller", "large") == ["compiled"] * 3
    assert used("small", "smaller", **{"--replications": "7"}) == ["compiled"] * 2
    assert used("small", "smaller", command="compare", **{"--replications": "2"}) == ["simpy"] * 2
    assert used("small", "large", command="compare", **{"--replications": "2"}) == ["compiled"] * 2
    rule = {"--set": 'simulation.replications={min=2, max=3, until="f.latency.mean ±50%"}'}
    assert used("small", "large", command="compare", **rule) == ["compiled"] * 2


FILE = """
[function.f]
duration = "constant(10ms)"
init     = "constant(0s)"
[[load]]
target   = "f"
executor = "constant-arrival-rate"
process  = "deterministic"
rate     = "10/s"
duration = "10s"
"""


def test_auto_takes_what_the_installation_carries(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    monkeypatch.setattr("lambdasim.engine.is_installed", lambda: True)
    exp = ls.load_experiment(EXPERIMENTS / "quickstart.toml").with_({"load.0.duration": "10s"})
    reason = "auto: the installation carries its machine code"
    assert exp.run().summary["engine"] == {"used": "compiled", "reason": reason}


def test_no_word_of_an_engine_that_cannot_run_it(by_size, caplog: pytest.LogCaptureFixture) -> None:
    exp = ls.Experiment(
        functions={"f": {"duration": "constant(10ms)", "init": "constant(0s)"}},
        sources={"all": {"type": "map", "function": "f", "items": 2}},
        loads=[{"target": "all", "executor": "poisson", "rate": "1/s", "duration": "1s"}],
    )
    reason = "auto: the source 'all' is a map, which the SimPy engine alone simulates"
    with caplog.at_level("INFO", "lambdasim"):
        assert exp.run().summary["engine"] == {"used": "simpy", "reason": reason}
    assert caplog.text == ""
    with pytest.raises(ls.InputError, match="'all' is a map"):
        exp.run(engine="compiled")


def test_auto_counts_what_virtual_users_will_send(by_size) -> None:
    users = ls.Experiment(
        functions={"f": {"duration": "constant(10ms)", "init": "constant(0s)"}},
        loads=[{"target": "f", "executor": "constant-vus", "vus": 20, "duration": "1s"}],
    )
    assert users.run().summary["engine"]["used"] == "simpy"
    assert users.run(others=199_000).engine.used == "compiled"
    assert users.run(others=190_000).engine.used == "simpy"


def test_auto_counts_what_links_and_calls_will_send(by_size) -> None:
    def used(**more: Any) -> str:
        quick = {"duration": "constant(10ms)", "init": "constant(0s)"}
        functions = {"f": quick | more.pop("of_f", {}), "g": quick}
        first = {"name": "first", "target": "f", "executor": "constant-arrival-rate", "process": "deterministic",
                 "rate": "50/s", "duration": "1s"}  # fmt: skip
        exp = ls.Experiment(functions=functions, loads=[first, *more.pop("loads", ())])
        return exp.run(others=199_790).engine.used

    def follows(of: str, target: str, **more: Any) -> dict[str, Any]:
        return {"name": f"after-{of}", "target": target, "per": {"source": of, **more}}

    assert used() == "simpy"
    assert used(loads=[follows("first", "g", count=2.5)]) == "simpy"
    assert used(loads=[follows("first", "g", count=3.5)]) == "compiled"
    assert used(loads=[follows("first", "g", count=3.5, on="failure")]) == "simpy"
    assert used(loads=[follows("f", "g"), follows("g", "f", max_rounds=1)]) == "simpy"
    assert used(loads=[follows("f", "g"), follows("g", "f", max_rounds=9)]) == "compiled"
    assert used(of_f={"calls": [{"function": "g", "count": 2.5}]}) == "simpy"
    assert used(of_f={"calls": [{"function": "g", "count": 3.5}]}) == "compiled"


def test_without_numba_auto_falls_back_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdasim.engine.compiled.find_spec", lambda name: None)
    monkeypatch.setattr(shipped, "loops", lambda: None)
    assert engine.choose("auto") == engine.Choice("simpy", "auto: the package numba is not installed")
    with pytest.raises(ls.InputError, match="the package numba is not installed"):
        engine.choose("compiled", Plan(AccountSpec(10, ())))


def test_where_numba_cannot_be_loaded_auto_falls_back_and_says_so(by_size, monkeypatch, caplog) -> None:
    def compile_(own: object) -> None:
        raise ImportError("Numba needs NumPy 2.3 or less")

    monkeypatch.setattr("lambdasim.engine.compiled.native.prepare", compile_)
    exp = ls.load_experiment(EXPERIMENTS / "quickstart.toml").with_({"load.0.duration": "1s"})
    with caplog.at_level("INFO", "lambdasim"):
        result = exp.run(others=200_000)
    reason = "the package numba cannot be loaded (Numba needs NumPy 2.3 or less)"
    assert result.summary["engine"] == {"used": "simpy", "reason": f"auto: {reason}"}
    assert f"{reason}; install numba again" in caplog.text
    with pytest.raises(ls.InputError, match="numba cannot be loaded"):
        exp.run(engine="compiled")
