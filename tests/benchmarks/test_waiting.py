"""What users wait for: ``pytest tests/benchmarks/test_waiting.py -s``. Ratios of one run, CPU time unless said.

The shipped experiments that the compiled engine supports, as it runs them where the installation carries its machine
code; the first compiled run of a process against the second, with that code and without; and one long run on all cores
against one.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import kept_bytecode

import lambdasim as ls
from lambdasim.cli.bench import one_function
from lambdasim.cli.exit_code import ExitCode
from lambdasim.engine.compiled import supports
from lambdasim.machine_code import shipped
from lambdasim.scenario import outline

pytest.importorskip("numba")
ROOT = Path(__file__).parents[2]
FILES = sorted(ROOT.glob("experiments/*.toml")) + sorted(ROOT.glob("experiments/questions/*.toml"))


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    """A copy of the package that carries its machine code."""
    folder = tmp_path_factory.mktemp("site") / "lambdasim" / "machine_code" / "library"
    folder.mkdir(parents=True)
    environment = {**os.environ, "NUMBA_CPU_FEATURES": "", "NUMBA_CPU_NAME": shipped.cpu()}
    command = [sys.executable, "-m", "lambdasim.machine_code.ship", str(folder)]
    subprocess.run(command, env=environment, check=True)
    return folder


@pytest.fixture
def installed(library, monkeypatch) -> None:
    monkeypatch.setattr(shipped, "FOLDER", library)
    shipped.loops.cache_clear()
    yield
    shipped.loops.cache_clear()


def cpu_s(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


@pytest.mark.benchmark
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_shipped_experiments(installed, benchmark, monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    loaded = [ls.load_experiment(file) for file in FILES]
    eligible = [one.with_({"simulation.replications": 1}) for one in loaded if supports(outline(one.config))[0]]
    one_function(1).run()  # loads what a process loads once
    simpy = sum(cpu_s(lambda one=one: one.run(engine="simpy", threads=1)) for one in eligible)
    auto = sum(cpu_s(lambda one=one: one.run(engine="auto")) for one in eligible)
    share = f"1/{simpy / auto:.1f} (goal: at most 1/15)"
    print(f"\n{len(eligible)} of {len(FILES)} experiments: auto {auto:.2f} s, simpy {simpy:.1f} s: {share}")
    benchmark.extra_info["auto / simpy, the shipped experiments"] = round(auto / simpy, 3)
    benchmark.pedantic(lambda: eligible[0].run(), rounds=1)


@pytest.mark.benchmark
@pytest.mark.skipif("LAMBDASIM_BASE" not in os.environ, reason="LAMBDASIM_BASE names no other checkout")
def test_whole_processes_against_another_checkout(library, benchmark, tmp_path) -> None:
    """Theirs are run with their own ``.venv`` where they have one and may compile, ours carry the code.

    Files that only one of both can run are not counted. The first file is run twice, and not counted the first time, as
    it keeps the bytecode.
    """
    base, site = Path(os.environ["LAMBDASIM_BASE"]), tmp_path / "site"
    shutil.copytree(ROOT / "lambdasim", site / "lambdasim", ignore=shutil.ignore_patterns("library"))
    shutil.copytree(library, site / "lambdasim/machine_code/library")
    eligible = [file for file in FILES if supports(outline(ls.load_experiment(file).config))[0]]
    own = base / ".venv/bin/python"
    pythons = {base: str(own) if own.exists() else sys.executable, site: sys.executable}
    totals, counted = dict.fromkeys(pythons, 0.0), 0
    for number, file in enumerate((eligible[0], *eligible)):
        used_s, ran = {}, True
        for root, python in pythons.items():
            code = str(tmp_path / root.name)
            environment = kept_bytecode(tmp_path / "bytecode", root, LAMBDASIM_CACHE_DIR=code)
            command = [python, "-W", "ignore", "-m", "lambdasim", "run", str(file), "--out", str(tmp_path / "run")]
            before = os.times()
            done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, check=False)
            ran = ran and done.returncode in (ExitCode.DONE, ExitCode.INCOMPLETE, ExitCode.SLO_MISSED)
            after = os.times()
            used_s[root] = after.children_user + after.children_system - before.children_user - before.children_system
        if number and ran:
            print(f"\n{file.stem}: {used_s[site]:.1f} s, theirs {used_s[base]:.1f} s", end="")
            totals, counted = {root: total + used_s[root] for root, total in totals.items()}, counted + 1
    theirs, ours = totals.values()
    print(f"\n{counted} processes: {ours:.0f} s of CPU, theirs {theirs:.0f} s: {ours / theirs:.2f} (goal: 0.4)")
    benchmark.extra_info["whole processes / another checkout's"] = round(ours / theirs, 2)
    benchmark.pedantic(lambda: None, rounds=1)


PROCESS = """
import sys, time
from pathlib import Path
from lambdasim.machine_code import shipped
if sys.argv[1]:
    shipped.FOLDER = Path(sys.argv[1])
from lambdasim.cli.bench import one_function
for _ in range(2):
    begin = time.perf_counter()
    one_function(100).run(engine="compiled")
    print(time.perf_counter() - begin)
"""


@pytest.mark.benchmark
def test_the_first_compiled_run(library, benchmark, tmp_path) -> None:
    for name, folder in (("with the code", str(library)), ("plain checkout", "")):
        environment = {**os.environ, "LAMBDASIM_CACHE_DIR": str(tmp_path / name)}
        before = os.times()
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", PROCESS, folder],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        first, second = map(float, done.stdout.split())
        after = os.times()
        used_s = after.children_user + after.children_system - before.children_user - before.children_system
        print(f"\n{name}: first {first:.2f} s, second {second:.2f} s of wall; {used_s:.1f} s of CPU in all", end=" ")
        print("(goals on two idle cores: 1.2 s with the code, 8 s more than the second without)")
        benchmark.extra_info[f"first compiled run - second, {name}, s"] = round(first - second, 2)
    benchmark.pedantic(lambda: None, rounds=1)


@pytest.mark.benchmark
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_long_run_on_all_cores(benchmark) -> None:
    one_function(1).run(engine="compiled")
    long = one_function(10_000)
    wall = {1: [], 0: []}
    shares = []
    for _ in range(3):
        for threads, times in wall.items():
            begin, cpu, own = time.perf_counter(), time.process_time(), time.thread_time()
            long.run(engine="compiled", threads=threads or None)
            times.append(time.perf_counter() - begin)
            if not threads:
                own = time.thread_time() - own
                shares.append(own / (time.process_time() - cpu))
    ratio = min(wall[0]) / min(wall[1])
    print(f"\nwall on all cores / on one: {ratio:.2f} (goal on two idle cores: 0.67)", end="; ")
    print(f"of the CPU time {min(shares):.0%} is the engine's thread's")
    benchmark.extra_info["wall on all cores / on one"] = round(ratio, 2)
    benchmark.pedantic(lambda: None, rounds=1)
