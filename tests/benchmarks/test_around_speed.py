"""What goes on around a simulation, in ratios of CPU time: ``pytest tests/benchmarks/test_around_speed.py -s``.

Each side is the least of several runs, taken in turns.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from processes import kept_bytecode

import lambdasim
from lambdasim.cli.bench import many_functions
from lambdasim.experiment import Experiment
from lambdasim.simulate import simulate

pytest.importorskip("numba")

ROOT = Path(lambdasim.__file__).parents[1]
ROUNDS = 5
DAY = ROOT.parent / "shared/data/trace-azure2019-invitro1250"


def processes(commands: dict[str, list[str]], aside: Path) -> dict[str, float]:
    """Return the least CPU time of each command's process, in seconds."""
    environment = kept_bytecode(aside, ROOT)
    least = dict.fromkeys(commands, float("inf"))
    for _ in range(ROUNDS + 1):  # the first keeps the bytecode
        for name, command in commands.items():
            before = os.times()
            subprocess.run([sys.executable, *command], env=environment, stdout=subprocess.DEVNULL, check=False)
            after = os.times()
            took = after.children_user + after.children_system - before.children_user - before.children_system
            least[name] = min(least[name], took)
    return least


@pytest.mark.benchmark
def test_quickstart_as_a_whole_process(benchmark, tmp_path) -> None:
    run = ["-m", "lambdasim", "run", str(ROOT / "experiments/quickstart.toml"), "--out", str(tmp_path / "run")]
    commands = {
        "import numpy": ["-c", "import numpy"],
        "quickstart": [*run, "--quiet", "--engine", "compiled"],
        "quickstart --no-figures": [*run, "--quiet", "--engine", "compiled", "--no-figures"],
    }
    least = processes(commands, tmp_path / "bytecode")
    for name, took in least.items():
        benchmark.extra_info[name] = round(took / least["import numpy"], 1)
        print(f"\n{name}: {took:.2f} s, {took / least['import numpy']:.1f} times import numpy (goals: 12, 6)")
    benchmark.pedantic(lambda: None, rounds=1)


@pytest.mark.benchmark
def test_a_point_of_a_sweep(benchmark, tmp_path) -> None:
    def experiment(points: int) -> Experiment:
        return Experiment(
            functions={"api": {"duration": "lognormal(p50=80ms, p99=600ms)", "init": "lognormal(p50=450ms, p99=1.2s)"}},
            loads=[{"target": "api", "executor": "poisson", "rate": "200/s", "duration": "50s"}],
            simulation={"engine": "compiled"},
            slo={"api.latency": ["p99 < 800ms"]},
            sweep={"over": {"account.concurrency": {"from": 20, "to": 20 + points - 1, "step": 1}}},
        )

    def timed(what) -> float:
        begin = time.process_time()
        what()
        return time.process_time() - begin

    config = experiment(2).config
    experiment(2).sweep()  # loads, or compiles
    one = min(timed(lambda: simulate(config, 42, keep_requests=False)) for _ in range(20))
    few = min(timed(lambda: experiment(50).sweep()) for _ in range(ROUNDS))
    many = min(timed(lambda: experiment(200).sweep()) for _ in range(2))
    benchmark.extra_info["point / simulate()"] = round(few / 50 / one, 2)
    print(f"\na point of 10,000 requests: {few / 50 * 1e3:.1f} ms, {few / 50 / one:.2f} of its simulation (goal: 3)")
    print(f"50 points / 200 points: {few / many:.2f} (goal: 0.3)")
    benchmark.pedantic(lambda: None, rounds=1)


@pytest.mark.benchmark
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("size", [(3_000, 1_000, 1_000), (1_000, 10_000, 10_000), (10_000, 10_000, 1_000)], ids=str)
def test_saving_many_functions(benchmark, tmp_path, size) -> None:
    seconds, functions, rate = size
    experiment = many_functions(*size).with_({"simulation.engine": "compiled"})

    def both() -> tuple[float, float]:
        began = time.process_time()
        result = experiment.run()
        ran = time.process_time()
        result.save(tmp_path / "run", figures=False)
        return ran - began, time.process_time() - ran

    many_functions(1).run(engine="compiled")  # loads, or compiles
    running, saving = (min(side) for side in zip(*(both() for _ in range(3)), strict=True))
    name = f"{functions:,} functions, {seconds * rate / 1e6:.0f} M requests in {seconds:,} s"
    benchmark.extra_info[f"saving / running, {name}"] = round(saving / running, 2)
    print(f"\n{name}: saving {saving:.1f} s, {saving / running:.2f} of running (goal: 0.7)")
    benchmark.pedantic(lambda: None, rounds=1)


@pytest.mark.benchmark
@pytest.mark.skipif(not DAY.is_dir(), reason=f"{DAY.name} is not in ../shared/data beside the checkout")
def test_saving_a_day_of_azure(benchmark, tmp_path) -> None:
    files = {"file": "invocations_per_minute", "durations": "durations_ms", "memory": "memory_mb"}
    trace = {key: str(DAY / f"{name}.csv.gz") for key, name in files.items()} | {"format": "azure2019"}
    function = {"runtime": "python3.13", "memory": "512 MB", "timeout": "900s", "duration": "constant(1s)"}
    experiment = Experiment(
        functions={"*": function}, loads=[{"trace": trace}], account={"concurrency": 10_000},
        simulation={"engine": "compiled"},
    )  # fmt: skip
    many_functions(1).run(engine="compiled")  # loads, or compiles
    ratios = []
    for _ in range(2):
        began = time.process_time()
        result = experiment.run()
        ran = time.process_time()
        result.save(tmp_path / "run", figures=False)
        ratios.append((time.process_time() - ran) / (ran - began))
    benchmark.extra_info["saving / running, a day of Azure's trace"] = round(min(ratios), 2)
    print(f"\na day of {DAY.name}: saving is {min(ratios):.2f} of running (goal: 0.7)")
    benchmark.pedantic(lambda: None, rounds=1)


@pytest.mark.benchmark
def test_check_of_many_functions(benchmark, tmp_path) -> None:
    commands = {}
    for functions in (2_500, 10_000):
        file = tmp_path / f"{functions}.toml"
        file.write_text(many_functions(1, functions).to_toml(), encoding="utf-8")
        commands[str(functions)] = ["-m", "lambdasim", "check", str(file)]
    few, many = processes(commands, tmp_path / "bytecode").values()
    benchmark.extra_info["check of 10,000 functions / of 2,500"] = round(many / few, 1)
    print(f"\ncheck of 10,000 functions: {many:.1f} s, {many / few:.1f} times that of 2,500 (goal: at most 4)")
    benchmark.pedantic(lambda: None, rounds=1)
