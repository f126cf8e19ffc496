import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.json_text import json_text

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner), max_leaves=30
)


@given(values)
def test_the_text_is_that_of_the_standard_encoder(value):
    assert json_text(value) == json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def test_keys_that_are_no_texts_become_some():
    value = {1: [2], None: 3, False: {"a": 4}, 1.5: "b"}
    assert json_text(value) == json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def test_what_is_no_json_is_refused():
    with pytest.raises(TypeError):
        json_text({"a": [object()]})
