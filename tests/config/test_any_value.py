"""Whatever stands in a file, however wrong: it is an experiment, or an InputError that says where it is not."""

import copy
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdasim.config import config_from_dict
from lambdasim.config.load import load_config
from lambdasim.errors import InputError

FILES = sorted((Path(__file__).parents[2] / "experiments").rglob("*.toml"))
WRONG: list[Any] = [1, -1.5, True, "x", "", [], {}, [1], [{}], {"x": 1}, {"type": "sqs"}, float("nan"), 10**30,
                    date(2020, 1, 1), None]  # fmt: skip
"""Values for anything; None leaves it out."""


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def with_value(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    tree = copy.deepcopy(tree)
    inner = tree
    for key in path[:-1]:
        inner = inner[key]
    if value is None:
        inner.pop(path[-1])
    else:
        inner[path[-1]] = value
    return tree


TREES = {file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in FILES}
CHANGED = st.sampled_from(sorted(TREES)).flatmap(
    lambda name: st.builds(
        with_value, st.just(TREES[name]), st.sampled_from(list(places(TREES[name]))), st.sampled_from(WRONG)
    )
)


@settings(max_examples=150, deadline=None)
@given(CHANGED)
def test_a_value_of_any_kind_anywhere(tree: dict[str, Any]) -> None:
    with suppress(InputError):
        config_from_dict(tree)


def test_a_function_that_is_no_table_may_be_called(tmp_path: Path) -> None:
    file = tmp_path / "calls.toml"
    file.write_text(
        "[function.a]\n"
        'duration = "constant(10ms)"\ninit = "constant(10ms)"\n'
        'calls = [{ function = "b" }]\n'
        "[function]\n"
        "b = 1\n"
        "[[load]]\n"
        'target = "a"\nexecutor = "poisson"\nrate = "1/s"\nduration = "10s"\n'
    )
    with pytest.raises(InputError) as caught:
        load_config(file)
    assert [(problem.line, problem.path) for problem in caught.value.problems] == [(6, "function.b")]


def test_values_to_try_may_be_tables() -> None:
    raw = copy.deepcopy(TREES["16-crons-at-the-hour"])
    raw["optimize"]["over"]["source.hourly.flexible_window"] = [{}]
    with pytest.raises(InputError, match=r"optimize.over.\"source.hourly.flexible_window\""):
        config_from_dict(raw)
