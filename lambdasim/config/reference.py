"""What every key of an experiment file means: type, unit, default and what it rests on, AWS's page, an example.

Read from the tables themselves and from the words that stand beside their keys, so that it cannot differ from them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from typing import Any, Final, Literal, get_args, get_origin

from lambdasim.config.call import shortened
from lambdasim.config.eras import NEWEST
from lambdasim.config.evidence import Evidence, evidence_of
from lambdasim.config.json_schema import docstrings
from lambdasim.config.of_era import presets_of
from lambdasim.config.plain import plain_field
from lambdasim.config.quantity import AlreadyRead, ConfigTable, quantity_of
from lambdasim.config.schema import ExperimentConfig
from lambdasim.config.sources import SOURCES
from lambdasim.config.toml_writer import write_value
from lambdasim.errors import InputError

NAMED: Final = ("function", "source", "downstream", "alarm", "warmer")
"""Tables that the user names: ``function.memory`` stands for the key of any function."""
NAMED_INSIDE: Final = ("version", "alias")
"""The same within those."""
IN_ARRAYS: Final = ("load", "change")
"""Arrays of tables, by whose numbers and names a path leads: ``load.0.rate``, ``change.friday.time``."""
ARRAYS_INSIDE: Final = ("calls", "uses", "schedule", "disabled", "slowdowns")
"""Arrays of tables within those that the user names."""

_UNITS: Final = (
    (r"[0-9]\s*(MB|GB)$", "MB or GB"),
    (r"[0-9]\s*(KB|B)$", "B, KB or MB"),
    (r"[0-9]/(s|min)", "per second, minute or hour"),
    (r"[0-9](ns|us|ms|s|min|h|d)\b", "ns, us, ms, s, min, h or d"),
    (r"%$", "0 to 1, or %"),
)
"""What the examples of a quantity say of its units."""

_TEXTS: Final = {
    "function": "checkout",
    "target": "checkout",
    "source": "orders",
    "downstream": "orders-db",
    "of": "orders-db",
    "alias": "checkout:live",
    "on_failure": "failed-orders",
    "on_success": "receipts",
    "dead_letter_queue": "failed-orders",
    "runtime": "python3.13",
    "metric": "checkout.errors",
    "load.trace.metric": "Invocations",
    "name": "launch",
    "change.name": "friday",
    "question": "Which quota does the launch need?",
    "expression": "rate > 1%",
    "file": "requests.csv",
    "durations": "durations.csv",
    "memory": "memory.csv",
    "over": "function.checkout.provisioned.concurrency",
    "minimize": "account.cost.monthly",
}
"""Examples of names, files and other words that no list holds, by key or path."""

_VALUES: Final = {
    "simulation.start": "2026-11-27T09:00:00+01:00",
    "change.at": "2026-11-27T12:00:00+01:00",
    "change.set": '{ "account.concurrency" = 2000 }',
    "change.fault": '{ downstream = "orders-db", down = true }',
    "change.deploy.set": '{ memory = "1024 MB" }',
}
"""Examples of values that have no quantity, as a file writes them."""
_TEXT: Final = '"..."'

_LINKS: Final = (
    (r"\bDG:([a-z0-9-]+)", "https://docs.aws.amazon.com/lambda/latest/dg/{}.html"),
    (r"\bAPI ((?:Create|Put|Update|Get)\w+)", "https://docs.aws.amazon.com/lambda/latest/api/API_{}.html"),
    (r"\bAPI scheduler (\w+)", "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_{}.html"),
    (r"\bAPI kinesis (\w+)", "https://docs.aws.amazon.com/kinesis/latest/APIReference/API_{}.html"),
    (
        r"\bAPI Gateway Developer Guide, ([a-z-]+)",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/{}.html",
    ),
)
"""Where AWS's pages are that evidence names."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an experiment file."""

    path: str
    """Without the names of tables: ``function.memory``, ``source.sqs.visibility_timeout``, ``load.rate``."""
    meaning: str
    type: str
    unit: str
    """Empty for what has none."""
    default: str | None
    """As a file would say it; None where there is none."""
    required: bool
    evidence: Evidence | None
    """What the default rests on."""
    eras: Mapping[str, str]
    """What it is in eras that decide otherwise, as a file would say it."""
    example: str
    """Lines of a file."""
    page: str
    """The address of AWS's page about it; empty where none is named."""

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain values."""
        found: dict[str, Any] = {
            "path": self.path,
            "meaning": self.meaning,
            "type": self.type,
            "unit": self.unit or None,
            "default": self.default,
            "required": self.required,
            "page": self.page or None,
            "example": self.example,
        }
        if self.eras:
            found["eras"] = dict(self.eras)
        if self.evidence is not None:
            range_ = {side: _written(value) for side, value in self.evidence.range.items()}
            found["evidence"] = {"kind": self.evidence.kind, "source": self.evidence.source, "range": range_}
        return found


def page_of(source: str) -> str:
    """Return the address of the page of AWS's that a source names; empty where it names none."""
    for pattern, address in _LINKS:
        if match := re.search(pattern, source):
            return address.format(match[1])
    return ""


@cache
def reference() -> dict[str, Key]:
    """Return every key by its path, in the order of the schema."""
    keys = {key.path: key for key in _keys_of(ExperimentConfig, "")}
    return {path: key if key.example else _table(key, keys) for path, key in keys.items()}


def _table(key: Key, keys: Mapping[str, Key]) -> Key:
    """Return the key of a table with the example of the keys in it that are needed, or of its first, and their page."""
    inside = [one for path, one in keys.items() if path.rpartition(".")[0] == key.path and one.example]
    shown = [one for one in inside if one.required] or inside[:1]
    if not shown:
        return key
    lines = [*shown[0].example.splitlines()[:-1], *(one.example.splitlines()[-1] for one in shown)]
    return replace(key, example="\n".join(lines), page=key.page or next((one.page for one in inside if one.page), ""))


def inner_keys(path: str) -> list[str]:
    """Return the names of the keys of the table at a path; of sources their types. Nothing of what is no table."""
    before = f"{path}."
    inner = [at.removeprefix(before).partition(".")[0] for at in reference() if at.startswith(before)]
    return list(dict.fromkeys(inner))


def explained(path: str) -> list[Key]:
    """Return the keys that a path means: one, or those of several types of source.

    Names of functions, sources and downstreams may be in it, and names and numbers of loads and changes. Raises
    ``InputError`` with the nearest keys for a path that means none.
    """
    known = reference()
    keys = [key.strip('"') for key in path.strip().split(".")]
    if path in known:
        return [known[path]]
    if keys[0] == "source" and keys[1:] in [[kind] for kind in SOURCES]:
        return [_of_source(keys[1])]
    if keys[0] == "slo":
        return [known["slo"]]
    if keys == ["function", "*"]:
        return [known["function"]]
    if keys[0] in (*NAMED, *IN_ARRAYS) and len(keys) > 2:
        keys = [keys[0], *keys[2:]]
    found = ".".join(keys)
    if found in known:
        return [known[found]]
    if keys[0] == "source":  # of a source whose type is not known
        rest = ".".join(keys[1:])
        of_types = [known[at] for kind in SOURCES if (at := f"source.{kind}.{rest}") in known]
        if of_types:
            return of_types
    ends = [f"source.{keys[-1]}"] if keys[-1] in SOURCES else []
    if keys[0] == "source" and len(keys) == 2:
        ends += [f"source.{kind}" for kind in get_close_matches(keys[1], SOURCES)]
    ends += [at for at in known if at.rpartition(".")[2] == keys[-1]]
    near = ends or get_close_matches(found, known, n=4, cutoff=0.5) or list(known)[:4]
    nearest = list(dict.fromkeys(near))[:6]
    raise InputError.single(f"there is no key '{shortened(path)}'; the nearest are: {', '.join(nearest)}")


def _of_source(kind: str) -> Key:
    """Return the table of a type of source as a key."""
    return Key(
        path=f"source.{kind}",
        meaning=f"A source of the type {kind}.",
        type="table",
        unit="",
        default=None,
        required=False,
        evidence=None,
        eras={},
        example=f'[source.name]\ntype = "{kind}"',
        page="",
    )


def keys_of(model: type[ConfigTable], at: str) -> list[Key]:
    """Return the keys of one table without those inside them; ``at`` goes before their paths."""
    words = docstrings(model)
    return [_key(model, name, f"{at}{field.alias or name}", words) for name, field in model.model_fields.items()]


def _keys_of(model: type[ConfigTable], at: str) -> Iterator[Key]:
    words = docstrings(model)
    for name, field in model.model_fields.items():
        key = field.alias or name
        path = f"{at}{key}"
        if path == "source":
            yield _key(model, name, path, words)
            for kind, source in SOURCES.items():
                yield from _keys_of(source, f"source.{kind}.")
            continue
        yield _key(model, name, path, words)
        for table in _tables(field):
            yield from _keys_of(table, f"{path}.")


def _tables(field: Any) -> list[type[ConfigTable]]:
    """Return the tables that a key holds."""
    return list(dict.fromkeys(_inner(field.annotation, field.metadata)))


def _inner(annotation: Any, metadata: Any = ()) -> Iterator[type[ConfigTable]]:
    marks = [mark for mark in metadata if isinstance(mark, AlreadyRead)]
    if isinstance(annotation, type) and issubclass(annotation, ConfigTable):
        yield annotation
    elif not marks or isinstance(marks[0].model, type):
        for part in get_args(annotation):
            yield from _inner(part)


def _key(model: type[ConfigTable], name: str, path: str, words: Mapping[str, str]) -> Key:
    field = model.model_fields[name]
    mark = quantity_of(field.annotation, field.metadata)
    known = not field.is_required() and field.default_factory is None and field.default is not None
    table = known and isinstance(field.default, ConfigTable)
    default = write_value(plain_field(field.default, field)) if known and not table else None
    kind, examples = _type(field.annotation, mark)
    if field.examples:  # of a table of values by name
        kind, examples = "table", [write_value(one) for one in field.examples]
    if examples == [_TEXT]:
        examples = [write_value(_TEXTS[path if path in _TEXTS else path.rpartition(".")[2]])]
    examples = [_VALUES[path]] if path in _VALUES else examples
    value = default if default not in (None, '""', "[]") else examples[0] if examples else None
    evidence, meaning = evidence_of(field) if known else None, words.get(name, "")
    return Key(
        path=path,
        meaning=meaning,
        type=kind,
        unit=_unit(mark.examples) if mark is not None and kind != "table" else "",
        default=default,
        required=field.is_required(),
        evidence=evidence,
        eras=_eras(model, name),
        example=_example(path, value),
        page=page_of(evidence.source if evidence is not None else "") or page_of(meaning),
    )


def _eras(model: type[ConfigTable], name: str) -> dict[str, str]:
    """Return what a key is in eras that decide on it, but for the newest, whose value is the default."""
    governed = presets_of(model, name)
    presets = governed.presets.items() if governed is not None else ()
    return {era: write_value(preset.raw) for era, preset in presets if era != NEWEST}


def _type(annotation: Any, mark: Any) -> tuple[str, list[str]]:
    """Return the type of a value in words, and values as a file writes them."""
    if mark is not None:
        of_list = get_origin(annotation) is tuple or any(get_origin(part) is tuple for part in get_args(annotation))
        kind, examples = _kind(mark.json), [write_value(one) for one in _samples(mark.json)]
        return (f"list of {kind}", [f"[{one}]" for one in examples]) if of_list else (kind, examples)
    parts = [part for part in (annotation, *get_args(annotation)) if part is not type(None)]
    choices = list(dict.fromkeys(_choices(annotation)))
    if choices:
        kind, example = f"one of {', '.join(map(write_value, choices))}", write_value(choices[0])
        is_list = any(get_origin(part) is tuple for part in parts)
        return (f"list of {kind}", [f"[{example}]"]) if is_list else (kind, [example])
    if any(part is bool or bool in get_args(part) for part in parts):
        return "true or false", ["true"]
    origins = [get_origin(part) for part in parts]
    inner = list(_inner(annotation))
    if dict in origins:
        return "tables by name" if inner else "table", []
    if tuple in origins:
        return ("array of tables", []) if inner else ("list", [])
    if inner:
        return "table", []
    return ("text", [_TEXT]) if str in parts else ("value", [])


def _choices(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [choice for part in get_args(annotation) for choice in _choices(part)]


def _kind(json: Mapping[str, Any]) -> str:
    """Return what an editor is told of a quantity, in words."""
    if "anyOf" in json:
        return " or ".join(dict.fromkeys(_kind(option) for option in json["anyOf"]))
    if "const" in json:
        return write_value(json["const"])
    if "enum" in json:
        return f"one of {', '.join(map(write_value, json['enum']))}"
    kinds = {
        "integer": "whole number",
        "number": "number",
        "string": "text",
        "object": "table",
        "boolean": "true or false",
    }
    kind = json.get("type", "string")
    words = " or ".join(kinds.get(one, one) for one in ([kind] if isinstance(kind, str) else kind))
    low, high = json.get("minimum"), json.get("maximum")
    return f"{words}, {low:,} to {high:,}" if low is not None and high is not None else words


def _samples(json: Mapping[str, Any]) -> list[Any]:
    if "anyOf" in json:
        return [sample for option in reversed(json["anyOf"]) for sample in _samples(option)]
    if "examples" in json:
        return list(json["examples"])
    if "enum" in json:
        return list(json["enum"])
    low = json.get("minimum")
    return [] if low is None else [max(low, min(10, json.get("maximum", 10)))]


def _unit(examples: Any) -> str:
    for example in examples:
        for pattern, words in _UNITS:
            if re.search(pattern, str(example)):
                return words
    return ""


def _example(path: str, value: str | None) -> str:
    """Return lines of a file that give the key a value, under the header of its table."""
    *tables, key = path.split(".")
    if path == "source":
        return '[source.NAME]\ntype = "sqs"\nfunction = "checkout"'
    if value is None:
        return ""
    if not tables:
        return f"{key} = {value}"
    if tables[0] == "source":
        kind, inner = tables[1], tables[2:]
        header = _header("source", "NAME", *inner)
        lines = [header] if inner or key == "type" else [header, f'type = "{kind}"']
        return "\n".join([*lines, f'{key} = "{kind}"' if key == "type" and not inner else f"{key} = {value}"])
    if tables[0] in NAMED:
        inner = [name for table in tables[1:] for name in ((table, "NAME") if table in NAMED_INSIDE else (table,))]
        return f"{_header(tables[0], 'NAME', *inner)}\n{key} = {value}"
    if tables[0] in IN_ARRAYS:
        return f"[[{tables[0]}]]\n{'.'.join((*tables[1:], key))} = {value}"
    return f"[{'.'.join(tables)}]\n{key} = {value}"


def _header(*tables: str) -> str:
    path = ".".join(tables)
    return f"[[{path}]]" if tables[-1] in ARRAYS_INSIDE else f"[{path}]"


def _written(value: Any) -> Any:
    return {side: _written(one) for side, one in value.items()} if isinstance(value, Mapping) else str(value)
