"""How long a day of the calendar is, and how many days there are: so that hardly two invocations end on one day, and
most end within them all.
"""

from typing import Final

import numpy as np

from lambdasim.engine.compiled import SLOT_BITS
from lambdasim.engine.compiled.state import FEWEST_DAYS, MONTH_BITS, MOST_DAYS, State
from lambdasim.engine.compiled.structs import Records
from lambdasim.model.events import NEVER_NS
from lambdasim.records import Int64

DAYS_BETWEEN_ENDS: Final = 4
"""Of twice as many or half as many either speed is about the same."""

MEANS: Final = 4
"""So many mean durations all days are to last together."""

SAMPLED: Final = 1_024
"""Of so many durations at least the mean is taken."""


def suited(state: State, arrival_ns: Int64, duration_ns: Int64) -> State:
    """Return the state with a calendar that suits some requests, in order, unless it has one that nearly does."""
    loop, rows = state.loop[0], len(arrival_ns)
    span_ns = int(arrival_ns[-1] - arrival_ns[0]) if rows else 0
    if span_ns == 0:
        return state
    mean_ns = int(np.mean(duration_ns[:: max(rows // SAMPLED, 1)]))
    shift = max(span_ns // (DAYS_BETWEEN_ENDS * rows), 1).bit_length() - 1
    days = 1 << max(min(MEANS * mean_ns, NEVER_NS) >> shift, FEWEST_DAYS - 1).bit_length()
    while days > MOST_DAYS:
        days, shift = days >> 1, shift + 1
    if abs(shift - int(loop["day_shift"])) < 2 and days <= int(loop["last_day"]) + 1:
        return state
    ends = _ends(state)
    state.completions[: len(ends)] = ends
    loop["completions"], loop["entered"], loop["first_ns"] = len(ends), 0, NEVER_NS
    loop["day_shift"], loop["last_day"] = shift, days - 1
    return state._replace(
        days=np.full(days, -1, state.days.dtype),
        months=np.zeros((days >> MONTH_BITS) + 1, state.months.dtype),
        years=np.zeros(days >> 2 * MONTH_BITS, state.years.dtype),
    )


def _ends(state: State) -> Records:
    """Return the ends of all that is under way in their order, which is that of a heap."""
    loop, environments = state.loop[0], state.environments
    in_heap = state.completions[: loop["completions"]]
    if loop["first_ns"] == NEVER_NS:
        return in_heap[np.lexsort((in_heap["subject"], in_heap["at_ns"]))]
    environments["expires_ns"][loop["first"]] = -1 - loop["first_ns"]
    slots, following = [loop["first"]], state.days[state.days >= 0]
    while len(following):
        slots.extend(following)
        following = environments["right"][following]
        following = following[following >= 0]
    in_calendar = np.empty(len(slots), in_heap.dtype)
    in_calendar["at_ns"] = -1 - environments["expires_ns"][slots]
    in_calendar["subject"] = environments["number"][slots] << SLOT_BITS | np.array(slots)
    ends = np.concatenate((in_heap, in_calendar))
    return ends[np.lexsort((ends["subject"], ends["at_ns"]))]
