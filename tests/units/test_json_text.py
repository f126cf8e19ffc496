import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.json_text import json_parts, json_text

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner), max_leaves=30
)


@given(values)
def test_the_text_is_that_of_the_standard_encoder(value):
    assert json_text(value) == json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def test_keys_that_are_no_texts_become_some():
    value = {1: [2], False: {"a": 4}, 1.5: "b"}
    assert json_text(value) == json.dumps(value, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("size", [63, 64, 65, 129])
@pytest.mark.parametrize("level", range(4))
def test_long_tables_and_lists_are_written_in_parts(size, level):
    one = {"a": 1e-05, "b": [-1.5e-07, "0.00001", "e-7"], "e-5": 10.00001}
    for value in ({f"k{number}": one for number in range(size)}, [one] * size, list(range(size))):
        for outer in range(level):
            value = {"": value, "more": outer} if outer % 2 else [value, -0.00001]
        assert json_text(value) == json.dumps(value, indent=2, ensure_ascii=False) + "\n"
        assert size < 65 or len(max(json_parts(value))) < len(json_text(value))


def test_what_is_no_json_is_refused():
    with pytest.raises(TypeError):
        json_text({"a": [object()]})
