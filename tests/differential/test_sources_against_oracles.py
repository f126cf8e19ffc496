"""The SimPy engine and brute-force oracles tell the same story of all sources, handlers and links."""

from pathlib import Path

import oracles
import pytest
from hypothesis import HealthCheck, given, settings
from oracle_cases import SourceCase, told_by_engine, told_by_oracle
from oracle_plans import FAMILIES, examples

MANY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.mark.parametrize("family", FAMILIES)
def test_identical_records(family: str) -> None:
    @settings(MANY, max_examples=examples(100))
    @given(FAMILIES[family])
    def compare(case: SourceCase) -> None:
        engine, oracle = told_by_engine(case), told_by_oracle(case)
        for table, rows in oracle.items():
            assert engine[table] == rows

    compare()


def test_the_oracles_know_nothing_of_lambdasim() -> None:
    files = sorted(Path(oracles.__file__).parent.glob("*.py"))
    assert len(files) > 10
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert "import lambdasim" not in text
        assert "from lambdasim" not in text
