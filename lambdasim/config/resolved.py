"""The resolved experiment: every value, those left to their defaults too, each with its origin.

The text is TOML that reads back as an equal :class:`ExperimentConfig`.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from lambdasim.config import quotas
from lambdasim.config.defaults import OURS
from lambdasim.config.function import Asynchronous, FunctionConfig, Provisioned
from lambdasim.config.plain import plain_field
from lambdasim.config.quantity import Table
from lambdasim.config.schema import Account, ApiGateway, Billing, ExperimentConfig, Scaling
from lambdasim.config.sources.brokers import BrokerSource
from lambdasim.config.sources.gateway import Gateway
from lambdasim.config.sources.kafka import KafkaPollers, KafkaSource
from lambdasim.config.sources.map import MapSource
from lambdasim.config.sources.streams import StreamSource
from lambdasim.config.toml_writer import write_key, write_value
from lambdasim.config.traffic import LoadConfig

DEFAULT_SOURCES: Final[Mapping[tuple[type[Table], str], str]] = {
    (ExperimentConfig, "name"): "the file's name",
    (LoadConfig, "name"): "the target's name",
    (LoadConfig, "peak_at"): "half of the period",
    (FunctionConfig, "package"): "AWS, API CreateFunction, 2026-11-23",
    (FunctionConfig, "architecture"): "AWS, API CreateFunction, 2026-11-23",
    (FunctionConfig, "memory"): quotas.MEMORY_MIN.source,
    (FunctionConfig, "timeout"): quotas.TIMEOUT_DEFAULT.source,
    (FunctionConfig, "ephemeral_storage"): quotas.EPHEMERAL_MIN.source,
    (FunctionConfig, "idle_timeout"): "measured, mikhail.io, 2021-01: AWS promises nothing",
    (FunctionConfig, "max_lifetime"): 'our model of "every few hours", DG:lambda-runtime-environment, 2026-11-23',
    (FunctionConfig, "reuse"): "our model: AWS does not say",
    (ApiGateway, "rate_limit"): quotas.API_GATEWAY_RATE.source,
    (ApiGateway, "burst_limit"): quotas.API_GATEWAY_BURST.source,
    (Asynchronous, "maximum_retry_attempts"): quotas.ASYNC_RETRIES.source,
    (Asynchronous, "maximum_event_age"): quotas.ASYNC_AGE.source,
    (Asynchronous, "dequeue_latency"): "X-Ray's example of a Dwell Time, DG22:services-xray, 2026-11-23",
    (Asynchronous, "backoff"): "AWS, DG:invocation-async-error-handling, 2026-11-23; its jitter: our model",
    (FunctionConfig, "recursive_loop"): "AWS, API PutFunctionRecursionConfig, 2026-11-23",
    (MapSource, "maximum_concurrency"): quotas.MAP_CONCURRENCY.source,
    (Account, "concurrency"): quotas.ACCOUNT_CONCURRENCY.source,
    (Scaling, "policy"): "AWS since 2023-11-26, DG:scaling-behavior, 2026-11-23",
    (Scaling, "environments"): quotas.SCALING_ENVIRONMENTS.source,
    (Scaling, "per"): quotas.SCALING_PERIOD.source,
    (Scaling, "refill"): quotas.SCALING_ENVIRONMENTS.source,
    (Scaling, "burst"): quotas.BURST_DEFAULT.source,
    (Scaling, "per_minute"): quotas.BURST_PER_MINUTE.source,
    (Gateway, "timeout"): "AWS, API Gateway Developer Guide, limits, 2026-11-23",
    (Gateway, "timeout_limit"): quotas.REST_TIMEOUT.source,
    (Gateway, "throttle_status"): "AWS's pages or users' reports, by type; not certain",
    (Gateway, "error_status"): "AWS's pages or users' reports, by type; not certain",
    (Provisioned, "preparation"): 'our model of AWS\'s "a minute or two", DG:lambda-concurrency, 2026-11-23',
    (Billing, "init_policy"): "AWS since 2025-08-01, BLOG:init-phase-billing, 2026-11-23",
    (Billing, "timed_out_init"): "our reading: AWS does not say",
    (StreamSource, "parallelization_factor"): quotas.PARALLELIZATION.source,
    (StreamSource, "batch_size"): quotas.STREAM_BATCH_DEFAULT.source,
    (StreamSource, "batching_window"): quotas.STREAM_WINDOW.source,
    (StreamSource, "tumbling_window"): quotas.TUMBLING_WINDOW.source,
    (StreamSource, "maximum_retry_attempts"): quotas.RECORD_RETRIES.source,
    (StreamSource, "maximum_record_age"): quotas.RECORD_AGE.source,
    (StreamSource, "retention"): quotas.KINESIS_RETENTION_MIN.source,
    (StreamSource, "push_latency"): "AWS's typical latency of enhanced fan-out, DG:with-kinesis, 2026-11-23",
    (StreamSource, "backoff"): "our model: AWS does not say",
    (KafkaSource, "batch_size"): quotas.STREAM_BATCH_DEFAULT.source,
    (KafkaSource, "batching_window"): quotas.BROKER_WINDOW_DEFAULT.source,
    (KafkaSource, "scaling_delay"): 'our model of "within three minutes", DG:kafka-scaling-modes, 2026-11-23',
    (KafkaSource, "maximum_retry_attempts"): quotas.RECORD_RETRIES.source,
    (KafkaSource, "maximum_record_age"): quotas.RECORD_AGE.source,
    (KafkaSource, "backoff"): "our model: AWS does not say",
    (KafkaPollers, "maximum"): quotas.KAFKA_MAXIMUM_POLLERS_DEFAULT.source,
    (BrokerSource, "batch_size"): quotas.STREAM_BATCH_DEFAULT.source,
    (BrokerSource, "batching_window"): quotas.BROKER_WINDOW_DEFAULT.source,
    (BrokerSource, "backoff"): "our model: AWS does not say",
}
"""Where defaults come from that are AWS's, or stand for something AWS does; all others are this program's."""


def resolved_toml(config: ExperimentConfig) -> str:
    """Return the TOML text of every value of an experiment, with a comment beside each default and what is not set."""
    lines = ["# Every value of the experiment; a comment beside a value says that it is a default, and whose."]
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


def resolved_tree(table: Table) -> dict[str, Any]:
    """Return what :func:`resolved_toml` writes of a table, or of a whole experiment, as a tree of plain values."""
    tree: dict[str, Any] = {}
    unused = table.unused_keys()
    for name, field in type(table).model_fields.items():
        value: Any = getattr(table, name)
        if value is None or name in unused:
            continue
        key = field.alias or name
        if isinstance(value, Table):
            tree[key] = resolved_tree(value)
        elif isinstance(value, Mapping) and any(isinstance(inner, Table) for inner in value.values()):
            tree[key] = {inner: resolved_tree(one) for inner, one in value.items()}
        elif isinstance(value, tuple) and any(isinstance(inner, Table) for inner in value):
            tree[key] = [resolved_tree(one) for one in value]
        elif name == "slo":
            tree[key] = {path: [one.text for one in expressions] for path, expressions in value.items()}
        else:
            tree[key] = plain_field(value, field)
    return tree


def _write_table(path: tuple[str, ...], table: Table, lines: list[str], header: str = "") -> None:
    lines += ["", header or f"[{write_key(*path)}]"]
    _write_plain(table, lines)
    for name, field in type(table).model_fields.items():
        value = getattr(table, name)
        if isinstance(value, Table):
            _write_table((*path, field.alias or name), value, lines)


def _write_plain(table: Table, lines: list[str]) -> None:
    """Write the keys of a table that are no tables themselves and mean something."""
    unused = table.unused_keys()
    for name, field in type(table).model_fields.items():
        value: Any = getattr(table, name)
        if name in unused or isinstance(value, Table) or (name in _SECTIONS and isinstance(table, ExperimentConfig)):
            continue
        chosen = name in table.model_fields_set
        if value is field.default and not chosen:
            lines.append(_default_line(type(table), name))
        else:
            lines.append(_line(type(table), name, value, chosen))


@cache  # of a thousand functions most have the same
def _default_line(kind: type[Table], name: str) -> str:
    return _line(kind, name, kind.model_fields[name].default, chosen=False)


def _line(kind: type[Table], name: str, value: Any, chosen: bool) -> str:
    field = kind.model_fields[name]
    key = write_key(field.alias or name)
    if value is None:
        return f"# {key}: not set"
    text = f"{key} = {write_value(plain_field(value, field))}"
    return text if chosen else f"{text}  # default: {DEFAULT_SOURCES.get((kind, name), OURS)}"


_SECTIONS: Final = frozenset({"function", "source", "downstream", "load", "slo", "sweep", "optimize"})
