"""An account in a Region: what its functions share.

It counts concurrency and holds the shared quotas; what a request gets is decided by the function it calls.
"""

from dataclasses import dataclass

from lambdasim.model.gateway import TokenBucket
from lambdasim.model.law import AccountLaw, FunctionLaw
from lambdasim.model.request_rate import RequestRate
from lambdasim.model.scaling import ScalingBucket


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
    law: AccountLaw
    rate: RequestRate
    api_gateway: TokenBucket
    _shared_bucket: ScalingBucket

    def __init__(self, law: AccountLaw) -> None:
        self.law = law
        self.concurrency = law.concurrency
        self.rate = RequestRate(law.concurrency)
        self.api_gateway = TokenBucket(law.api_gateway)
        self.unreserved = self.executing = self.environments = 0
        self.claimed = sum(f.reserved for f in law.functions if f.reserved is not None)
        self._shared_bucket = ScalingBucket(law.scaling)

    def scaling_bucket(self) -> ScalingBucket:
        """Return the bucket a function draws on: its own, or the account's under the legacy policy."""
        return ScalingBucket(self.law.scaling) if self.law.scaling.per_function else self._shared_bucket

    def claim_provisioned(self, function: FunctionLaw) -> None:
        """Claim a function's provisioned concurrency; reserved concurrency, if it has any, holds it already."""
        if function.reserved is None:
            self.claimed += function.provisioned

    def next_environment(self) -> int:
        """Return the number of the next environment: 0, 1, 2 … in order of creation across the account."""
        number = self.environments
        self.environments += 1
        return number
