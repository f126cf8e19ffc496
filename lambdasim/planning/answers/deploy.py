"""``asks = "deploy"``: what a deployment does to requests, and what it would do by other strategies.

Each is compared with the same requests and no change at all.
"""

from collections.abc import Sequence
from typing import Any, Final

from lambdasim.config.qualifier import function_of
from lambdasim.planning.answers.case import Answered, Case, words
from lambdasim.planning.store import Measurements
from lambdasim.report.sentences import Sentence, say
from lambdasim.report.words import count, printable

STRATEGIES: Final = ("AllAtOnce", "Canary10Percent5Minutes", "Linear10PercentEvery1Minute")
"""Those that are tried besides the file's own."""
IN_PLACE: Final = "in place"


def deploy(case: Case) -> Answered:
    """Return ``of``, ``change``, and of the file's strategy and the others what they do (``strategies``).

    Of each: ``strategy``, ``throttled`` (requests that were refused for good), ``cold_starts`` (how many more than
    without the deployment) and ``environments`` (the most at once).
    """
    number, change = next((n, one) for n, one in enumerate(case.config.change) if one.deploy is not None)
    deployment = change.deploy
    assert deployment is not None
    name = function_of(str(deployment.alias or deployment.function))
    own = IN_PLACE if deployment.alias is None else deployment.strategy
    others = [one for one in STRATEGIES if one != own] if deployment.alias is not None else []
    [without, *tried] = case.simulate([{"change": []}, *({f"change.{number}.deploy.strategy": one} for one in others)])
    told = own if isinstance(own, str) else "its steps"
    found = [_effect(case, name, told, case.base, without)]
    found += [_effect(case, name, one, of, without) for one, of in zip(others, tried, strict=True)]
    strategies = [
        {key: case.plain(value) if key != "strategy" else value for key, value in one.items()} for one in found
    ]
    document = {"asks": "deploy", "of": name, "change": change.name, "strategies": strategies}
    least = min(found[1:], key=lambda one: (one["throttled"].mean, one["cold_starts"].mean), default=None)
    sentence = say("{change}, {own}", change=printable(str(change.name)), own=_told(found[0], True))
    if least is not None:
        sentence += say("; {other}", other=_told(least, False))
    return Answered(document, sentence + say("."))


def _effect(
    case: Case, name: str, strategy: str, of: Sequence[Measurements], without: Sequence[Measurements]
) -> dict[str, Any]:
    def values(key: str, measured: Sequence[Measurements]) -> list[float]:
        return [float(one["functions"][name][key]) for one in measured]

    more = [a - b for a, b in zip(values("cold_starts", of), values("cold_starts", without), strict=True)]
    return {
        "strategy": strategy,
        "throttled": case.mean(values("throttled_requests", of)),
        "cold_starts": case.mean(more),
        "environments": case.mean([float(one["functions"][name]["environments"]["max"]) for one in of]),
    }


def _told(effect: dict[str, Any], first: bool) -> Sentence:
    fewer = effect["cold_starts"].mean < 0
    cold = words(effect["cold_starts"], lambda value: count(abs(value)))
    kind = f"{'fewer' if fewer else 'more'} cold starts{' than without it' if first else ''}"
    refused = words(effect["throttled"], count) if effect["throttled"].mean else "no"
    return say(
        "{strategy}: {refused} requests throttled, {cold} {kind}, {environments} environments at most",
        strategy=effect["strategy"], refused=refused, cold=cold, kind=kind,
        environments=words(effect["environments"], count),
    )  # fmt: skip
