"""The oracle's opinion of a case, as rows that can be compared with an engine's."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import oracle
from strategies import Case

from lambdasim.model.rules import jitter24
from lambdasim.records import DELIVERY_COLUMNS, ENVIRONMENT_COLUMNS, INVOCATION_COLUMNS

JITTER_KEYS = (11, 0xDEADBEEFCAFEF00D, 3, 4, 5)
Rows = list[list[int]]


def opinion(case: Case) -> tuple[Rows, Rows]:
    """Return the rows of invocations and environments, sorted."""
    return _simulated(case, case.rows)[:2]


def opinion_of_events(
    case: Case, source: Sequence[int], delay_ns: Sequence[int], keys: Sequence[Mapping[str, int]]
) -> tuple[Rows, Rows, Rows]:
    """Return also those of deliveries; rows go in turns to ``source`` with ``delay_ns``.

    ``keys`` are by source, of the draws of ``async-backoff`` and so on.
    """
    functions = case.law.functions
    rows = []
    for i, row in enumerate(sorted(case.rows, key=lambda r: (r["arrival_ns"], r["request"]))):
        to = source[i % len(source)]
        if to >= 0:
            row = row | {
                "source": to,
                "delay_ns": delay_ns[i % len(delay_ns)],
                "function": case.law.sources[to].function,
            }
        rows.append(row)
    return _simulated(
        case,
        rows,
        [
            {**asdict(functions[own.function].asynchronous), "load": case.loads + i}
            for i, own in enumerate(case.law.sources)
        ],
        lambda kind, source, index: jitter24(keys[source][f"async-{kind}"], index),
    )


def _simulated(case: Case, requests, sources=(), chance=None) -> tuple[Rows, Rows, Rows]:
    tables = oracle.simulate(
        case.law.concurrency,
        [asdict(f) for f in case.law.functions],
        asdict(case.law.scaling),
        requests,
        [asdict(c) for c in case.law.clients],
        lambda load, index: jitter24(JITTER_KEYS[load], index),
        case.horizon_ns,
        case.ends_ns,
        sources,
        chance or (lambda kind, source, index: 0),
    )
    columns = (INVOCATION_COLUMNS, ENVIRONMENT_COLUMNS, DELIVERY_COLUMNS)
    return tuple(  # type: ignore[return-value]
        sorted([int(row[name]) for name in names] for row in rows) for rows, names in zip(tables, columns, strict=True)
    )
