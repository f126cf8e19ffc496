"""What may change during a run, by path, and why anything else does not."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from lambdasim.config.overrides import split_path
from lambdasim.config.positions import Path
from lambdasim.config.quantity import ConfigTable
from lambdasim.config.rollouts import CODE, CODE_PATHS
from lambdasim.config.sources.brokers import BrokerSource
from lambdasim.config.sources.gateway import Gateway
from lambdasim.config.sources.kafka import KafkaSource
from lambdasim.config.sources.sqs import SqsSource
from lambdasim.config.sources.streams import StreamSource
from lambdasim.config.versions import WEIGHTED

if TYPE_CHECKING:
    from lambdasim.config.schema import ExperimentConfig

MAPPED: Final = (SqsSource, StreamSource, KafkaSource, BrokerSource)
"""Tables of sources that an event source mapping reads."""

OF_MAPPINGS: Final = (
    "enabled", "batch_size", "batching_window", "partial_batch_response", "maximum_concurrency", "tumbling_window",
    "maximum_retry_attempts", "maximum_record_age", "bisect_batch_on_function_error", "visibility_timeout",
    "parallelization_factor", "function", "on_failure", "max_receive_count", "dead_letter_queue",
)  # fmt: skip
"""Settings of mappings that AWS lets one change (API UpdateEventSourceMapping, 2026), and of their queues (API of SQS,
SetQueueAttributes)."""

DESTINATIONS: Final = ("on_failure", "on_success", "dead_letter_queue")
"""Of asynchronous invocation (API PutFunctionEventInvokeConfig and UpdateFunctionConfiguration, 2026)."""

CHANGEABLE: Final[tuple[Path, ...]] = (
    ("account", "concurrency"),
    *(("account", "scaling", key) for key in ("environments", "burst", "per_minute")),
    *(("account", "api_gateway", key) for key in ("rate_limit", "burst_limit")),
    ("function", "*", "reserved_concurrency"),
    *(("function", "*", "async", key) for key in DESTINATIONS),
    ("function", "*", "provisioned", "concurrency"),
    ("function", "*", "version", "*", "provisioned", "concurrency"),
    ("function", "*", "alias", "*", "provisioned", "concurrency"),
    ("function", "*", "alias", "*", "weights", "*"),
    *(("source", "*", key) for key in OF_MAPPINGS),
    *(("source", "*", "provisioned_pollers", key) for key in ("minimum", "maximum")),
    *(("source", "*", key) for key in ("rate_limit", "burst_limit")),
    *(("downstream", "*", key) for key in ("max_connections", "rate", "burst")),
    *CODE_PATHS,
)
"""What a change may set, by path; ``*`` stands for any name."""
CAN_CHANGE: Final = (
    "account.concurrency, the numbers of account.scaling and account.api_gateway, function.NAME.reserved_concurrency, "
    "function.NAME.provisioned.concurrency (of a version or alias too), function.NAME.alias.NAME.weights, "
    f"function.NAME.async.{', '.join(DESTINATIONS[:-1])} and {DESTINATIONS[-1]}, of a "
    f"source's mapping {', '.join(OF_MAPPINGS)} and provisioned_pollers, rate_limit and burst_limit of a stage of API "
    "Gateway, downstream.NAME.max_connections, rate and burst, and as an update function.NAME.memory, timeout, "
    "duration, init and what else belongs to its code"
)
PUBLISHED: Final = "is of a published version, which nothing changes (configuration-versions); deploy another version"
NEVER: Final = f"does not change during a run of this version; these do: {CAN_CHANGE}"


def why_not(path: Path, config: "ExperimentConfig", after: "ExperimentConfig") -> str | None:
    """Return why a value does not change during a run, as it is ``after`` it; None where it does."""
    if _is_published(path):
        return PUBLISHED
    if not any(matches(pattern, path) for pattern in CHANGEABLE):
        return NEVER
    if path[0] == "source":
        return _of_source(path, config, after)
    if path[0] == "downstream":
        return _of_downstream(path, config, after)
    if path[-2:] != ("provisioned", "concurrency"):
        return None
    function = config.function[path[1]]
    holder = function if len(path) == 4 else getattr(function, path[2])[path[3]]
    if holder.provisioned is not None and holder.provisioned.varies:
        return "is set by autoscaling or a schedule; change their bounds with a scheduled action"
    if path[2] == "alias":
        weights = after.function[path[1]].alias[path[3]].weights
        if sum(share > 0 for share in weights.values()) > 1:
            return f"changes while the alias has two weights; {WEIGHTED}"
    return None


def fixed(text: str, config: "ExperimentConfig") -> str | None:
    """Return why the value at a path does not change, where that is known from the path alone; None where it may."""
    path = split_path(text)
    if any(matches(pattern, path[: len(pattern)]) for pattern in CHANGEABLE) or not _is_key(path, config):
        return None
    return PUBLISHED if _is_published(path) else NEVER


def _is_published(path: Path) -> bool:
    return path[:1] == ("function",) and path[2:3] == ("version",) and path[-1] in CODE


def _is_key(path: Path, place: object) -> bool:
    """Say whether a path leads to a key that there is."""
    for key in path:
        if isinstance(place, ConfigTable):
            fields = {field.alias or name: name for name, field in type(place).model_fields.items()}
            if key not in fields:
                return False
            place = getattr(place, fields[key])
        elif isinstance(place, Mapping) and key in place:
            place = place[key]
        else:
            return False
    return not isinstance(place, ConfigTable | Mapping)


def matches(pattern: Path, path: Path) -> bool:
    """Say whether a path is one of a pattern, in which ``*`` stands for any name."""
    return len(pattern) == len(path) and all(one in ("*", own) for one, own in zip(pattern, path, strict=True))


def _of_downstream(path: Path, config: "ExperimentConfig", after: "ExperimentConfig") -> str | None:
    """Return why a limit of a downstream does not change; None where it does."""
    key = "max_connections" if path[-1] == "max_connections" else "rate"
    if getattr(config.downstream[path[1]], key) is None:
        return "has no limit at the start, of which nothing is counted; give the table one, even a high one"
    if key == "rate" and after.downstream[path[1]].rate is None:
        return "cannot be taken away during a run; set it high"
    return None


def _of_source(path: Path, config: "ExperimentConfig", after: "ExperimentConfig") -> str | None:
    """Return why a setting of a source does not change; None where it does."""
    source, then = config.source[path[1]], after.source[path[1]]
    if path[-1] in ("rate_limit", "burst_limit"):
        if not isinstance(source, Gateway):
            return "does not change during a run of this version; of a stage of API Gateway it does"
        if source.rate_limit is None or not isinstance(then, Gateway) or then.rate_limit is None:
            return "is of a stage that has no rate before or after it; give it one throughout, even a high one"
        return None
    if not isinstance(source, MAPPED) or (
        path[2] == "provisioned_pollers" and not isinstance(source, SqsSource | KafkaSource)
    ):
        if path[2] == "function":
            return (
                "is of no event source mapping, whose function alone may be another one at a time; let two loads go to "
                "two sources, one after the other, or shift the weights of an alias"
            )
        return "does not change during a run of this version; of the mapping of a queue it does"
    return None
