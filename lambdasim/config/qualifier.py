"""Names of what is invoked: a function, or one of its versions or aliases, as ``checkout:2`` and ``checkout:live``."""

from typing import Final

LATEST: Final = "$LATEST"
"""AWS's name of what is not published (Developer Guide, configuration-versions, 2026)."""


def function_of(name: str) -> str:
    """Return the function that a name is of; the name of anything else as it is."""
    return name.partition(":")[0]


def qualifier_of(name: str) -> str:
    """Return the version or alias that a name is of; "" for a function itself."""
    return name.partition(":")[2]


def qualified(function: str, qualifier: str) -> str:
    """Return the name of a version or alias."""
    return f"{function}:{qualifier}"


def is_version(qualifier: str) -> bool:
    """Say whether it is that of a version: aliases have names that are no numbers (API CreateAlias, 2026)."""
    return qualifier == LATEST or qualifier.isdecimal()
