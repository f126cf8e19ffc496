"""What is not simulated yet is refused in one sentence, wherever it stands, and nothing that asks for nothing is."""

from typing import Any

import pytest

from lambdasim.config import config_from_dict
from lambdasim.config.json_schema import schema_json
from lambdasim.config.later import NOT_YET
from lambdasim.errors import InputError

VALUES: dict[tuple[str, ...], Any] = {
    ("function", "*", "snapstart"): True,
    ("downstream", "*", "connection_rate"): "10/s",
    ("downstream", "*", "contention"): 2.0,
}


def raw() -> dict[str, Any]:
    return {
        "account": {},
        "function": {"f": {"duration": "constant(1s)", "init": "constant(1s)", "uses": [{"downstream": "db"}]}},
        "downstream": {"db": {"type": "database"}},
        "load": [{"target": "f", "executor": "poisson", "rate": "1/s", "duration": "1h"}],
    }


def with_value(path: tuple[str, ...], value: Any) -> tuple[str, dict[str, Any]]:
    """Return a dotted path without its star, and an experiment with a value there."""
    tree = raw()
    if path[0] == "change":
        tree["change"] = [{"time": "1min"}]
    stars = {"function": "f", "downstream": "db", "change": "0"}
    names = tuple(stars[path[0]] if key == "*" else key for key in path)
    table: Any = tree
    for key in names[:-1]:
        table = table[int(key)] if isinstance(table, list) else table.setdefault(key, {})
    table[names[-1]] = value
    return ".".join(names), tree


@pytest.mark.parametrize("path", NOT_YET, ids=".".join)
def test_it_is_refused_in_one_sentence(path: tuple[str, ...]) -> None:
    name, tree = with_value(path, VALUES.get(path, {"x": 1}))
    with pytest.raises(InputError) as caught:
        config_from_dict(tree)
    assert [(problem.path, problem.message) for problem in caught.value.problems] == [(name, NOT_YET[path])]


@pytest.mark.parametrize("path", [path for path in NOT_YET if path not in VALUES], ids=".".join)
def test_nothing_is_no_request(path: tuple[str, ...]) -> None:
    _, tree = with_value(path, {})
    if path[-1] not in ("cold_start", "pool", "deploy"):
        config_from_dict(tree)


def test_editors_know_it() -> None:
    """Every key that is refused is in the schema, with words."""
    schema = schema_json()
    tables = {"account": "Account", "function": "FunctionConfig", "downstream": "Downstream", "change": "Change"}
    for path in NOT_YET:
        of = schema if len(path) == 1 else schema["$defs"][tables[path[0]]]
        assert of["properties"][path[-1]]["description"], path
