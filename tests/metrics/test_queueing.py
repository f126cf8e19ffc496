"""Erlang B against its definition, and its import without numpy."""

import math
import subprocess
import sys
from fractions import Fraction

import pytest

from lambdasim.metrics.queueing import erlang_b, offered_load


@pytest.mark.parametrize("load", [0.1, 1, 7.5, 10, 40])
@pytest.mark.parametrize("servers", [0, 1, 2, 10, 50])
def test_erlang_b_is_the_formula(load: float, servers: int) -> None:
    terms = [Fraction(load) ** n / math.factorial(n) for n in range(servers + 1)]
    assert erlang_b(load, servers) == pytest.approx(float(terms[-1] / sum(terms)), rel=1e-12)


def test_erlang_b_at_its_edges() -> None:
    assert erlang_b(0, 5) == 0
    assert erlang_b(0, 0) == 1
    assert erlang_b(1, 10_000) == 0
    assert erlang_b(1e9, 1000) == pytest.approx(1 - 1e-6, rel=1e-9)
    assert erlang_b(1000, 1000) == pytest.approx(0.0250, abs=5e-4)
    for load, servers in ((-1, 1), (math.nan, 1), (1, -1)):
        with pytest.raises(ValueError, match="Erlang B"):
            erlang_b(load, servers)


def test_offered_load() -> None:
    assert offered_load(rate_per_s=300, mean_s=0.25) == 75


def test_needs_no_array_library() -> None:
    code = "import sys, lambdasim.metrics.queueing; print('numpy' in sys.modules or 'pandas' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"
