"""What is written reads back equal."""

import tomllib
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.config.toml_writer import to_toml, write_value

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_VALUES = st.recursive(
    st.integers(-(2**63), 2**63 - 1)
    | st.booleans()
    | _TEXTS
    | st.floats(allow_nan=False)
    | st.dates()
    | st.times()
    | st.datetimes(timezones=st.none() | st.just(UTC)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=15,
)


@given(st.dictionaries(_TEXTS, _VALUES, max_size=5))
def test_round_trip(tree: dict[str, object]) -> None:
    assert tomllib.loads(to_toml(tree)) == tree


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (3, "3"),
        (0.1, "0.1"),
        (1e300, "1.0e+300"),
        (float("inf"), "inf"),
        ('a"b\n\x00', '"a\\"b\\n\\u0000"'),
        ([1, "x"], '[1, "x"]'),
        ((1,), "[1]"),
        ({"a b": 1}, '{ "a b" = 1 }'),
        ({}, "{}"),
        (date(2026, 11, 27), "2026-11-27"),
        (time(8, 0), "08:00:00"),
        (datetime(2026, 11, 27, 8, tzinfo=UTC), "2026-11-27T08:00:00+00:00"),
    ],
)
def test_value(value: object, text: str) -> None:
    assert write_value(value) == text


def test_document() -> None:
    tree = {
        "load": [{"target": "a", "stages": [{"duration": "1s"}]}],
        "name": "x",
        "function": {"a": {"memory": "1 GB"}},
    }
    assert to_toml(tree) == (
        'name = "x"\n\n[function.a]\nmemory = "1 GB"\n\n[[load]]\ntarget = "a"\nstages = [{ duration = "1s" }]\n'
    )


def test_no_toml() -> None:
    with pytest.raises(TypeError, match="TOML has no object"):
        write_value(object())
