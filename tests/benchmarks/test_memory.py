"""The most memory that a process takes, in one of its own: ``pytest tests/benchmarks/test_memory.py -s``."""

import os
import subprocess
import sys

import pytest

from lambdasim.cli.bench import FAMILIES

pytest.importorskip("numba")
resource = pytest.importorskip("resource")

REQUESTS = """
import resource, sys
from lambdasim.cli.bench import one_function
one_function(*map(int, sys.argv[2:])).run(engine="compiled")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""

FUNCTIONS = """
import resource, sys
from lambdasim.cli.bench import many_functions
result = many_functions(*map(int, sys.argv[2:])).with_({"simulation.engine": "compiled"}).run()
result.save(sys.argv[1], figures=False)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""

FAMILY = """
import resource, sys
from lambdasim.cli.bench import FAMILIES
FAMILIES[sys.argv[2]](int(sys.argv[3])).run(engine="compiled")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.benchmark
@pytest.mark.parametrize(
    ("name", "program", "size", "goal_gb"),
    [
        ("10 M requests", REQUESTS, [10_000], 0.3),
        ("100 M requests", REQUESTS, [100_000], 0.3),
        ("10,000 functions, 10 M requests in 1,000 s", FUNCTIONS, [1_000, 10_000, 10_000], 0.7),
        ("10,000 functions, 10 M requests in 10,000 s", FUNCTIONS, [10_000, 10_000, 1_000], 0.7),
        *((f"10 M of {family}", FAMILY, [family, 10_000_000], 0.4) for family in FAMILIES),
    ],
)
def test_the_most_memory(benchmark, tmp_path, name, program, size, goal_gb) -> None:
    before = os.times()
    command = [sys.executable, "-W", "ignore", "-c", program, str(tmp_path / "run"), *map(str, size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    after = os.times()
    unit = 1 if sys.platform == "darwin" else 1024
    peak_gb = int(done.stdout.split()[-1]) * unit / 1e9
    used_s = after.children_user + after.children_system - before.children_user - before.children_system
    benchmark.extra_info[f"{name}, GB"] = round(peak_gb, 2)
    print(f"\n{name}: {peak_gb:.2f} GB (goal: {goal_gb}), {used_s:.0f} s of CPU")
    benchmark.pedantic(lambda: None, rounds=1)
