"""The schema that editors use."""

import json

from lambdasim.config.json_schema import schema_json


def test_quantities_are_texts_with_a_pattern() -> None:
    schema = schema_json()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    function = schema["$defs"]["FunctionConfig"]
    timeout = function["properties"]["timeout"]
    assert (timeout["type"], timeout["default"], timeout["examples"][0]) == ("string", "3s", "80ms")
    assert function["properties"]["memory"]["default"] == "128 MB"
    assert function["properties"]["duration"]["description"] == "Handler time in a warm environment."
    reserved = {
        key: value for key, value in function["properties"]["reserved_concurrency"].items() if key != "description"
    }
    assert reserved == {"type": "integer", "minimum": 0, "maximum": 1_000_000}
    assert function["required"] == ["duration"]
    assert schema["required"] == ["function"]
    assert set(schema["$defs"]["Trace"]["properties"]) >= {"from", "until"}
    assert schema["properties"]["extends"]["type"] == "string"


def test_there_is_no_null_and_it_is_json() -> None:
    assert '"null"' not in json.dumps(schema_json())


def test_what_it_refuses(minimal) -> None:
    import tomllib

    import pytest

    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(schema_json())
    tree = tomllib.loads(minimal)
    assert list(validator.iter_errors(tree)) == []
    tree["function"]["api"] |= {"timeout": 30, "memori": "1 GB"}
    tree["load"][0]["rate"] = "300"
    paths = sorted(".".join(map(str, error.path)) for error in validator.iter_errors(tree))
    assert paths == ["function.api", "function.api.timeout", "load.0.rate"]
