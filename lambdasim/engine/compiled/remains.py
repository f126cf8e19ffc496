"""The rows of the messages that are left in queues when the simulation ends. Twin of ``Queue.finish`` of
``engine/reference/sqs_queue.py``, for all messages at once.
"""

from typing import Any

import numpy as np

from lambdasim.engine.compiled.queues import DELAYED, RECEIVED, VISIBLE
from lambdasim.engine.compiled.state import DELIVERY, MESSAGES, State
from lambdasim.engine.compiled.structs import Records
from lambdasim.model.events import DeliveryOutcome, Fate
from lambdasim.model.sqs import aged_out_ns, is_too_old


def remains(state: State, now: int) -> Records:
    """Return the deliveries of all messages that are left at the end, which is now."""
    messages = state.messages[: state.rooms["used"][MESSAGES]]
    phase, is_deleted = messages["phase"], messages["is_deleted"]
    received = messages[phase == RECEIVED]
    unread = messages[((phase == VISIBLE) | (phase == DELAYED)) & (is_deleted == 0)]
    return np.concatenate((_received(state, received), _unread(state, unread, now)))


def _rows(state: State, messages: Records) -> Records:
    rows = np.zeros(len(messages), DELIVERY)
    rows["source"] = state.queues["source"][messages["queue"]]
    for name in ("event", "attempt", "sent_ns", "available_ns"):
        rows[name] = messages[name]
    for name in ("partition", "delivered_ns", "ended_ns", "batch"):
        rows[name] = -1
    in_group = state.queues["groups"][messages["queue"]] > 0
    rows["partition"][in_group] = state.groups["number"][messages["group"][in_group]]
    rows["outcome"], rows["fate"] = DeliveryOutcome.WAITING, Fate.REMAINS
    return rows


def _received(state: State, messages: Records) -> Records:
    """Return the rows of those that a batch has, or that have still to come back."""
    rows, receipts = _rows(state, messages), state.receipts[messages["receipt"]]
    has_ended = receipts["has_ended"] == 1
    rows["attempt"] += has_ended
    rows["available_ns"] = np.where(has_ended, receipts["visible_ns"], rows["available_ns"])
    rows["delivered_ns"] = np.where(has_ended, -1, receipts["delivered_ns"])
    rows["batch"] = np.where(has_ended, -1, receipts["batch"])
    rows["outcome"] = np.where(has_ended, DeliveryOutcome.WAITING, DeliveryOutcome.IN_FLIGHT)
    return rows


def _unread(state: State, messages: Records, now: int) -> Records:
    """Return the rows of those that nobody has; some are too old, which nobody has seen yet."""
    rows = _rows(state, messages)
    queues: Any = state.queues.view(np.recarray)[messages["queue"]]
    records: Any = messages.view(np.recarray)
    is_old: Any = is_too_old(queues, records.sent_ns, now)
    rows["ended_ns"][is_old] = [aged_out_ns(*one) for one in zip(queues[is_old], records[is_old], strict=True)]
    rows["outcome"] = np.where(is_old, DeliveryOutcome.REFUSED, DeliveryOutcome.WAITING)
    rows["fate"] = np.where(is_old, Fate.AGED_OUT, Fate.REMAINS)
    return rows
