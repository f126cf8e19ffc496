"""The JSON schema of the experiment file, for editors that complete and check TOML as it is typed."""

import ast
import inspect
import re
from copy import copy
from itertools import pairwise
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import create_model
from pydantic.json_schema import GenerateJsonSchema

from lambdasim.config.plain import plain_field
from lambdasim.config.quantity import AlreadyRead, ConfigTable
from lambdasim.config.reading import table_types
from lambdasim.config.schema import ExperimentConfig

TITLE: Final = "lambdasim experiment"


def schema_json() -> dict[str, Any]:
    """Return the schema (draft 2020-12): quantities are texts with a pattern, defaults are written as in a file."""
    schema = _with_all_tables().model_json_schema(schema_generator=_NoDefaults)
    tables = {model.__name__: model for model in table_types(ExperimentConfig)}
    for name, definition in [*schema["$defs"].items(), ("ExperimentConfig", schema)]:
        _complete(tables[name], definition)
    schema["properties"]["extends"] = {"type": "string", "description": "File that this one is laid over."}
    schema["title"] = TITLE
    return {"$schema": GenerateJsonSchema.schema_dialect, **_without_null(schema)}


def _with_all_tables() -> type[ConfigTable]:
    """Return the model of an experiment with the schemas of its tables, which it itself does not need."""
    fields: dict[str, Any] = {}
    for name, field in ExperimentConfig.model_fields.items():
        known = copy(field)
        marks = [mark for mark in field.metadata if isinstance(mark, AlreadyRead)]
        known.metadata = [mark for mark in field.metadata if mark not in marks]
        known.annotation = marks[0].annotation if marks else _unmarked(field.annotation)
        fields[name] = (known.annotation, known)
    return create_model("ExperimentConfig", __base__=ConfigTable, **fields)


def _unmarked(annotation: Any) -> Any:
    """Return an annotation whose tables have their schemas."""
    marks = [mark for mark in getattr(annotation, "__metadata__", ()) if isinstance(mark, AlreadyRead)]
    if marks:
        return marks[0].annotation
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (dict, tuple) and inner:
        return origin[tuple(part if part is ... else _unmarked(part) for part in inner)]
    if origin is UnionType or origin is Union:
        return Union[tuple(_unmarked(part) for part in inner)]  # noqa: UP007 (made, not written)
    return annotation


class _NoDefaults(GenerateJsonSchema):
    """Leaves defaults out: pydantic would write them in base units."""

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


def _complete(model: type[ConfigTable], definition: dict[str, Any]) -> None:
    """Add the defaults and the words of the source to the schema of a table."""
    words = docstrings(model)
    definition.pop("title", None)
    for name, field in model.model_fields.items():
        known = definition["properties"][field.alias or name]
        known.pop("title", None)
        if name in words:
            known["description"] = words[name]
        if not field.is_required() and field.default_factory is None and field.default not in (None, ""):
            known["default"] = plain_field(field.default, field)


def docstrings(model: type[ConfigTable]) -> dict[str, str]:
    """Return the texts that follow the fields of a table in its source, and in those of the tables that it extends.

    What stands there of None is told of a key that is left out, for a file has no None.
    """
    tables = [table for table in model.__mro__ if issubclass(table, ConfigTable) and table is not ConfigTable]
    return {name: text for table in reversed(tables) for name, text in _own_docstrings(table).items()}


def _own_docstrings(model: type[ConfigTable]) -> dict[str, str]:
    body = ast.parse(inspect.getsource(model)).body[0]
    statements = body.body if isinstance(body, ast.ClassDef) else []
    found = {}
    for field, text in pairwise(statements):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            words = " ".join(str(ast.literal_eval(text.value)).split())
            found[field.target.id] = re.sub(r"(^|\. )None: ", r"\1Left out: ", words).replace(
                "; None: ", "; left out: "
            )
    return found


def _without_null(schema: Any) -> Any:
    """Return a schema without the null that TOML has not."""
    if isinstance(schema, list):
        return [_without_null(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    rest = {key: _without_null(value) for key, value in schema.items() if key != "anyOf"}
    if len(options) == 1:
        return {**_without_null(options[0]), **rest}
    return {**rest, "anyOf": _without_null(options)} if options else rest
