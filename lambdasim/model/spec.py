"""The configuration the law works from: integers only, frozen, already validated."""

from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from lambdasim.model import rules
from lambdasim.model.aliases import AliasSpec
from lambdasim.model.asynchronous import ASYNCHRONOUS, AsynchronousSource, AsynchronousSpec
from lambdasim.model.batches import BrokerSpec
from lambdasim.model.calls import CallSpec
from lambdasim.model.control import Control
from lambdasim.model.downstream import DownstreamSpec, UseSpec
from lambdasim.model.events import NEVER_NS, Expiry, RetryCause, Reuse
from lambdasim.model.gateway import API_GATEWAY, GatewaySource, RateSpec
from lambdasim.model.links import LinkSpec
from lambdasim.model.losses import Loss
from lambdasim.model.maps import MapSource
from lambdasim.model.sqs import SqsSpec
from lambdasim.model.sqs_fifo import FifoSpec
from lambdasim.model.streams import StreamSpec

SourceSpec = AsynchronousSource | GatewaySource | MapSource | SqsSpec | FifoSpec | StreamSpec | BrokerSpec
"""The spec of an event source, of any kind."""


@dataclass(frozen=True, slots=True)
class ScalingSpec:
    """How fast on-demand environments may be added: a bucket of ``capacity``, with ``amount`` more every ``per_ns``."""

    capacity: int = rules.SCALING_ENVIRONMENTS
    amount: int = rules.SCALING_ENVIRONMENTS
    per_ns: int = rules.SCALING_PERIOD_NS
    continuous: bool = True
    per_function: bool = True
    """False for the legacy policy, under which all functions of an account share one bucket."""
    requests: int = rules.REQUESTS_PER_CONCURRENCY
    """Requests per second that a function may add for each environment that it may; 0 for as many as come."""


def rescaled(scaling: ScalingSpec, kind: int, value: int) -> ScalingSpec:
    """Return a scaling rate that a row of the control table changes."""
    changed: dict[str, Any] = {SCALING[Control(kind)]: value}
    return replace(scaling, **changed)


SCALING: Final = {Control.SCALING_CAPACITY: "capacity", Control.SCALING_AMOUNT: "amount"}
"""What rows of the control table change of the scaling rate."""


@dataclass(frozen=True, slots=True)
class ClientSpec:
    """How a caller of a synchronous request tries again, and how long it waits. The default does not retry."""

    max_attempts: int = 1
    base_ns: int = 0
    cap_ns: int = NEVER_NS
    full_jitter: bool = True
    quota: int = 0
    """Retry tokens a client process starts with and can hold; 0 for no quota."""
    retry_cost: int = 0
    processes: int = 1
    """Client processes that share the load's requests in turn, each with its own quota."""
    timeout_ns: int = NEVER_NS
    """How long it waits for an answer. Only a source can be late: a direct call without one ends when it ends."""
    retry_on: tuple[RetryCause, ...] = tuple(RetryCause)
    error_base_ns: int | None = None
    """``base_ns`` after anything but a throttle, where it differs."""
    error_cost: int | None = None
    timeout_cost: int | None = None
    """``retry_cost`` after a server error and after a timeout, where they differ."""
    is_default: bool = False
    """Whether nothing was said of it, so that the client of a source counts where its requests go to one."""


NO_RETRY = ClientSpec()
NO_CLIENT = ClientSpec(is_default=True)

LEGACY_CLIENT = ClientSpec(max_attempts=5, base_ns=rules.NS_PER_S)
"""botocore ``legacy`` mode: 5 attempts, full jitter over 1 s doubling, no cap (botocore 1.43/1.44 source, 2026-11)."""

STANDARD_CLIENT = ClientSpec(
    max_attempts=3,
    base_ns=rules.NS_PER_S,
    cap_ns=20 * rules.NS_PER_S,
    quota=500,
    retry_cost=5,
    error_base_ns=rules.NS_PER_S // 20,
    error_cost=14,
    timeout_cost=14,
)
"""botocore ``standard`` mode, the default since 1.44.0 (source read 2026-11)."""

STANDARD_2020_CLIENT = replace(STANDARD_CLIENT, error_base_ns=None, error_cost=None, timeout_cost=10)
"""botocore ``standard`` mode until 1.43: one base for all, 5 tokens, 10 after a timeout (source read 2026-11)."""


class FunctionSpec(NamedTuple):
    """What the law knows of one version of a function; a function may have one.

    Quotas, rates and reserved concurrency belong to the function, and stand with its first version. All else is the
    version's own, its environments too.
    """

    name: str
    timeout_ns: int
    version_of: int = -1
    """Index of the function's first version, -1 for that one itself."""
    reserved: int | None = None
    """Of the first version: for all of them."""
    reuse: Reuse = Reuse.MOST_RECENT
    init_limit_ns: int = rules.INIT_LIMIT_NS
    suppressed_init_permille: int = 1_000
    expiry: Expiry = Expiry.ONE_TIMEOUT
    errors_q24: int = 0
    crashes_q24: int = 0
    """Shares of invocations that end so, in units of 2**-24, for attempts that no plan has drawn."""
    fault_key: int = 0
    """Of the draws which invocations suffer from errors that a row of the control table brings."""
    snapstart: bool = False
    """Whether new environments are restored, which takes what plans have as their init."""
    restore_billed_q24: int = 0
    """Part of a restore that runtime and hooks take, which is billed, in units of 2**-24."""
    first_restores_q24: int = 0
    """By how much the first restores of a version are slower, in units of 2**-24 of what is usual."""
    first_ns: int = 0
    """What the first invocation in an environment, or after its reset, takes longer than others."""
    ahead_q24: int = 0
    """Share of the new environments that are initialised before a request needs them, in units of 2**-24."""
    ahead_key: int = 0
    """Of the draws which those are."""
    per_record_ns: int = 0
    """What each record of a batch adds to the duration."""
    asynchronous: AsynchronousSpec = ASYNCHRONOUS
    uses: tuple[UseSpec, ...] = ()
    calls: tuple[CallSpec, ...] = ()
    """What the handler calls after its own work, in this order."""

    def alike(self, name: str, version_of: int, reserved: int | None) -> "FunctionSpec":
        """Return another function or version that is written like this one."""
        return FunctionSpec(name, self.timeout_ns, version_of, reserved, *self[4:])


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """One account in one Region: its concurrency, its functions and who calls them."""

    concurrency: int
    functions: tuple[FunctionSpec, ...]
    """Every version of every function: what requests name, and what records tell of."""
    scaling: ScalingSpec = ScalingSpec()
    whole_seconds: bool = False
    """Whether quotas of requests per second are counted in whole seconds, and not as buckets."""
    clients: tuple[ClientSpec, ...] = ()
    """By load index; a load beyond the end has :data:`NO_RETRY`."""
    sources: tuple[SourceSpec, ...] = ()
    """By source index."""
    links: tuple[LinkSpec, ...] = ()
    api_gateway: RateSpec = API_GATEWAY
    """Rate that all APIs of API Gateway share."""
    downstreams: tuple[DownstreamSpec, ...] = ()
    losses: tuple[Loss, ...] = ()
    """Of execution environments, in order of time."""
    service_key: int = 0
    """Of the draws which requests Lambda answers with an error of its own."""
    unreserved_minimum: int = rules.UNRESERVED_MINIMUM
    """What nobody can reserve or provision of the concurrency."""
    aliases: tuple[AliasSpec, ...] = ()
    """Names that do not lead to the same version throughout."""
