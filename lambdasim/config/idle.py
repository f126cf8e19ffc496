"""How long environments stay idle: one distribution, or a policy that depends on the whole function."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from lambdasim.config.call import shortened
from lambdasim.config.distribution import Distribution
from lambdasim.config.families import parse_distribution
from lambdasim.config.quantity import Quantity

EXPIRIES: Final = ("each", "together", "halves")


@dataclass(frozen=True, slots=True)
class IdlePolicy:
    """Idle timeouts that depend on the whole function: of its only environment, and of one among others."""

    lone: Distribution
    surplus: Distribution
    expiry: str = "each"
    """``each``: an environment falls idle for either of the two, and that is all. ``together``: each has the surplus
    one, and all end once none has been in use for the lone one. ``halves``: half of them end then, at least one, and
    half of the rest after as long again."""

    def __post_init__(self) -> None:
        """Read texts such as ``"constant(5min)"``; raises ``ValueError``."""
        object.__setattr__(self, "lone", parse_distribution(self.lone))
        object.__setattr__(self, "surplus", parse_distribution(self.surplus))
        if self.expiry not in EXPIRIES:
            known = ", ".join(f"'{one}'" for one in EXPIRIES)
            raise ValueError(f"unknown expiry {shortened(repr(self.expiry))}; give one of {known}")

    def to_raw(self) -> dict[str, Any]:
        """Return the table that an experiment file holds for it."""
        raw = {"lone": self.lone.to_raw(), "surplus": self.surplus.to_raw()}
        return raw if self.expiry == "each" else raw | {"expiry": self.expiry}


def parse_idle_timeout(value: object) -> Distribution | IdlePolicy:
    """Return what an ``idle_timeout`` says; raises ``ValueError`` with a message for the user."""
    if isinstance(value, IdlePolicy):
        return value
    if isinstance(value, Mapping) and "dist" not in value:
        if not {"lone", "surplus"} <= set(value) <= {"lone", "surplus", "expiry"}:
            raise ValueError(
                "a table of idle timeouts takes lone and surplus, and expiry, or dist, file, column and unit"
            )
        return IdlePolicy(**value)
    return parse_distribution(value)


def _parse_lifetime(value: object) -> Distribution | Literal["none"]:
    return "none" if value == "none" else parse_distribution(value)


_DISTRIBUTION_JSON: Final = {
    "type": ["string", "object"],
    "examples": ["uniform(5min, 7min)", "half-life(380s)"],
}
IdleTimeout = Annotated[
    Distribution | IdlePolicy,
    Quantity(parse_idle_timeout, lambda value: value.to_raw(), {**_DISTRIBUTION_JSON, "description": "Idle timeout"}),
]
Lifetime = Annotated[
    Distribution | Literal["none"],
    Quantity(
        _parse_lifetime,
        lambda value: value if value == "none" else value.to_raw(),
        {**_DISTRIBUTION_JSON, "description": "Longest life of an environment, or 'none'"},
    ),
]
