"""Cold-start profiles: what an init takes when an experiment names a runtime and no ``init``.

The figures are in ``coldstart.csv``, with their source, licence and date. They are of functions that do nothing;
what a handler imports comes on top, so an ``init`` measured on the function itself is always better.
"""

import csv
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from lambdasim.config.distribution import Distribution
from lambdasim.config.families import parse_distribution
from lambdasim.config.suggest import hint
from lambdasim.errors import InputError
from lambdasim.units import NS_PER_MS, NS_PER_US, format_duration

_P99_SIGMAS: Final = 2.3263478740408408

PLACEMENT: Final = parse_distribution("lognormal(p50=110ms, p99=248ms)")
"""Time to place an environment and to download its code, which no REPORT line shows: median 110 ms, sigma 0.35.

Derived, not published: cold latency of hello-world zip functions seen by a client (0.215 s for Python,
mikhail.io, January 2021) less their Init Duration (about 0.1 s). Uncertain.
"""

_Key = tuple[str, str, str]


def profile(
    runtime: str, package: str, architecture: str, memory_mb: int, *, path: str | None = None
) -> tuple[Distribution, Distribution]:
    """Return the distributions of Init Duration and of the placement before it, in ns.

    ``runtime`` is AWS's identifier, such as ``python3.13``; an OS-only one is followed by what is in the package,
    such as ``provided.al2023/rust``. ``package`` is ``zip`` or ``image``, ``architecture`` ``x86_64`` or ``arm64``.
    ``memory_mb`` changes nothing: init has its CPU whatever the memory (lambda-perf, 2026-06 to 2026-08).

    Raises ``InputError``, about the key ``path``, when there is no measurement.
    """
    table = _table()
    runtimes = list(dict.fromkeys(name for name, _, _ in table))
    if runtime not in runtimes:
        variants = [name for name in runtimes if name.startswith(f"{runtime}/")]
        if variants:
            remedy = f"add what is in the package: {', '.join(variants)}"
        else:
            remedy = hint(runtime, runtimes, "those measured are")
        remedy += " Or give init" if remedy.endswith("?") else "; or give init"
        raise InputError.single(f"no cold start of runtime '{runtime}' is known; {remedy}", path=path)
    fit = table.get((runtime, package, architecture))
    if fit is None:
        known = " and ".join(f"{p} on {a}" for name, p, a in table if name == runtime)
        raise InputError.single(
            f"no cold start of '{runtime}' as {package} on {architecture} is known, only as {known}; give init",
            path=path,
        )
    mu, sigma = fit
    p50, p99 = (_text(math.exp(mu + z * sigma)) for z in (0.0, _P99_SIGMAS))
    return parse_distribution(f"lognormal(p50={p50}, p99={p99})"), PLACEMENT


def _text(ms: float) -> str:
    """Return a time as an experiment file has it, rounded to microseconds."""
    return format_duration(round(ms * NS_PER_MS / NS_PER_US) * NS_PER_US)


@cache
def _table() -> Mapping[_Key, tuple[float, float]]:
    """Return mu and sigma of ln(ms) by runtime, package and architecture."""
    text = Path(__file__).with_name("coldstart.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {
        (row["runtime"], row["package"], row["architecture"]): (float(row["mu"]), float(row["sigma"])) for row in rows
    }
