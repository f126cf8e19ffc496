"""Compiling in processes of its own: what it gives, and what happens when it fails."""

import subprocess
import sys

import pytest

from lambdasim.machine_code import beside
from lambdasim.machine_code.program import METRICS, WORKLOAD

pytest.importorskip("numba")

from lambdasim.machine_code.objects import loaded


def test_two_processes_compile_the_loops() -> None:
    codes = dict(beside.compiled([METRICS, WORKLOAD]))
    assert [*codes] == [WORKLOAD, METRICS]  # which takes longer
    assert [*loaded(codes.values())] == [*beside.entries(WORKLOAD)(), *beside.entries(METRICS)()]


@pytest.mark.parametrize("interpreter", ["/bin/false", "/nowhere/python"])
def test_a_process_that_fails_costs_time_only(interpreter: str, monkeypatch) -> None:
    monkeypatch.setattr(sys, "executable", interpreter)
    monkeypatch.setattr(beside, "compiled_here", lambda program: program.kind.encode())
    assert dict(beside.compiled([METRICS, WORKLOAD])) == {METRICS: b"metrics", WORKLOAD: b"workload"}


CODE = """
import hashlib, sys
from lambdasim.machine_code import beside, linking
from lambdasim.machine_code.program import WORKLOAD
if sys.argv[1] == "as it comes":
    linking._quicker = dict
linking.only_link()
print(hashlib.sha256(beside.compiled_here(WORKLOAD)).hexdigest())
"""


def test_a_quicker_numba_makes_the_same_code() -> None:
    ways = [[sys.executable, "-c", CODE, way] for way in ("as it comes", "quicker")]
    first, second = (subprocess.run(way, capture_output=True, text=True, check=True).stdout for way in ways)
    assert first == second != ""


def test_what_is_compiled_here_is_the_same() -> None:
    assert [*loaded([beside.compiled_here(METRICS)])] == [*beside.entries(METRICS)()]
