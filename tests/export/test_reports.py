"""``export reports``: a log that parsers of Lambda's own lines accept, and that calibrates back to the same model."""

import json
import math
import re
from pathlib import Path

import pytest

import lambdasim as ls
from lambdasim.calibration.calibrate import calibrate
from lambdasim.calibration.laws import dkw
from lambdasim.cli.app import main
from lambdasim.config.families import parse_distribution

EXPERIMENT = """
[simulation]
start = 2026-03-02T08:00:00Z
[function.checkout]
memory = "512 MB"
timeout = "2s"
duration = "lognormal(p50=80ms, p99=600ms)"
init = "gamma(mean=400ms, cv=0.3)"
idle_timeout = "uniform(90s, 120s)"
max_lifetime = "none"
errors = 0.05
crashes = 0.01
memory_used = "constant(90 MB)"
[function.other]
duration = "constant(40ms)"
init = "constant(100ms)"
[[load]]
target = "checkout"
executor = "bursty"
rates = ["0.02/s", "12/s"]
sojourns = ["150s", "100s"]
duration = "90min"
[[load]]
target = "other"
executor = "constant-arrival-rate"
process = "deterministic"
rate = "1/s"
duration = "1min"
[output]
requests = "all"
"""
AWS_LINE = re.compile(  # the public pattern of the facts about REPORT lines, in short
    r"REPORT RequestId:\s*(?P<id>\S+)\s+Duration:\s*(?P<d>[\d.]+) ms\s+Billed Duration:\s*(?P<b>[\d.]+) ms\s+"
    r"Memory Size:\s*(?P<m>\d+) MB\s+Max Memory Used:\s*(?P<u>\d+) MB(?:\s+Init Duration:\s*(?P<i>[\d.]+) ms)?"
    r"(?:\s+Status:\s*(?P<s>\w+))?(?:\s+Error Type:\s*(?P<e>\S+))?"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    (folder / "a.toml").write_text(EXPERIMENT)
    ls.load_experiment(folder / "a.toml").run(engine="simpy").save(folder / "run", figures=False)
    for name in ("log.txt", "log.json.gz", "log.csv"):
        assert main(["export", "reports", str(folder / "run"), "--out", str(folder / name)]) == 0
    return folder


def test_its_lines_are_lambdas(folder: Path) -> None:
    lines = (folder / "log.txt").read_text().splitlines()
    stamps = [line[:24] for line in lines]
    assert stamps == sorted(stamps)
    assert stamps[0].startswith("2026-03-02T08:0")
    found = [AWS_LINE.search(line) for line in lines if "REPORT RequestId" in line]
    assert all(found)
    first = next(match for match in found if match and match["i"])
    assert int(first["b"]) == math.ceil(round(float(first["d"]) + float(first["i"]), 2)) or int(first["b"]) > 0
    assert {match["s"] for match in found if match} == {None, "timeout", "error"}
    assert sum(line.count(" START RequestId") for line in lines) == len(found)


def test_memory_that_is_not_modelled_is_the_memory_size(folder: Path) -> None:
    found = [AWS_LINE.search(line) for line in (folder / "log.txt").read_text().splitlines() if "/other[" in line]
    used = {(match["m"], match["u"]) for match in found if match}
    assert len(used) == 1
    assert all(size == most for size, most in used)
    assert calibrate(folder / "log.txt", function="other").fit["functions"]["other"]["invocations"] == 60


def test_every_form_is_read_to_the_same_invocations(folder: Path) -> None:
    text, in_json, console = (calibrate(folder / name) for name in ("log.txt", "log.json.gz", "log.csv"))
    assert text.log.account() == in_json.log.account() == console.log.account() == ""  # nothing is left out
    for one, same in zip(text.models, in_json.models, strict=True):
        assert one.name == same.name
        for column in ("time_ns", "duration_us", "init_us", "ended"):
            assert (getattr(one.seen.rows, column) == getattr(same.seen.rows, column)).all()
    assert len(console.models[0].seen) == sum(len(model.seen) for model in text.models)  # which names no function


def test_what_was_simulated_comes_back(folder: Path) -> None:
    """The law of durations is nearer to the sample than DKW's bound (one error in 10^6), and its parameters within
    four standard errors; shares within four of theirs; what is no matter of chance exactly.
    """
    summary = json.loads((folder / "run" / "summary.json").read_text())["functions"]["checkout"]
    found = calibrate(folder / "log.txt", function="checkout")
    of = found.fit["functions"]["checkout"]
    count = summary["invocations"]
    assert of["invocations"] == count
    assert of["cold_starts"] == summary["cold_starts"]
    assert of["timeout_s"] == 2
    assert of["memory_mb"] == 512
    assert of["memory_used_mb"]["max"] == 90
    for measured, simulated in (
        ("error_rate", summary["errors"] - summary["timeouts"]),
        ("timeout_rate", summary["timeouts"]),
    ):
        assert of[measured] == pytest.approx(simulated / count)
    assert of["reuse"]["law"] == "most-recent"
    assert of["concurrency"]["max"] == summary["concurrency"]["max"]
    law = found.models[0].duration
    assert law is not None
    assert law.ks < dkw(law.samples, 1e-6)
    if law.law == "lognormal":  # cut at the time-out, whose share is a mass of its own
        mu, sigma = parse_distribution(law.text).params
        assert abs(mu - math.log(80e6)) < 4 * 0.866 / math.sqrt(count) + 0.01
        assert abs(sigma - 0.866) < 4 * 0.866 / math.sqrt(2 * count) + 0.02
    init = found.models[0].init
    assert init is not None
    assert abs(init.mean_ms / 400 - 1) < 4 * 0.3 / math.sqrt(init.samples)


def test_the_model_that_comes_back_behaves_like_the_first(folder: Path) -> None:
    """Under the same arrivals: as many cold starts, within four standard deviations of a Poisson count of each."""
    summary = json.loads((folder / "run" / "summary.json").read_text())["functions"]["checkout"]
    found = calibrate(folder / "log.txt", function="checkout")
    found.save(folder / "back")
    again = ls.load_experiment(folder / "back" / "calibrated.toml").run().summary["functions"]["checkout"]
    cold = summary["cold_starts"]
    assert abs(again["cold_starts"] - cold) < 4 * math.sqrt(2 * cold)
    assert again["duration"]["p99"] == pytest.approx(summary["duration"]["p99"], rel=0.1)
    assert again["concurrency"]["mean"] == pytest.approx(summary["concurrency"]["mean"], rel=0.05)
    share = again["errors"] / again["invocations"]
    assert abs(share - summary["error_rate"]) < 4 * math.sqrt(2 * 0.06 * 0.94 / summary["invocations"])


def test_an_era_comes_back_by_the_dates_of_its_log(tmp_path: Path) -> None:
    """Also where no ``simulation.start`` says when it was, and with its billing."""
    text = EXPERIMENT.replace("start = 2026-03-02T08:00:00Z", "duration = '1min'\n[account]\nera = '2020'")
    (tmp_path / "a.toml").write_text(text)
    ls.load_experiment(tmp_path / "a.toml").run(engine="simpy").save(tmp_path / "run", figures=False)
    assert main(["export", "reports", str(tmp_path / "run"), "--out", str(tmp_path / "log.txt")]) == 0
    back = calibrate(tmp_path / "log.txt", function="other").toml
    assert 'era = "2020"  # by the dates' in back
    assert "[billing]" not in back


def test_validate_sets_a_run_beside_its_own_log(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["validate", str(folder / "a.toml"), "--against", str(folder / "log.txt"), "--engine", "simpy"]
    assert main([*arguments, "--format", "json", "--strict", "--out", str(folder / "beside")]) == 0
    found = json.loads(capsys.readouterr().out)
    metrics = {one["path"]: one for one in found["metrics"]}
    for path in (
        "checkout.duration.p50",
        "checkout.cold_start_rate",
        "checkout.error_rate",
        "checkout.concurrency.max",
    ):
        assert metrics[path]["error"] == pytest.approx(0, abs=0.002), path
        assert metrics[path]["word"] == "close"
    assert {"path", "measured", "simulated", "error"} <= set(found["metrics"][0])
    assert (folder / "beside" / "validation.html").is_file()
    slower = [*arguments, "--set", "function.checkout.duration=lognormal(p50=160ms, p99=1200ms)", "--strict"]
    assert main(slower) == 99
    assert "off, too high" in capsys.readouterr().out


def test_a_change_is_compared_before_and_after(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A log of twice the duration and an experiment that foresees it: factors of about 2 on both sides."""
    changed = ls.load_experiment(folder / "a.toml").with_({"function.other.duration": "constant(80ms)"})
    changed.run(engine="simpy").save(folder / "after", figures=False)
    assert main(["export", "reports", str(folder / "after"), "--out", str(folder / "after.txt")]) == 0
    arguments = [
        "validate",
        str(folder / "a.toml"),
        "--against",
        str(folder / "log.txt"),
        "--after",
        str(folder / "after.txt"),
    ]
    change = ["--set-b", "function.other.duration=constant(80ms)", "--format", "json", "--engine", "simpy"]
    capsys.readouterr()
    assert main(arguments + change) == 0
    found = json.loads(capsys.readouterr().out)
    factors = {one["path"]: one for one in found["change"]}
    assert factors["other.duration.mean"]["measured"] == pytest.approx(2, rel=0.01)
    assert factors["other.duration.mean"]["simulated"] == pytest.approx(2, rel=0.01)
    assert "right direction" in found["verdict"]


def test_a_log_of_another_function_is_refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (folder / "log.txt").read_text().replace("checkout[", "billing[").replace("other[", "billing[")
    (tmp_path / "billing.log").write_text(text)
    assert main(["validate", str(folder / "a.toml"), "--against", str(tmp_path / "billing.log")]) == 2
    assert "is of billing, and the experiment has checkout, other" in capsys.readouterr().err


def test_runs_that_kept_no_rows_or_a_sample_say_how_to_keep_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kept in ("none", "sample(10)"):
        (tmp_path / "a.toml").write_text(EXPERIMENT.replace('"all"', f'"{kept}"').replace("90min", "1min"))
        ls.load_experiment(tmp_path / "a.toml").run().save(tmp_path / kept, figures=False)
        assert main(["export", "reports", str(tmp_path / kept), "--out", str(tmp_path / "x")]) == 2
        said = capsys.readouterr().err
        assert said.endswith('simulate it again with output.requests = "all"\n'), said  # of a sample there is no log
    assert not (tmp_path / "x").exists()
