"""What metrics must be told, because records do not say it: functions, loads, sources, billing of init. Data only."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from lambdasim.config.qualifier import qualified
from lambdasim.config.source_kinds import KINDS


class MeteredFunction(NamedTuple):
    """One function, as far as its metrics and its usage depend on it."""

    name: str
    function: str = ""
    """Name of the function that it is a version or an update of; "" where it is all of one."""
    version: str = ""
    """Its version, where the function has any."""
    version_of: int = -1
    """Index of the function's first version, -1 for that one itself."""
    reserved: int | None = None
    """At the start; of a function's first version, for all of them."""
    architecture: str = "x86_64"
    memory_mb: int = 128
    ephemeral_mb: int = 512
    package: Literal["zip", "image"] = "zip"
    custom_runtime: bool = False
    """Whether it brings its own runtime (``provided.*``), the init of which has always been billed."""
    snapstart: Literal["", "java", "paid"] = ""
    """How it pays for its snapshot if it is restored from one: with a managed runtime of Java, not at all."""
    restore_billed_q24: int = 0
    """Part of a restore that is billed, in units of 2**-24."""
    ahead: bool = False
    """Whether some of its environments are initialised before their requests come."""
    log_bytes: int = 0
    """What its handler writes to its log at each invocation."""

    def alike(self, name: str, function: str, version: str, version_of: int, reserved: int | None) -> "MeteredFunction":
        """Return another one that is written like this one."""
        return MeteredFunction(name, function, version, version_of, reserved, *self[5:])

    @property
    def of(self) -> str:
        """Name of the function."""
        return self.function or self.name

    @property
    def label(self) -> str:
        """By which results tell of it."""
        return qualified(self.of, self.version) if self.version else self.of


class LoadInfo(NamedTuple):
    """One load: its name and, when it goes through a source, the source's. Its index is that in request keys."""

    name: str
    source: str | None = None
    aliases: tuple[str, ...] = ()
    """The alias that its requests go to, as ``checkout:live``, or those that a source's mapping leads to in turn."""


@dataclass(frozen=True, slots=True)
class MeteredSource:
    """One event source. Its index is that in records of deliveries and samples."""

    name: str
    type: str
    """``type`` of its table; decides what is measured."""
    function: int = 0
    """Index of the function that it invokes, by its first version."""
    version: int | None = None
    """Index of the version that is charged for its large events, where it is another."""
    payload_bytes: int = 0
    dead_letter: bool = False
    """Whether a dead-letter queue gets the events that are given up."""
    on_failure: bool = False
    """Whether an on-failure destination does."""
    pays_for_pollers: bool = False
    """Whether its event pollers are provisioned, and so billed."""
    shards: int = 1
    items: int = 0
    """Items of each execution of a map."""

    @property
    def kind(self) -> str:
        """One of the kinds of :mod:`lambdasim.config.source_kinds`."""
        return KINDS[self.type]


@dataclass(frozen=True, slots=True)
class InitBilling:
    """Whether init is part of the Billed Duration.

    Under ``2025-08`` all init is billed (since 2025-08-01, AWS Compute Blog on the billing of the init phase, 2025);
    under ``legacy`` only that of container images, custom runtimes and provisioned concurrency. ``timed_out_init``:
    whether the part of an init that its limit cut off is billed where init is, which AWS does not document.
    """

    policy: Literal["2025-08", "legacy"] = "2025-08"
    timed_out_init: bool = True
    unit_ms: int = 1
    """What the Billed Duration is rounded up to."""

    def applies_to(self, function: MeteredFunction) -> bool:
        """Return whether a function's on-demand init is billed."""
        return self.policy != "legacy" or function.package == "image" or function.custom_runtime
