"""The SimPy engine and brute-force oracles tell the same story of all sources, handlers and links."""

from itertools import pairwise
from pathlib import Path

import oracles
import pytest
from hypothesis import HealthCheck, assume, given, settings
from oracle_cases import SourceCase, told_by_engine, told_by_oracle
from oracle_plans import FAMILIES, examples
from oracles.agenda import bits24

from lambdasim.model.events import NEVER_NS, Fate
from lambdasim.model.streams import StreamSpec

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


@settings(MANY, max_examples=examples(75))
@given(FAMILIES["streams"])
def test_records_of_a_partition_key_stay_in_order(case: SourceCase) -> None:
    """Whatever the parallelization factor is and becomes: none is tried before an earlier one has left its stream."""
    [spec] = case.spec.sources
    assume(isinstance(spec, StreamSpec) and spec.keys_q24)
    rows = [row for row in told_by_engine(case)["deliveries"] if row[0] == 0]
    left = {row[1]: row[7] for row in rows if row[9] not in (Fate.STAYS, Fate.REMAINS)}
    batches: dict[int, dict[int, int]] = {}
    for _, event, _, _, _, _, delivered_ns, *_, batch in rows:
        if batch >= 0:
            batches.setdefault(event, {})[batch] = delivered_ns
    of_key: dict[int, list[tuple[int, int]]] = {}
    for event, sent_ns in {(row[1], row[4]) for row in rows}:
        u24 = bits24(case.draws[0].key("partition-key"), event)
        key = min(sum(u24 >= bound for bound in spec.keys_q24), len(spec.keys_q24) - 1)
        of_key.setdefault(key, []).append((sent_ns, event))
    for records in of_key.values():
        for (_, earlier), (_, later) in pairwise(sorted(records)):
            for batch, delivered_ns in batches.get(later, {}).items():
                assert batch in batches.get(earlier, {}) or delivered_ns >= left.get(earlier, NEVER_NS)


def test_the_oracles_know_nothing_of_lambdasim() -> None:
    files = sorted(Path(oracles.__file__).parent.glob("*.py"))
    assert len(files) > 10
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert "import lambdasim" not in text
        assert "from lambdasim" not in text
