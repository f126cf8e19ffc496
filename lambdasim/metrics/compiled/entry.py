"""The ways into the loops from outside Numba: arrays come as addresses and lengths, which need no Numba to write."""

from typing import Any, Final

import numpy as np

from lambdasim.machine_code.jit import array_at, kernel
from lambdasim.metrics.compiled.collecting import collect, merge
from lambdasim.metrics.compiled.handing import hand_over, write_columns
from lambdasim.metrics.compiled.level_tables import Levels
from lambdasim.metrics.compiled.levels import follow
from lambdasim.metrics.compiled.line_tables import Lines
from lambdasim.metrics.compiled.lines import write
from lambdasim.metrics.compiled.loop import run
from lambdasim.metrics.compiled.tables import (
    FUNCTION,
    GROUP,
    LINE,
    LOOP,
    MOMENTS,
    ROW,
    SAMPLE,
    SETTINGS,
    Found,
    Merged,
    Room,
    Tables,
)
from lambdasim.metrics.compiled.time_tables import Times
from lambdasim.metrics.compiled.times import describe

NARROW: Final = np.dtype(np.int16)
INDEX: Final = np.dtype(np.int32)
ENTRY: Final = np.dtype(np.uint32)
INTEGER: Final = np.dtype(np.int64)
REAL: Final = np.dtype(np.float64)
BYTE: Final = np.dtype(np.uint8)


def counting(arrays: Any, begin: int) -> int:
    """Run ``loop.run`` on the tables and the rows."""
    tables = Tables(
        settings=array_at(arrays[0], arrays[1], SETTINGS),
        functions=array_at(arrays[2], arrays[3], FUNCTION),
        loop=array_at(arrays[4], arrays[5], LOOP),
        group_index=array_at(arrays[6], arrays[7], INDEX),
        groups=array_at(arrays[8], arrays[9], GROUP),
        group_lines=array_at(arrays[10], arrays[11], LINE),
        moments=array_at(arrays[12], arrays[13], MOMENTS),
        log=array_at(arrays[14], arrays[15], ENTRY),
        histogram_groups=array_at(arrays[16], arrays[17], INTEGER),
        counts=array_at(arrays[18], arrays[19], INTEGER),
    )
    return run(tables, array_at(arrays[20], arrays[21], ROW), begin)


def handing(arrays: Any, number: int) -> int:
    """Run ``handing.hand_over`` on its arguments."""
    return hand_over(
        array_at(arrays[0], arrays[1], GROUP),
        array_at(arrays[2], arrays[3], MOMENTS),
        array_at(arrays[4], arrays[5], INTEGER),
        array_at(arrays[6], arrays[7], SAMPLE),
    )


def columns(arrays: Any, number: int) -> int:
    """Run ``handing.write_columns`` on its arguments."""
    write_columns(
        array_at(arrays[0], arrays[1], INTEGER),
        array_at(arrays[2], arrays[3], INTEGER),
        array_at(arrays[4], arrays[5], INTEGER),
    )
    return number


def collecting(arrays: Any, number: int) -> int:
    """Run ``collecting.collect`` on its arguments."""
    collect(
        array_at(arrays[0], arrays[1], ENTRY),
        array_at(arrays[2], arrays[3], ENTRY),
        array_at(arrays[4], arrays[5], INDEX),
        array_at(arrays[6], arrays[7], INTEGER),
        Room(
            ends=array_at(arrays[8], arrays[9], INTEGER),
            counts=array_at(arrays[10], arrays[11], INDEX),
            words=array_at(arrays[12], arrays[13], INTEGER),
            whole=array_at(arrays[14], arrays[15], INTEGER),
        ),
        Found(
            tallied=array_at(arrays[16], arrays[17], INTEGER),
            tallies=array_at(arrays[18], arrays[19], INTEGER),
            first=array_at(arrays[20], arrays[21], INTEGER),
            values=array_at(arrays[22], arrays[23], INTEGER),
            bins=array_at(arrays[24], arrays[25], NARROW),
            counts=array_at(arrays[26], arrays[27], INDEX),
        ),
        array_at(arrays[28], arrays[29], INTEGER),
    )
    return number


def merging(arrays: Any, number: int) -> int:
    """Run ``collecting.merge`` on its arguments."""
    return merge(
        array_at(arrays[0], arrays[1], INTEGER),
        array_at(arrays[2], arrays[3], INTEGER),
        array_at(arrays[4], arrays[5], NARROW),
        array_at(arrays[6], arrays[7], INTEGER),
        array_at(arrays[8], arrays[9], INTEGER),
        array_at(arrays[10], arrays[11], INTEGER),
        array_at(arrays[12], arrays[13], INTEGER),
        merged(arrays),
    )


def merging_narrow(arrays: Any, number: int) -> int:
    """Run ``collecting.merge`` on its arguments, counts of which are as narrow as the bins."""
    return merge(
        array_at(arrays[0], arrays[1], INTEGER),
        array_at(arrays[2], arrays[3], INTEGER),
        array_at(arrays[4], arrays[5], NARROW),
        array_at(arrays[6], arrays[7], NARROW),
        array_at(arrays[8], arrays[9], INTEGER),
        array_at(arrays[10], arrays[11], INTEGER),
        array_at(arrays[12], arrays[13], INTEGER),
        merged(arrays),
    )


@kernel
def merged(arrays: Any) -> Merged:
    """Return what ``collecting.merge`` writes to."""
    return Merged(
        bins=array_at(arrays[14], arrays[15], NARROW),
        counts=array_at(arrays[16], arrays[17], INTEGER),
        sizes=array_at(arrays[18], arrays[19], INTEGER),
    )


def describing(arrays: Any, number: int) -> int:
    """Run ``times.describe`` on its arguments."""
    return describe(
        Times(
            numbers=array_at(arrays[0], arrays[1], INTEGER),
            place=array_at(arrays[2], arrays[3], INTEGER),
            asked=array_at(arrays[4], arrays[5], INTEGER),
            group=array_at(arrays[6], arrays[7], INTEGER),
            size=array_at(arrays[8], arrays[9], INTEGER),
            total_high=array_at(arrays[10], arrays[11], INTEGER),
            total_low=array_at(arrays[12], arrays[13], INTEGER),
            minimum=array_at(arrays[14], arrays[15], INTEGER),
            maximum=array_at(arrays[16], arrays[17], INTEGER),
            first=array_at(arrays[18], arrays[19], INTEGER),
            bins=array_at(arrays[20], arrays[21], NARROW),
            counts16=array_at(arrays[22], arrays[23], NARROW),
            counts32=array_at(arrays[24], arrays[25], INDEX),
            counts64=array_at(arrays[26], arrays[27], INTEGER),
            rank=array_at(arrays[28], arrays[29], INTEGER),
            table=array_at(arrays[30], arrays[31], INTEGER),
            found=array_at(arrays[32], arrays[33], INTEGER),
            into_key=array_at(arrays[34], arrays[35], INTEGER),
            into=array_at(arrays[36], arrays[37], REAL),
        )
    )


def following(arrays: Any, number: int) -> int:
    """Run ``levels.follow`` on its arguments."""
    return follow(
        Levels(
            span_ns=array_at(arrays[0], arrays[1], INTEGER),
            admitted=array_at(arrays[2], arrays[3], INTEGER),
            concurrency=array_at(arrays[4], arrays[5], INTEGER),
            environments=array_at(arrays[6], arrays[7], INTEGER),
            changed=array_at(arrays[8], arrays[9], INTEGER),
            changed_to=array_at(arrays[10], arrays[11], INTEGER),
            busy=array_at(arrays[12], arrays[13], INTEGER),
            busy_start=array_at(arrays[14], arrays[15], INTEGER),
            busy_ns=array_at(arrays[16], arrays[17], INTEGER),
            alive=array_at(arrays[18], arrays[19], INTEGER),
            alive_start=array_at(arrays[20], arrays[21], INTEGER),
            alive_ns=array_at(arrays[22], arrays[23], INTEGER),
            starting=array_at(arrays[24], arrays[25], INTEGER),
            starting_ns=array_at(arrays[26], arrays[27], INTEGER),
            found=array_at(arrays[28], arrays[29], INTEGER),
            into_key=array_at(arrays[30], arrays[31], INTEGER),
            into=array_at(arrays[32], arrays[33], REAL),
        )
    )


def writing(arrays: Any, number: int) -> int:
    """Run ``lines.write`` on its arguments."""
    return write(
        Lines(
            numbers=array_at(arrays[0], arrays[1], INTEGER),
            metric=array_at(arrays[2], arrays[3], INTEGER),
            alike=array_at(arrays[4], arrays[5], INTEGER),
            bounds=array_at(arrays[6], arrays[7], INTEGER),
            keys=array_at(arrays[8], arrays[9], INTEGER),
            values=array_at(arrays[10], arrays[11], INTEGER),
            before=array_at(arrays[12], arrays[13], INTEGER),
            begin=array_at(arrays[14], arrays[15], INTEGER),
            words=array_at(arrays[16], arrays[17], BYTE),
            powers=array_at(arrays[18], arrays[19], INTEGER),
            prefix=array_at(arrays[20], arrays[21], BYTE),
            text=array_at(arrays[22], arrays[23], INTEGER),
            texts=array_at(arrays[24], arrays[25], INTEGER),
            into=array_at(arrays[26], arrays[27], BYTE),
            odd=array_at(arrays[28], arrays[29], INTEGER),
            given_begin=array_at(arrays[30], arrays[31], INTEGER),
            given=array_at(arrays[32], arrays[33], BYTE),
        )
    )
