"""The state of streams as arrays of records: what the objects of ``engine/reference/streams.py`` hold. Data only.

Records are slots in an array that grows; shards and lanes are as many as their streams ever have.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lambdasim.engine.compiled.queues import DRAWN_COLUMNS, SIZES, later
from lambdasim.engine.compiled.structs import Records, integers, record_of, records_of
from lambdasim.model.batches import BatchSpec, Pause
from lambdasim.model.control import Change, Control
from lambdasim.model.rules import jitter24
from lambdasim.model.spec import AccountSpec
from lambdasim.model.streams import ShardState, StreamSpec, lane_number
from lambdasim.plan import Series

STREAM: Final = record_of(
    StreamSpec,
    BatchSpec,
    own=(
        "source", "is_disabled",
        "largest",  # records of a batch, as far as there is room for
        "first_shard", "first_lane",
        "most_lanes",  # of a shard, ever: so many it has room for
        "first_pause", "pauses",  # its part of `pauses`
        "first_key", "keys",  # its part of `bounds_q24` and of `hash_of_key`
    ),
    as_type=dict.fromkeys(("partition_key", "poison_key", "error_key", "backoff_key", "outcome_key"), np.uint64),
)  # fmt: skip
"""A stream, its mapping and their spec."""

SHARD: Final = record_of(
    ShardState,
    own=(
        "number",
        "busy_ns",  # until when its reads keep it busy
    ),
)

LANE: Final = np.dtype(
    integers(
        "stream", "shard", "number", "stage", "timer",
        "free_ns",  # when its last batch was completed
        "due_ns", "size",  # when the batch that is being gathered is sent, and its records at most
        "max_retries", "max_age_ns", "retention_ns", "bisects",  # by which the present attempt goes
        "first", "last", "waiting",  # its backlog: records, and how many
        "part",  # the first record of the sub-batch that is tried, -1 for none; the others are behind it
        "expiring",  # how many of these are too old once they are tried
        "tries", "is_last", "failing", "first_ns", "delivered_ns", "batch",
        "request", "function", *DRAWN_COLUMNS,  # its row; the request is -1 when nothing is left to be tried
        "chain_depth",  # the greatest of its records
        "moves_ns",  # from when on its mapping leads elsewhere than its request goes
    )
)  # fmt: skip
"""Records that are processed one batch after the other."""

IDLE, BUSY, GATHERS, IS_SWITCHED_OFF = range(4)
"""Stages of a lane."""

IS_READ, WAS_READ, IS_DUE, IS_FULL, IS_POLLED, RESUMES, IS_ENABLED, BEGINS, IS_TRIED = range(1, 10)
"""Stages of the timers of lanes."""

RECORD: Final = np.dtype(
    integers(
        "event", "sent_ns", "chain_depth", "next",
        # of the sub-batch of which it is the first: its records, deliveries before, and retries used up plus one
        "size", "attempt", "available_ns", "failures",
    )
)  # fmt: skip
"""``available_ns`` is the end of the delivery before, -1 if there was none."""

PAUSE: Final = record_of(Pause)

LANES: Final = (Control.PARALLELIZATION,)


class Streams(NamedTuple):
    """The arrays of streams that do not grow."""

    streams: Records
    shards: Records
    lanes: Records
    pauses: Records
    bounds_q24: NDArray[np.int64]
    hash_of_key: NDArray[np.int64]


def initial_streams(spec: AccountSpec, made: Sequence[Series], control: Sequence[Change] = ()) -> Streams:
    """Return the streams of an account at time 0; ``made`` has the requests that each source makes by itself,
    ``control`` may let batches be larger later, or more be processed at once.
    """
    specs = [(index, own) for index, own in enumerate(spec.sources) if isinstance(own, StreamSpec)]
    batches = [own.batches for _, own in specs]
    streams = records_of(STREAM, [own for _, own in specs], batches)
    shards: list[ShardState] = []
    lanes: list[tuple[int, int, int]] = []
    pauses: list[Pause] = []
    bounds_q24: list[int] = []
    of_key: list[int] = []
    for number, (stream, (index, own)) in enumerate(zip(streams, specs, strict=True)):
        requests = made[index]
        stream["source"] = index
        stream["largest"] = max(own.batches.size, *later(control, index, SIZES))
        stream["first_shard"], stream["first_lane"] = len(shards), len(lanes)
        stream["first_pause"], stream["pauses"] = len(pauses), len(own.batches.pauses)
        stream["first_key"], stream["keys"] = len(bounds_q24), len(own.keys_q24)
        for name, kind in (
            ("partition", "partition-key"), ("poison", "poison"), ("error", "record-errors"),
            ("backoff", "batch-backoff"), ("outcome", "batch-outcome"),
        ):  # fmt: skip
            stream[f"{name}_key"] = requests.key(kind)
        phase_key, hash_key = requests.key("poll-phase"), requests.key("partition-hash")
        most = stream["most_lanes"] = max(own.lanes, *later(control, index, LANES))
        lanes += [
            (number, len(shards) + shard, lane_number(shard, lane))
            for shard in range(own.shards)
            for lane in range(most)
        ]
        shards += [ShardState(own, jitter24(phase_key, shard)) for shard in range(own.shards)]
        pauses += own.batches.pauses
        bounds_q24 += own.keys_q24
        of_key += [jitter24(hash_key, key) for key in range(len(own.keys_q24))]
    return Streams(
        streams, _shards(streams, shards), _lanes(lanes), records_of(PAUSE, pauses),
        np.array(bounds_q24, np.int64), np.array(of_key, np.int64),
    )  # fmt: skip


def _shards(streams: Records, states: Sequence[ShardState]) -> Records:
    shards = records_of(SHARD, states)
    for stream in streams:
        own = shards[stream["first_shard"] :][: stream["shards"]]
        own["number"] = np.arange(len(own))
    return shards


def _lanes(places: Sequence[tuple[int, int, int]]) -> Records:
    lanes = np.zeros(len(places), LANE)
    for lane, (lane["stream"], lane["shard"], lane["number"]) in zip(lanes, places, strict=True):
        lane["part"] = lane["request"] = lane["timer"] = -1
    return lanes
