"""From what a person configured to what the law works with: integers, durations in ns, policies by number.

It knows the configuration and the law, and nothing of engines or time.
"""

from lambdasim.scenario.account import account_law, function_law, provisioned_inits

__all__ = ["account_law", "function_law", "provisioned_inits"]
