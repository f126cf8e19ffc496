"""Quantities: exact values, exact messages, and writing followed by reading as the identity."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim import units

NS = "'80ms', '1.5s' or '10min'"
MB = "'512 MB' or '2 GB'"
PER = "'300/s', '5/min' or '2/h'"


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("0s", 0),
        ("1ns", 1),
        ("250us", 250_000),
        ("250µs", 250_000),
        ("80ms", 80_000_000),
        ("1.5s", 1_500_000_000),
        (" 30 s ", 30_000_000_000),
        ("10min", 600_000_000_000),
        ("10m", 600_000_000_000),
        ("1h30m", 5_400_000_000_000),
        ("1h 30min 5s", 5_405_000_000_000),
        ("2d", 172_800_000_000_000),
        ("0.4ns", 0),
        ("0.5ns", 1),
        ("0.123456789s", 123_456_789),
        ("9223372036854775807ns", 2**63 - 1),
    ],
)
def test_duration(text: str, ns: int) -> None:
    assert units.parse_duration(text) == ns


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (30, f"30 needs a number and a unit, such as {NS}"),
        (1.5, f"1.5 needs a number and a unit, such as {NS}"),
        ("30", f"30 needs a number and a unit, such as {NS}"),
        (True, f"True needs a number and a unit, such as {NS}"),
        (None, f"None needs a number and a unit, such as {NS}"),
        (math.nan, f"nan is not a quantity; give a number and a unit, such as {NS}"),
        (math.inf, f"inf is not a quantity; give a number and a unit, such as {NS}"),
        ("nan", f"'nan' is not a quantity; give a number and a unit, such as {NS}"),
        ("", f"'' is not a quantity; give a number and a unit, such as {NS}"),
        ("-5s", f"'-5s' is negative; give zero or more, such as {NS}"),
        ("5 parsec", f"'5 parsec' needs a number and a unit, such as {NS}"),
        ("30m1h", f"'30m1h' needs a number and a unit, such as {NS}"),
        ("1s1s", f"'1s1s' needs a number and a unit, such as {NS}"),
        ("1e3s", f"'1e3s' needs a number and a unit, such as {NS}"),
        ("٣s", f"'٣s' needs a number and a unit, such as {NS}"),
        ("300000d", "'300000d' is longer than 292 years, more than 64-bit nanoseconds can hold"),
        ("9" * 5000 + "s", f"'{'9' * 64}' is not a quantity; give a number and a unit, such as {NS}"),
    ],
)
def test_duration_refused(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        units.parse_duration(value)


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (80_000_000, "80ms"),
        (1_500_000_000, "1.5s"),
        (60_000_000_000, "1min"),
        (90_000_000_000, "90s"),
        (600_000_000_000, "10min"),
        (5_400_000_000_000, "90min"),
        (7_560_000_000_000, "2.1h"),
        (86_400_000_000_000, "1d"),
        (1_234_567_890, "1.23456789s"),
    ],
)
def test_duration_written(ns: int, text: str) -> None:
    assert units.format_duration(ns) == text


@given(st.integers(0, units.MAX_NS))
def test_duration_round_trip(ns: int) -> None:
    assert units.parse_duration(units.format_duration(ns)) == ns


@given(st.integers(0, 10**6), st.sampled_from(["us", "ms", "s", "min", "h"]))
def test_duration_round_trip_of_round_times(count: int, unit: str) -> None:
    ns = units.parse_duration(f"{count}{unit}")
    text = units.format_duration(ns)
    assert units.parse_duration(text) == ns
    assert len(text) <= len(f"{count}{unit}") + 2


@pytest.mark.parametrize(
    ("text", "mb"), [("128 MB", 128), ("512MB", 512), ("2 GB", 2048), ("0.5 GB", 512), ("1769 MiB", 1769), ("0 MB", 0)]
)
def test_memory(text: str, mb: int) -> None:
    assert units.parse_memory(text) == mb


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (512, f"512 needs a number and a unit, such as {MB}"),
        ("512", f"512 needs a number and a unit, such as {MB}"),
        ("512 mb", f"'512 mb' needs a number and a unit, such as {MB}"),
        ("-1 MB", f"'-1 MB' is negative; give zero or more, such as {MB}"),
        ("1.5 MB", "'1.5 MB' is not a whole number of MB"),
    ],
)
def test_memory_refused(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        units.parse_memory(value)


@given(st.integers(0, 2**40))
def test_memory_round_trip(mb: int) -> None:
    assert units.parse_memory(units.format_memory(mb)) == mb


@pytest.mark.parametrize(
    ("text", "rate"),
    [("300/s", 300.0), ("5/min", 5 / 60), ("2/h", 2 / 3600), ("1/d", 1 / 86400), ("1e6/s", 1e6), ("0.5 / s", 0.5)],
)
def test_rate(text: str, rate: float) -> None:
    assert units.parse_rate(text) == rate


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (300, f"300 needs a number and a unit, such as {PER}"),
        ("300", f"300 needs a number and a unit, such as {PER}"),
        ("300/week", f"'300/week' needs a number and a unit, such as {PER}"),
        ("-300/s", f"'-300/s' is negative; give zero or more, such as {PER}"),
        ("1e999/s", "'1e999/s' is not a finite rate"),
        (math.nan, f"nan is not a quantity; give a number and a unit, such as {PER}"),
    ],
)
def test_rate_refused(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        units.parse_rate(value)


@pytest.mark.parametrize(("rate", "text"), [(300.0, "300/s"), (5 / 60, "5/min"), (1 / 86400, "1/d"), (0.0, "0/s")])
def test_rate_written(rate: float, text: str) -> None:
    assert units.format_rate(rate) == text


@given(st.floats(0, 1e15, allow_nan=False))
def test_rate_round_trip(rate: float) -> None:
    assert units.parse_rate(units.format_rate(rate)) == rate


@pytest.mark.parametrize(("value", "fraction"), [(0, 0.0), (1, 1.0), (0.02, 0.02), ("2%", 0.02), (" 0.1 % ", 0.001)])
def test_fraction(value: object, fraction: float) -> None:
    assert units.parse_fraction(value) == fraction


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (-0.1, "-0.1 is outside 0 to 1 (0% to 100%)"),
        (1.5, "1.5 is outside 0 to 1 (0% to 100%)"),
        ("101%", "'101%' is outside 0 to 1 (0% to 100%)"),
        (True, "True is not a fraction; give a number from 0 to 1 or a text such as '2%'"),
        (math.nan, "nan is not a fraction; give a number from 0 to 1 or a text such as '2%'"),
        ("few", "'few' is not a fraction; give a number from 0 to 1 or a text such as '2%'"),
    ],
)
def test_fraction_refused(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        units.parse_fraction(value)


@given(st.text(max_size=80) | st.from_regex(r"[0-9.]{1,8} ?[a-zA-Z/%]{0,4}", fullmatch=True))
def test_any_text_is_a_value_or_a_message(text: str) -> None:
    for parse in (units.parse_duration, units.parse_memory, units.parse_rate, units.parse_fraction):
        value, message = 0.0, ""
        try:
            value = parse(text)
        except ValueError as error:
            message = str(error)
        assert value >= 0
        assert len(message) < 300


@pytest.mark.parametrize(
    ("text", "size"),
    [("0 B", 0), ("1500 B", 1500), ("2 KB", 2048), ("1.5KB", 1536), ("1 MB", 2**20), ("10 GB", 10 * 2**30)],
)
def test_size(text: str, size: int) -> None:
    assert units.parse_size(text) == size


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (2048, "2048 needs a number and a unit, such as '256 B', '2 KB' or '1 MB'"),
        ("2 TB", "'2 TB' needs a number and a unit, such as '256 B', '2 KB' or '1 MB'"),
        ("0.1 B", "'0.1 B' is not a whole number of bytes"),
    ],
)
def test_no_size(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        units.parse_size(value)


@given(st.integers(0, 2**40))
def test_size_written_and_read(size: int) -> None:
    assert units.parse_size(units.format_size(size)) == size
