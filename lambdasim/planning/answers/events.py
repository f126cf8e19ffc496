"""``asks = "dead-letters"`` and ``asks = "age"``: what becomes of events, how old they get, and which are lost."""

from typing import Any

from lambdasim.config.advice import advice
from lambdasim.planning.answers.case import Answered, Case, words
from lambdasim.report.sentences import say
from lambdasim.report.words import count, milliseconds, number, percent, printable

ROOM = 100_000
"""So much concurrency throttles nobody in an experiment whose events are counted."""


def dead_letters(case: Case) -> Answered:
    """Return ``dead_lettered``, ``good`` (which a function with room for all would have processed) and ``rate``."""
    name = case.source_with("dead_lettered")
    if not name:
        none: dict[str, Any] = {
            "asks": "dead-letters",
            "of": None,
            "dead_lettered": 0,
            "good": 0,
            "rate": None,
            "advice": [],
        }
        return Answered(none, say("No source takes in events, so none is dead-lettered."))
    function = case.function_of(name)
    room = {"account.concurrency": max(ROOM, case.config.account.concurrency)}
    declared = case.config.function.get(function)
    if declared is not None and declared.reserved_concurrency is not None:
        room[f"function.{function}.reserved_concurrency"] = ROOM // 2
    [roomy] = case.simulate([room])
    lost = [one["sources"][name]["dead_lettered"] for one in case.base]
    bad = [one["sources"][name]["dead_lettered"] for one in roomy]
    many, good = case.mean(lost), case.mean([max(a - b, 0) for a, b in zip(lost, bad, strict=True)])
    rate = case.seen(f"{name}.dead_lettered", "rate")
    broken = [one for one in advice(case.config) if one.path.startswith(f"source.{name}.")]
    document = {
        "asks": "dead-letters",
        "of": name,
        "dead_lettered": case.plain(many),
        "good": case.plain(good),
        "rate": case.plain(rate),
        "advice": [one.to_dict() for one in broken],
    }
    if good is None or not good.mean:
        bad_ones = "; those that were would have failed with room for all" if sum(lost) else ""
        sentence = say("No, no good message of {name} was dead-lettered{bad}.", name=printable(name), bad=bad_ones)
    else:
        sentence = say(
            "Yes: {good} good messages of {name} ({rate} of all) went to the dead-letter queue because they were "
            "throttled, not because they failed{advice}.",
            good=words(good, count), name=printable(name), rate=words(rate, percent),
            advice="".join(f"; {one.words}" for one in broken[:2]),
        )  # fmt: skip
    return Answered(document, sentence)


def age(case: Case) -> Answered:
    """Return ``age`` (mean, p99 and max in ms), how many events were ``received`` and ``lost``, and ``why``."""
    name = case.source_with("age")
    if not name:
        nothing: dict[str, Any] = {"asks": "age", "of": None, "age": None, "received": 0, "lost": 0, "why": {}}
        return Answered(nothing, say("No source takes in events, so none has an age."))
    ages = {statistic: case.seen(f"{name}.age", statistic) for statistic in ("mean", "p99", "max")}
    every = [one["sources"][name] for one in case.base]
    received = case.mean([one["received"] for one in every])
    lost = case.mean([one["dropped"] + one["dead_lettered"] for one in every])
    why = {
        key: case.plain(case.mean([one[key] for one in every]))
        for key in ("aged_out", "exhausted")
        if any(one[key] for one in every)
    }
    document = {
        "asks": "age",
        "of": name,
        "age": {statistic: case.plain(seen) for statistic, seen in ages.items()},
        "received": case.plain(received),
        "lost": case.plain(lost),
        "why": why,
    }
    told = say("nothing was lost")
    if lost is not None and lost.mean and received is not None:
        reasons = {"aged_out": "older than allowed", "exhausted": "out of attempts"}
        because = ", ".join(f"{count(number(n))} {reasons[key]}" for key, n in why.items())
        told = say(
            "{lost} of {received} were given up{because}",
            lost=words(lost, count), received=words(received, count), because=f" ({because})" if because else "",
        )  # fmt: skip
    sentence = say(
        "{name}'s events get {age} old at most, {p99} at p99; {told}.",
        name=printable(name), age=words(ages["max"], milliseconds), p99=words(ages["p99"], milliseconds), told=told,
    )  # fmt: skip
    return Answered(document, sentence)


def connections(case: Case) -> Answered:
    """Return how many connections are ``needed`` (were there no limit) against how many are ``allowed``."""
    name = _downstream(case)
    limit = case.config.downstream[name].max_connections
    unlimited = case.base
    if limit is not None:
        [unlimited] = case.simulate([{f"downstream.{name}.max_connections": ROOM}])
    needed = case.mean([one["downstreams"][name]["connections"]["max"] for one in unlimited])
    refused = case.mean([one["downstreams"][name]["refusals"] for one in case.base])
    document: dict[str, Any] = {
        "asks": "connections",
        "of": name,
        "needed": case.plain(needed),
        "allowed": limit,
        "refused": case.plain(refused),
    }
    if limit is None:
        sentence = say("{name} is asked for {needed} connections at once.", name=name, needed=words(needed, count))
        return Answered(document, sentence)
    yes = refused is not None and refused.mean > 0
    sentence = say(
        "{yes}: {needed} connections to {name} are needed at once against {limit} allowed{refused}.",
        yes="Yes" if yes else "No", needed=words(needed, count), name=printable(name), limit=count(limit),
        refused=f", and {words(refused, count)} were refused" if yes else "",
    )  # fmt: skip
    return Answered(document, sentence)


def _downstream(case: Case) -> str:
    """Return the downstream that is asked about: the one that is named, else the first."""
    return case.subject if case.subject in case.config.downstream else next(iter(case.config.downstream))
