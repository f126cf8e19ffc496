"""Executors: the same results whoever does the work, and nothing lost."""

import os
import pickle
import signal
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest
from chores import die, die_once, die_while_it_answers, large, make_lambda, refuse, slow_square, square, worker
from support import experiment

import lambdasim as ls
from lambdasim.errors import InputError, Interrupted, Problem
from lambdasim.planning.executors import Task, local_executor, measure, run_all
from lambdasim.planning.local import LocalPool


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2] if Path("/proc").exists() else True


def leaves(pid: int) -> bool:
    """Return whether a process ends within ten seconds."""
    for _ in range(1000):
        if not is_alive(pid):
            return True
        time.sleep(0.01)
    return False


@pytest.fixture(scope="module")
def pool():
    with local_executor(2) as two:
        yield two


def tiny() -> ls.Experiment:
    return experiment(
        {"duration": "exponential(mean=100ms)", "init": "constant(200ms)", "memory": "512 MB"},
        {"executor": "poisson", "rate": "20/s", "duration": "10s"},
    )


@pytest.mark.parametrize("how", ["here", "threads", "processes"])
def test_results_come_in_the_order_of_the_tasks_and_are_the_same_everywhere(how: str, pool: LocalPool) -> None:
    tasks = [Task(tiny()._loaded, seed) for seed in range(6)]
    with ThreadPoolExecutor(3) as threads:
        executors: dict[str, Executor | None] = {"here": None, "threads": threads, "processes": pool}
        measured = run_all(tasks, executors[how])
    assert measured == [measure(task) for task in tasks]
    assert measured[0] != measured[1]


def test_every_result_is_told_once_with_its_index(pool: LocalPool) -> None:
    told: dict[int, int] = {}
    assert run_all(range(500), pool, square, on_done=told.__setitem__) == [n * n for n in range(500)]
    assert told == {n: n * n for n in range(500)}


def test_no_tasks_have_no_results(pool: LocalPool) -> None:
    assert run_all([], pool, square) == run_all([], None, square) == []


def test_a_task_whose_worker_died_is_done_again(tmp_path: Path) -> None:
    marks = [str(tmp_path / name) for name in "abcdef"]
    Path(marks[0]).touch()
    Path(marks[2]).touch()
    Path(marks[4]).touch()
    with local_executor(1) as pool:
        assert run_all(marks, pool, die_once) == list("abcdef")


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_a_worker_killed_in_the_middle_of_its_answer_is_not_waited_for(tmp_path: Path) -> None:
    with local_executor(2) as pool:
        sizes = [len(answer) for answer in run_all([str(tmp_path / "mark")] * 2, pool, die_while_it_answers)]
    assert sizes == [400_000] * 2


def test_what_cannot_be_sent_is_an_error_and_not_a_death(pool: LocalPool) -> None:
    with pytest.raises(RuntimeError, match="a worker cannot send what it found"):
        pool.submit(make_lambda).result()
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pool.submit(lambda: 1)
    with pytest.raises(ZeroDivisionError) as caught:
        pool.submit(divmod, 1, 0).result()
    assert "Traceback" in caught.value.__notes__[0]


def test_workers_that_only_die_are_an_error_with_a_remedy() -> None:
    with local_executor(2) as pool, pytest.raises(InputError, match=r"died 3 times in a row.*--jobs"):
        run_all(range(4), pool, die)


def test_an_error_of_a_task_arrives_whole(pool: LocalPool) -> None:
    with pytest.raises(InputError) as caught:
        run_all(range(5), pool, refuse)
    assert [problem.line for problem in caught.value.problems] == [3, 4]
    assert str(caught.value) == "a.toml:3: x: is wrong\na.toml:4: y: is wrong too"
    assert run_all(range(3), pool, square) == [0, 1, 4], "the pool is usable again"


@pytest.mark.parametrize("error", [KeyboardInterrupt, Interrupted("stop")])
@pytest.mark.parametrize("with_pool", [False, True])
def test_an_interruption_keeps_what_was_finished(error, with_pool: bool, pool: LocalPool) -> None:
    done: list[int] = []

    def stop(index: int, _result: int) -> None:
        done.append(index)
        if len(done) == 3:
            raise error

    with pytest.raises(Interrupted) as caught:
        run_all(range(40), pool if with_pool else None, slow_square, on_done=stop)
    partial = caught.value.partial
    assert [i for i, result in enumerate(partial) if result is not None] == sorted(done)
    assert len(partial) == 40


def test_who_waits_can_stop_too(pool: LocalPool) -> None:
    def stop() -> None:
        raise Interrupted("stop")

    with pytest.raises(Interrupted):
        run_all(range(40), pool, slow_square, on_wait=stop)


def test_a_pool_that_is_given_up_in_the_middle_of_answers_is_left_at_once() -> None:
    with local_executor(2) as pool:
        for wanted in range(1, 7):
            done: list[int] = []

            def stop(index: int, _result: bytes, wanted: int = wanted, done: list[int] = done) -> None:
                done.append(index)
                if len(done) >= wanted:
                    raise Interrupted("stop")

            with pytest.raises(Interrupted) as caught:
                run_all(range(60), pool, large, on_done=stop)
            assert sum(result is not None for result in caught.value.partial) == wanted


def test_abandoned_workers_leave_whatever_they_do(pool: LocalPool) -> None:
    (pid, threads), *_ = run_all(range(4), pool, worker)
    assert threads == os.environ.get("OPENBLAS_NUM_THREADS", "1")
    pool.submit(time.sleep, 60)
    pool.abandon()
    assert leaves(pid)


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_workers_ignore_ctrl_c_and_do_not_outlive_the_process_that_made_them(tmp_path: Path) -> None:
    import subprocess
    import sys

    script = tmp_path / "owner.py"
    script.write_text(
        "import os, signal, time\n"
        "from lambdasim.planning.executors import local_executor, run_all\n"
        "if __name__ == '__main__':\n"
        "    pool = local_executor(1)\n"
        "    pid = pool.submit(os.getpid).result()\n"
        "    os.kill(pid, signal.SIGINT)\n"
        "    assert run_all([4, 9], pool, abs) == [4, 9]\n"
        "    pool.submit(time.sleep, 600)\n"
        "    print(pid, flush=True)\n"
        "    time.sleep(600)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(ls.__file__).parents[1])}
    owner = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, env=environment)
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    assert is_alive(pid)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    assert leaves(pid)


def test_errors_survive_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(InputError([Problem("a.toml", 1, "x", "one"), Problem(None, None, None, "two")])))
    assert str(error) == "a.toml:1: x: one\ntwo"
    assert error.problems[0].line == 1
