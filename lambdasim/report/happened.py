"""What happened in a run, in words and in the order of time. Knows neither series nor how it was found."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from lambdasim.model.events import REASON_NAMES, ThrottleReason
from lambdasim.report.words import count, printable, significant, span
from lambdasim.units import NS_PER_S

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
    "4XXError": "the first of {value} requests was answered with a client error",
    "backlog": "most waited, {value}",
    "drained": "nothing waited any more",
}

MOST: Final = 12
"""So many happenings are told."""
SHOWN: Final = {
    "throttled": "is throttled in most of the periods",
    "refuses": "refuses in most of the periods",
    "gives up": "gives events up in most of the periods",
    "waits": "waits more and more",
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


def sentence(events: Sequence[Mapping[str, Any]], times: str) -> str:
    """Return it as one line: ``09:03 checkout: the scaling rate was used up; 09:11 jobs: nothing waited any more``.

    ``times`` says how exact they are, and of which run.
    """
    if not events:
        return ""
    more = f"; {left_out(events)}" if len(events) > MOST else ""
    words = "; ".join(f"{one['time']} {printable(one['of'])}: {one['what']}" for one in events[:MOST])
    return f"{words}{more} ({times})."


def times(period_ns: int, replications: int) -> str:
    """Return how exact the times are, ``times to 1 min``, and of which of several runs."""
    return f"times to {span(period_ns / NS_PER_S)}" + (", of the first run" if replications > 1 else "")


def left_out(events: Sequence[Mapping[str, Any]]) -> str:
    """Return how many happenings are not told; nothing where all are."""
    return f"and {count(len(events) - MOST)} more until {events[-1]['time']}" if len(events) > MOST else ""


def state(of: Mapping[str, Any], failures: str = "") -> str:
    """Return the plain word for a run as a sentence; ``failures`` is what nevertheless failed, as a clause."""
    word = of["word"]
    if word is None and not of.get("of"):
        return "Too little came, or for too few periods, to say whether the loads are kept up with."
    if word == "steady":
        but = f", but {failures}" if failures else ""
        return f"Steady: no backlog is shown to grow, nor are callers refused in most of the periods{but}."
    what = SHOWN[of["how"]] if "how" in of else "does not keep up"  # folders of earlier versions do not tell how
    runs = of.get("runs")
    p = f"p = {significant(of['p'], 2)}" if of["p"] >= 1e-4 else "p < 0.0001"
    sure = f"{of['test']}, {'median ' if runs else ''}{p}"
    told = f"{printable(of['of'])} {what}{f' in {count(runs)} runs' if runs else ''} ({sure})"
    if word is None:
        return (
            f"Growing: {told} while the loads change, as it may where they are kept up with too; loads that stay level "
            "for five periods would tell."
        )
    return f"{word.capitalize()}: {told}."


def _time(start: datetime | None, time_s: float) -> str:
    if start is None:
        return span(time_s)
    moment = start + timedelta(seconds=time_s)
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
