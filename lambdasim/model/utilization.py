"""How provisioned concurrency is used, measured at each execution on it as CloudWatch does.

ProvisionedConcurrencyUtilization is emitted with every invocation on provisioned concurrency (Developer Guide,
monitoring-concurrency, 2026), so its average is over invocations and there is none while nothing runs.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdasim.model.function import FunctionState


def meter(function: "FunctionState") -> None:
    """Measure the utilization at an execution that begins, rounded down to units of 2**-24."""
    used_q24 = (function.provisioned_concurrency << 24) // function.allocated
    function.metered += 1
    function.metered_q24 += used_q24
    function.metered_most_q24 = max(function.metered_most_q24, used_q24)


def forget(function: "FunctionState") -> None:
    """Begin to measure anew."""
    function.metered = function.metered_q24 = function.metered_most_q24 = 0
