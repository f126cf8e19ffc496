"""The resolved experiment: every value, those left to their defaults too, each with its origin.

The text is TOML that reads back as an equal :class:`ExperimentConfig`.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from itertools import groupby
from operator import is_
from typing import Any, Final, NamedTuple, get_args, get_origin

from pydantic_core import PydanticUndefinedType

from lambdasim.config.distribution import Distribution
from lambdasim.config.evidence import NEUTRAL, Evidence
from lambdasim.config.of_era import evidence_in, presets_of
from lambdasim.config.plain import plain_field, plain_quantity
from lambdasim.config.quantity import PLAIN, ConfigTable, Quantity, quantity_of, rich_keys
from lambdasim.config.schema import ExperimentConfig, Simulation
from lambdasim.config.toml_writer import write_key, write_value


class Written(NamedTuple):
    """A table of the text."""

    path: tuple[str, ...]
    """Of an element of an array with its number, as in ``("load", "0")``."""
    header: str
    lines: list[str]
    """Of the keys that are no tables themselves; functions that are written alike have the same list."""


def resolved_toml(config: ExperimentConfig) -> str:
    """Return the TOML text of every value of an experiment, with a comment beside each default and what is not set."""
    return "".join(texts_of(resolved_tables(config)))


def texts_of(tables: Iterable[Written]) -> Iterator[str]:
    """Yield the text of each table, after an empty line but for the first."""
    before = ""
    for table in tables:
        yield "\n".join((before + table.header, *table.lines, ""))
        before = "\n"


def resolved_tables(config: ExperimentConfig) -> Iterator[Written]:
    """Yield the tables of :func:`resolved_toml`."""
    era = config.account.era
    opening = "# Every value of the experiment; a comment beside a default says what it rests on."
    yield Written((), opening, _plain_lines(config, era))
    for section in ("simulation", "account", "billing", "output"):
        yield from _placed((section,), _tables_of(getattr(config, section), era))
    known: dict[int, list[_Inner]] = {}  # of functions that are written alike, which are one table
    for name, function in config.function.items():
        if id(function) not in known:
            known[id(function)] = list(_tables_of(function, era))
        yield from _placed(("function", name), known[id(function)])
    for section in ("source", "downstream"):
        for name, table in getattr(config, section).items():
            yield from _placed((section, name), _tables_of(table, era))
    for section in ("load", "change"):
        for number, table in enumerate(getattr(config, section)):
            yield from _placed((section,), _tables_of(table, era), str(number))
    for section in ("alarm", "warmer"):
        for name, table in getattr(config, section).items():
            yield from _placed((section, name), _tables_of(table, era))
    if config.slo:
        expressions = {path: [expression.text for expression in of] for path, of in config.slo.items()}
        yield Written(
            ("slo",), "[slo]", [f"{write_key(path)} = {write_value(texts)}" for path, texts in expressions.items()]
        )
    for section in ("sweep", "optimize", "answer"):
        if (table := getattr(config, section)) is not None:
            yield from _placed((section,), _tables_of(table, era))


_Inner = tuple[tuple[str, ...], list[str]]
"""Where a table is in another one, and its lines."""


def _placed(path: tuple[str, ...], tables: Iterable[_Inner], element: str = "") -> Iterator[Written]:
    """Yield a table and those inside it; ``element`` is its number in an array."""
    key = write_key(*path)
    for inner, lines in tables:
        header = f"[{key}.{write_key(*inner)}]" if inner else f"[{key}]"
        if element:
            yield Written((*path, element, *inner), header if inner else f"[{header}]", lines)
        else:
            yield Written((*path, *inner), header, lines)


def resolved_tree(table: ConfigTable) -> dict[str, Any]:
    """Return what :func:`resolved_toml` writes of a table, or of a whole experiment, as a tree of plain values."""
    tree: dict[str, Any] = {}
    unused = table.unused_keys()
    for name, field in type(table).model_fields.items():
        value: Any = getattr(table, name)
        if value is None or name in unused:
            continue
        key = field.alias or name
        if isinstance(value, ConfigTable):
            tree[key] = resolved_tree(value)
        elif isinstance(value, Mapping) and any(isinstance(inner, ConfigTable) for inner in value.values()):
            tree[key] = {inner: resolved_tree(one) for inner, one in value.items()}
        elif isinstance(value, tuple) and any(isinstance(inner, ConfigTable) for inner in value):
            tree[key] = [resolved_tree(one) for one in value]
        elif name == "slo":
            tree[key] = {path: [one.text for one in expressions] for path, expressions in value.items()}
        else:
            tree[key] = plain_field(value, field)
    return tree


def _tables_of(table: ConfigTable, era: str, path: tuple[str, ...] = ()) -> Iterator[_Inner]:
    """Yield a table and those inside it that mean something."""
    yield path, _plain_lines(table, era)
    values = vars(table)
    others = {name: values[name] for name in rich_keys(type(table)) if type(values[name]) not in PLAIN}
    if not others:
        return
    unused = table.unused_keys()
    for name, field in type(table).model_fields.items():
        if name not in others:
            continue
        value = others[name]
        if _holds_tables(type(table), name):
            for inner, own in value.items():
                yield from _tables_of(own, era, (*path, name, inner))
        elif isinstance(value, ConfigTable) and name not in unused:
            yield from _tables_of(value, era, (*path, field.alias or name))


def _plain_lines(table: ConfigTable, era: str) -> list[str]:
    """Return the lines of the keys of a table that are no tables themselves and mean something."""
    unused, values, chosen = table.unused_keys(), vars(table), frozenset(table.model_fields_set)
    lines: list[str] = []
    for names, defaults, text in _stretches(type(table), unused, chosen, era):
        if text is not None and all(map(is_, map(values.__getitem__, names), defaults)):
            lines.append(text)
            continue
        for name in names:
            if (line := _line_of(table, name, values[name], name not in chosen, era)) is not None:
                lines.append(line)
    return lines


def _line_of(table: ConfigTable, name: str, value: Any, left: bool, era: str) -> str | None:
    """Return the line of a key, which may have been left to its default; None where it is a table."""
    kind = type(table)
    if left and value is kind.model_fields[name].default and (line := _left_line(kind, name, era)) is not None:
        return line
    if value is None or (left and (kind, name) in _BY_COMMAND):
        return _not_set(kind, name)
    if not left and (kind_of := type(value)) in _REPEATED:
        return _chosen_line(kind, name, kind_of.__name__, value, value.text if kind_of is Distribution else "")
    if type(value) in PLAIN or not isinstance(value, ConfigTable):
        return _line(kind, name, value, _origin(table, name, era) if left else "")
    return None


# what follows is kept where it is of a thousand functions the same


@cache
def _holds_tables(kind: type[ConfigTable], name: str) -> bool:
    """Say whether a key holds tables by their names."""
    annotation = kind.model_fields[name].annotation
    inner = get_args(annotation)[1:]
    return get_origin(annotation) is dict and isinstance(inner[0], type) and issubclass(inner[0], ConfigTable)


@cache
def _stretches(
    kind: type[ConfigTable], unused: frozenset[str], chosen: frozenset[str], era: str
) -> list[tuple[tuple[str, ...], tuple[Any, ...], str | None]]:
    """Return the keys that may hold no table, with their defaults, those together that one after another were left to
    them, and their lines; None where these depend on the table.
    """
    sections = _SECTIONS if issubclass(kind, ExperimentConfig) else ()
    names = [n for n in kind.model_fields if n not in sections and n not in unused and not _holds_tables(kind, n)]
    found: list[tuple[tuple[str, ...], tuple[Any, ...], str | None]] = []
    told = ((name, None if name in chosen else _left_line(kind, name, era)) for name in names)
    for alike, some in groupby(told, lambda pair: pair[1] is not None):
        left = dict(some)
        defaults = tuple(kind.model_fields[name].default for name in left)
        found.append((tuple(left), defaults, "\n".join(map(str, left.values())) if alike else None))
    return found


@cache
def _key(kind: type[ConfigTable], name: str) -> tuple[str, Quantity | None]:
    """Return a key as it is written, and the quantity that it holds, if it is one."""
    field = kind.model_fields[name]
    return write_key(field.alias or name), quantity_of(field.annotation, field.metadata)


def _origin(table: ConfigTable, name: str, era: str) -> str:
    told = _told_alike(type(table), name, era)
    return told if told is not None else _told(evidence_in(era, type(table), name) or NEUTRAL, table)


@cache
def _told_alike(kind: type[ConfigTable], name: str, era: str) -> str | None:
    """Return what is told of a default wherever it is; None where that depends on the table."""
    evidence = evidence_in(era, kind, name) or NEUTRAL
    if evidence.by_type:
        return None
    return _told(evidence, None, f"era {era}: " if presets_of(kind, name) is not None else "")


def _told(evidence: Evidence, table: ConfigTable | None, era: str = "") -> str:
    kind = "" if evidence.kind == "neutral" else f", {evidence.kind}"
    return f"  # default{kind}: {era}{evidence.told(table)}"


@cache
def _left_line(kind: type[ConfigTable], name: str, era: str) -> str | None:
    """Return the line of a key that was left to its default; None where that depends on the table."""
    default = kind.model_fields[name].default
    if default is None or (kind, name) in _BY_COMMAND:
        return _not_set(kind, name)
    told = _told_alike(kind, name, era)
    return (
        None
        if told is None or isinstance(default, ConfigTable | PydanticUndefinedType)
        else _line(kind, name, default, told)
    )


def _not_set(kind: type[ConfigTable], name: str) -> str:
    return f"# {_key(kind, name)[0]}: not set"


def _line(kind: type[ConfigTable], name: str, value: Any, origin: str) -> str:
    key, mark = _key(kind, name)
    return f"{key} = {write_value(plain_quantity(value, mark))}{origin}"


@lru_cache(4_096)
def _chosen_line(kind: type[ConfigTable], name: str, kind_of: str, value: Any, text: str) -> str:
    """Return the line of a value; distributions that are equal may be written by different texts."""
    return _line(kind, name, value, "")


_REPEATED: Final = frozenset({int, str, Distribution})
"""Types of values that many tables may share."""

_BY_COMMAND: Final = frozenset({(Simulation, "replications")})
"""What means something else to each command as long as nobody sets it."""

_SECTIONS: Final = frozenset(
    {"function", "source", "downstream", "load", "slo", "sweep", "optimize", "answer", "change", "alarm", "warmer"}
)
