"""The loops that pace arrivals: many loads' next times at once, and their rows in order of time.

Twin of ``SyntheticLoad.blocks`` with its ``TimeChange``, and of ``merge.Cursor``.
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from typing import Final

import numpy as np

from lambdasim.machine_code.jit import kernel
from lambdasim.model.events import NEVER_NS
from lambdasim.units import NS_PER_S
from lambdasim.workload.compiled.drawing import WHOLE, unit

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
                "place", "room", "count",  # where its arrivals are buffered, how many can be and are
                "pieces", "piece", "piece_count",  # its batch of pieces, and the one that `tau` is in
                "exhausted",  # 1 when no pieces come after those
                "head_ns", "tail_ns",  # as of a `Cursor`
            )
        ),
    ]
)  # fmt: skip
"""A load, and where it stands."""

PIECE: Final = np.dtype(
    [
        ("begin_ns", np.int64), ("end_ns", np.int64), ("rate", np.float64), ("slope", np.float64),
        ("integral", np.float64), ("until", np.float64),
    ]
)  # fmt: skip
"""A piece of a rate; the rate's integral before it and through it."""

DIGIT_BITS: Final = 11
DIGITS: Final = 6
"""Times are sorted by so many digits of so many bits each."""


@kernel
def survival(loads, some, ends, result) -> None:
    """Write 1 minus the draw of each load's next gaps; those of ``some[i]`` end before row ``ends[i]``."""
    row = 0
    for i in range(len(some)):
        load = loads[some[i]]
        key, first = load.key, load.drawn - row
        for place in range(row, ends[i]):
            result[place] = 1.0 - unit(key, np.uint64(first + place))
        row = ends[i]


@kernel
def pace(loads, some, ends, logs, pieces, times, at) -> int:
    """Buffer arrivals at gaps of minus ``logs``; return 1 when a load needs its next pieces first, else 0.

    ``at`` holds the place in ``some`` and the row of ``logs`` to begin with, and afterwards those to go on with.
    """
    for i in range(at[0], len(some)):
        load = loads[some[i]]
        tau, latest_ns, drawn, piece, count = load.tau, load.latest_ns, load.drawn, load.piece, load.count
        row, over, lacking = at[1], False, False
        while row < ends[i]:
            after = (-logs[row] if load.poisson else (1.0 if drawn else 0.0)) + tau
            while piece < load.piece_count and pieces[load.pieces + piece].until <= after:
                piece += 1
            if piece == load.piece_count:
                over, lacking = load.exhausted == 1, load.exhausted == 0
                break
            own = pieces[load.pieces + piece]
            area = after - own.integral
            root = np.sqrt(max(own.rate * own.rate + 2.0 * own.slope * area, 0.0)) + own.rate
            ns = 2.0 * NS_PER_S * area / root if root > 0.0 else 0.0
            time_ns = min(own.begin_ns + np.int64(ns if ns >= WHOLE else ns + WHOLE - WHOLE), own.end_ns)
            tau = after
            if time_ns >= load.lasts_ns:
                over = True
                break
            latest_ns = max(latest_ns, time_ns)
            times[load.place + count] = load.start_ns + latest_ns
            count += 1
            drawn += 1
            row += 1
        load.tau, load.latest_ns, load.drawn, load.piece, load.count = tau, latest_ns, drawn, piece, count
        load.tail_ns = NEVER_NS if over else load.start_ns + latest_ns
        load.head_ns = times[load.place] if count else load.tail_ns
        if lacking:
            at[0], at[1] = i, row
            return 1
        at[1] = ends[i]
    return 0


@kernel
def take(loads, goal_ns, times, arrival_ns, request, actor, index) -> int:
    """Hand over the buffered arrivals before a time, load by load, and return how many."""
    done = 0
    for number in range(len(loads)):
        load = loads[number]
        if load.head_ns >= goal_ns:
            continue
        place, taken = load.place, 0
        while taken < load.count and times[place + taken] < goal_ns:
            arrival_ns[done] = times[place + taken]
            request[done] = load.request + load.taken + taken
            actor[done] = load.actor
            index[done] = load.taken + taken
            taken += 1
            done += 1
        for i in range(taken, load.count):
            times[place + i - taken] = times[place + i]
        load.count -= taken
        load.taken += taken
        load.head_ns = times[place] if load.count else load.tail_ns
    return done


@kernel
def order(times, places, spare_times, spare_places, digits) -> None:
    """Sort times, and number them by where they stood; those of one instant stay in their order.

    A radix sort; ``digits`` has room for all numbers of all digits. What is sorted ends where it was.
    """
    size = len(times)
    mask = (1 << DIGIT_BITS) - 1
    digits[:] = 0
    low = times[0]
    for i in range(size):
        low = min(low, times[i])
    for i in range(size):
        places[i] = i
        time = times[i] - low
        for digit in range(DIGITS):
            digits[digit << DIGIT_BITS | (time >> digit * DIGIT_BITS) & mask] += 1
    swapped = False
    for digit in range(DIGITS):
        shift, first = digit * DIGIT_BITS, digit << DIGIT_BITS
        if digits[first | ((times[0] - low) >> shift) & mask] == size:
            continue
        before = 0
        for i in range(first, first + mask + 1):
            before, digits[i] = before + digits[i], before
        for i in range(size):
            place = first | ((times[i] - low) >> shift) & mask
            spare_times[digits[place]] = times[i]
            spare_places[digits[place]] = places[i]
            digits[place] += 1
        times, spare_times = spare_times, times
        places, spare_places = spare_places, places
        swapped = not swapped
    if swapped:
        for i in range(size):
            spare_times[i] = times[i]
            spare_places[i] = places[i]
