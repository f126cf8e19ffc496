"""Where AWS lets events go that were given up or processed: kinds of destinations and dead-letter queues, and sizes."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from lambdasim.config import quotas
from lambdasim.config.origins import Problems
from lambdasim.config.positions import Path
from lambdasim.config.qualifier import function_of
from lambdasim.config.source_kinds import ASYNCHRONOUS, KINDS
from lambdasim.units import format_size

if TYPE_CHECKING:
    from lambdasim.config.schema import ExperimentConfig

FUNCTION: Final = "function"
_ASYNC_PAGE: Final = "DG:invocation-async-retain-records, 2026-11"
_STREAM_PAGE: Final = "API of Lambda, OnFailure, 2026-11"

NO_NAMES: Final = ("", "none")
"""A change that sets "none" takes a destination away, so none has that name."""

QUEUES: Final = {"sqs": "a standard queue", "sns": "a topic"}
ON_SUCCESS: Final = QUEUES | {FUNCTION: "a function", "async-invoke": "a function", "eventbridge": "an event bus"}
ON_FAILURE: Final = ON_SUCCESS | {"s3": "a bucket"}
STREAMS: Final = QUEUES | {"s3": "a bucket"}
KAFKA: Final = STREAMS | {"kafka": "a topic of Kafka"}


def check_destinations(config: "ExperimentConfig", problems: Problems) -> None:
    """Check that AWS accepts each destination that is in the experiment, and that events fit into it."""
    for path, target, known, page in _destinations(config):
        kind = FUNCTION if function_of(target) in config.function else None
        if target in config.source:
            kind = str(config.source[target].type)
        if kind is None and target in NO_NAMES:
            problems.add(path, f"'{target}' is no name; leave the key out where there is none, or write a name")
        elif kind is not None and kind not in known:
            takes = list(dict.fromkeys(known.values()))
            rule = f"{', '.join(takes[:-1])} or {takes[-1]}" if len(takes) > 1 else takes[0]
            what = "a function" if kind == FUNCTION else f"of type '{kind}'"
            problems.add(path, f"'{target}' is {what}; AWS takes {rule} here ({page}); name one, or leave it out")
        elif kind == FUNCTION and target not in config.function:
            rule = "is a version or alias, which no destination leads to here"
            problems.add(path, f"'{target}' {rule}; name the function, '{function_of(target)}'")
        elif kind == "sns" and (largest := _largest(config, path)) > quotas.SNS_PAYLOAD.value:
            problems.add(
                path,
                f"its events of {format_size(largest)} do not fit into '{target}': a topic takes "
                f"{format_size(quotas.SNS_PAYLOAD.value)} ({quotas.SNS_PAYLOAD.page}); name a queue, or a bucket",
            )


def _destinations(config: "ExperimentConfig") -> Iterator[tuple[Path, str, Mapping[str, str], str]]:
    """Yield where each destination is named, its name, and what AWS takes there."""
    for name, function in config.function.items():
        table = function.async_
        for key, target, known, page in (
            ("dead_letter_queue", table.dead_letter_queue, QUEUES, "DG:invocation-async-retain-records, 2026-11"),
            ("on_failure", table.on_failure, ON_FAILURE, _ASYNC_PAGE),
            ("on_success", table.on_success, ON_SUCCESS, _ASYNC_PAGE),
        ):
            if target is not None:
                yield ("function", name, "async", key), target, known, page
    for name, source in config.source.items():
        target = source.dead_letters()
        if target is None:
            continue
        if source.type in ("sqs", "sqs-fifo"):
            word = "a standard queue, as this one" if source.type == "sqs" else "a FIFO queue, as this one"
            page = "API of SQS, RedrivePolicy, 2026-11"
            yield ("source", name, "dead_letter_queue"), target, {str(source.type): word}, page
        else:
            known = KAFKA if source.type == "kafka" else STREAMS
            yield ("source", name, "on_failure"), target, known, _STREAM_PAGE


def _largest(config: "ExperimentConfig", path: Path) -> int:
    """Return the bytes of the largest event that a destination of a function may be sent; 0 for one of a source."""
    if path[0] != "function":
        return 0
    sources = (s for s in config.source.values() if KINDS[s.type] == ASYNCHRONOUS and s.function == path[1])
    return max((getattr(source, "payload", 0) for source in sources), default=0)
