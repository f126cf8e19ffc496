"""Series that are made when they are asked for are those that are kept of fewer functions."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from lambdasim.cli.bench import many_functions
from lambdasim.metrics import measured, stretches, timeline
from lambdasim.metrics.cells import Totals
from lambdasim.metrics.compiled.level_series import LevelSeries
from lambdasim.metrics.compiled.statistics import Statistics
from lambdasim.metrics.histogram import Samples, merged
from lambdasim.metrics.ledger import sample_group
from lambdasim.metrics.occupancy import Levels
from lambdasim.result import Result


@pytest.fixture(scope="module")
def result() -> Result:
    return many_functions(180, functions=7, rate=10).with_({"output.period": "1min"}).run(engine="simpy")


@pytest.mark.parametrize("by_loop", [False, True])
def test_made_when_asked_for(result, monkeypatch, by_loop) -> None:
    if by_loop:
        pytest.importorskip("numba")
    monkeypatch.setattr(stretches, "is_at_hand", lambda program: by_loop)
    cost = result._outcomes[0].cost_by_period
    kept = result.measured.series(cost)
    monkeypatch.setattr(measured, "MANY", 1)
    monkeypatch.setattr(stretches, "STRETCH", 3)
    later = result.measured.series(cost)
    assert kept.later is None
    assert later.later is not None
    assert len(later.later.bounds()) > 2
    assert later.frame().equals(kept.frame())
    assert (later.metrics, later.last_s, later.has_spread) == (kept.metrics, kept.last_s, False)
    assert later.of_account().frame().equals(kept.of_account().frame())
    metrics = ("Latency", "Environments", "Throttles")
    assert later.peaks(metrics) == kept.peaks(metrics)
    for owners in (["f2", "", "f7"], ["", "nobody"], [f"f{n}" for n in range(1, 8)] * 5):
        for metric, statistic in (("Latency", "p99"), ("EnvironmentsIdle", "Average"), ("Invocations", "Sum")):
            found, expected = (table.points_of(metric, statistic, owners) for table in (later, kept))
            assert sorted(zip(*found, strict=True)) == sorted(zip(*expected, strict=True))


@pytest.mark.parametrize(
    ("width", "many"), [(np.int8, 3_000), (np.int16, 300), (np.int16, 3_000), (np.int32, 3_000), (np.int64, 3_000)]
)
def test_the_loop_finds_the_statistics_of_histograms(result, width, many) -> None:
    """Of several that are one metric's in a period, and of few, of which each may be of one metric or of two."""
    pytest.importorskip("numba")
    ledger, rng = result.measured._ledger, np.random.default_rng(4)
    samples, groups = Samples(), rng.integers(0, 7 * 7 * 2, many) * 7 + rng.integers(0, 2, many)
    kinds = rng.choice([0, 1, 2, 3, 4], many)  # and no restores
    values = (10 ** rng.uniform(0, 12, many)).astype(np.int64) * (rng.random(many) < 0.9)
    samples.add(sample_group(groups, kinds, rng.integers(0, 2, many)), values)
    found = samples.histograms()
    narrow = replace(found, bins=found.bins.astype(np.int16), counts=found.counts.astype(width))
    ledger = replace(ledger, samples=narrow, end_ns=14 * ledger.period_ns, merge=merged)
    period, function = ledger.sample_place()[:2]
    expected = list(timeline.distributed(ledger, function * ledger.periods + period))
    series = list(Statistics(ledger).of(np.lexsort((np.arange(len(found)), function))))
    assert len(series) == 3 * 7
    assert not any(len(one.keys) for one in expected[3 * 7 :])
    for one, other in zip(series, expected, strict=False):
        assert one[:2] == other[:2]
        assert np.array_equal(one.keys, other.keys)
        assert np.array_equal(one.values, other.values)


def test_the_loop_follows_levels(result) -> None:
    pytest.importorskip("numba")
    rng, functions, periods = np.random.default_rng(5), 7, 14
    ledger = replace(result.measured._ledger, end_ns=13 * result.measured._ledger.period_ns)  # the last has no length

    def some(share: float) -> np.ndarray:
        return np.flatnonzero(rng.random(functions * periods) < share)

    def levels(share: float) -> Levels:
        keys = some(share)
        amounts = rng.integers(0, 3, len(keys)), rng.integers(0, 3, len(keys)) * 7**11
        return Levels.of(keys // periods, keys % periods, *amounts, *(np.zeros(functions, np.int64) for _ in range(3)))

    recorded = rng.permutation(np.concatenate([some(0.4), some(0.4)]))
    cells = np.unique((recorded % periods * functions + recorded // periods) << 1 | rng.integers(0, 2, len(recorded)))
    names = ("function_concurrency", "environments")
    work = Totals(cells, {}, {name: rng.integers(0, 4, len(cells)) for name in names})
    changed = rng.integers(0, functions, 40), rng.integers(0, ledger.end_ns, 40), rng.integers(0, 5, 40)
    ledger = replace(
        ledger, work=work, control=SimpleNamespace(samples=lambda metric: changed),
        executing=levels(0.6), alive=levels(0.5), initialising=levels(0.3),
    )  # fmt: skip
    function, loop, found = (cells >> 1) % functions, LevelSeries(ledger), []
    for first, last in ((0, 3), (3, 4), (4, 7)):
        own = np.flatnonzero((function >= first) & (function < last))
        places = own[np.argsort(function[own], kind="stable")]
        every = (ledger.executing, ledger.alive, ledger.initialising)
        ends = [slice(*np.searchsorted(of.function, (first, last))) for of in every]
        found.append(list(loop.of(range(first, last), places, ends)))
    for expected, *parts in zip(timeline.levels(ledger), *found, strict=True):
        assert len(expected.keys) > 5
        assert all(part[:2] == expected[:2] for part in parts)
        assert np.array_equal(np.concatenate([part.keys for part in parts]), expected.keys)
        assert np.array_equal(np.concatenate([part.values for part in parts]), expected.values)
