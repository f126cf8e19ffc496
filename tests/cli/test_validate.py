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


def replaying(folder: Path, columns: str, rows: list[str], keys: str = "") -> str:
    """Return the path of an experiment that replays a table, whose function is declared to take 2 s."""
    (folder / "t.csv").write_text("\n".join([columns, *rows]) + "\n")
    path = folder / "replayed.toml"
    path.write_text(
        f'[function.api]\nmemory = "512 MB"\n{keys}duration = "constant(2s)"\ninit = "constant(400ms)"\n'
        '[[load]]\ntarget = "api"\ntrace = { file = "t.csv", format = "events" }\n'
    )
    return str(path)


def test_what_a_trace_dictates_is_not_judged(files: tuple[str, str], tmp_path: Path, capsys) -> None:
    _, log = files
    for columns, own, dictated in (
        ("time,duration", ",0.1", {"duration", "billed_duration", "timeout_rate", "concurrency", "invocations"}),
        ("time", "", {"invocations"}),
    ):
        experiment = replaying(tmp_path, columns, [f"{second}{own}" for second in range(100)])
        assert main(["validate", experiment, "--against", log, "--format", "json", "--strict"]) == (
            99 if not own else 0
        )
        found = json.loads(capsys.readouterr().out)
        replayed = {one["path"].split(".")[1] for one in found["metrics"] if one["word"] == "from the trace"}
        assert replayed == dictated
        count = sum(one["word"] == "from the trace" for one in found["metrics"])
        assert (
            f" {count} of {len(found['metrics'])} metrics come{'s' if count == 1 else ''} from the trace"
            in (found["verdict"])
        )
        assert any("lambdasim calibrate LOG leaves them in arrivals.csv" in note for note in found["notes"]) == bool(
            own
        )


def test_durations_at_another_memory_are_predicted(files: tuple[str, str], tmp_path: Path, capsys) -> None:
    _, log = files
    rows = [f"{second},0.1" for second in range(100)]
    experiment = replaying(tmp_path, "time,duration", rows, 'duration_memory = "256 MB"\ncpu_share = 1.0\n')
    assert main(["validate", experiment, "--against", log, "--format", "json"]) == 0
    words = {one["path"]: one["word"] for one in json.loads(capsys.readouterr().out)["metrics"]}
    assert words["api.duration.mean"] == "off, too low"


def test_what_is_declared_and_replayed_instead_is_noted(tmp_path: Path, capsys) -> None:
    told = "t.csv itself gives duration and errors of the requests of api; what is declared is used only where"
    experiment = replaying(tmp_path, "time,duration,error", ["0,0.1,0", "1,0.1,1"])
    assert main(["check", experiment]) == 0
    assert told in capsys.readouterr().out
    assert main(["check", experiment, "--format", "json"]) == 0
    assert told in "".join(json.loads(capsys.readouterr().out)["notes"])
    assert main(["run", experiment, "--out", str(tmp_path / "out"), "--no-figures"]) == 0
    assert "itself gives duration and errors" in " ".join(capsys.readouterr().out.split())
    assert told in "".join(json.loads((tmp_path / "out" / "summary.json").read_text())["notes"])
    assert "itself gives duration and errors" in (tmp_path / "out" / "report.html").read_text()
    assert main(["check", replaying(tmp_path, "time", ["0", "1"])]) == 0
    assert "itself gives" not in capsys.readouterr().out
