"""A cluster of dask.distributed: a real scheduler and two worker processes over loopback."""

import shutil
import time
from pathlib import Path

import pytest
from chores import refuse, slow_square, square
from dask_cluster import DaskCluster, dask_cluster
from support import experiment

import lambdasim
from lambdasim.errors import InputError, Interrupted, MissingExtra
from lambdasim.planning.cluster import Cluster
from lambdasim.planning.executors import Task, cluster_executor, measure, run_all

distributed = pytest.importorskip("distributed", reason="needs the extra 'cluster' (dask.distributed)")
pytestmark = pytest.mark.filterwarnings("default")  # dask's own are not ours to mend


@pytest.fixture
def dask(tmp_path: Path):
    with dask_cluster(tmp_path, workers=2) as cluster:
        yield cluster


@pytest.fixture
def executor(dask: DaskCluster):
    with cluster_executor(dask.address, timeout_s=30) as cluster:
        until = time.monotonic() + 30
        while cluster.workers < 2 and time.monotonic() < until:
            time.sleep(0.05)
        assert cluster.workers == 2
        yield cluster


def test_a_cluster_gives_the_same_results_in_order_and_its_errors_arrive_whole(executor: Cluster) -> None:
    exp = experiment(
        {"duration": "exponential(mean=100ms)", "init": "constant(200ms)"},
        {"executor": "poisson", "rate": "20/s", "duration": "10s"},
    )
    tasks = [Task(exp._loaded, seed) for seed in range(6)]
    assert run_all(tasks, executor) == [measure(task) for task in tasks]
    assert run_all(range(300), executor, square) == [n * n for n in range(300)]
    with pytest.raises(InputError, match=r"a\.toml:4: y: is wrong too"):
        run_all(range(5), executor, refuse)
    assert run_all(range(3), executor._client.get_executor(pure=False), square) == [0, 1, 4], "dask's own executor too"


def test_a_worker_killed_in_the_middle_loses_nothing(dask: DaskCluster, executor: Cluster) -> None:
    done: list[int] = []

    def kill_one(index: int, _result: int) -> None:
        done.append(index)
        if len(done) == 5:
            dask.workers[0].kill()

    assert run_all(range(60), executor, slow_square, on_done=kill_one) == [n * n for n in range(60)]
    assert sorted(done) == list(range(60))
    assert dask.workers[0].wait() != 0


def test_a_scheduler_that_is_gone_is_an_error_and_not_a_wait_without_end(tmp_path: Path) -> None:
    with dask_cluster(tmp_path, workers=1) as dask, cluster_executor(dask.address, timeout_s=4) as executor:

        def end_it(index: int, _result: int) -> None:
            dask.scheduler.kill()

        with pytest.raises(InputError, match="is its cluster still there"):
            run_all(range(60), executor, slow_square, on_done=end_it)


def test_an_interruption_keeps_what_was_finished(executor: Cluster) -> None:
    def stop(index: int, _result: int) -> None:
        raise Interrupted("stop")

    with pytest.raises(Interrupted) as caught:
        run_all(range(40), executor, slow_square, on_done=stop)
    assert sum(result is not None for result in caught.value.partial) == 1


def test_a_cluster_that_does_not_answer_is_an_error_with_its_address() -> None:
    with pytest.raises(InputError, match=r"the cluster at tcp://127\.0\.0\.1:1 cannot be used: no answer within"):
        cluster_executor("tcp://127.0.0.1:1", timeout_s=0.3)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (" ", "the address is empty"),
        ("nonsense", "this is no address"),
        ("tcp://127.0.0.1", "this is no address"),
        ("tcp://127.0.0.1:99999", "this is no address"),
        ("tcp://127.0.0.1 :8786", "this is no address"),
        ("tcp://[::1", "this is no address"),
        (":8786", "this is no address"),
        ("gopher://127.0.0.1:1", "this is no address"),
        ("tls://127.0.0.1:1", "TLS expects"),
        ("tcp://no-such-host.invalid:8786", "there is no host no-such-host.invalid"),
    ],
)
def test_what_is_no_address_is_not_waited_for(address: str, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        cluster_executor(address, timeout_s=10**6)
    assert str(caught.value).startswith(f"the cluster at {address} cannot be used: {reason}")


def test_workers_with_other_sources_are_refused_whenever_they_come(tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(Path(lambdasim.__file__).parent, other / "lambdasim")
    with (other / "lambdasim" / "model" / "rules.py").open("a") as stream:
        stream.write("# an edit\n")
    with dask_cluster(tmp_path, workers=1) as dask:
        with cluster_executor(dask.address, timeout_s=30) as executor:
            assert run_all(range(3), executor, square) == [0, 1, 4]
            dask.add_worker(other)
            executor._client.wait_for_workers(2, timeout=30)
            with pytest.raises(InputError, match=r"workers of the cluster have lambdasim .*, this is"):
                run_all(range(50), executor, slow_square)
        with pytest.raises(InputError, match="install the same sources everywhere"):
            cluster_executor(dask.address, timeout_s=30)


def test_a_cluster_without_workers_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    with dask_cluster(tmp_path, workers=0) as dask, pytest.raises(InputError) as caught:
        cluster_executor(dask.address, timeout_s=1)
    assert str(caught.value).endswith(f"has no workers; start some with: dask worker {dask.address}")


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[cluster\]'"):
        cluster_executor("tcp://127.0.0.1:1")
