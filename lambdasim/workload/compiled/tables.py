"""Where paced loads stand, as arrays of records. Data only; numpy only."""

from typing import Final

import numpy as np

LOAD: Final = np.dtype(
    [
        ("key", np.uint64),  # of its gaps
        ("tau", np.float64),  # the last arrival on the clock of mean gap 1
        *(
            (name, np.int64)
            for name in (
                "poisson",  # exponential gaps if 1, equal ones if 0
                "request", "actor",  # of its first request, of all
                "start_ns", "lasts_ns",
                "drawn",  # how many gaps were taken
                "latest_ns",  # the last arrival, from the start of the load
                "taken",  # how many arrivals were handed over
                "place", "room", "begin", "end",  # where its arrivals are buffered, how many can be, which are
                "pieces", "piece", "piece_count",  # its batch of pieces, and the one that `tau` is in
                "exhausted",  # 1 when no pieces come after those
                "head_ns", "tail_ns",  # as of a `Cursor`
            )
        ),
    ]
)  # fmt: skip
"""A load, and where it stands."""

ORIGIN: Final = np.dtype([(name, np.int64) for name in ("request", "actor", "index")])
"""Whose a load's next request in order of time is: its load's first request, its actor, and its running number."""

PIECE: Final = np.dtype(
    [
        ("begin_ns", np.int64), ("end_ns", np.int64), ("rate", np.float64), ("slope", np.float64),
        ("integral", np.float64), ("until", np.float64),
    ]
)  # fmt: skip
"""A piece of a rate; the rate's integral before it and through it."""

MOST_BUCKETS: Final = 1 << 18
"""Times are sorted by as many buckets as there are, at most so many: more leave the processor's cache."""
