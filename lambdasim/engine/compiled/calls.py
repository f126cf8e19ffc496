"""The state of gateways and of the clients that wait behind them as arrays of records. Data only."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from lambdasim.engine.compiled.structs import Records, integers, record_of, records_of
from lambdasim.model.account import AccountState
from lambdasim.model.bucket import Bucket
from lambdasim.model.gateway import ANSWERS, NO_RATE, Answers, GatewayKind, GatewaySource, RateSpec
from lambdasim.model.spec import AccountSpec
from lambdasim.plan import PLAN_COLUMNS, Series

GATEWAY: Final = record_of(
    GatewaySource, Answers, own=("has_stage_rate", "shares_rate"), as_type={"outcome_key": np.uint64}
)
"""A source whose clients wait for an answer, with what it tells them. By source; that of another is not used."""

LIMIT: Final = record_of(RateSpec, Bucket)
"""A rate of requests: the account's, then that of each source's stage."""

CALL: Final = np.dtype(
    integers(
        *PLAN_COLUMNS,  # `arrival_ns` is when the client sent the first attempt
        "source", "delay_ns", "chain_depth",
        "attempt",
        "available_ns",  # when this one was sent
        "delivered_ns", "batch", "result", "answer",  # as in its delivery
        "last",  # what the one before failed with
        "is_forsaken",  # its client no longer waits for it
        "held",  # the slot of its execution, -1 if that is not held or the client no longer waits
        "timer",  # until when it waits then, -1 for none
        "next",
    )
)  # fmt: skip
"""A request of a client, from its sending until the client has an answer or gives up."""

IS_TRIED, ARRIVES_LATE, IS_HEARD = range(1, 4)
"""Stages of the timers of a call: its next attempt is sent; one arrives at the gateway; its client knows of its end."""


class Gateways(NamedTuple):
    """The arrays of gateways that do not grow."""

    gateways: Records
    limits: Records


def initial_gateways(spec: AccountSpec, account: AccountState, made: Sequence[Series]) -> Gateways:
    """Return the gateways of an account at time 0; ``made`` has the requests that each source makes by itself."""
    kind = GatewayKind.INVOKE
    other = GatewaySource("", 0, kind, ANSWERS[kind])
    specs = [own if isinstance(own, GatewaySource) else other for own in spec.sources]
    gateways = records_of(GATEWAY, specs, [own.answers for own in specs])
    for gateway, own, requests in zip(gateways, specs, made, strict=True):
        gateway["has_stage_rate"], gateway["shares_rate"] = own.has_stage_rate, own.shares_rate
        gateway["outcome_key"] = requests.key("gateway-outcome")
    rates = [spec.api_gateway, *(own.stage or NO_RATE for own in specs)]
    buckets = [account.api_gateway, *(Bucket(rate.burst, rate.per_ns) for rate in rates[1:])]
    return Gateways(gateways, records_of(LIMIT, rates, buckets))
