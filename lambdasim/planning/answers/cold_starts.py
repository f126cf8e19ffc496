"""``asks = "cold-starts"``: how many there are, and what p99 would be without any.

Without them means that init takes no time: the same requests, in an account that is otherwise the same.
"""

from lambdasim.metrics.inference.intervals import Interval
from lambdasim.planning.answers.case import Answered, Case, is_certain, words
from lambdasim.report.sentences import say
from lambdasim.report.words import count, milliseconds, percent, printable


def cold_starts(case: Case) -> Answered:
    """Return ``of``, ``cold_starts``, ``rate``, ``p99``, ``p99_without`` and ``difference`` (in ms, by pairs)."""
    name = case.function_of(case.subject)
    at = case.path_of(name)
    [without] = case.simulate([{f"{at}.init": "constant(0s)", f"{at}.placement": "constant(0s)"}])
    many = case.mean([one["functions"][name]["cold_starts"] for one in case.base])
    rate = case.seen(f"{name}.cold_starts", "rate")
    p99, least = case.seen(f"{name}.latency", "p99"), case.seen(f"{name}.latency", "p99", without)
    more = case.difference(f"{name}.latency", "p99", without)
    document = {
        "asks": "cold-starts",
        "of": name,
        "cold_starts": case.plain(many),
        "rate": case.plain(rate),
        "p99": case.plain(p99),
        "p99_without": case.plain(least),
        "difference": case.plain(more),
    }
    sentence = say(
        "{many} cold starts, {rate} of the invocations: {name}'s p99 is {p99}" + beside(more) + ".",
        many=words(many, count), rate=words(rate, percent), name=printable(name), p99=words(p99, milliseconds),
        least=words(least, milliseconds),
    )  # fmt: skip
    return Answered(document, sentence)


def beside(more: Interval | None) -> str:
    """Return how p99 without cold starts is told beside the one with them, by how much more it is."""
    if more is None or more.low == more.high == 0:
        return ", and the same without them"
    return " and would be {least} without them" + ("" if is_certain(more) else ", which may be chance")
