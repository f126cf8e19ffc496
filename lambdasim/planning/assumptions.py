"""What AWS does not publish and this simulator therefore assumes, with how far the truth may lie from it.

What is assumed, and its range, is declared where the default is (:mod:`lambdasim.config.evidence`); here it is looked
up for one experiment. Values of functions, sources and loads are changed for all of them at once, for assumptions are
about AWS and not about one function. Values that the file gives are varied too: they may rest on no more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lambdasim.config.anatomy import DEFAULT
from lambdasim.config.client import Client
from lambdasim.config.links import links
from lambdasim.config.of_era import evidence_in
from lambdasim.config.plain import plain_field
from lambdasim.config.positions import dotted
from lambdasim.config.qualifier import function_of
from lambdasim.config.quantity import ConfigTable, quantity_of
from lambdasim.config.schema import ExperimentConfig, FunctionConfig
from lambdasim.config.source_kinds import ASYNCHRONOUS, KINDS
from lambdasim.config.sources.kafka import KafkaSource
from lambdasim.config.sources.sqs import SqsSource
from lambdasim.units import NS_PER_S

SLOW_INIT_NS: Final = 2.5 * NS_PER_S
"""An init of at least this mean may well pass the 10 s after which Lambda starts it again."""

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assumption:
    """One thing that is assumed, as it applies to one experiment."""

    name: str
    base: str
    """What the experiment has, in words."""
    alternatives: Mapping[str, Mapping[str, Any]]
    """What it may be instead: ``low``, ``high`` or another name, with the values by path."""
    kind: str
    """``measured``, ``ours``, or ``neutral`` for what is up to the callers and not to AWS."""
    reason: str
    """Why it may be so, with the source."""


def assumptions(config: ExperimentConfig) -> list[Assumption]:
    """Return the assumptions that bear on an experiment, without alternatives that it has anyway."""
    found: dict[str, _Gathered] = {}
    for path, table in _tables(config):
        unused = table.unused_keys()
        for name, declared in type(table).model_fields.items():
            evidence = evidence_in(config.account.era, type(table), name)
            if evidence is None or not evidence.is_assumed or name in unused or not _bears(config, path, name):
                continue
            one = found.setdefault(evidence.name, _Gathered(evidence.kind, evidence.source))
            value = getattr(table, name)
            one.bases.append(_told(value, declared))
            mark = quantity_of(declared.annotation, declared.metadata)
            for side, raw in evidence.range_of(table).items():
                if (mark.parse(raw) if mark is not None else raw) != value:
                    one.alternatives.setdefault(side, {})[dotted((*path, declared.alias or name))] = raw
    return [*(one.named(name) for name, one in found.items() if one.alternatives), *_jitter(config)]


@dataclass(slots=True)
class _Gathered:
    kind: str
    source: str
    bases: list[str] = field(default_factory=list)
    alternatives: dict[str, dict[str, Any]] = field(default_factory=dict)

    def named(self, name: str) -> Assumption:
        return Assumption(name, " or ".join(dict.fromkeys(self.bases)), self.alternatives, self.kind, self.source)


def _tables(config: ExperimentConfig) -> Iterator[tuple[Path, ConfigTable]]:
    """Yield every table of an experiment that is used, with its path."""
    for section in ("function", "source"):
        for name, table in getattr(config, section).items():
            yield from _inside((section, name), table)
    for number, load in enumerate(config.load):
        yield from _inside(("load", str(number)), load)
    for section in ("account", "billing"):
        yield from _inside((section,), getattr(config, section))


def _inside(path: Path, table: ConfigTable) -> Iterator[tuple[Path, ConfigTable]]:
    yield path, table
    unused = table.unused_keys()
    for name, declared in type(table).model_fields.items():
        value = getattr(table, name)
        if isinstance(value, ConfigTable) and name not in unused:
            yield from _inside((*path, declared.alias or name), value)


def _bears(config: ExperimentConfig, path: Path, key: str) -> bool:
    """Return whether a run of the experiment ever reads the value of a key."""
    if path[0] == "billing" and key == "timed_out_init":
        return any(_may_repeat(function) for function in config.function.values())
    if path[0] == "function":
        if key == "suppressed_init_slowdown":
            return _may_repeat(config.function[path[1]])
        if path[2:] == ("cold_start",):
            return _is_part(config.function[path[1]], key)
        if path[2:] == ("async",):
            return path[1] in _invoked_asynchronously(config)
    if path[0] == "source":
        source = config.source[path[1]]
        if isinstance(source, SqsSource) and path[2:] == ("scaling",):
            return source.provisioned_pollers is None
        if isinstance(source, KafkaSource) and key == "scaling_delay":
            return source.provisioned_pollers is None
    return True


def _is_part(function: FunctionConfig, key: str) -> bool:
    """Return whether a part of a cold start is there at all."""
    parts = function.cold_start or DEFAULT
    if key in ("restore", "restore_billed", "first_restores"):
        return function.snapstart
    if key == "vpc_delay":
        return parts.vpc
    there = {"extension_init": parts.extensions, "load_per_mb": parts.bytes}
    return bool(there.get(key, True)) and not function.snapstart


def _may_repeat(function: FunctionConfig) -> bool:
    return function.init is not None and not function.init.mean() < SLOW_INIT_NS


def _invoked_asynchronously(config: ExperimentConfig) -> set[str]:
    sources = (source for source in config.source.values() if KINDS[source.type] == ASYNCHRONOUS)
    return {function_of(source.function) for source in sources} | {link.target for link in links(config)}


def _jitter(config: ExperimentConfig) -> Iterator[Assumption]:
    """Yield what callers may do, which is not AWS's."""
    clients: dict[str, Client | None] = {
        dotted(("source", name)): source.caller() for name, source in config.source.items()
    }
    clients |= {f"load.{number}": load.client for number, load in enumerate(config.load)}
    backoffs = {path: client.backoff for path, client in clients.items() if client is not None}
    other = {
        f"{path}.client.backoff": backoff.text.replace(
            f"jitter={backoff.jitter}", "jitter=none" if backoff.jitter == "full" else "jitter=full"
        )
        for path, backoff in backoffs.items()
        if backoff is not None
    }
    if other:
        own = " or ".join(dict.fromkeys(backoff.jitter for backoff in backoffs.values() if backoff is not None))
        reason = "whether callers wait for random times is up to them; in step, they meet again"
        yield Assumption("jitter of the callers' back-off", own, {"other": other}, "neutral", reason)


def _told(value: Any, declared: Any) -> str:
    """Return a value in words: as an experiment file has it."""
    if value is None:
        return "that of the runtime, type or none"
    return str(plain_field(value, declared))
