import math

import pytest

from lambdasim.report import words


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.08123, "0.0812"), (4.25, "4.25"), (4.0, "4"), (99.96, "100"), (731.24, "731"), (1234.6, "1,235")],
)
def test_significant_keeps_three_digits_and_the_whole_part(value, text):
    assert words.significant(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.8, "0.8 ms"),
        (80.31, "80.3 ms"),
        (731.2, "731 ms"),
        (1234.0, "1,234 ms"),
        (12_340, "12.3 s"),
        (900_000, "15 min"),
        (40_000_000, "11.1 h"),
        (-84_862, "-84.9 s"),
        (None, "-"),
        ({"mean": 731.2, "ci": [700.0, 760.0]}, "731 ms"),
    ],
)
def test_milliseconds(value, text):
    assert words.milliseconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "$0.00"), (1.874, "$1.87"), (1365.1, "$1,365"), (0.00123, "$0.00123"), (-0.5, "-$0.50"), (math.nan, "-")],
)
def test_money(value, text):
    assert words.money(value) == text


def test_money_of_another_currency_names_it():
    assert words.money(12.5, "CNY") == "CNY 12.50"
    assert words.unit_price(0.0000166667, "CNY") == "CNY 0.0000166667"


def test_unit_price_has_all_digits_and_no_exponent():
    assert words.unit_price(2e-7) == "$0.0000002"


@pytest.mark.parametrize(("rate", "text"), [(0, "0 %"), (0.042, "4.2 %"), (0.000812, "0.0812 %"), (1, "100 %")])
def test_percent(rate, text):
    assert words.percent(rate) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (45, "45 s"),
        (60, "1 min"),
        (90, "90 s"),
        (600.4, "10 min"),
        (3600, "1 h"),
        (86_400, "1 day"),
        (1_209_600, "14 days"),
    ],
)
def test_span(seconds, text):
    assert words.span(seconds) == text


def test_count_of_a_mean_is_not_rounded_to_a_whole():
    assert (words.count(12345), words.count({"mean": 3.25})) == ("12,345", "3.25")


def test_printable_replaces_what_would_break_a_line_or_a_document():
    assert words.printable("a\nb\x00c\x1b[1m") == "a\ufffdb\ufffdc\ufffd[1m"


def test_columns_counts_wide_characters_twice_and_marks_not_at_all():
    assert (words.columns("abc"), words.columns("東京"), words.columns("e\u0301")) == (3, 4, 1)


@pytest.mark.parametrize("width", range(3, 30))
@pytest.mark.parametrize("text", ["short", "a-very-long-function-name-0001", "東京東京東京東京東京", "\U0001f600" * 12])
def test_shorten_fits_and_keeps_both_ends(text, width):
    short = words.shorten(text, width)
    assert words.columns(short) <= width
    if words.columns(text) <= width:
        assert short == text
    elif width > 8:
        assert short.startswith(text[:2])
        assert short.endswith(text[-1])
