"""The resolved experiment: every value, those left to their defaults too, each with its origin.

The text is TOML that reads back as an equal :class:`ExperimentConfig`.
"""

from typing import Any, Final

from lambdasim.config.evidence import NEUTRAL, evidence_of
from lambdasim.config.plain import plain_field
from lambdasim.config.quantity import Table
from lambdasim.config.schema import ExperimentConfig, Simulation
from lambdasim.config.toml_writer import write_key, write_value


def resolved_toml(config: ExperimentConfig) -> str:
    """Return the TOML text of every value of an experiment, with a comment beside each default and what is not set."""
    lines = ["# Every value of the experiment; a comment beside a default says what it rests on."]
    _write_plain(config, lines)
    for section in ("simulation", "account", "billing", "output"):
        _write_table((section,), getattr(config, section), lines)
    for name, function in config.function.items():
        _write_table(("function", name), function, lines)
    for name, source in config.source.items():
        _write_table(("source", name), source, lines)
    for name, downstream in config.downstream.items():
        _write_table(("downstream", name), downstream, lines)
    for load in config.load:
        _write_table(("load",), load, lines, header="[[load]]")
    if config.slo:
        lines += ["", "[slo]"]
        for path, expressions in config.slo.items():
            lines.append(f"{write_key(path)} = {write_value([expression.text for expression in expressions])}")
    for section in ("sweep", "optimize"):
        if (table := getattr(config, section)) is not None:
            _write_table((section,), table, lines)
    return "\n".join(lines) + "\n"


def _write_table(path: tuple[str, ...], table: Table, lines: list[str], header: str = "") -> None:
    lines += ["", header or f"[{write_key(*path)}]"]
    _write_plain(table, lines)
    unused = table.unused_keys()
    for name, field in type(table).model_fields.items():
        value = getattr(table, name)
        if isinstance(value, Table) and name not in unused:
            _write_table((*path, field.alias or name), value, lines)


def _write_plain(table: Table, lines: list[str]) -> None:
    """Write the keys of a table that are no tables themselves and mean something."""
    unused = table.unused_keys()
    for name, field in type(table).model_fields.items():
        value: Any = getattr(table, name)
        if name in unused or isinstance(value, Table) or (name in _SECTIONS and isinstance(table, ExperimentConfig)):
            continue
        key = write_key(field.alias or name)
        left = name not in table.model_fields_set
        if value is None or (left and (type(table), name) in _BY_COMMAND):
            lines.append(f"# {key}: not set")
            continue
        text = f"{key} = {write_value(plain_field(value, field))}"
        if left:
            evidence = evidence_of(field) or NEUTRAL
            kind = "" if evidence.kind == "neutral" else f", {evidence.kind}"
            text += f"  # default{kind}: {evidence.told(table)}"
        lines.append(text)


_BY_COMMAND: Final = frozenset({(Simulation, "replications")})
"""What means something else to each command as long as nobody sets it."""

_SECTIONS: Final = frozenset({"function", "source", "downstream", "load", "slo", "sweep", "optimize"})
