"""Points: simulated once, on common random numbers, kept by their content, the same whoever does the work."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from plans import Backwards, chancy, values

import lambdasim as ls
from lambdasim.errors import Interrupted
from lambdasim.planning import sources
from lambdasim.planning.points import PointProgress, Points
from lambdasim.planning.store import Store

POINTS = [{"account.concurrency": n} for n in (2, 4, 8)]


def points(exp: ls.Experiment, **how: object) -> Points:
    return Points(exp._loaded, **how)  # type: ignore[arg-type]


def test_replications_of_all_points_meet_the_same_requests() -> None:
    found = values(points(chancy()).measure(POINTS, 3))
    assert found[0] == found[1] == found[2]
    assert len(set(found[0])) == 3
    seeds = values(points(chancy()).measure([{"simulation.seed": 1}, {"simulation.seed": 2}], 2))
    assert seeds[0] != seeds[1]


def test_nothing_is_simulated_twice() -> None:
    search = points(chancy())
    search.measure(POINTS, 2)
    search.measure([*POINTS, {"account.concurrency": 4, "function.f.memory": "512 MB"}], 3)
    assert search.simulations == 9  # the last point is the second, in other words


def test_the_executor_the_workers_and_the_order_change_nothing() -> None:
    alone = points(chancy()).measure(POINTS, 4)
    backwards = Backwards()
    assert points(chancy(), executor=backwards).measure(POINTS, 4) == alone
    assert backwards.done > 0
    with ThreadPoolExecutor(3) as pool:
        assert points(chancy(), executor=pool).measure(POINTS, 4) == alone


def test_both_engines_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    simpy = points(chancy(simulation={"engine": "simpy"})).measure(POINTS, 2)
    search = points(chancy())
    monkeypatch.setattr("lambdasim.planning.points.LARGE_REQUESTS", 2_000)  # three points of two times 400 requests
    assert search.measure(POINTS, 2) == simpy
    assert search.engine is not None
    assert search.engine.used == "compiled"


def test_a_large_search_is_simpys_where_numba_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def compile_(own: object) -> None:
        raise ImportError("Numba needs NumPy 2.3 or less")

    monkeypatch.setattr("lambdasim.engine.compiled.native.prepare", compile_)
    monkeypatch.setattr("lambdasim.planning.points.LARGE_REQUESTS", 2_000)
    search = points(chancy())
    search.measure(POINTS, 2)
    assert search.engine is not None
    assert search.engine.used == "simpy"
    assert "Numba needs NumPy 2.3 or less" in search.engine.reason


def test_a_small_search_does_not_compile() -> None:
    search = points(chancy())
    search.measure(POINTS, 1)
    assert search.engine is not None
    assert search.engine.used == "simpy"


def test_an_interrupted_search_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = points(chancy()).measure(POINTS, 3)
    seen: list[PointProgress] = []

    def stop_after_five(progress: PointProgress) -> None:
        seen.append(progress)
        if len(seen) == 5:
            raise Interrupted("enough")

    first = points(chancy(), cache=tmp_path, on_progress=stop_after_five)
    with pytest.raises(Interrupted):
        first.measure(POINTS, 3)
    assert [progress.done for progress in seen] == [0, 0, 1, 1, 1]
    assert first.known(POINTS[0], 3) == whole[0]
    assert first.known(POINTS[1], 3) is None
    again = points(chancy(), cache=tmp_path)
    assert again.measure(POINTS, 3) == whole
    assert again.simulations == 4


def test_what_is_damaged_or_of_another_version_is_simulated_again(tmp_path: Path) -> None:
    whole = points(chancy(), cache=tmp_path).measure(POINTS, 1)
    files = sorted(tmp_path.glob("*.json"))
    assert len(files) == 3
    files[0].write_text(files[0].read_text()[:-40])
    kept = json.loads(files[1].read_text())
    kept["measurements"]["account"]["throttles"] += 1
    files[1].write_text(json.dumps(kept))
    files[2].write_text("[1, 2]")
    again = points(chancy(), cache=tmp_path)
    assert again.measure(POINTS, 1) == whole
    assert again.simulations == 3


def test_another_version_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points(chancy(), cache=tmp_path).measure(POINTS[:1], 1)
    monkeypatch.setattr("lambdasim.planning.sources.__version__", "99")
    monkeypatch.setattr("lambdasim.planning.sources.digest", sources.digest.__wrapped__)
    again = points(chancy(), cache=tmp_path)
    again.measure(POINTS[:1], 1)
    assert again.simulations == 1


def test_a_key_depends_on_all_that_decides_and_on_nothing_else(tmp_path: Path) -> None:
    store = Store()

    def key(exp: ls.Experiment, seed: int = 1) -> str:
        return store.keys(exp.config, [seed])[0]

    base = key(chancy())
    assert key(chancy()) == base
    assert key(chancy(), seed=2) != base
    assert key(chancy().with_({"function.f.memory": "513 MB"})) != base
    assert key(chancy().with_({"account.scaling.refill": "step"})) != base
    for change in (
        {"name": "another"},
        {"simulation.replications": 7},
        {"simulation.engine": "simpy"},
        {"slo": {"f.latency": ["p99 < 1s"]}},
        {"output.dir": "elsewhere"},
        {"sweep": {"over": {"load.scale": [1, 2]}}},
    ):
        assert key(chancy().with_(change)) == base, change


def test_a_key_depends_on_the_bytes_of_the_data_files(tmp_path: Path) -> None:
    trace = tmp_path / "t.csv"

    def key(text: str) -> str:
        trace.write_text(text)
        exp = ls.Experiment(
            functions={"f": {"duration": "constant(1s)", "init": "constant(1s)"}},
            loads=[{"target": "f", "trace": {"file": str(trace), "format": "events"}}],
        )
        return Store().keys(exp.config, [1])[0]

    assert key("time\n1\n") != key("time\n2\n")
    assert key("time\n1\n") == key("time\n1\n")


def test_a_folder_that_cannot_be_written_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ls.InputError, match="cannot keep points in"):
        points(chancy(), cache=tmp_path / "file" / "points").measure(POINTS[:1], 1)
