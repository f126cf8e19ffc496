"""What AWS does not publish and this simulator therefore assumes, with how far the truth may lie from it.

Each assumption has the values that evidence or its absence allows instead of the experiment's own. Those of functions,
loads and clients are changed for all of them at once, for they are about AWS and not about one function.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdasim.config.client import Client
from lambdasim.config.distribution import Distribution
from lambdasim.config.schema import ExperimentConfig, FunctionConfig
from lambdasim.units import NS_PER_S

SLOW_INIT_NS: Final = 2.5 * NS_PER_S
"""An init of at least this mean may well pass the 10 s after which Lambda starts it again."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """One thing that is assumed, as it applies to one experiment."""

    name: str
    base: str
    """What the experiment has, in words."""
    alternatives: Mapping[str, Mapping[str, Any]]
    """What it may be instead: ``low``, ``high`` or another name, with the values by path."""
    reason: str
    """Why it may be so, with the source."""


def assumptions(config: ExperimentConfig) -> list[Assumption]:
    """Return the assumptions that bear on an experiment, without alternatives that it has anyway."""
    found = [*_environments(config), *_account(config), *_callers(config)]
    return [one for one in found if one.alternatives]


_Applies = Callable[[FunctionConfig], bool]


def _always(_function: FunctionConfig) -> bool:
    return True


def _environments(config: ExperimentConfig) -> Iterator[Assumption]:
    def each(name: str, key: str, tried: Mapping[str, Any], reason: str, applies: _Applies = _always) -> Assumption:
        functions = {name: function for name, function in config.function.items() if applies(function)}
        own = {name: _told(_at(function, key)) for name, function in functions.items()}
        alternatives = {
            side: {f"function.{name}.{key}": value for name, base in own.items() if base != _told(value)}
            for side, value in tried.items()
        }
        base = " or ".join(dict.fromkeys(own.values()))
        return Assumption(name, base, {side: values for side, values in alternatives.items() if values}, reason)

    yield each(
        "idle timeout",
        "idle_timeout",
        {"low": "constant(5min)", "high": "constant(45min)", "in steps": "half-life(380s)"},
        "measured 5 to 7 min in 2021 and 10 min in 2019 (mikhail.io), 45 to 60 min in 2017 (theburningmonk.com); "
        "half of a fleet went every 380 s (SeBS, Middleware 2021)",
    )
    yield each(
        "longest life of an environment",
        "max_lifetime",
        {"low": "lognormal(p50=1h, p99=5h)", "high": "none"},
        'AWS says "every few hours" (DG:lambda-runtime-environment)',
    )
    yield each(
        "which idle environment is reused",
        "reuse",
        {"least-recent": "least-recent", "random": "random"},
        "AWS does not say; experiments are consistent with the most recent",
    )
    yield each(
        "placement before init",
        "placement",
        {"low": "constant(0s)", "high": "lognormal(p50=220ms, p99=500ms)"},
        "no REPORT line shows it; for a small zip a median of 110 ms (mikhail.io, 2021, less its Init Duration)",
    )
    yield each(
        "an init that is run again",
        "suppressed_init_slowdown",
        {"low": 1.0, "high": 3.0},
        "inside an invocation it lacks the CPU of the init phase; by how much AWS does not say",
        _may_repeat,
    )
    yield each(
        "preparation of provisioned concurrency",
        "provisioned.preparation",
        {"low": "constant(60s)", "high": "constant(120s)"},
        'AWS says "a minute or two" (DG:lambda-concurrency)',
        lambda f: f.provisioned is not None and f.provisioned.requested_at is not None,
    )


def _account(config: ExperimentConfig) -> Iterator[Assumption]:
    refill = config.account.scaling.refill
    other = "step" if refill == "continuous" else "continuous"
    yield Assumption(
        "refill of the scaling rate",
        str(refill),
        {other: {"account.scaling.refill": other}},
        'AWS says "best effort" and "continuously" (DG:scaling-behavior); the shape is not published',
    )
    if any(_may_repeat(function) for function in config.function.values()):
        billed = config.billing.timed_out_init
        yield Assumption(
            "bill of an init that timed out",
            "billed" if billed else "not billed",
            {"not billed" if billed else "billed": {"billing.timed_out_init": not billed}},
            "AWS does not say whether the first of two inits is billed",
        )


def _callers(config: ExperimentConfig) -> Iterator[Assumption]:
    clients: dict[str, Client | None] = {f"source.{name}": source.caller() for name, source in config.source.items()}
    clients |= {f"load.{number}": load.client for number, load in enumerate(config.load)}
    jitters = {path: client.backoff for path, client in clients.items() if client is not None}
    other = {
        f"{path}.client.backoff": backoff.text.replace(
            f"jitter={backoff.jitter}", "jitter=none" if backoff.jitter == "full" else "jitter=full"
        )
        for path, backoff in jitters.items()
        if backoff is not None
    }
    if other:
        own = " or ".join(dict.fromkeys(backoff.jitter for backoff in jitters.values() if backoff is not None))
        reason = "whether callers wait for random times is up to them; in step, they meet again"
        yield Assumption("jitter of the callers' back-off", own, {"other": other}, reason)
    bins = {
        f"load.{number}.trace.within_bin": load.trace.within_bin
        for number, load in enumerate(config.load)
        if load.trace is not None and "within_bin" not in load.trace.unused_keys()
    }
    if bins:
        own = " or ".join(dict.fromkeys(bins.values()))
        tried = {
            within: {path: within for path, value in bins.items() if value != within} for within in ("even", "poisson")
        }
        others = {within: changes for within, changes in tried.items() if changes}
        reason = "a count per minute does not say when in its minute a request came"
        yield Assumption("arrivals within a bin of a trace", own, others, reason)


def _may_repeat(function: FunctionConfig) -> bool:
    return function.init is not None and not function.init.mean() < SLOW_INIT_NS


def _at(function: FunctionConfig, key: str) -> Any:
    value: Any = function
    for part in key.split("."):
        value = getattr(value, part)
    return value


def _told(value: Any) -> str:
    if isinstance(value, Distribution):
        return str(value.to_raw())
    return "that of the runtime, or none" if value is None else str(getattr(value, "to_raw", lambda: value)())
