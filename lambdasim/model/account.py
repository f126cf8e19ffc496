"""An account in a Region: what its functions share.

It counts concurrency and holds the shared quotas; what a request gets is decided by the function it calls.
"""

from dataclasses import dataclass

from lambdasim.model.bucket import Bucket
from lambdasim.model.gateway import RateSpec
from lambdasim.model.request_rate import RequestRate
from lambdasim.model.spec import AccountSpec, ScalingSpec


@dataclass(slots=True, eq=False, init=False)
class AccountState:
    """The account's concurrency, now.

    ``unreserved`` counts on-demand executions of functions without reserved concurrency, ``executing`` all
    executions, and ``claimed`` is CloudWatch's ClaimedAccountConcurrency: unreserved + reserved + provisioned of
    functions without reserved (Developer Guide, monitoring-concurrency, 2026). Executions on provisioned
    concurrency are in ``claimed`` through the allocation, so ``unreserved`` leaves them out: nothing counts twice.
    """

    concurrency: int
    unreserved: int
    executing: int
    claimed: int
    environments: int
    """Created so far."""
    service_errors_q24: int
    """Share of the requests that Lambda itself answers with an error, in units of 2**-24."""
    spec: AccountSpec
    scaling: ScalingSpec
    """As it is now."""
    rate: RequestRate
    api_gateway: Bucket
    api_rate: RateSpec
    """API Gateway's, as it is now."""
    _shared_bucket: Bucket

    def __init__(self, spec: AccountSpec) -> None:
        self.spec = spec
        self.scaling, self.api_rate = spec.scaling, spec.api_gateway
        self.concurrency = spec.concurrency
        self.rate = RequestRate(spec.concurrency, spec.whole_seconds)
        self.api_gateway = Bucket(spec.api_gateway.burst, spec.api_gateway.per_ns)
        self.unreserved = self.executing = self.environments = self.service_errors_q24 = 0
        self.claimed = sum(f.reserved for f in spec.functions if f.version_of < 0 and f.reserved is not None)
        self._shared_bucket = Bucket(spec.scaling.capacity, spec.scaling.per_ns)

    def scaling_bucket(self) -> Bucket:
        """Return the bucket a function draws on: its own, or the account's under the legacy policy."""
        scaling = self.spec.scaling
        return Bucket(scaling.capacity, scaling.per_ns) if scaling.per_function else self._shared_bucket

    def next_environment(self) -> int:
        """Return the number of the next environment: 0, 1, 2 … in order of creation across the account."""
        self.environments += 1
        return self.environments - 1


def fails(account: AccountState, u24: int) -> bool:
    """Say whether Lambda answers a request with an error of its own; ``u24`` is uniform on 0 .. 2**24 - 1."""
    return u24 < account.service_errors_q24
