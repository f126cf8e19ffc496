"""How often a month holds a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.config.month import Repeats
from lambdasim.cost import Month, month_of
from lambdasim.units import NS_PER_D, NS_PER_H, NS_PER_MIN, NS_PER_S
from lambdasim.usage import Busy

MINUTE, HOUR = NS_PER_MIN, NS_PER_H


def month(span_ns: int, account: Busy, repeats_ns: int | None = None, **functions: Busy) -> Month:
    return month_of(span_ns, account, functions, repeats_ns=repeats_ns, shortest_ns=MINUTE)


def test_work_that_fits_into_its_loads_repeats_with_them() -> None:
    assert month(HOUR, Busy(10 * HOUR, 20)).period_ns == HOUR


def test_a_drain_repeats_as_its_peak_allows() -> None:
    """90 s of load, 30,000 s of work on 20 at once: 1,500 s."""
    assert month(90 * NS_PER_S, Busy(30_000 * NS_PER_S, 20)).period_ns == 1_500 * NS_PER_S


def test_a_straggler_hardly_moves_it() -> None:
    """A run of ten minutes on 100 at once, and one invocation that goes on for 15 minutes."""
    busy = Busy(100 * 10 * MINUTE + 15 * MINUTE, 100)
    assert month(10 * MINUTE, busy).period_ns == pytest.approx(10 * MINUTE, rel=0.02)


def test_loads_of_less_than_a_minute_have_no_month_unless_the_file_says_how_often() -> None:
    assert month(MINUTE - 1, Busy(HOUR, 1)).period_ns is None
    assert month(MINUTE, Busy(0, 0)).period_ns == MINUTE
    assert month(10**7, Busy(10**10, 5), repeats_ns=8 * HOUR) == Month(8 * HOUR)


def test_a_function_whose_own_work_takes_longer_is_at_its_own_peak() -> None:
    """The account's peak is another function's; what one environment drains in ten hours is a month of one."""
    found = month(
        MINUTE, Busy(10 * HOUR + 1_000 * NS_PER_S, 1_001), a=Busy(10 * HOUR, 1), b=Busy(1_000 * NS_PER_S, 1_000)
    )
    assert (found.period_ns, found.of("a"), found.of("b")) == (MINUTE, 10 * HOUR, MINUTE)
    (note,) = found.notes
    assert note.startswith("'a' has more work than fits")


def test_what_is_said_to_happen_more_often_than_the_peak_allows_is_told() -> None:
    (note,) = month(MINUTE, Busy(10 * HOUR, 10), repeats_ns=MINUTE).notes
    assert note.endswith("a concurrency of 600 on average, above its own peak of 10")


@given(st.integers(MINUTE, NS_PER_D), st.integers(0, 10**17), st.integers(1, 10**6))
def test_a_month_never_takes_more_than_the_peak(span_ns: int, integral_ns: int, peak: int) -> None:
    period_ns = month(span_ns, Busy(integral_ns, peak)).period_ns
    assert period_ns is not None
    assert integral_ns <= peak * period_ns


@pytest.mark.parametrize(
    ("text", "period_ns"),
    [("3/day", 8 * HOUR), ("1/h", HOUR), ("2.5/min", 24 * NS_PER_S), ("1 / week", 168 * HOUR), ("1/month", 730 * HOUR)],
)
def test_repeats(text: str, period_ns: int) -> None:
    assert Repeats.parse(text).period_ns == period_ns
    assert Repeats.parse(Repeats.parse(text).text) == Repeats.parse(text)


@pytest.mark.parametrize("value", ["3", "0/day", "3/year", "-1/day", "day", "", 3, True, None, "nan/day", "1e9/day"])
def test_repeats_refused(value: object) -> None:
    with pytest.raises(ValueError, match="does not say how often, as '3/day' does"):
        Repeats.parse(value)
