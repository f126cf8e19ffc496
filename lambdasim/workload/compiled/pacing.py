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
from lambdasim.workload.compiled.tables import DIGIT_BITS, NUMBERS, PLACE_BITS, SORTED_BITS

MOST_MOVES: Final = 4
"""How many moves per row, on the average, may be needed to put in order what the upper bits leave."""


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
def take(loads, goal_ns, times, arrival_ns, numbers) -> int:
    """Hand over the buffered arrivals before a time, load by load, and return how many.

    ``numbers`` gets the load of each.
    """
    done = 0
    for number in range(len(loads)):
        load = loads[number]
        if load.head_ns >= goal_ns:
            continue
        first, place, end = load.place + load.begin, load.place + load.begin, load.place + load.end
        load.sequence = load.taken - done
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
def order(loads, taken_ns, numbers, places, spare, packed, digits, arrival_ns, request, actor, index) -> None:
    """Write the rows that were taken, in order of time; those of one instant stay in their order.

    They are sorted by the upper bits of the times, which leaves little to do where those are spread evenly, and by all
    bits where they are not. ``places``, ``spare`` and ``packed`` have as many rows, and ``digits`` has room for all
    numbers of all digits.
    """
    size = len(arrival_ns)
    low = high = taken_ns[0]
    ascending = True
    for i in range(size):
        ascending &= high <= taken_ns[i]
        low, high = min(low, taken_ns[i]), max(high, taken_ns[i])
        places[i] = i
    bits = 0
    while (high - low) >> bits and not ascending:
        bits += 1
    shift = max(bits - SORTED_BITS, 0)
    if not ascending:
        sort(taken_ns, low, shift, places, packed, spare, digits)
    if not settle(taken_ns, arrival_ns, places) and shift:
        for i in range(size):
            places[i] = i
        for lower in range(0, bits, SORTED_BITS):
            sort(taken_ns, low, lower, places, packed, spare, digits)
        settle(taken_ns, arrival_ns, places)
    for i in range(size):
        place = places[i]
        load = loads[numbers[place]]
        index[i] = load.sequence + place
        request[i] = load.request + load.sequence + place
        actor[i] = load.actor


@kernel
def sort(times, low, shift, places, packed, spare, digits) -> None:
    """Sort places by some bits of the times there; places of equal bits stay in their order. A radix sort."""
    digits[:] = 0
    for i in range(len(places)):
        part = ((times[places[i]] - low) >> shift) & ((1 << SORTED_BITS) - 1)
        packed[i] = part << PLACE_BITS | places[i]
        digits[part & NUMBERS] += 1
        digits[1 + NUMBERS + (part >> DIGIT_BITS)] += 1
    for first in (0, 1 + NUMBERS):
        before = 0
        for number in range(first, first + 1 + NUMBERS):
            before, digits[number] = before + digits[number], before
    for i in range(len(places)):
        number = (packed[i] >> PLACE_BITS) & NUMBERS
        spare[digits[number]] = packed[i]
        digits[number] += 1
    for i in range(len(places)):
        number = 1 + NUMBERS + (spare[i] >> PLACE_BITS + DIGIT_BITS)
        places[digits[number]] = spare[i] & ((1 << PLACE_BITS) - 1)
        digits[number] += 1


@kernel
def settle(times, ordered_times, places) -> bool:
    """Write the times of places, and finish the order of both, if it nearly is one; else say so."""
    left = MOST_MOVES * len(times)
    for i in range(len(times)):
        place, to = places[i], i
        time = times[place]
        while to > 0 and ordered_times[to - 1] > time:
            ordered_times[to], places[to] = ordered_times[to - 1], places[to - 1]
            to -= 1
        ordered_times[to], places[to] = time, place
        left -= i - to
        if left < 0:
            return False
    return True
