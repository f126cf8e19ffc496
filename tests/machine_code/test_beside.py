"""Compiling in a second process: what it gives, and what happens when it fails."""

import sys

import pytest

from lambdasim.machine_code import beside
from lambdasim.machine_code.native import is_kept
from lambdasim.workload.compiled import native

pytest.importorskip("numba")
PLACE = "lambdasim.workload.compiled.native:_entries"


def test_another_process_compiles_the_same_functions() -> None:
    there = beside.assembled_beside(PLACE)()
    here = beside._assembled(PLACE)
    assert there.keys() == here.keys()
    assert all(f"@{symbol}(" in text or f'@"{symbol}"(' in text for text, symbol in there.values())


def test_a_process_that_fails_costs_time_only(monkeypatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    monkeypatch.setattr(beside, "_assembled", lambda place: {place: ("text", "symbol")})
    assert beside.assembled_beside(PLACE)() == {PLACE: ("text", "symbol")}


def test_another_process_keeps_what_it_compiles(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("LAMBDASIM_CACHE_DIR", str(tmp_path))
    with beside.loaded_beside(["lambdasim.workload.compiled.native:loops"]) as process:
        pass
    assert process.returncode == 0
    assert is_kept(native.program())
