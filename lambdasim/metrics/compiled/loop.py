"""The loop: one attempt after another, from its row to the tables.

Twin of ``Metrics._attempts`` and what it calls. Attempts in flight are left out, for they end when the run does.
Nothing here grows: the loop stops at a row for which there may be no room, and is called again when the tables
are empty.
"""

from collections.abc import Callable
from typing import Any, Final

from numpy.typing import NDArray

from lambdasim.machine_code.jit import float_bits, kernel, prefetch
from lambdasim.metrics.compiled.tables import (
    ATTEMPT,
    GROUPS,
    HISTOGRAMS,
    KIND_BITS,
    LINES,
    LOG,
    NO_VALUE,
    USUAL,
    VALUE_BITS,
    Tables,
)
from lambdasim.metrics.histogram import BIN_BITS, BIN_OF_ONE, BIN_SHIFT
from lambdasim.metrics.ledger import BOTH, DURATION, INIT, LATENCY_COLD, LATENCY_WARM, RESTORE
from lambdasim.metrics.tally import code_of
from lambdasim.metrics.utilization import BITS
from lambdasim.model import rules
from lambdasim.model.events import LOAD_SHIFT, StartKind, Status

SUCCESS, THROTTLED, IN_FLIGHT = int(Status.SUCCESS), int(Status.THROTTLED), int(Status.IN_FLIGHT)
WARM, COLD, COLD_INIT_TIMEOUT = int(StartKind.WARM), int(StartKind.COLD), int(StartKind.COLD_INIT_TIMEOUT)
RESTORED = int(StartKind.RESTORED)
MOST_GROUPS: Final = 2
"""How many groups a row adds at most: that of its arrival and that of its end."""
MOST_ENTRIES: Final = 4
"""How many entries a row logs at most: attempt, duration, latency and init."""
AHEAD: Final = 8
"""How many rows before its own the memory that an attempt needs is asked for: about as long as memory takes."""
ALIKE: Final = 4
"""After so many attempts of one group, one after the other, more of them are expected where it has a histogram."""
ALIKE_FOR_LONG: Final = 64
"""After so many it gets one."""
MOST_COUNTED: Final = 1 << 28
"""Attempts in histograms, whose cells are handed over as `int32`."""
LOW_HALF: Final = 0xFFFFFFFF
SPREAD: Final = 0x9E3779B97F4A7C15 - (1 << 64)  # the golden ratio, as everywhere
billed_ms: Callable[..., int] = kernel(rules.billed_ms)
billed_restored_ms: Callable[..., int] = kernel(rules.billed_restored_ms)
code: Callable[..., int] = kernel(code_of)


@kernel
def run(tables: Tables, rows: NDArray[Any], begin: int) -> int:
    """Count rows from ``begin`` on and return the row before which there was no more room, or how many there are."""
    loop, settings = tables.loop[0], tables.settings[0]
    functions = len(tables.functions)
    period_begin, period_end = loop.period_begin, loop.period_end
    period = period_begin // settings.period_ns
    first_whole_ns, last_whole_ns = max(period_begin, settings.warmup_ns), min(period_end, settings.loads_end_ns)
    group, alike = -1, 0
    i = begin - 1
    while i + 1 < len(rows):
        i += 1
        if alike == ALIKE_FOR_LONG or (alike == ALIKE and tables.groups[group].histogram > 0):
            alike = 0
            i = usual(tables, rows, i, group, first_whole_ns, last_whole_ns)
            if i == len(rows):
                break
        row = rows[i]
        if loop.groups + MOST_GROUPS > GROUPS or loop.logged + MOST_ENTRIES > LOG:
            return i
        function, arrival_ns, first_ns, end_ns = row.function, row.arrival_ns, row.first_arrival_ns, row.end_ns
        at_once = is_usual(row) and first_whole_ns <= arrival_ns < period_end and end_ns <= last_whole_ns
        if not at_once:
            if row.status == IN_FLIGHT:
                loop.in_flight += 1
                continue
            if not period_begin <= arrival_ns < period_end:
                if loop.logged > LOG // 2:  # handed over now, it need not be merged with what follows
                    return i
                period = arrival_ns // settings.period_ns
                period_begin = period * settings.period_ns
                period_end = period_begin + settings.period_ns
                loop.period_begin, loop.period_end = period_begin, period_end
                first_whole_ns = max(period_begin, settings.warmup_ns)
                last_whole_ns = min(period_end, settings.loads_end_ns)
        load = row.request >> LOAD_SHIFT
        measured, after = int(first_ns >= settings.warmup_ns), int(arrival_ns >= settings.warmup_ns)
        cell = (period * functions + function) * settings.loads + load
        key = (cell << 1 | measured) << 1 | after
        known, before = tables.functions[function], group
        group = known.group
        if group >= loop.groups or tables.groups[group].key != key:
            group = group_of(tables, key)
            known.group = group
        if at_once:
            i, group, alike = often(tables, rows, i, before, alike, period, first_whole_ns, last_whole_ns)
            i -= 1
            continue
        alike = alike + 1 if group == before else 0
        own = tables.groups[group]
        status, ready = row.status, int(row.allocated_concurrency > 0)
        retried, final, start, provisioned = int(row.attempt > 0), row.final, row.start, row.provisioned
        what = code(status, row.reason, start, provisioned, retried, final, 0, ready)
        if what == USUAL:
            own.usual += 1
        else:
            note(tables, group, ATTEMPT, what)
        gone_ns = arrival_ns if status == THROTTLED else end_ns
        area_ns = (gone_ns if final == 1 else 0) - (0 if retried else first_ns)
        loop.area_high += area_ns >> 32
        loop.area_low += area_ns & LOW_HALF
        if final == 1:
            loop.sojourn_high += (gone_ns - first_ns) >> 32
            loop.sojourn_low += (gone_ns - first_ns) & LOW_HALF
        if status == THROTTLED:
            continue

        duration_ns, init_ns, cold = row.duration_ns, row.init_ns, start in (COLD, COLD_INIT_TIMEOUT, RESTORED)
        latency_ns = end_ns - first_ns
        both = final == 1 and not cold and latency_ns == duration_ns
        sample(tables, group, BOTH if both else DURATION, duration_ns)
        if final == 1 and not both:
            sample(tables, group, LATENCY_COLD if cold else LATENCY_WARM, latency_ns)
        if cold:
            sample(tables, group, RESTORE if start == RESTORED else INIT, init_ns)

        own.executions += 1
        own.busy_ns += row.placement_ns + init_ns + duration_ns
        if cold:
            known.cold_ns += row.placement_ns + init_ns
        if start == RESTORED:
            billed = billed_restored_ms(duration_ns, init_ns, known.restore_billed_q24)
        else:
            init_billed = known.init_billed if settings.timed_out_init or start != COLD_INIT_TIMEOUT else 0
            billed = billed_in(settings.unit_ms, duration_ns, init_ns * init_billed)
        if provisioned:
            own.provisioned_billed_ms += billed
            if ready:
                used = (row.provisioned_concurrency << BITS) // row.allocated_concurrency
                own.utilization = max(own.utilization, used)
                own.used_q32 += used >> (BITS - 32)
        else:
            own.billed_ms += billed
        heighten(own, row)

        # twin of `Occupancy.add`
        across = end_ns > period_end
        part = (period_end if across else end_ns) - arrival_ns
        own.enter += across
        own.part += part
        if provisioned:
            own.provisioned_changes += 1
            own.provisioned_enter += across
            own.provisioned_part += part
        if arrival_ns < settings.warmup_ns:
            outlives, before_ns = end_ns > settings.warmup_ns, min(end_ns, settings.warmup_ns) - arrival_ns
            own.at_warmup += outlives
            own.before_ns += before_ns
            if provisioned:
                own.provisioned_at_warmup += outlives
                own.provisioned_before_ns += before_ns
        if end_ns > settings.loads_end_ns:
            own.after_ns += end_ns - max(arrival_ns, settings.loads_end_ns)
        if across:
            last = (end_ns - 1) // settings.period_ns
            place = last * functions + function
            ending = tables.groups[group_of(tables, (place * settings.loads + load) << 2 | key & 3)]
            rest = end_ns - (last + 1) * settings.period_ns
            ending.enter -= 1
            ending.part += rest
            if provisioned:
                ending.provisioned_changes += 1
                ending.provisioned_enter -= 1
                ending.provisioned_part += rest
    return len(rows)


@kernel
def often(
    tables: Tables, rows: NDArray[Any], begin: int, group: int, alike: int, period: int, first_ns: int, last_ns: int
) -> tuple[int, int, int]:
    """Count attempts from ``begin`` on for as long as they are warm successes at once from ``first_ns`` to ``last_ns``,
    of the last groups of their functions; return the first row that is not, or before which more alike are expected.

    With it goes the group of the row before, and how many of its own came before that, one after the other: ``group``
    and ``alike`` are those of ``begin``. This is most of what runs with many functions do.
    """
    loop, settings = tables.loop[0], tables.settings[0]
    of_period, loads, unit_ms = period * len(tables.functions), settings.loads, settings.unit_ms
    period_end, logged = (period + 1) * settings.period_ns, loop.logged
    end = min(len(rows), begin + LOG - logged)
    i = begin
    while i < end:
        row = rows[i]
        arrival_ns, end_ns, duration_ns = row.arrival_ns, row.end_ns, row.duration_ns
        if not (is_usual(row) and first_ns <= arrival_ns < period_end and end_ns <= last_ns):
            break
        before, group = group, tables.functions[row.function].group
        own = tables.groups[group]
        if own.key != ((of_period + row.function) * loads + (row.request >> LOAD_SHIFT)) << 2 | 3:
            break
        prefetch_group(tables, tables.functions[rows[min(i + AHEAD, len(rows) - 1)].function].group)
        tables.log[logged] = (group << KIND_BITS | BOTH) << VALUE_BITS | bin_of(duration_ns)
        logged += 1
        own.whole += 1
        own.high += duration_ns >> 32
        own.low += duration_ns & LOW_HALF
        own.largest = max(own.largest, duration_ns)
        own.smallest = min(own.smallest, duration_ns)
        own.billed_ms += billed_in(unit_ms, duration_ns, 0)
        heighten(own, row)
        i += 1
        if group == before:
            alike += 1
            if alike == ALIKE_FOR_LONG or (alike == ALIKE and own.histogram > 0):
                break
        else:
            alike = 0
    loop.logged = logged
    return i, group, alike


@kernel
def usual(tables: Tables, rows: NDArray[Any], begin: int, group: int, first_ns: int, last_ns: int) -> int:
    """Count attempts of a group from ``begin`` on for as long as they are warm successes at once from ``first_ns`` to
    ``last_ns``; return the first row that is not.

    That is what ``run`` does with them, which is most of what most runs do: what changes with each attempt need not be
    looked up, and the group gets a histogram while there is one. Its moments stand beside those of what is logged,
    which some of its values are.
    """
    loop, settings, own = tables.loop[0], tables.settings[0], tables.groups[group]
    unit_ms = settings.unit_ms
    if own.key & 3 != 3 or loop.counted > MOST_COUNTED:
        return begin
    if own.histogram == 0:
        if loop.histograms == HISTOGRAMS or own.whole == 0:
            return begin
        tables.histogram_groups[loop.histograms] = group
        loop.histograms += 1
        own.histogram = loop.histograms
    histogram = (own.histogram - 1) << BIN_BITS
    load, function = (own.key >> 2) % settings.loads, (own.key >> 2) // settings.loads % len(tables.functions)
    high, low, largest, smallest, billed = 0, 0, own.largest, own.smallest, 0
    function_concurrency, version_concurrency = own.function_concurrency, own.version_concurrency
    function_environments, environments = own.function_environments, own.environments
    provisioned_concurrency, account_concurrency = own.provisioned_concurrency, own.account_concurrency
    unreserved_concurrency, claimed_concurrency = own.unreserved_concurrency, own.claimed_concurrency
    i = begin
    while i < len(rows):
        row = rows[i]
        arrival_ns, end_ns, duration_ns = row.arrival_ns, row.end_ns, row.duration_ns
        if not is_usual(row) or (row.function ^ function | row.request >> LOAD_SHIFT ^ load) != 0:
            break
        if arrival_ns < first_ns or arrival_ns >= last_ns or end_ns > last_ns:
            break
        tables.counts[histogram | bin_of(duration_ns)] += 1
        high += duration_ns >> 32
        low += duration_ns & LOW_HALF
        largest, smallest = max(largest, duration_ns), min(smallest, duration_ns)
        billed += billed_in(unit_ms, duration_ns, 0)
        function_concurrency = max(function_concurrency, row.function_concurrency)
        version_concurrency = max(version_concurrency, row.version_concurrency)
        provisioned_concurrency = max(provisioned_concurrency, row.provisioned_concurrency)
        function_environments = max(function_environments, row.function_environments)
        environments = max(environments, row.environments)
        account_concurrency = max(account_concurrency, row.account_concurrency)
        unreserved_concurrency = max(unreserved_concurrency, row.unreserved_concurrency)
        claimed_concurrency = max(claimed_concurrency, row.claimed_concurrency)
        i += 1

    loop.counted += i - begin
    own.whole += i - begin
    own.high += high
    own.low += low
    own.largest, own.smallest = largest, smallest
    own.billed_ms += billed
    own.function_concurrency, own.version_concurrency = function_concurrency, version_concurrency
    own.function_environments, own.environments = function_environments, environments
    own.provisioned_concurrency, own.account_concurrency = provisioned_concurrency, account_concurrency
    own.unreserved_concurrency, own.claimed_concurrency = unreserved_concurrency, claimed_concurrency
    return i


@kernel
def is_usual(row: Any) -> bool:
    """Say whether an attempt is a warm success at once, nothing else of which need be looked at."""
    other = row.status ^ SUCCESS | row.reason | row.start ^ WARM | row.attempt | row.final ^ 1 | row.provisioned
    other |= row.allocated_concurrency | row.first_arrival_ns ^ row.arrival_ns
    usually: bool = (other | row.end_ns - row.arrival_ns ^ row.duration_ns) == 0
    return usually


@kernel
def heighten(own: Any, row: Any) -> None:
    """Note levels of a row that are higher than any of its group."""
    own.function_concurrency = max(own.function_concurrency, row.function_concurrency)
    own.version_concurrency = max(own.version_concurrency, row.version_concurrency)
    own.provisioned_concurrency = max(own.provisioned_concurrency, row.provisioned_concurrency)
    own.unreserved_concurrency = max(own.unreserved_concurrency, row.unreserved_concurrency)
    own.account_concurrency = max(own.account_concurrency, row.account_concurrency)
    own.claimed_concurrency = max(own.claimed_concurrency, row.claimed_concurrency)
    own.function_environments = max(own.function_environments, row.function_environments)
    own.environments = max(own.environments, row.environments)


@kernel
def billed_in(unit_ms: int, duration_ns: int, billed_init_ns: int) -> int:
    """Return the Billed Duration. By a unit that the compiler knows it divides in a fraction of the time."""
    if unit_ms == 1:
        return billed_ms(duration_ns, billed_init_ns, 1, 1)
    return billed_ms(duration_ns, billed_init_ns, 1, unit_ms)


@kernel
def prefetch_group(tables: Tables, group: int) -> None:
    """Ask for what most attempts of a group touch."""
    prefetch(tables.groups, group)
    prefetch(tables.group_lines, group * LINES + 1)


@kernel
def sample(tables: Tables, group: int, kind: int, value: int) -> None:
    """Count a value. Twin of ``Samples.add``."""
    note(tables, group, kind, bin_of(value))
    moments = tables.moments[kind * GROUPS + group]
    moments.high += value >> 32
    moments.low += value & LOW_HALF
    moments.largest = max(moments.largest, value)
    moments.below = max(moments.below, NO_VALUE - value)


@kernel
def bin_of(value: int) -> int:
    """Return the bin of a value. Twin of ``histogram.bin_of``."""
    result: int = max((float_bits(value) >> BIN_SHIFT) - BIN_OF_ONE, 0)
    return result


@kernel
def note(tables: Tables, group: int, kind: int, value: int) -> None:
    """Log a bin or a code, to be counted."""
    loop = tables.loop[0]
    tables.log[loop.logged] = (group << KIND_BITS | kind) << VALUE_BITS | value
    loop.logged += 1


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
            tables.groups[group].key, tables.groups[group].smallest = key, NO_VALUE
            break
        if tables.groups[group].key == key:
            break
        slot = (slot + 1) & (2 * GROUPS - 1)
    return group
