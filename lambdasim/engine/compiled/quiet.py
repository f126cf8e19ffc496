"""Until when nothing happens but arrivals and ends of invocations, so that the loop need not ask all others each time.

Whatever is put in before then is told, and what is taken out only makes it later.
"""

from lambdasim.engine.compiled.state import State
from lambdasim.machine_code.jit import kernel


@kernel
def until_ns(state: State) -> int:
    """Return when the first of all else happens."""
    loop = state.loop[0]
    retry_ns, change_ns = state.retries[0].at_ns, state.control[loop.change].at_ns
    timer_ns, expiry_ns = state.timer_heap[0].at_ns, state.expiries[0].at_ns
    result: int = min(min(retry_ns, change_ns), min(timer_ns, expiry_ns))
    return result


@kernel
def expect(state: State, at_ns: int) -> None:
    """Let something else happen at ``at_ns``."""
    loop = state.loop[0]
    loop.quiet_ns = min(loop.quiet_ns, at_ns)
