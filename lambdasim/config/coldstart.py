"""Cold-start profiles: what an init takes when an experiment names a runtime and no ``init``.

The figures are in ``coldstart.csv``, with their source, licence and date. They are of functions that do nothing;
what a handler imports comes on top, so an ``init`` measured on the function itself is always better.
"""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from lambdasim.config.distribution import Distribution
from lambdasim.config.families import parse_distribution
from lambdasim.config.runtimes import OWN_BASE, STANDS_FOR, measured_name
from lambdasim.config.suggest import hint
from lambdasim.errors import InputError
from lambdasim.model.cpu import MB_PER_VCPU
from lambdasim.units import NS_PER_MS, NS_PER_US, format_duration

_P99_SIGMAS: Final = 2.3263478740408408

PLACEMENT: Final = parse_distribution("lognormal(p50=110ms, p99=248ms)")
"""Time to place an environment and to download its code, which no REPORT line shows: median 110 ms, sigma 0.35.

Derived, not published: cold latency of hello-world zip functions seen by a client (0.215 s for Python,
mikhail.io, January 2021) less their Init Duration (about 0.1 s). Uncertain.
"""

WARM_MS: Final = 2.5
"""What a warm handler that does nothing takes at most, so that less at a first invocation is no extra (same source)."""
FIRST_AT_MB: Final = (128, 256, 512, 1024)
"""Where first invocations were measured."""

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Measured:
    """One row of the table."""

    mu: float
    sigma: float
    """Of ln(ms)."""
    first_ms: tuple[float, ...]
    """The Duration of the first invocation at each of :data:`FIRST_AT_MB`."""


def profile(
    runtime: str, package: str, architecture: str, memory_mb: int, *, path: str | None = None
) -> tuple[Distribution, Distribution]:
    """Return the distributions of Init Duration and of the placement before it, in ns.

    ``runtime`` is AWS's identifier, such as ``python3.13``; an OS-only one is followed by what is in the package,
    such as ``provided.al2023/rust``. ``package`` is ``zip`` or ``image``, ``architecture`` ``x86_64`` or ``arm64``.
    ``memory_mb`` changes nothing: init has its CPU whatever the memory (lambda-perf, 2026-06 to 2026-08).

    Of a runtime that was not measured the nearest stands in. Raises ``InputError``, about the key ``path``, when there
    is none.
    """
    fit = _measured(runtime, package, architecture, path)
    p50, p99 = (_text(math.exp(fit.mu + z * fit.sigma)) for z in (0.0, _P99_SIGMAS))
    return parse_distribution(f"lognormal(p50={p50}, p99={p99})"), PLACEMENT


def first_invocation_ns(runtime: str, package: str, architecture: str, memory_mb: int) -> int:
    """Return what the first invocation takes longer than others, where the runtime alone makes it so.

    Between the sizes that were measured it is taken to be a time and another one in proportion to 1 / memory, and so
    beyond them, up to one vCPU. Raises ``InputError`` when there is no measurement.
    """
    first_ms = _measured(runtime, package, architecture, None).first_ms
    memory_mb = min(memory_mb, MB_PER_VCPU)
    above = next((i for i, mb in enumerate(FIRST_AT_MB) if mb >= memory_mb and i), len(FIRST_AT_MB) - 1)
    (low_mb, high_mb), (low_ms, high_ms) = FIRST_AT_MB[above - 1 : above + 1], first_ms[above - 1 : above + 1]
    part = (1 / low_mb - 1 / memory_mb) / (1 / low_mb - 1 / high_mb)
    return round(max(0.0, low_ms + part * (high_ms - low_ms) - WARM_MS) * NS_PER_MS)


def stand_in_note(runtime: str | None) -> str | None:
    """Return what is to be said of a runtime that was not measured itself; None of others."""
    name = runtime and measured_name(runtime)
    if name == runtime:
        return None
    return f"no cold start of {runtime} was measured; those of {name}, the nearest, stand in"


def _measured(runtime: str, package: str, architecture: str, path: str | None) -> _Measured:
    table = _table()
    asked, runtime = runtime, measured_name(runtime)
    runtimes = list(dict.fromkeys(name for name, _, _ in table))
    if runtime not in runtimes:
        variants = [name for name in runtimes if name.startswith(f"{runtime}/")]
        if variants:
            remedy = f"add what is in the package: {', '.join(variants)}"
        elif runtime == OWN_BASE:
            remedy = f"add what is in the package, as in {OWN_BASE}/go"
        else:
            remedy = hint(runtime, [*runtimes, *STANDS_FOR], "")
            remedy = remedy if remedy.endswith("?") else hint(runtime, runtimes, "those measured are")
        remedy += " Or give init" if remedy.endswith("?") else "; or give init"
        raise InputError.single(f"no cold start of runtime '{asked}' is known; {remedy}", path=path)
    fit = table.get((runtime, package, architecture))
    if fit is None:
        known = " and ".join(f"{p} on {a}" for name, p, a in table if name == runtime)
        raise InputError.single(
            f"no cold start of '{asked}' as {package} on {architecture} is known, only as {known}; give init",
            path=path,
        )
    return fit


def _text(ms: float) -> str:
    """Return a time as an experiment file has it, rounded to microseconds."""
    return format_duration(round(ms * NS_PER_MS / NS_PER_US) * NS_PER_US)


@cache
def _table() -> Mapping[_Key, _Measured]:
    """Return the measurements by runtime, package and architecture."""
    text = Path(__file__).with_name("coldstart.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {
        (row["runtime"], row["package"], row["architecture"]): _Measured(
            float(row["mu"]), float(row["sigma"]), tuple(float(row[f"first_{mb}"]) for mb in FIRST_AT_MB)
        )
        for row in rows
    }
