"""What a program of the loop takes for granted that is made for plain plans: the compiler leaves out what asks for it.

Most plans are plain: synchronous requests straight to functions without reserved and provisioned concurrency, and
nothing that changes at a known time. It is the same loop, with the same results, in nine tenths of the time.
"""

from typing import Final

from lambdasim.engine.compiled.state import NOBODY, State
from lambdasim.engine.compiled.structs import declared
from lambdasim.model.events import Reuse

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
        and not any(len(getattr(state, name)) for name in ABSENT if name in own)
        and all(
            (getattr(state, name)[field] == value).all()
            for name, facts in FACTS.items()
            for field, value in facts.items()
        )
        and (state.functions["first"] == range(len(state.functions))).all()
    )
