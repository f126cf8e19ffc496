"""The policies of an experiment, together; a policy that fails or returns nonsense ends the run with its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lambdasim.errors import InputError, LambdasimError
from lambdasim.policies.protocols import Admission, Arrivals, Eviction, IdleTimeout, Reuse

if TYPE_CHECKING:
    from lambdasim.control.controller import Controller

KINDS: Final[Mapping[str, tuple[Any, str]]] = {
    "idle_timeout": (IdleTimeout, "idle_timeout(state, draw)"),
    "reuse": (Reuse, "reuse(state, idle, draw)"),
    "eviction": (Eviction, "evict(state, idle, alive_mb, draw)"),
    "admission": (Admission, "admit(state, draw)"),
}
"""The policies that are asked during a run, which only the SimPy engine does, and the method that each has."""


@dataclass(frozen=True, slots=True)
class Policies:
    """What decides in the place of Lambda's own rules; None: Lambda's rule does."""

    idle_timeout: IdleTimeout | None = None
    reuse: Reuse | None = None
    eviction: Eviction | None = None
    admission: Admission | None = None
    controller: "Controller | Callable[[], Controller] | None" = None
    """A controller, or what makes one for each run, so that it may remember."""
    arrivals: Mapping[str, Arrivals] = field(default_factory=dict)
    """By the name of a load."""

    def __post_init__(self) -> None:
        """Check that each has the method that it is asked by; raises ``InputError``."""
        for kind, (protocol, method) in KINDS.items():
            policy = getattr(self, kind)
            if policy is not None and not isinstance(policy, protocol):
                raise InputError.single(f"{name_of(policy)} has no method {method}", path=kind)
        if not isinstance(self.arrivals, Mapping):
            raise InputError.single(
                "is a table of policies by the names of loads, such as {'day': ...}", path="arrivals"
            )
        for load, policy in self.arrivals.items():
            if not isinstance(policy, Arrivals):
                raise InputError.single(f"{name_of(policy)} has no method arrivals(start_ns, end_ns, draw)", path=load)

    @property
    def names(self) -> tuple[str, ...]:
        """Those that only the SimPy engine can ask, as ``idle_timeout HybridHistogram``."""
        asked = {kind: getattr(self, kind) for kind in KINDS}
        return tuple(f"{kind} {name_of(policy)}" for kind, policy in asked.items() if policy is not None)

    @property
    def all_names(self) -> dict[str, Any]:
        """Every policy by its kind, as the manifest and the summary name them."""
        found: dict[str, Any] = {kind: name_of(own) for kind in KINDS if (own := getattr(self, kind)) is not None}
        if self.controller is not None:
            found["controller"] = name_of(self.controllers()[0])
        if self.arrivals:
            found["arrivals"] = {load: name_of(own) for load, own in self.arrivals.items()}
        return found

    def controllers(self) -> "list[Controller]":
        """Return the controller of one run, if there is one."""
        own: Any = self.controller
        if own is None:
            return []
        made = own if hasattr(own, "act") and not isinstance(own, type) else asked("controller", own, "before the run")
        if not hasattr(made, "act") or not hasattr(made, "first_ns"):
            raise InputError.single(
                f"{name_of(own)} has no first_ns and no method act(seen, actions)", path="controller"
            )
        return [made]


NO_POLICIES: Final = Policies()


def name_of(policy: Any) -> str:
    """Return the name that a policy goes by: that of its class, or its own where it is a class or a function."""
    return str(getattr(policy, "__name__", type(policy).__name__))


def asked(kind: str, method: Callable[..., Any], where: str, *state: Any, policy: Any = None) -> Any:
    """Return what a method of a policy returns; raises ``InputError`` with its name for whatever it raises."""
    try:
        return method(*state)
    except LambdasimError:
        raise
    except Exception as error:
        words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise InputError.single(f"the policy {name_of(policy or method)} ({kind}) failed {where}: {words}") from error


def nonsense(kind: str, policy: Any, where: str, value: Any, wanted: str) -> InputError:
    """Return the error for a value that a policy must not return."""
    return InputError.single(f"the policy {name_of(policy)} ({kind}) returned {value!r} {where}; it has to be {wanted}")
