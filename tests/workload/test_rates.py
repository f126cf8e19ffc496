"""Rates over time: pieces, stages, and the inverse of the integral."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.workload.rates import Bursty, Diurnal, Ramping, Rate, TimeChange

S = 10**9
H = 3600 * S


def times(rate: Rate, tau: list[float]) -> list[int]:
    return TimeChange(rate.pieces())(np.array(tau)).tolist()


def integral(rate: Rate, until_ns: int) -> float:
    """Add up the pieces by trapezoids, the last one cut."""
    total = 0.0
    for batch in rate.pieces():
        rows = zip(batch.bounds_ns, batch.bounds_ns[1:], batch.begin_rate, batch.end_rate, strict=False)
        for begin, end, before, after in rows:
            part = min(max((until_ns - begin) / (end - begin), 0.0), 1.0)
            total += (before + 0.5 * (after - before) * part) * part * (end - begin) / S
    return total


def test_a_constant_rate_is_undone_exactly() -> None:
    rate = Ramping.of(300.0, [(H, 300.0)])
    assert times(rate, [0.0, 3.0, 300.0, 1_079_997.0]) == [0, 10_000_000, S, H - 10_000_000]


def test_a_ramp_from_zero_follows_the_square_root() -> None:
    rate = Ramping.of(0.0, [(10 * S, 20.0)])  # the integral is t^2
    assert times(rate, [0.0, 1.0, 4.0, 25.0, 81.0]) == [0, S, 2 * S, 5 * S, 9 * S]


def test_a_ramp_to_zero_mirrors_it() -> None:
    rate = Ramping.of(20.0, [(10 * S, 0.0)])  # the integral is 100 - (10 - t)^2
    assert times(rate, [0.0, 19.0, 75.0, 99.0]) == [0, S, 5 * S, 9 * S]


def test_stages_join_without_a_seam() -> None:
    rate = Ramping.of(0.0, [(10 * S, 20.0), (5 * S, 20.0), (0, 4.0), (10 * S, 4.0)])
    assert times(rate, [100.0, 101.0, 199.0, 200.0, 204.0]) == [10 * S, 10_050_000_000, 14_950_000_000, 15 * S, 16 * S]


def test_nothing_comes_while_the_rate_is_zero_nor_after_the_end() -> None:
    rate = Ramping.of(1.0, [(2 * S, 1.0), (0, 0.0), (5 * S, 0.0), (0, 1.0), (2 * S, 1.0), (0, 0.0), (S, 0.0)])
    assert times(rate, [1.0, 2.0, 3.0, 3.5, 4.0, 5.0]) == [S, 7 * S, 8 * S, 8_500_000_000]
    assert times(rate, [2.0]) == [7 * S]


def test_arguments_may_come_in_parts() -> None:
    rate = Bursty((5.0, 0.0, 50.0), (S, 2 * S, S // 2), 10_000 * S, key=7)
    tau = np.sort(np.random.default_rng(1).uniform(0.0, 100_000.0, 1_000))
    whole, parts = TimeChange(rate.pieces())(tau), TimeChange(rate.pieces())
    assert np.concatenate([parts(part) for part in np.array_split(tau, 17)]).tolist() == whole.tolist()


# once in thirty years or never: squares of much smaller rates are no longer doubles
RATES = st.just(0.0) | st.floats(1e-9, 1e3)
PARTS = st.just(0.0) | st.floats(1e-9, 0.999)


@given(
    RATES,
    st.lists(st.tuples(st.integers(0, 100 * S), RATES), min_size=1, max_size=6),
    st.lists(PARTS, min_size=1, max_size=10),
)
def test_the_inverse_inverts(start: float, stages: list[tuple[int, float]], parts: list[float]) -> None:
    rate = Ramping.of(start, stages)
    end = sum(duration for duration, _ in stages)
    total = integral(rate, end)
    tau = sorted(part * total for part in parts)
    if total > 1e-6:
        found = times(rate, tau)
        assert found == sorted(found)
        for wanted, time in zip(tau, found, strict=True):
            # a time is rounded to ns, over which the integral grows by 1e-6 at most; the rest is doubles
            assert integral(rate, time) == pytest.approx(wanted, rel=1e-9, abs=2e-6)


def test_a_day_peaks_when_it_should_and_has_its_mean() -> None:
    day = Diurnal(mean=100.0, peak=180.0, period_ns=24 * H, peak_at_ns=18 * H, duration_ns=48 * H)
    batches = list(day.pieces())
    assert len(batches) == 2
    marks = np.concatenate([batch.bounds_ns[:-1] for batch in batches])
    rates = np.concatenate([batch.begin_rate for batch in batches])
    assert marks[np.argmax(rates)] == 18 * H
    assert (rates.max(), rates.min()) == (180.0, pytest.approx(20.0))
    assert integral(day, 24 * H) == pytest.approx(100.0 * 86_400, rel=1e-12)
    hours = np.array([3, 11.3, 20]) * H
    exact = 100.0 + 80.0 * np.cos(2 * np.pi * (hours / H - 18) / 24)
    assert np.interp(hours, marks, rates) == pytest.approx(exact, abs=80 * 2.4e-6)


def test_a_day_is_cut_off_at_the_end_of_the_load() -> None:
    bounds = [batch.bounds_ns for batch in Diurnal(1.0, 1.0, 24 * H, 0, 30 * H).pieces()]
    assert [int(b[-1]) for b in bounds] == [24 * H, 48 * H]  # the load itself ends within the second


def test_sojourns_have_their_means_and_states_take_turns() -> None:
    """Sojourns are independent and exponential: means within 4 standard errors (central limit theorem)."""
    rate = Bursty((5.0, 50.0), (10 * S, S), 60_000 * S, key=3)
    batches = list(rate.pieces())
    bounds = np.concatenate([batch.bounds_ns[:-1] for batch in batches] + [batches[-1].bounds_ns[-1:]])
    state = np.concatenate([batch.begin_rate for batch in batches])
    assert (state[1:] != state[:-1]).all()
    assert bounds[-1] >= 60_000 * S
    lengths = np.diff(bounds)
    for value, mean in [(5.0, 10 * S), (50.0, S)]:
        mine = lengths[state == value]
        assert abs(mine.mean() - mean) < 4 * mean / np.sqrt(len(mine))


def test_the_first_state_is_drawn_in_proportion_to_the_sojourns() -> None:
    """Starts in the first state are binomial(n, 10/11); 4 standard errors."""
    n = 4_000
    first = [next(Bursty((5.0, 50.0), (10 * S, S), S, key).pieces()).begin_rate[0] == 5.0 for key in range(n)]
    assert abs(np.mean(first) - 10 / 11) < 4 * np.sqrt(10 / 121 / n)


def test_stages_say_what_happens() -> None:
    ramp = Ramping.of(0.0, [(30 * S, 900.0), (60 * S, 900.0), (0, 10.0), (S, 0.0)])
    assert ramp.stages() == [
        (0, 30 * S, "0 → 900/s"),
        (30 * S, 90 * S, "900/s"),
        (90 * S, 91 * S, "10 → 0/s"),
    ]
    assert Ramping.of(5 / 60, [(S, 900.0)]).stages() == [(0, S, "5/min → 900/s")]
    assert Diurnal(100.0, 180.0, 24 * H, 0, H).stages() == [(0, H, "diurnal, 20 → 180/s")]
    assert Bursty((5.0, 50.0), (1, 1), H, 0).stages() == [(0, H, "bursty, 5/s / 50/s")]
