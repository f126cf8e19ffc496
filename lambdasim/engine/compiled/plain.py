"""What a program of the loop takes for granted that is made for plain plans: the compiler leaves out what asks for it.

Most plans are plain: synchronous requests straight to functions without reserved and provisioned concurrency, and
nothing that changes at a known time. It is the same loop, with the same results, in nine tenths of the time.
"""

from typing import Final

from lambdasim.engine.compiled import programs
from lambdasim.engine.compiled.state import NOBODY, State
from lambdasim.engine.compiled.structs import declared
from lambdasim.machine_code.program import FOR_ALL, FOR_PLAIN, Program
from lambdasim.model.events import Reuse
from lambdasim.plan import Plan

FACTS: Final = {
    "account": {"service_errors_q24": 0},
    "functions": {
        "reserved": -1, "allocated": 0, "provisioned_concurrency": 0, "on_provisioned": 0, "standing": 0,
        "reuse": int(Reuse.MOST_RECENT), "has_blocking_calls": 0, "fault_q24": 0, "ahead_q24": 0,
    },
    "rates": {"whole_seconds": 0},
    "clients": {"quota": 0},
    "environments": {"tells": NOBODY, "connected": 0, "is_lost": 0},
}  # fmt: skip
"""By array and field: what all its records always hold."""

ABSENT: Final = ("losses", "links", "sources", "source")
"""Arrays of the state, and columns, that are empty."""


def is_plain(state: State) -> bool:
    """Say whether a state is that of a plain plan now; it stays so until a row of the control table happens."""
    own = declared(State)
    return (
        len(state.control) == 1
        and not state.loop["timer_heap"].any()
        and not any(len(getattr(state, name)) for name in ABSENT if name in own)
        and all(
            (getattr(state, name)[field] == value).all()
            for name, facts in FACTS.items()
            for field, value in facts.items()
        )
        and (state.functions["first"] == range(len(state.functions))).all()
    )


def programs_for(plan: Plan, state: State, may_change: bool) -> tuple[Program, ...]:
    """Return the programs of the loop that run a plan from a state on; with ``may_change``, one that a controller may
    make another one."""
    families = programs(plan)
    return FOR_PLAIN if not families and not may_change and is_plain(state) else (*FOR_ALL, *families)
