"""The loop: one attempt after another, from its row to the tables. Twin of ``Metrics._attempts`` and what it calls.

Attempts in flight are left out, for they end when the run does. Nothing here grows: the loop stops at a row for which
there may be no room, and is called again when the tables are empty.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.metrics.cells import Int64
from lambdasim.metrics.compiled.jit import float_bits, kernel
from lambdasim.metrics.compiled.tables import (
    ATTEMPT,
    BOTH,
    DURATION,
    GROUPS,
    HIGH,
    INIT,
    KIND_BITS,
    LARGEST,
    LATENCY_COLD,
    LATENCY_WARM,
    LOW,
    PAGE_BITS,
    PAGE_INDEX_BITS,
    PAGES,
    SMALLEST,
    USUAL,
    Tables,
)
from lambdasim.metrics.histogram import BIN_OF_ONE, BIN_SHIFT
from lambdasim.metrics.tally import CODE_BITS, code_of
from lambdasim.model import rules
from lambdasim.model.events import LOAD_SHIFT, StartKind, Status
from lambdasim.records import INVOCATION_COLUMNS

(
    REQUEST, ATTEMPT_NUMBER, FUNCTION, FIRST_ARRIVAL_NS, ARRIVAL_NS, STATUS, REASON, FINAL, _, PROVISIONED, START,
    PLACEMENT_NS, INIT_NS, DURATION_NS, END_NS, FUNCTION_CONCURRENCY, PROVISIONED_CONCURRENCY, UNRESERVED_CONCURRENCY,
    ACCOUNT_CONCURRENCY, CLAIMED_CONCURRENCY, ENVIRONMENTS,
) = range(len(INVOCATION_COLUMNS))  # fmt: skip
THROTTLED, IN_FLIGHT = int(Status.THROTTLED), int(Status.IN_FLIGHT)
COLD, COLD_INIT_TIMEOUT = int(StartKind.COLD), int(StartKind.COLD_INIT_TIMEOUT)
MOST_GROUPS: Final = 2
"""How many groups a row adds at most: that of its arrival and that of its end."""
MOST_PAGES: Final = 4
"""How many pages a row adds at most: attempt, duration, latency and init."""
LOW_HALF: Final = 0xFFFFFFFF
SPREAD: Final = 0x9E3779B97F4A7C15 - (1 << 64)  # the golden ratio, as everywhere
NUMBER_BITS: Final = CODE_BITS - PAGE_BITS
billed_ms: Callable[..., int] = kernel(rules.billed_ms)
code: Callable[..., int] = kernel(code_of)


class MeterLaw(NamedTuple):
    """What the meter was told."""

    period_ns: int
    warmup_ns: int
    loads: int
    timed_out_init: int
    init_billed: Int64
    """By function: 1 when its init is billed."""
    ready_ns: Int64
    """By function: when its provisioned concurrency becomes ready."""


NO_LAW: Final = MeterLaw(1, 0, 1, 1, np.zeros(0, np.int64), np.zeros(0, np.int64))


def run(tables: Tables, law: MeterLaw, rows: Int64, begin: int) -> int:
    """Count rows from ``begin`` on and return the row before which there was no more room, or how many there are."""
    loop = tables.loop[0]
    period, period_begin, period_end = 0, 0, 0
    last_key, group = -1, 0
    for i in range(begin, len(rows)):
        row = rows[i]
        if loop.groups + MOST_GROUPS > GROUPS or loop.pages + MOST_PAGES > PAGES:
            return i
        status, function, arrival_ns, first_ns = row[STATUS], row[FUNCTION], row[ARRIVAL_NS], row[FIRST_ARRIVAL_NS]
        if status == IN_FLIGHT:
            loop.in_flight += 1
            continue
        if not period_begin <= arrival_ns < period_end:
            period = arrival_ns // law.period_ns
            period_begin = period * law.period_ns
            period_end = period_begin + law.period_ns
        load = row[REQUEST] >> LOAD_SHIFT
        measured, after = int(first_ns >= law.warmup_ns), int(arrival_ns >= law.warmup_ns)
        cell = (period * len(law.ready_ns) + function) * law.loads + load
        key = (cell << 1 | measured) << 1 | after
        if key != last_key:
            group = group_of(tables, key)
            last_key = key

        ready = int(arrival_ns >= law.ready_ns[function])
        retried, final, start, provisioned = int(row[ATTEMPT_NUMBER] > 0), row[FINAL], row[START], row[PROVISIONED]
        what = code(status, row[REASON], start, provisioned, retried, final, 0, ready)
        if what == USUAL:
            tables.groups[group].usual += 1
        else:
            count(tables, group, ATTEMPT, what)
        end_ns = row[END_NS]
        gone_ns = arrival_ns if status == THROTTLED else end_ns
        area_ns = (gone_ns if final == 1 else 0) - (0 if retried else first_ns)
        loop.area_high += area_ns >> 32
        loop.area_low += area_ns & LOW_HALF
        if final == 1:
            loop.sojourn_high += (gone_ns - first_ns) >> 32
            loop.sojourn_low += (gone_ns - first_ns) & LOW_HALF
        if status == THROTTLED:
            continue

        duration_ns, init_ns, cold = row[DURATION_NS], row[INIT_NS], start in (COLD, COLD_INIT_TIMEOUT)
        latency_ns = end_ns - first_ns
        both = final == 1 and not cold and latency_ns == duration_ns
        sample(tables, group, BOTH if both else DURATION, duration_ns)
        if final == 1 and not both:
            sample(tables, group, LATENCY_COLD if cold else LATENCY_WARM, latency_ns)
        if cold:
            sample(tables, group, INIT, init_ns)

        own = tables.groups[group]
        own.executions += 1
        own.busy_ns += row[PLACEMENT_NS] + init_ns + duration_ns
        if cold:
            own.cold_ns += row[PLACEMENT_NS] + init_ns
        init_billed = law.init_billed[function] if law.timed_out_init or start != COLD_INIT_TIMEOUT else 0
        billed = billed_ms(duration_ns, init_ns, init_billed)
        if provisioned:
            own.provisioned_billed_ms += billed
        else:
            own.billed_ms += billed
        own.function_concurrency = max(own.function_concurrency, row[FUNCTION_CONCURRENCY])
        own.provisioned_concurrency = max(own.provisioned_concurrency, row[PROVISIONED_CONCURRENCY])
        own.environments = max(own.environments, row[ENVIRONMENTS])
        own.account_concurrency = max(own.account_concurrency, row[ACCOUNT_CONCURRENCY])
        own.unreserved_concurrency = max(own.unreserved_concurrency, row[UNRESERVED_CONCURRENCY])
        own.claimed_concurrency = max(own.claimed_concurrency, row[CLAIMED_CONCURRENCY])

        # twin of `Occupancy.add`
        across = end_ns > period_end
        part = (period_end if across else end_ns) - arrival_ns
        own.changes += 1
        own.enter += across
        own.part += part
        if provisioned:
            own.provisioned_changes += 1
            own.provisioned_enter += across
            own.provisioned_part += part
        if arrival_ns < law.warmup_ns:
            outlives, before_ns = end_ns > law.warmup_ns, min(end_ns, law.warmup_ns) - arrival_ns
            own.at_warmup += outlives
            own.before_ns += before_ns
            if provisioned:
                own.provisioned_at_warmup += outlives
                own.provisioned_before_ns += before_ns
        if across:
            last = (end_ns - 1) // law.period_ns
            place = last * len(law.ready_ns) + function
            ending = tables.groups[group_of(tables, (place * law.loads + load) << 2 | key & 3)]
            rest = end_ns - (last + 1) * law.period_ns
            ending.changes += 1
            ending.enter -= 1
            ending.part += rest
            if provisioned:
                ending.provisioned_changes += 1
                ending.provisioned_enter -= 1
                ending.provisioned_part += rest
    return len(rows)


@kernel
def sample(tables: Tables, group: int, kind: int, value: int) -> None:
    """Count a value. Twin of ``histogram.bin_of`` and ``Samples.add``."""
    count(tables, group, kind, max((float_bits(value) >> BIN_SHIFT) - BIN_OF_ONE, 0))
    moments = tables.moments
    moments[group, kind, HIGH] += value >> 32
    moments[group, kind, LOW] += value & LOW_HALF
    moments[group, kind, LARGEST] = max(moments[group, kind, LARGEST], value)
    moments[group, kind, SMALLEST] = min(moments[group, kind, SMALLEST], value)


@kernel
def count(tables: Tables, group: int, kind: int, code: int) -> None:
    """Count one more of a code, in its page."""
    loop = tables.loop[0]
    key = (group << KIND_BITS | kind) << CODE_BITS - PAGE_BITS | code >> PAGE_BITS
    # a group's pages are neighbours in the index, too
    slot = ((key >> NUMBER_BITS) * SPREAD >> 32) + (key & (1 << NUMBER_BITS) - 1) & (2 * PAGES - 1)
    while True:
        entry = tables.page_index[slot]
        if entry < 0:
            page = loop.pages
            loop.pages += 1
            tables.page_index[slot] = key << PAGE_INDEX_BITS | page
            tables.page_keys[page] = key
            break
        if entry >> PAGE_INDEX_BITS == key:
            page = entry & PAGES - 1
            break
        slot = (slot + 1) & (2 * PAGES - 1)
    tables.counts[page, code & ((1 << PAGE_BITS) - 1)] += 1


@kernel
def group_of(tables: Tables, key: int) -> int:
    """Return the number of the group of this key, a new one if there is none."""
    loop = tables.loop[0]
    slot = (key * SPREAD >> 32) & (2 * GROUPS - 1)
    while True:
        group: int = tables.group_index[slot]
        if group < 0:
            group = loop.groups
            loop.groups += 1
            tables.group_index[slot] = group
            tables.groups[group].key = key
            break
        if tables.groups[group].key == key:
            break
        slot = (slot + 1) & (2 * GROUPS - 1)
    return group


def collect(counts: NDArray[np.int32], pages: Int64, first: Int64, keys: Int64, found: Int64) -> int:
    """Write the keys and counts in some pages, one after another, and return how many there are.

    ``first`` is the key of each page's first count, ascending; pages of the same keys are added up. The columns written
    have room for one more than there are.
    """
    done = begin = 0
    while begin < len(pages):
        end = begin + 1
        while end < len(pages) and first[end] == first[begin]:
            end += 1
        for place in range(1 << PAGE_BITS):
            number = counts[pages[begin], place]
            for i in range(begin + 1, end):
                number += counts[pages[i], place]
            keys[done], found[done] = first[begin] + place, number
            done += number > 0  # without a branch, for its outcome is a coin's
        begin = end
    return done
