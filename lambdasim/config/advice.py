"""What AWS advises about a configuration, beyond what it refuses: each rule with its page, and where it is broken.

Advice is no error: an experiment may be there to show what happens without. Knows no measurements.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lambdasim.config.positions import dotted
from lambdasim.config.qualifier import function_of
from lambdasim.config.schema import TEMPLATE, ExperimentConfig
from lambdasim.config.sources.sqs import SqsSource
from lambdasim.config.versions import invoked, provisioned_tables
from lambdasim.units import format_duration

SQS: Final = "DG:services-sqs-configure, 2026-11-23"
PROVISIONED: Final = "DG:provisioned-concurrency, 2026-11-23"
SQS_SCALING: Final = "DG:services-sqs-scaling, 2026-11-23"

VISIBILITY_FACTOR: Final = 6
"""Times the function timeout, besides the batching window (DG:services-sqs-configure, 2026-11-23)."""
RECEIVES: Final = 5
"""Least maxReceiveCount (DG:services-sqs-configure, 2026-11-23)."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One piece of advice that a configuration does not follow."""

    path: str
    """Of the key that would."""
    words: str
    """What AWS advises, and what the configuration has instead."""
    source: str
    remedy: str | int
    """The value that follows it, as in a file."""

    def to_dict(self) -> dict[str, object]:
        """Return it in plain values."""
        return {"path": self.path, "advice": self.words, "source": self.source}


def advice(config: ExperimentConfig) -> list[Advice]:
    """Return what a configuration does not follow, in the order of its sources and functions."""
    return [*_queues(config), *_reserved(config), *_scaled(config)]


def _queues(config: ExperimentConfig) -> Iterator[Advice]:
    for name, queue in config.source.items():
        if not isinstance(queue, SqsSource) or not (called := invoked(config.function, queue.function)):
            continue
        least = VISIBILITY_FACTOR * max(function.timeout for function in called) + queue.batching_window
        if queue.visibility_timeout < least:
            window = " plus the batching window" if queue.batching_window else ""
            words = f"AWS advises a visibility timeout of at least six times the function timeout{window}, "
            words += f"{format_duration(least)}; it is {format_duration(queue.visibility_timeout)}"
            yield Advice(f"source.{name}.visibility_timeout", words, SQS, format_duration(least))
        if queue.max_receive_count is not None and queue.max_receive_count < RECEIVES:
            words = f"AWS advises a maxReceiveCount of at least {RECEIVES}; it is {queue.max_receive_count}"
            yield Advice(f"source.{name}.max_receive_count", words, SQS, RECEIVES)


def _reserved(config: ExperimentConfig) -> Iterator[Advice]:
    """Yield functions whose reserved concurrency is below what the queues that invoke them may use."""
    batches = [_batches(one) for one in (config, *(moment.config for moment in config.moments))]
    for name, function in config.function.items():
        reserved = function.reserved_concurrency
        if name == TEMPLATE or reserved is None:
            continue
        together = max(one[name] for one in batches)
        if together > reserved:
            words = "AWS advises reserved concurrency of at least the maximum concurrency of all queues of the "
            words += f"function, {together}; {name} has {reserved}"
            yield Advice(f"function.{name}.reserved_concurrency", words, SQS_SCALING, together)


def _batches(config: ExperimentConfig) -> Counter[str]:
    """Return how many batches of all its queues each function may process at once, as far as they have a maximum."""
    together = Counter[str]()
    for source in config.source.values():
        if isinstance(source, SqsSource):
            together[function_of(source.function)] += source.maximum_concurrency or 0
    return together


def _scaled(config: ExperimentConfig) -> Iterator[Advice]:
    """Yield where autoscaling or a schedule may ask for more than can be provisioned at any time.

    AWS takes such bounds, and refuses what is asked for beyond its quotas when it is (DG:provisioned-concurrency).
    """
    times = [(one.function, _unreserved(one)) for one in (config, *(moment.config for moment in config.moments))]
    for name, function in config.function.items():
        reserved = [(functions[name].reserved_concurrency, unreserved) for functions, unreserved in times]
        most = max(unreserved if own is None else own for own, unreserved in reserved)
        for path, provisioned in provisioned_tables(name, function):
            scaling = provisioned.autoscaling
            asked = {(*path, "autoscaling", "max"): None if scaling is None else scaling.max}
            for number, action in enumerate(provisioned.schedule):
                asked[(*path, "schedule", str(number), "min")] = action.min
            for at, bound in asked.items():
                if bound is not None and bound > most:
                    words = f"AWS provisions at most {most:,} for {name}, and so never {bound:,}"
                    yield Advice(dotted(at), words, PROVISIONED, most)


def _unreserved(config: ExperimentConfig) -> int:
    """Return the most provisioned concurrency of functions without reserved concurrency: what the account has left."""
    reserved = sum(one.reserved_concurrency or 0 for name, one in config.function.items() if name != TEMPLATE)
    return max(0, config.account.concurrency - config.account.unreserved_minimum - reserved)
