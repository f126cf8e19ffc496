"""The way into the loop from outside Numba: arrays come as addresses and lengths, which need no Numba to write."""

from typing import Any

from lambdasim.engine.compiled.jit import array_at
from lambdasim.engine.compiled.loop import run
from lambdasim.engine.compiled.queues import DRAWN, MESSAGE, POLLER, QUEUE, RECEIPT, SAMPLE, TIMER
from lambdasim.engine.compiled.state import (
    ACCOUNT,
    BUCKET,
    CLIENT,
    DELIVERY,
    ENVIRONMENT,
    FUNCTION,
    INTEGER,
    INVOCATION,
    LIFE,
    LOOP,
    MOMENT,
    POOL,
    RATE,
    SOURCE,
    STEP,
    WAITING,
    State,
)


def entry(arrays: Any, until_ns: int) -> int:
    """Run the loop. ``arrays`` holds the address and the length of each of the state's arrays, then of each column."""
    state = State(
        loop=array_at(arrays[0], arrays[1], LOOP),
        account=array_at(arrays[2], arrays[3], ACCOUNT),
        functions=array_at(arrays[4], arrays[5], FUNCTION),
        pools=array_at(arrays[6], arrays[7], POOL),
        rates=array_at(arrays[8], arrays[9], RATE),
        buckets=array_at(arrays[10], arrays[11], BUCKET),
        clients=array_at(arrays[12], arrays[13], CLIENT),
        tokens=array_at(arrays[14], arrays[15], INTEGER),
        provisioning=array_at(arrays[16], arrays[17], STEP),
        provisioned_init_ns=array_at(arrays[18], arrays[19], INTEGER),
        environments=array_at(arrays[20], arrays[21], ENVIRONMENT),
        completions=array_at(arrays[22], arrays[23], MOMENT),
        expiries=array_at(arrays[24], arrays[25], MOMENT),
        waiting=array_at(arrays[26], arrays[27], WAITING),
        retries=array_at(arrays[28], arrays[29], MOMENT),
        firsts=array_at(arrays[30], arrays[31], MOMENT),
        sources=array_at(arrays[32], arrays[33], SOURCE),
        queues=array_at(arrays[34], arrays[35], QUEUE),
        queue_of=array_at(arrays[36], arrays[37], INTEGER),
        pollers=array_at(arrays[38], arrays[39], POLLER),
        idle=array_at(arrays[40], arrays[41], MOMENT),
        drawn=array_at(arrays[42], arrays[43], DRAWN),
        messages=array_at(arrays[44], arrays[45], MESSAGE),
        receipts=array_at(arrays[46], arrays[47], RECEIPT),
        timers=array_at(arrays[48], arrays[49], TIMER),
        moments=array_at(arrays[50], arrays[51], MOMENT),
        invocations=array_at(arrays[52], arrays[53], INVOCATION),
        ended=array_at(arrays[54], arrays[55], LIFE),
        deliveries=array_at(arrays[56], arrays[57], DELIVERY),
        samples=array_at(arrays[58], arrays[59], SAMPLE),
    )
    return run(
        state,
        until_ns,
        array_at(arrays[60], arrays[61], INTEGER),  # request
        array_at(arrays[62], arrays[63], INTEGER),  # arrival_ns
        array_at(arrays[64], arrays[65], INTEGER),  # function
        array_at(arrays[66], arrays[67], INTEGER),  # duration_ns
        array_at(arrays[68], arrays[69], INTEGER),  # init_ns
        array_at(arrays[70], arrays[71], INTEGER),  # placement_ns
        array_at(arrays[72], arrays[73], INTEGER),  # outcome
        array_at(arrays[74], arrays[75], INTEGER),  # idle_timeout_ns
        array_at(arrays[76], arrays[77], INTEGER),  # surplus_idle_timeout_ns
        array_at(arrays[78], arrays[79], INTEGER),  # lifetime_ns
        array_at(arrays[80], arrays[81], INTEGER),  # pick
        array_at(arrays[82], arrays[83], INTEGER),  # source
        array_at(arrays[84], arrays[85], INTEGER),  # delay_ns
    )
