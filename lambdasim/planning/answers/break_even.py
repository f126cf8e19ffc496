"""``asks = "break-even"``: from which value on what is bought costs more than it saves, with an interval.

The cost of each value is compared with that of none, in pairs: the replications have the same requests. Between two
neighbouring whole numbers the difference is taken to be a straight line, whose zero is the break-even of a pair.
"""

from collections.abc import Sequence
from typing import Any, Final

from lambdasim.errors import InputError
from lambdasim.planning.answers.case import Answered, Case, is_certain, words
from lambdasim.planning.columns import COST, tilde
from lambdasim.planning.differences import paired
from lambdasim.planning.repetition import amount
from lambdasim.report.sentences import say
from lambdasim.report.words import count, milliseconds, money, printable

LARGEST: Final = 2_000
"""No larger value is tried where the file names none."""


def break_even(case: Case, tried: Sequence[int] = ()) -> Answered:
    """Return ``at`` (where the cost equals that of none again), ``cheapest`` and latencies.

    ``cheapest`` has a ``value``, what it ``saves`` and its ``ties``, values that cannot be told apart from it.
    ``tried`` are the values that the file names; without any the powers of two. ``at`` is None where no value that was
    tried saves anything, or none costs more than nothing does. Raises ``InputError`` where a value cannot be.
    """
    search = _Search(case, tried)
    asked = case.config.answer
    assert asked is not None
    assert asked.over is not None
    least = min(search.values, key=search.mean)
    name = case.function_of(asked.over.split(".")[1] if asked.over.startswith("function.") else case.subject)
    document: dict[str, Any] = {"asks": "break-even", "over": asked.over, "at": None, "cheapest": None}
    months = "a month" if search.cost == COST else "a run"
    mark = tilde(search.cost, [one for of in search.measured.values() for one in of])
    latency = case.seen(f"{name}.latency", "p99", search.measured[0]) if name in case.base[0]["functions"] else None
    at = search.zero() if search.mean(least) < 0 else None
    if search.mean(least) < 0:
        saves = paired([-d for d in search.differences(least)], case.confidence)
        ties = search.ties(least)
        document["cheapest"] = {"value": least, "saves": case.plain(saves), "ties": ties}
        beside = say(
            "; {least} of it save most{ties}, {saves} {months}",
            least=least, saves=mark + words(saves, money), months=months,
            ties=f" (or {', '.join(map(count, ties))}, which cannot be told apart)" if ties else "",
        )  # fmt: skip
    if at is not None:
        document["at"] = case.plain(at)
        beyond = min(value for value in search.values if value >= at.mean)
        after = case.seen(f"{name}.latency", "p99", search.measured[beyond]) if latency is not None else None
        document |= {"p99_without": case.plain(latency), "p99": case.plain(after)}
        told = f", where p99 latency is {words(after, milliseconds)} instead of {words(latency, milliseconds)}"
        sentence = say(
            "{over} breaks even at {at}{latency}: below it saves money, above it costs some{beside}.",
            over=printable(asked.over), at=words(at, count), beside=beside, latency=told if after is not None else "",
        )  # fmt: skip
    elif search.mean(least) < 0:
        sentence = say(
            "{over} saves money at every value that was tried, up to {most}{beside}.",
            over=printable(asked.over), most=count(max(search.values)), beside=beside,
        )  # fmt: skip
    else:
        more = paired(search.differences(search.values[1]), case.confidence)
        sentence = say(
            "{over} does not pay at any value: even {first} costs {more} {months} more than none.",
            over=printable(asked.over), first=search.values[1], more=mark + words(more, money), months=months,
        )  # fmt: skip
    return Answered(document, sentence)


class _Search:
    """Costs by value, and where they equal that of none."""

    def __init__(self, case: Case, tried: Sequence[int]) -> None:
        asked = case.config.answer
        assert asked is not None
        assert asked.over is not None
        self.case, self.over = case, asked.over
        wanted = sorted({0, *tried}) if tried else [0, *(2**n for n in range(LARGEST.bit_length()) if 2**n <= LARGEST)]
        self.values = [value for value in wanted if case.can_be({self.over: value})]
        if len(self.values) < 2 or self.values[0] != 0:
            refused = next(value for value in wanted if value not in self.values)
            reason = case.refusal({self.over: refused})
            raise InputError.single(f"{self.over} cannot be varied from 0 on: {refused}: {reason}", path="answer.over")
        self.measured: dict[int, Any] = {}
        if tried:
            self._measure(self.values)
        else:
            self._measure(self.values[:2])
            while len(self.measured) < len(self.values) and self.mean(max(self.measured)) <= 0:
                self._measure([self.values[len(self.measured)]])
            self.values = sorted(self.measured)

    @property
    def cost(self) -> str:
        """The metric that values are compared by."""
        return self.case.cost(self.measured.values())

    def _measure(self, values: Sequence[int]) -> None:
        found = self.case.simulate([{self.over: value} for value in values])
        self.measured |= dict(zip(values, found, strict=True))

    def differences(self, value: int) -> list[float]:
        """Return what each replication costs more than with none."""
        pairs = zip(self.measured[0], self.measured[value], strict=True)
        return [amount(b, self.cost) - amount(a, self.cost) for a, b in pairs]

    def mean(self, value: int) -> float:
        """Return their mean; that of none is 0."""
        found = self.differences(value)
        return sum(found) / len(found)

    def ties(self, least: int) -> list[int]:
        """Return the values whose costs cannot be told from that of another, by pairs."""
        own, others = self.differences(least), (value for value in self.values if value not in (0, least))
        pairs = {value: zip(own, self.differences(value), strict=True) for value in others}
        found = {value: paired([b - a for a, b in of], self.case.confidence) for value, of in pairs.items()}
        return [value for value, more in found.items() if self.case.repeats and not is_certain(more)]

    def zero(self) -> Any:
        """Return where the mean difference rises through 0 last, to a whole number, by pairs; None where nowhere."""
        below = max((value for value in self.values if self.mean(value) < 0), default=0)
        above = next((value for value in self.values if value > below), None)
        if above is None:
            return None
        while above - below > 1:
            middle = (below + above) // 2
            self._measure([middle])
            self.values = sorted(self.measured)
            below, above = (middle, above) if self.mean(middle) < 0 else (below, middle)
        pairs = zip(self.differences(below), self.differences(above), strict=True)
        zeros = [below - low / (high - low) for low, high in pairs if high != low]
        return self.case.mean(zeros)
