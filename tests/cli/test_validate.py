"""``validate``: what goes together, and an experiment beside a log. Scoreboards are in ``tests/validation``."""

import json
from pathlib import Path

import pytest

from lambdasim.calibration.beside import Beside, verdict
from lambdasim.cli.app import main

EXPERIMENT = """
[function.api]
memory = "512 MB"
duration = "constant(80ms)"
init = "constant(400ms)"

[[load]]
target = "api"
executor = "constant-arrival-rate"
process = "deterministic"
rate = "1/s"
duration = "100s"
"""


def report(number: int, duration_ms: float) -> str:
    request = f"00000000-0000-4000-8000-{number:012d}"
    init = "\tInit Duration: 400.00 ms" if number == 0 else ""
    return (
        f"2026-11-20T10:{number // 60:02d}:{number % 60:02d}.000Z REPORT RequestId: {request}\t"
        f"Duration: {duration_ms:.2f} ms\tBilled Duration: {duration_ms:.0f} ms\tMemory Size: 512 MB\t"
        f"Max Memory Used: 80 MB{init}\t"
    )


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Return the paths of an experiment and of a log in which everything takes a quarter longer."""
    (tmp_path / "api.toml").write_text(EXPERIMENT)
    (tmp_path / "api.log").write_text("\n".join(report(number, 100.0) for number in range(100)) + "\n")
    return str(tmp_path / "api.toml"), str(tmp_path / "api.log")


def test_an_experiment_beside_a_log(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    experiment, log = files
    assert main(["validate", experiment, "--against", log, "--function", "api", "--format", "json"]) == 0
    found = {one["path"]: one for one in json.loads(capsys.readouterr().out)["metrics"]}
    assert (found["api.duration.p50"]["measured"], found["api.duration.p50"]["simulated"]) == (100.0, 80.0)
    assert found["api.duration.p50"]["bias"] == pytest.approx(-0.2)
    assert main(["validate", experiment, "--against", log, "--function", "api"]) == 0
    assert "api.duration.p50" in capsys.readouterr().out


@pytest.mark.parametrize("count", [1, 3])
def test_so_few_lines_tell_nothing(files: tuple[str, str], capsys: pytest.CaptureFixture[str], count: int) -> None:
    experiment, log = files
    Path(log).write_text("\n".join(report(number, 300.0) for number in range(count)) + "\n")
    assert main(["validate", experiment, "--against", log, "--format", "json", "--strict"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["word"] for one in found["metrics"]} == {"too few to tell"}
    assert (
        found["verdict"]
        == f"{len(found['metrics'])} of {len(found['metrics'])} metrics rest on too few values to tell."
    )
    paths = {one["path"] for one in found["metrics"]}
    assert ("api.invocations.per_second" in paths) == (count > 1)
    assert "api.concurrency.max" not in paths


def test_a_maximum_is_compared_over_the_same_time(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    experiment, log = files
    for longer in ("100s", "1h"):
        told = ["--set", f"load.0.duration={longer}", "--format", "json"]
        assert main(["validate", experiment, "--against", log, *told]) == 0
        found = json.loads(capsys.readouterr().out)
        compared = "api.concurrency.max" in {one["path"] for one in found["metrics"]}
        assert compared == (longer == "100s")
        assert any("highest concurrencies of such different times" in note for note in found["notes"]) != compared


def test_the_median_error_is_the_middle_one() -> None:
    metrics = [Beside("a", 100, 110), Beside("b", 100, 130), Beside("c", 0, 1), Beside("d", 100, 900, thin=True)]
    assert verdict(metrics) == (
        "0 of 3 metrics are close (within 5 % or chance); the median error of the 2 that are finite is 20.0%, the "
        "largest 30% (b, off, too high); 1 measured as 0 and simulated as more, with none. 1 of 4 metrics rests on too "
        "few values to tell."
    )


def test_what_a_change_did(files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    experiment, log = files
    after = tmp_path / "after.log"
    after.write_text("\n".join(report(number, 50.0) for number in range(100)) + "\n")
    told = ["--after", str(after), "--set-b", "function.api.duration=constant(40ms)", "--function", "api"]
    assert main(["validate", experiment, "--against", log, *told, "--format", "json"]) == 0
    change = {one["path"]: one for one in json.loads(capsys.readouterr().out)["change"]}
    assert change["api.duration.p50"]["measured"] == pytest.approx(0.5)
    assert change["api.duration.p50"]["simulated"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.toml"], "go together"),
        (["--against", "a.log"], "go together"),
        (["a.toml", "--data", ".", "--against", "a.log"], "give one of them"),
        (["--function", "f"], "need FILE --against LOG"),
        (["a.toml", "--set-b", "x=1", "--against", "a.log"], "needs a log from after it"),
        (["--out", "o"], "needs --data DIR or FILE --against LOG"),
        (["nowhere.toml", "--against", "a.log"], "nowhere.toml"),
    ],
)
def test_what_does_not_go_together(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", *arguments]) == 2
    assert words in capsys.readouterr().err
