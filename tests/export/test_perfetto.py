"""``export perfetto``: every environment's life and every use of it, exactly, as a trace processor reads it."""

import gzip
import json
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

import lambdasim as ls
from lambdasim.cli.app import main
from lambdasim.export import FORMATS

EXPERIMENT = """
[account]
concurrency = 200
[function.checkout]
duration = "lognormal(p50=80ms, p99=600ms)"
init = "constant(300ms)"
idle_timeout = "constant(2s)"
reserved_concurrency = 3
errors = 0.1
[function.other]
duration = "constant(400ms)"
init = "constant(100ms)"
provisioned = { concurrency = 2 }
[[load]]
target = "checkout"
executor = "poisson"
rate = "20/s"
duration = "12s"
[[load]]
target = "other"
executor = "poisson"
rate = "5/s"
duration = "20s"
[simulation]
duration = "19s"
[output]
requests = "all"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    (folder / "a.toml").write_text(EXPERIMENT)
    ls.load_experiment(folder / "a.toml").run(engine="simpy").save(folder / "run", figures=False)
    return folder / "run"


@pytest.fixture(scope="module")
def events(run: Path) -> list[dict]:
    assert main(["export", "perfetto", str(run), "--out", str(run.parent / "t.json.gz")]) == 0
    with gzip.open(run.parent / "t.json.gz", "rt", encoding="utf-8") as stream:
        found: list[dict] = json.load(stream)["traceEvents"]
    return found


def of(events: list[dict], phase: str, category: str | None = None) -> list[dict]:
    return [e for e in events if e["ph"] == phase and category in (None, e.get("cat"))]


def test_there_is_a_slice_for_each_life_init_and_use_and_a_mark_for_each_throttle(
    run: Path, events: list[dict]
) -> None:
    summary = json.loads((run / "summary.json").read_text())
    functions = summary["functions"].values()
    assert len(of(events, "X", "life")) == sum(f["environments"]["created"] for f in functions)
    rows = pd.read_parquet(run / "requests.parquet")
    assert len(of(events, "X", "invoke")) == rows["environment"].notna().sum() > 100
    assert len(of(events, "i")) == sum(f["throttles"] for f in functions) > 10
    assert {e["args"]["name"] for e in events if e["name"] == "process_name"} == set(summary["functions"])
    assert sum(e["dur"] for e in of(events, "X", "invoke") if e["name"] != "in-flight") * 1e3 == pytest.approx(
        rows["duration_ms"].sum() * 1e6, abs=1
    )


def test_uses_lie_within_the_life_of_their_environment_and_do_not_overlap(events: list[dict]) -> None:
    def ns(event: dict) -> tuple[int, int]:
        start = round(event["ts"] * 1e3)
        return start, start + round(event["dur"] * 1e3)

    lives = {(e["pid"], e["tid"]): ns(e) for e in of(events, "X", "life")}
    inner: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for event in (*of(events, "X", "init"), *of(events, "X", "invoke")):
        inner.setdefault((event["pid"], event["tid"]), []).append(ns(event))
    assert set(inner) <= set(lives)
    for track, spans in inner.items():
        spans.sort()
        assert lives[track][0] <= spans[0][0]
        assert spans[-1][1] <= lives[track][1]
        assert all(one[1] <= other[0] for one, other in pairwise(spans))


def test_both_engines_keep_the_same_environments(run: Path, tmp_path: Path) -> None:
    ls.load_experiment(run.parent / "a.toml").run(engine="compiled").save(tmp_path / "run", figures=False)
    kept = [pd.read_parquet(folder / "environments.parquet") for folder in (run, tmp_path / "run")]
    pd.testing.assert_frame_equal(*kept)
    assert set(kept[0]["end"]) == {"", "idle timeout"}
    assert main(["export", "perfetto", str(tmp_path / "run"), "--out", str(tmp_path / "t.json")]) == 0
    assert main(["export", "perfetto", str(run), "--out", str(tmp_path / "u.json")]) == 0
    one, other = (sorted((tmp_path / name).read_text().splitlines()) for name in ("t.json", "u.json"))
    assert [line.strip(",") for line in one] == [line.strip(",") for line in other]


def test_a_trace_processor_reads_it(run: Path, events: list[dict]) -> None:
    """The package fetches its program when it is first used; where it cannot, this is skipped."""
    processor = pytest.importorskip("perfetto.trace_processor", reason="perfetto is not installed")
    try:
        trace = processor.TraceProcessor(trace=str(run.parent / "t.json.gz"))
    except Exception as error:
        pytest.skip(f"there is no trace processor: {error}")
    with trace:
        slices = next(iter(trace.query("select count(*) as n, max(depth) as deep from slice where dur >= 0")))
        assert slices.n == len(of(events, "X")) + len(of(events, "i"))
        assert slices.deep == 1


@pytest.mark.parametrize("format", FORMATS)
def test_a_run_that_kept_no_rows_says_which_key_keeps_them(format: str, tmp_path: Path, capsys) -> None:
    (tmp_path / "a.toml").write_text(EXPERIMENT.replace('requests = "all"', ""))
    ls.load_experiment(tmp_path / "a.toml").with_({"simulation.duration": "1s"}).run().save(
        tmp_path / "run", figures=False
    )
    assert main(["export", format, str(tmp_path / "run"), "--out", str(tmp_path / "t")]) == 2
    assert 'output.requests = "all"' in capsys.readouterr().err
    assert not (tmp_path / "t").exists()


def test_what_cannot_be_exported_is_one_sentence(run: Path, tmp_path: Path, capsys) -> None:
    for arguments, said in (
        (["perfeto", str(run), "--out", "x"], "did you mean 'perfetto'?"),
        (["perfetto", str(run)], "required: --out"),
        (["perfetto", str(tmp_path / "none"), "--out", "x"], "there is no such folder"),
        (["perfetto", str(run), "--out", str(tmp_path)], "cannot write"),
        (["perfetto", str(run), "--out", str(tmp_path / "no" / "x")], "cannot write"),
    ):
        assert main(["export", *arguments]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("rate", "reserved"), [("9/s", 0), ("0/s", 3)])
def test_a_run_without_environments_has_a_trace_too(rate: str, reserved: int, tmp_path: Path) -> None:
    """All throttled, or nothing came."""
    exp = ls.Experiment(
        functions={"f": {"duration": "constant(1s)", "init": "constant(1s)", "reserved_concurrency": reserved}},
        loads=[{"target": "f", "executor": "constant-arrival-rate", "rate": rate, "duration": "3s"}],
        output={"requests": "all"},
    )
    exp.run(engine="simpy").save(tmp_path / "run", figures=False)
    assert main(["export", "perfetto", str(tmp_path / "run"), "--out", str(tmp_path / "t.json")]) == 0
    found = json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    throttles = exp.run(engine="simpy").summary["functions"]["f"]["throttles"]
    assert len(found) == 1 + throttles
    assert bool(throttles) == (rate == "9/s")
