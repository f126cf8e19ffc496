"""Reading one table of the tree into its model, with messages that a person can act on."""

import copy
import re
from collections.abc import Iterator
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from lambdasim.config.call import shortened
from lambdasim.config.origins import Problems
from lambdasim.config.positions import Path, dotted
from lambdasim.config.quantity import PLAIN, ConfigTable, quantity_of
from lambdasim.config.suggest import hint, nearest
from lambdasim.config.toml_writer import write_value

Model = TypeVar("Model", bound=ConfigTable)

_ROUNDS: Final = 4
"""How often a table is mended: what is wrong inside a table shows before the lack of that table."""

_WRONG_TYPE = {
    "string_type": "is not a text in quotes",
    "bool_type": "is neither true nor false",
    "model_type": "is not a table",
    "dict_type": "is not a table",
    "tuple_type": "is not a list in brackets",
}


def read_table(model: type[Model], raw: Any, path: Path, problems: Problems) -> Model | None:
    """Return the model of a table, after adding every problem of its keys.

    Values that are wrong are left out of it, or replaced where there must be one, and marked as doubtful, so that
    rules between the others can still be checked. None when nothing of it can be used.
    """
    tree = raw
    for round in range(_ROUNDS):
        try:
            value = model.model_validate(tree)
        except ValidationError as error:
            if round == 0:
                tree = copy.deepcopy(raw)
                for at, message in _found(model, error):
                    problems.add((*path, *at), message)
            if not isinstance(tree, dict):
                break
            for found in error.errors(include_url=False):
                _mend(model, tree, tuple(map(str, found["loc"])), path, problems)
        else:
            _refuse_unused(value, path, problems)
            return value
    problems.doubt(path)
    return None


def _mend(model: type[ConfigTable], tree: dict[str, Any], at: Path, path: Path, problems: Problems) -> None:
    """Take the value at ``at``, or the list it is in, out of a table's tree, or replace it by a right one.

    What an unknown key was meant to say is doubtful too.
    """
    table, depth = tree, 0
    while depth < len(at) - 1 and isinstance(table.get(at[depth]), dict):
        table = table[at[depth]]
        depth += 1
    key, owner = at[depth], table_at(model, at[:depth]) or model
    fields = {field.alias or name: field for name, field in owner.model_fields.items()}
    table.pop(key, None)
    if key not in fields:
        meant = nearest(key, [known for known in fields if known not in table])
        if meant is not None:
            problems.doubt((*path, *at[:depth], meant))
        return
    problems.doubt((*path, *at[:depth], key))
    if fields[key].is_required() and (value := _stand_in(fields[key])) is not None:
        table[key] = value


def _stand_in(field: FieldInfo) -> Any:
    """Return a value that a field accepts; None when only a whole table would do."""
    mark = quantity_of(field.annotation, field.metadata)
    if mark is not None:
        return mark.examples[0] if mark.examples else mark.json.get("minimum")
    if get_origin(field.annotation) is Literal:
        return get_args(field.annotation)[0]
    return "-" if field.annotation is str else None


def problems_of(model: type[ConfigTable], error: ValidationError) -> list[tuple[str, str]]:
    """Return the dotted path and the message of each problem that pydantic found in a table."""
    return [(dotted(at), message) for at, message in _found(model, error)]


def _found(model: type[ConfigTable], error: ValidationError) -> Iterator[tuple[Path, str]]:
    for found in error.errors(include_url=False):
        at = tuple(str(key) for key in found["loc"])
        yield at, _message(model, dict(found), at)


def keys_of(model: type[ConfigTable]) -> list[str]:
    """Return the keys that a table takes."""
    return [field.alias or name for name, field in model.model_fields.items()]


def table_at(model: type[ConfigTable], path: Path) -> type[ConfigTable] | None:
    """Return the model of the table at ``path`` inside a table, if there is one."""
    names = False
    for key in path:
        if names or key.isdecimal():  # the user's name of a table, or a place in an array
            names = False
            continue
        field = next((field for name, field in model.model_fields.items() if key in (name, field.alias)), None)
        inner = _tables_in(field.annotation) if field is not None else []
        if field is None or not inner:
            return None
        model, names = (
            inner[0],
            any(get_origin(part) is dict for part in (field.annotation, *get_args(field.annotation))),
        )
    return model


def table_types(model: type[ConfigTable]) -> list[type[ConfigTable]]:
    """Return the models of a table and of all the tables inside it."""
    found = [model]
    for known in found:
        inner = [table for field in known.model_fields.values() for table in _tables_in(field.annotation)]
        found += dict.fromkeys(table for table in inner if table not in found)
    return found


def _tables_in(annotation: Any) -> list[type[ConfigTable]]:
    if isinstance(annotation, type) and issubclass(annotation, ConfigTable):
        return [annotation]
    return [table for part in get_args(annotation) for table in _tables_in(part)]


def _message(model: type[ConfigTable], error: dict[str, Any], at: Path) -> str:
    kind, given = error["type"], shortened(repr(error.get("input")))
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind in _WRONG_TYPE:
        return f"{given} {_WRONG_TYPE[kind]}"
    table = table_at(model, at[:-1]) or model
    if kind == "extra_forbidden":
        return f"unknown key; {hint(at[-1], keys_of(table), 'the keys here are')}"
    if kind == "missing":
        field = table.model_fields.get(at[-1])
        mark = quantity_of(field.annotation, field.metadata) if field is not None else None
        examples = mark.examples if mark is not None else ()
        return f'is missing; for example {at[-1]} = "{examples[0]}"' if examples else "is missing"
    if kind == "too_short":
        searched = table.model_fields[at[-1]].examples or [{}]
        path, values = next(iter(searched[0].items()))
        return f"is empty; name a path and its values, such as {dotted((path,))} = {write_value(values)}"
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        return f"unknown value {given}; {hint(str(error.get('input')), known, 'the values are')}"
    return str(error["msg"])


def _refuse_unused(table: ConfigTable, path: Path, problems: Problems) -> None:
    """Add a problem for each key that was given though another one makes it meaningless."""
    unused = frozenset() if problems.is_doubtful((*path, table.decided_by)) else table.unused_keys()
    useless, fields = unused & table.model_fields_set, type(table).model_fields
    for name, value in vars(table).items():
        if name in useless:
            key = fields[name].alias or name
            problems.conclude((*path, key), f"has no effect {table.reason_unused()}; take it out")
        elif type(value) not in PLAIN and isinstance(value, ConfigTable):
            _refuse_unused(value, (*path, fields[name].alias or name), problems)
