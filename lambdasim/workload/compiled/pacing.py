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

MOST_MOVES: Final = 4
"""How many moves per row, on the average, may be needed to put in order what is in one bucket."""


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
        tau, latest_ns, drawn, piece, end = load.tau, load.latest_ns, load.drawn, load.piece, load.end
        row, over, lacking = at[1], False, False
        poisson, start_ns, lasts_ns = load.poisson == 1, load.start_ns, load.lasts_ns
        first = load.place + end - drawn
        # what is known of the piece that `tau` is in is kept apart from the record, which is read once
        until, integral, rate, slope, level, begin_ns, end_ns = -np.inf, 0.0, 0.0, 0.0, 0.0, 0, 0
        while row < ends[i]:
            after = (-logs[row] if poisson else (1.0 if drawn else 0.0)) + tau
            if until <= after:
                while piece < load.piece_count and pieces[load.pieces + piece].until <= after:
                    piece += 1
                if piece == load.piece_count:
                    over, lacking = load.exhausted == 1, load.exhausted == 0
                    break
                own = pieces[load.pieces + piece]
                until, integral, rate, slope = own.until, own.integral, own.rate, own.slope
                begin_ns, end_ns = own.begin_ns, own.end_ns
                level = np.sqrt(max(rate * rate, 0.0)) + rate
            area, root = after - integral, level
            if slope != 0.0:
                root = np.sqrt(max(rate * rate + 2.0 * slope * area, 0.0)) + rate
            ns = 2.0 * NS_PER_S * area / root if root > 0.0 else 0.0
            time_ns = min(begin_ns + np.int64(ns if ns >= WHOLE else ns + WHOLE - WHOLE), end_ns)
            tau = after
            if time_ns >= lasts_ns:
                over = True
                break
            latest_ns = max(latest_ns, time_ns)
            times[first + drawn] = start_ns + latest_ns
            drawn += 1
            row += 1
        end = first + drawn - load.place
        load.tau, load.latest_ns, load.drawn, load.piece, load.end = tau, latest_ns, drawn, piece, end
        load.tail_ns = NEVER_NS if over else load.start_ns + latest_ns
        load.head_ns = times[load.place + load.begin] if load.begin < end else load.tail_ns
        if lacking:
            at[0], at[1] = i, row
            return 1
        at[1] = ends[i]
    return 0


@kernel
def make_room(loads, some, sizes, times) -> int:
    """Move what is buffered of some loads to the front of where it is; return for how many that is not enough room."""
    lacking = 0
    for i in range(len(some)):
        load = loads[some[i]]
        if load.end + sizes[i] > load.room:
            for place in range(load.begin, load.end):
                times[load.place + place - load.begin] = times[load.place + place]
            load.begin, load.end = 0, load.end - load.begin
            lacking += load.end + sizes[i] > load.room
    return lacking


@kernel
def take(loads, goal_ns, times, arrival_ns, numbers, origins) -> int:
    """Hand over the buffered arrivals before a time, load by load, and return how many.

    ``numbers`` gets the load of each, and ``origins`` whose the first one of a load is.
    """
    done = 0
    for number in range(len(loads)):
        load = loads[number]
        if load.head_ns >= goal_ns:
            continue
        first, place, end = load.place + load.begin, load.place + load.begin, load.place + load.end
        own = origins[number]
        own.request, own.actor, own.index = load.request, load.actor, load.taken
        while place < end and times[place] < goal_ns:
            arrival_ns[done] = times[place]
            numbers[done] = number
            place += 1
            done += 1
        load.begin += place - first
        load.taken += place - first
        load.head_ns = times[place] if place < end else load.tail_ns
    return done


@kernel
def sort(taken_ns, numbers, packed, buckets, arrival_ns) -> int:
    """Write the times that were taken in order, and the loads that they are of; say whether that was done.

    Times of one instant stay in their order, which is that of their loads. They are strewn over buckets of so many bits
    of time that hardly any holds two, and put in order within: which is left to others where times are too uneven for
    that, or too far apart to be held in one integer with their loads. ``packed`` becomes the loads.
    """
    size = len(taken_ns)
    low = high = taken_ns[0]
    for i in range(size):
        low, high = min(low, taken_ns[i]), max(high, taken_ns[i])
    shift, bits = 0, 0
    while (high - low) >> shift >= len(buckets):
        shift += 1
    while np.int64(numbers[size - 1]) >> bits:
        bits += 1
    if (high - low) >> (63 - bits):
        return 0
    buckets[:] = 0
    for i in range(size):
        buckets[(taken_ns[i] - low) >> shift] += 1
    before = 0
    for i in range(((high - low) >> shift) + 1):
        before, buckets[i] = before + buckets[i], before
    for i in range(size):
        after = taken_ns[i] - low
        bucket = after >> shift
        packed[buckets[bucket]] = after << bits | numbers[i]
        buckets[bucket] += 1
    latest = packed[0]  # first by neighbours, without a branch, for its outcome is a coin's; hardly any are left then
    for i in range(1, size):
        packed[i - 1], latest = min(latest, packed[i]), max(latest, packed[i])
    packed[size - 1] = latest
    left = MOST_MOVES * size
    for i in range(1, size):
        own, to = packed[i], i
        if packed[i - 1] <= own:
            continue
        while to > 0 and packed[to - 1] > own:
            packed[to] = packed[to - 1]
            to -= 1
        packed[to] = own
        left -= i - to
        if left < 0:
            return 0
    for i in range(size):
        arrival_ns[i] = low + (packed[i] >> bits)
        packed[i] &= (1 << bits) - 1
    return 1


@kernel
def name(origins, numbers, request, actor, index) -> None:
    """Write whose the rows are that are of these loads: those of one load follow one another."""
    for i in range(len(numbers)):
        own = origins[numbers[i]]
        index[i] = own.index
        request[i] = own.request + own.index
        actor[i] = own.actor
        own.index += 1
