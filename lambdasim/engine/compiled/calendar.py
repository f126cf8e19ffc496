"""The ends of invocations that are under way, by the day on which they fall: a calendar queue (R. Brown, CACM 31(10),
1988) beside a heap.

Days are so short that hardly two ends fall on one. Each has a list of environments in no order; bits say which days of
a month have any, and which months of a year. The first end of all is taken out of its list; when several fall on its
day, they go to the heap of completions, as do those that lie too far ahead for their days to be told apart. So how long
a day is decides how long this takes, and about nothing else: whatever is first of both comes first. A busy environment
holds the complement of its end in ``expires_ns`` and the next one of its day in ``right``.
"""

from typing import Final

from lambdasim.engine.compiled import SLOT_BITS, heap
from lambdasim.engine.compiled.state import MONTH_BITS, State
from lambdasim.machine_code.jit import kernel, prefetch, trailing_zeros
from lambdasim.model.events import NEVER_NS

SLOT_MASK: Final = (1 << SLOT_BITS) - 1
MONTH_MASK: Final = (1 << MONTH_BITS) - 1


@kernel
def add(state: State, slot: int, at_ns: int) -> None:
    """Let the invocation in an environment end at ``at_ns``."""
    loop, number = state.loop[0], state.environments[slot].number
    if (at_ns >> loop.day_shift) - (loop.now_ns >> loop.day_shift) > loop.last_day:
        heap.push(state.completions, loop.completions, at_ns, number << SLOT_BITS | slot, None)
        loop.completions += 1
    elif at_ns < loop.first_ns or (at_ns == loop.first_ns and number < state.environments[loop.first].number):
        if loop.first_ns < NEVER_NS:
            enter(state, loop.first, loop.first_ns)
        loop.first, loop.first_ns = slot, at_ns
    else:
        enter(state, slot, at_ns)


@kernel
def enter(state: State, slot: int, at_ns: int) -> None:
    """Put an environment into the list of its day."""
    loop, environment = state.loop[0], state.environments[slot]
    day = place(state, at_ns)
    month = day >> MONTH_BITS
    environment.expires_ns, environment.right = -1 - at_ns, state.days[day]
    state.days[day] = slot
    state.months[month] |= 1 << (day & MONTH_MASK)
    state.years[month >> MONTH_BITS] |= 1 << (month & MONTH_MASK)
    loop.entered += 1


@kernel
def place(state: State, at_ns: int) -> int:
    """Return the place of a day in the calendar."""
    loop = state.loop[0]
    result: int = (at_ns >> loop.day_shift) & loop.last_day
    return result


@kernel
def first_ns(state: State) -> int:
    """Return when the first invocation ends."""
    result: int = min(state.loop[0].first_ns, state.completions[0].at_ns)
    return result


@kernel
def first_is_in_heap(state: State) -> bool:
    """Say whether the first invocation to end is the heap's; there is one."""
    loop, in_heap = state.loop[0], state.completions[0]
    if in_heap.at_ns == loop.first_ns:
        tied: bool = in_heap.subject >> SLOT_BITS < state.environments[loop.first].number
        return tied
    sooner: bool = in_heap.at_ns < loop.first_ns
    return sooner


@kernel
def first_number(state: State) -> int:
    """Return the number of the environment whose invocation ends first; there is one."""
    if first_is_in_heap(state):
        in_heap: int = state.completions[0].subject >> SLOT_BITS
        return in_heap
    result: int = state.environments[state.loop[0].first].number
    return result


@kernel
def take(state: State) -> int:
    """Take out the environment whose invocation ends first, and return its slot; there is one."""
    loop = state.loop[0]
    slot: int = loop.first
    if first_is_in_heap(state):
        slot = state.completions[0].subject & SLOT_MASK
        loop.completions -= 1
        heap.pop(state.completions, loop.completions, None)
        prefetch_completions(state)
    else:
        find(state, place(state, loop.first_ns))
    return slot


@kernel
def find(state: State, day: int) -> None:
    """Take the first end from ``day`` on out of its list, and all that come before it to the heap."""
    loop = state.loop[0]
    while loop.entered > 0:
        month = day >> MONTH_BITS
        bits = state.months[month] & (-1 << (day & MONTH_MASK))
        if bits == 0:
            month = next_month(state, month)
            bits = state.months[month]
        prefetch_later(state, month, bits)
        day = (month << MONTH_BITS) + trailing_zeros(bits)
        slot = state.days[day]
        state.days[day] = -1
        state.months[month] &= ~(bits & -bits)
        if state.months[month] == 0:  # else its other days come later in it, or in a year
            state.years[month >> MONTH_BITS] &= ~(1 << (month & MONTH_MASK))
        environment = state.environments[slot]
        if environment.right < 0:
            loop.entered -= 1
            loop.first, loop.first_ns = slot, -1 - environment.expires_ns
            prefetch(state.functions, environment.pool >> 1)
            prefetch(state.pools, environment.pool)
            return
        while slot >= 0:
            environment = state.environments[slot]
            subject = environment.number << SLOT_BITS | slot
            heap.push(state.completions, loop.completions, -1 - environment.expires_ns, subject, None)
            loop.completions += 1
            loop.entered -= 1
            slot = environment.right
    loop.first_ns = NEVER_NS


@kernel
def next_month(state: State, month: int) -> int:
    """Return the first month after another that has an end; after the last one comes the first."""
    year = month >> MONTH_BITS
    bits = state.years[year] & (-2 << (month & MONTH_MASK))
    while bits == 0:
        year = (year + 1) & (state.loop[0].last_day >> 2 * MONTH_BITS)
        bits = state.years[year]
    found: int = (year << MONTH_BITS) + trailing_zeros(bits)
    return found


@kernel
def prefetch_later(state: State, month: int, bits: int) -> None:
    """Ask for the environment of the fourth day with an end, of a month's ``bits`` and all of the next one's.

    As soon as that memory takes to come, the loop will have got there. Where there is no such day, any will do.
    """
    later = bits | state.months[month + 1] << (1 << MONTH_BITS)
    later &= later - 1
    later &= later - 1
    later &= later - 1
    prefetch(state.environments, state.days[(month << MONTH_BITS) + trailing_zeros(later) & state.loop[0].last_day])


@kernel
def prefetch_completions(state: State) -> None:
    """Ask for what the heap's next end needs, and for the environments of those that may be the one after it."""
    following = state.environments[state.completions[0].subject & SLOT_MASK].pool
    prefetch(state.functions, following >> 1)
    prefetch(state.pools, following)
    for child in range(1, 5):
        prefetch(state.environments, state.completions[child].subject & SLOT_MASK)
