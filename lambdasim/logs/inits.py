"""Inits that ran within an invocation, so that its Duration is no handler time: which invocations these are."""

import numpy as np
from numpy.typing import NDArray

from lambdasim.logs.rows import Ended, Kind, Rows


def hidden_inits(rows: Rows) -> NDArray[np.bool_]:
    """Return which invocations come next, in their environment, after an init that failed, and show no init.

    Such an init ran again within the invocation, so that its Duration is no handler time (AWS Lambda Developer Guide,
    lambda-runtime-environment, read 2026-11). Without names of streams the function's next invocation is taken.
    """
    result = np.zeros(len(rows), bool)
    if not (rows.kind == Kind.INIT_FAILED).any():
        return result
    order = np.lexsort((np.arange(len(rows)), rows.stream, rows.function))
    kind, stream = rows.kind[order], np.stack((rows.function[order], rows.stream[order]), axis=1)
    cold = rows.cold[order]
    for place in np.flatnonzero(kind == Kind.INIT_FAILED).tolist():
        following = place + 1
        while following < len(order) and kind[following] != Kind.REPORT:
            following += 1
        if following < len(order) and (stream[following] == stream[place]).all() and not cold[following]:
            result[order[following]] = True
    return result


def inits_after_reset(rows: Rows) -> NDArray[np.bool_]:
    """Return which invocations come next in their log stream after one that made Lambda reset the environment.

    Developer Guide, lambda-runtime-environment: a crash or a time-out shuts the runtime down, and the next invocation
    initialises it again, within its Duration (read 2026-11).
    """
    result = np.zeros(len(rows), bool)
    if not (rows.ended >= Ended.CRASH).any():
        return result
    order = np.lexsort((np.arange(len(rows)), rows.stream))
    stream, ended = rows.stream[order], rows.ended[order]
    after = (ended[:-1] >= Ended.CRASH) & (stream[1:] == stream[:-1]) & (stream[1:] >= 0)
    result[order[1:]] = after
    return result & ~rows.cold
