"""Provisioned concurrency: claimed when it is requested, usable all at once when the whole request is allocated."""

from lambdasim.engine.reference.clock import Clock, Process
from lambdasim.model.account import AccountState
from lambdasim.model.events import EventRank
from lambdasim.model.function import FunctionState, claim


def allocation(clock: Clock, account: AccountState, function: FunctionState, init_ns: list[int]) -> Process:
    """Claim a function's provisioned concurrency, then make it ready; ``init_ns`` holds each environment's init."""
    law = function.law
    yield clock.after(law.provisioned_requested_ns, EventRank.PROVISIONED_CLAIM, function.index)
    claim(account, function, law)
    yield clock.after(law.provisioned_ready_ns - clock.now_ns, EventRank.PROVISIONED_READY, function.index)
    function.provisioned_ready(clock.now_ns, init_ns)
