"""``[answer]``: what the question of an experiment asks for, so that its sentence and ``summary.json`` hold that."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final, Literal

from lambdasim.config.call import shortened
from lambdasim.config.origins import Problems
from lambdasim.config.quantity import ConfigTable
from lambdasim.config.suggest import hint

if TYPE_CHECKING:
    from lambdasim.config.schema import ExperimentConfig

Asks = Literal[
    "quota", "reason", "split", "neighbour", "cold-starts", "break-even", "dead-letters", "drain", "choice", "age",
    "connections", "bill", "incident", "deploy",
]  # fmt: skip

COMMANDS: Final[Mapping[str, Collection[str]]] = {
    "quota": ("capacity",),
    "split": ("sweep", "optimize"),
    "choice": ("sweep", "optimize"),
    "drain": ("compare",),
    "incident": ("compare",),
    "reason": ("run",),
    "neighbour": ("run", "sweep"),
    "cold-starts": ("run",),
    "break-even": ("run", "sweep"),
    "dead-letters": ("run",),
    "age": ("run",),
    "connections": ("run",),
    "bill": ("run",),
    "deploy": ("run",),
}
"""Which commands answer what: the others leave it aside."""

VARIED: Final = ("break-even",)
"""What is asked about a number that is varied, whose path is ``over``."""


class Asked(ConfigTable):
    """``[answer]``: what the question asks, whom it is about, and which value is varied to answer it."""

    asks: Asks
    """What is wanted: ``quota`` (the smallest enough), ``reason`` (of throttles), ``split`` (of a quota), ``neighbour``
    (who throttles another), ``cold-starts``, ``break-even``, ``dead-letters``, ``drain``, ``choice`` (of values),
    ``age`` (of events, and what was lost), ``connections``, ``bill``, ``incident`` (whether something makes one
    worse), ``deploy`` (what a deployment does to requests)."""
    of: str | None = None
    """The function, source or downstream that the answer is about; None: the one that the objectives name first."""
    over: str | None = None
    """Path of the whole number that is varied, for ``break-even``: ``function.api.provisioned.concurrency``."""

    decided_by = "asks"

    def unused_keys(self) -> frozenset[str]:
        """Return ``over`` where nothing is varied."""
        return frozenset() if self.asks in VARIED else frozenset({"over"})

    def reason_unused(self) -> str:
        """Return why."""
        return f"where '{self.asks}' is asked"


def check_answer(config: "ExperimentConfig", problems: Problems) -> None:
    """Check that an answer is about something that there is, and names what is to be varied."""
    asked = config.answer
    if asked is None:
        return
    if asked.of is not None:
        known = [*config.function, *config.types]
        if asked.of not in known:
            message = f"no function, source or downstream is named '{shortened(asked.of)}'; "
            problems.conclude(("answer", "of"), message + hint(asked.of, known, "there are"))
    if asked.asks == "connections" and not config.downstream:
        problems.conclude(("answer", "asks"), "there is no downstream whose connections could be counted")
    if asked.asks == "deploy" and not any(change.deploy is not None for change in config.change):
        problems.conclude(("answer", "asks"), "there is no deployment; write [[change]] with deploy = { … }")
    if asked.asks in VARIED and asked.over is None:
        problems.conclude(("answer", "over"), "is missing; name what is varied, such as function.api.memory")
