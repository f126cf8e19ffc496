"""What happened in a run, in words and in the order of time. Knows neither series nor how it was found."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from lambdasim.model.events import REASON_NAMES, ThrottleReason
from lambdasim.report.words import count, printable, significant, span

WORDS: Final = {
    REASON_NAMES[ThrottleReason.ACCOUNT_CONCURRENCY]: "the account's concurrency was used up, first 429 ({value} so)",
    REASON_NAMES[ThrottleReason.SCALING_RATE]: "the scaling rate was used up, first 429 ({value} so)",
    REASON_NAMES[ThrottleReason.RESERVED_CONCURRENCY]: "reserved concurrency was used up, first 429 ({value} so)",
    REASON_NAMES[
        ThrottleReason.RESERVED_RATE
    ]: "ten requests/s for each reserved one were used up, first 429 ({value} so)",
    REASON_NAMES[ThrottleReason.ACCOUNT_RATE]: "the account's requests/s were used up, first 429 ({value} so)",
    "last throttle": "the last of {value} throttles",
    "AsyncEventsDropped": "the first of {value} events was given up",
    "DroppedEventCount": "the first of {value} records was given up",
    "Refusals": "the first of {value} connections was refused",
    "backlog": "most waited, {value}",
    "drained": "nothing waited any more",
}


class Happened(Protocol):
    """What is read of a happening: see :class:`lambdasim.metrics.happened.Happening`."""

    @property
    def time_s(self) -> float: ...
    @property
    def of(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> float: ...


def told(events: Iterable[Happened], start: datetime | None) -> list[dict[str, Any]]:
    """Return ``time_s``, ``time`` (of the clock where the experiment has one), ``of`` and ``what`` of each."""
    return [
        {
            "time_s": one.time_s,
            "time": _time(start, one.time_s),
            "of": one.of,
            "what": WORDS.get(one.kind, one.kind).format(value=count(one.value)),
        }
        for one in events
    ]


def sentence(events: Sequence[Mapping[str, Any]]) -> str:
    """Return it as one line: ``09:03 checkout: the scaling rate was used up; 09:11 jobs: nothing waited any more``."""
    return "; ".join(f"{one['time']} {printable(one['of'])}: {one['what']}" for one in events)


def state(of: Mapping[str, Any]) -> str:
    """Return the plain word for a run as a sentence."""
    word = of["word"]
    if word is None:
        return "Too little came, or for too few periods, to say whether the loads are kept up with."
    if word == "steady":
        return "Steady: no backlog is shown to grow, nor refusals in most of the periods."
    what = "waits more and more" if word == "falling behind" else "is refused in most of the periods"
    sure = f"{of['test']}, p = {significant(of['p'], 2)}" if of["p"] >= 1e-4 else f"{of['test']}, p < 0.0001"
    return f"{word.capitalize()}: {printable(of['of'])} {what} ({sure})."


def _time(start: datetime | None, time_s: float) -> str:
    if start is None:
        return span(time_s)
    moment = start + timedelta(seconds=time_s)
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
