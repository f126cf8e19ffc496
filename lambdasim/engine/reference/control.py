"""What changes at a known time. Provisioned concurrency is claimed when it is requested, and usable all at once when
the whole request is allocated.
"""

from collections.abc import Sequence

from lambdasim.engine.reference.clock import Clock, Process
from lambdasim.model.account import AccountState
from lambdasim.model.control import Control
from lambdasim.model.function import FunctionState, claim
from lambdasim.plan import Plan


def control(clock: Clock, account: AccountState, functions: Sequence[FunctionState], plan: Plan) -> Process:
    """Let each row of the control table happen at its time."""
    for change in plan.control:
        yield clock.after(change.at_ns - clock.now_ns, change.rank, change.subject)
        function = functions[change.subject]
        if change.kind == Control.PROVISIONED_REQUESTED:
            claim(account, function, function.law)
        else:
            function.provisioned_ready(clock.now_ns, list(plan.provisioned_init_ns[change.subject]))
