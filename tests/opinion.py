"""The oracle's opinion of a case, as rows that can be compared with an engine's."""

from dataclasses import asdict

import oracle
from strategies import Case

from lambdasim.model.rules import jitter24
from lambdasim.records import ENVIRONMENT_COLUMNS, INVOCATION_COLUMNS, SAMPLE_COLUMNS

JITTER_KEYS = (11, 0xDEADBEEFCAFEF00D)


def opinion(case: Case) -> tuple[list[list[int]], list[list[int]], list[list[int]]]:
    """Return the rows of invocations, environments and samples, sorted."""
    invocations, environments, samples = oracle.simulate(
        case.spec.concurrency,
        [f._asdict() for f in case.spec.functions],
        asdict(case.spec.scaling),
        case.rows,
        [asdict(change) for change in case.control],
        [asdict(c) for c in case.spec.clients],
        lambda load, index: jitter24(JITTER_KEYS[load], index),
        case.horizon_ns,
        case.ends_ns,
        case.spec.whole_seconds,
        jitter24,
        [asdict(loss) for loss in case.spec.losses],
        case.spec.service_key,
    )
    return (
        sorted([int(row[column]) for column in INVOCATION_COLUMNS] for row in invocations),
        sorted([int(row[column]) for column in ENVIRONMENT_COLUMNS] for row in environments),
        sorted([int(row[column]) for column in SAMPLE_COLUMNS] for row in samples),
    )
