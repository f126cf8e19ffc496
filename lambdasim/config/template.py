"""``[function."*"]`` as the base of the functions that a file declares: it says what they leave out."""

from collections.abc import Mapping
from typing import Any, Final

TEMPLATE: Final = "*"
"""Name of the function table that is the base of others, and the template of functions that only a trace names."""

_INNER: Final = ("provisioned", "async")
"""Tables of a function whose keys are taken from the base one by one; others are values."""


def laid_over(functions: Any) -> Any:
    """Return the tables of functions, each declared one laid over ``"*"``; as they are where that is no table."""
    base = functions.get(TEMPLATE) if isinstance(functions, Mapping) else None
    if not isinstance(base, Mapping):
        return functions
    return {
        name: _over(base, own) if name != TEMPLATE and isinstance(own, Mapping) else own
        for name, own in functions.items()
    }


def _over(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    found = {**base, **own}
    for key in _INNER:
        if isinstance(base.get(key), Mapping) and isinstance(own.get(key), Mapping):
            found[key] = {**base[key], **own[key]}
    return found
