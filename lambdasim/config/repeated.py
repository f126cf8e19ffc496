"""Schedules and warmers beside the month of a run: a month repeats the run, and with it whatever is due in it."""

from collections.abc import Iterator
from typing import Final

from lambdasim.config.schema import ExperimentConfig
from lambdasim.config.sources.schedule import ScheduleSource
from lambdasim.units import NS_PER_MONTH, NS_PER_S, format_duration

SEEN: Final = 0.01
"""A share by which the two may differ untold: no two months are of one length."""


def repeated_notes(config: ExperimentConfig, span_ns: int, period_ns: int | None) -> Iterator[str]:
    """Yield which schedules are due more or less often in a month than in the runs that it holds.

    The run lasts ``span_ns`` and is repeated every ``period_ns``; nothing is said where the file says how often.
    """
    if period_ns is None or config.billing.repeats is not None:
        return
    for path, text, in_run, in_month in _due(config, span_ns):
        repeated = in_run * NS_PER_MONTH / period_ns
        if abs(repeated - in_month) > SEEN * in_month:
            yield (
                f"{path}: a month holds the run {NS_PER_MONTH / period_ns:,.0f} times, and so {repeated:,.0f} "
                f"invocations where {text} makes {in_month:,.0f} due; give billing.repeats, or a run as long as that "
                "takes to come round"
            )


def _due(config: ExperimentConfig, span_ns: int) -> Iterator[tuple[str, str, int, float]]:
    """Yield each schedule and warmer: its path, its words, how many invocations are due in the run and in a month."""
    start = config.simulation.start
    for name, source in config.source.items():
        if isinstance(source, ScheduleSource):
            expression, many = source.expression, source.schedules
            due = sum(1 for _ in expression.times_s(start, span_ns / NS_PER_S, source.timezone))
            in_month = many * expression.in_a_month(start, source.timezone)
            yield f"source.{name}.expression", expression.text, many * due, in_month
    for name, warmer in config.warmer.items():
        many = warmer.environments
        text = f"every = {format_duration(warmer.every)}"
        yield f"warmer.{name}.every", text, many * -(-span_ns // warmer.every), many * NS_PER_MONTH / warmer.every
