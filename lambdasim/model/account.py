"""An account in a Region: what its functions share.

It counts concurrency and holds the shared quotas; what a request gets is decided by the function it calls.
"""

from lambdasim.model.gateway import TokenBucket
from lambdasim.model.law import AccountLaw, FunctionLaw
from lambdasim.model.request_rate import RequestRate
from lambdasim.model.scaling import ScalingBucket


class AccountState:
    """The account's concurrency, now.

    ``unreserved`` counts on-demand executions of functions without reserved concurrency, ``executing`` all
    executions, and ``claimed`` is CloudWatch's ClaimedAccountConcurrency: unreserved + reserved + provisioned of
    functions without reserved (Developer Guide, monitoring-concurrency, 2026). Executions on provisioned
    concurrency are in ``claimed`` through the allocation, so ``unreserved`` leaves them out: nothing counts twice.
    """

    __slots__ = ("_environments", "_shared_bucket", "api_gateway", "claimed", "executing", "law", "rate", "unreserved")

    def __init__(self, law: AccountLaw) -> None:
        self.law = law
        self.rate = RequestRate(law.concurrency)
        self.api_gateway = TokenBucket(law.api_gateway)
        self.unreserved = 0
        self.executing = 0
        self.claimed = sum(f.reserved for f in law.functions if f.reserved is not None)
        self._environments = 0
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
        number = self._environments
        self._environments += 1
        return number
