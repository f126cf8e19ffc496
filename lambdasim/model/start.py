"""How an environment begins to serve an invocation, and what that takes: init, restore, handler.

It knows nothing of who gets an environment. ``function`` is the state of the function's version, ``spec`` its
configuration.
"""

from typing import Final, Protocol

from lambdasim.model.environment import Environment
from lambdasim.model.events import StartKind, Status
from lambdasim.model.rules import FIRST_RESTORES, RESTORE_LIMIT_NS, RESTORES_DECAY_Q24, part_ns, repeated_init_ns
from lambdasim.model.spec import FunctionSpec

# plain integers: an enum member costs several times as much to look up, and this is the hot path
_WARM, _COLD, _RESTORED, _AHEAD = (
    int(StartKind.WARM), int(StartKind.COLD), int(StartKind.RESTORED), int(StartKind.INITIALISED_AHEAD)
)  # fmt: skip
_SUPPRESSED_INIT, _COLD_INIT_TIMEOUT = int(StartKind.SUPPRESSED_INIT), int(StartKind.COLD_INIT_TIMEOUT)
_CRASH, _OUT_OF_MEMORY, _TIMEOUT = int(Status.CRASH), int(Status.OUT_OF_MEMORY), int(Status.TIMEOUT)

LONGEST_RESTORE_NS: Final = 2**57
"""Four years: sixteen times as much stays within 64 bits."""


class Restoring(Protocol):
    """The state of a version, as far as its restores go."""

    restores: int
    slower_q24: int


def start_of(environment: Environment, provisioned: bool) -> int:
    """Return how an environment begins to serve the invocation that it was last granted to."""
    if environment.needs_init:
        return _SUPPRESSED_INIT
    return _COLD if environment.invocations == 1 and not provisioned else _WARM


def serve(
    spec: FunctionSpec,
    function: Restoring,
    environment: Environment,
    provisioned: bool,
    now: int,
    placement_ns: int,
    init_ns: int,
    duration_ns: int,
    outcome: int,
    u24: int = 0,
) -> tuple[int, int, int, int, int]:
    """Return how a granted invocation starts and what it takes: placement, Init Duration, Duration, and its status.

    An init past its limit is stopped and runs again inside the invocation, as it does after a reset; then the
    function timeout limits init and handler together (Developer Guide, lambda-runtime-environment, 2026). With
    SnapStart ``init_ns`` is what a restore takes. ``u24``, uniform on 0 .. 2**24 - 1, says whether a new environment
    was initialised before the request came.
    """
    start = start_of(environment, provisioned)
    init_phase_ns = 0
    if start == _COLD:
        if spec.snapstart:
            return _restored(spec, function, environment, now, placement_ns, init_ns, duration_ns, outcome)
        init_phase_ns = init_ns
        if init_ns > spec.init_limit_ns:
            start, init_phase_ns = _COLD_INIT_TIMEOUT, spec.init_limit_ns
        environment.init_ns = init_phase_ns
        if u24 < spec.ahead_q24 and start == _COLD:
            start, placement_ns, init_phase_ns = _AHEAD, 0, 0
        environment.initialised_ns = now + placement_ns + init_phase_ns
    else:
        placement_ns = 0
    if start in (_SUPPRESSED_INIT, _COLD_INIT_TIMEOUT):
        duration_ns += repeated_init_ns(init_ns, spec.suppressed_init_permille)
    if start != _WARM or environment.invocations == 1:  # which is the first one of what was provisioned
        duration_ns += spec.first_ns
    if duration_ns > spec.timeout_ns:
        return start, placement_ns, init_phase_ns, spec.timeout_ns, _TIMEOUT
    return start, placement_ns, init_phase_ns, duration_ns, outcome


def _restored(
    spec: FunctionSpec,
    function: Restoring,
    environment: Environment,
    now: int,
    placement_ns: int,
    usual_ns: int,
    duration_ns: int,
    outcome: int,
) -> tuple[int, int, int, int, int]:
    """Return the same of an environment that is restored from a snapshot.

    Loading the runtime and the hooks after it must end within 10 s, else the caller has a SnapStartTimeoutException and
    nothing runs (Developer Guide, lambda-runtime-environment, 2026).
    """
    usual_ns = min(usual_ns, LONGEST_RESTORE_NS)
    restore_ns: int = usual_ns + part_ns(usual_ns, slowness_q24(function))  # type: ignore[no-untyped-call]
    hooks_ns: int = part_ns(restore_ns, spec.restore_billed_q24)  # type: ignore[no-untyped-call]
    too_long = hooks_ns > RESTORE_LIMIT_NS
    if too_long:
        restore_ns += RESTORE_LIMIT_NS - hooks_ns
    environment.init_ns = restore_ns
    environment.initialised_ns = now + placement_ns + restore_ns
    if too_long:
        return _RESTORED, placement_ns, restore_ns, 0, _TIMEOUT
    duration_ns += spec.first_ns
    if duration_ns > spec.timeout_ns:
        return _RESTORED, placement_ns, restore_ns, spec.timeout_ns, _TIMEOUT
    return _RESTORED, placement_ns, restore_ns, duration_ns, outcome


def slowness_q24(function: Restoring) -> int:
    """Return by how much one more restore of a version is slower than usual: the first ten alike, then ever less."""
    function.restores += 1
    if function.restores > FIRST_RESTORES:
        function.slower_q24 = function.slower_q24 * RESTORES_DECAY_Q24 >> 24
    return function.slower_q24


def resets(status: int) -> bool:
    """Say whether an environment is reset by an invocation that ends so, and runs init again when it is next used.

    An error that the handler returns resets nothing (Developer Guide, lambda-runtime-environment, 2026).
    """
    return status in (_CRASH, _OUT_OF_MEMORY, _TIMEOUT)
