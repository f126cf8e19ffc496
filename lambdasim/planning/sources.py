"""Which sources of lambdasim a process has: what decides whether its results may stand beside ours."""

from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path
from typing import Any

from lambdasim import __version__
from lambdasim.errors import InputError
from lambdasim.machine_code import cache as machine_code_cache


@cache
def digest(*leaving_out: str) -> str:
    """Return a name for everything of this package that decides results, as it is when that is first asked for.

    That is its version, code, prices and tables; ``leaving_out`` names parts, such as ``report``, that do not count.
    """
    package = Path(machine_code_cache.__file__).parents[1]
    sources = [
        file
        for file in sorted(package.rglob("*"))
        if file.suffix in (".py", ".toml", ".csv") and file.relative_to(package).parts[0] not in leaving_out
    ]
    return machine_code_cache.name(__version__, sources)


def own() -> str:
    """Return the digest of all that this process has."""
    return digest()


def with_the_same(wanted: str, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call a function for a process that has the sources ``wanted``; raises :class:`InputError` if we have others."""
    if own() != wanted:
        raise InputError.single(difference({own()}, wanted))
    return function(*arguments, **named)


def difference(found: Collection[str], wanted: str) -> str:
    """Return the sentence about workers with other sources."""
    others = ", ".join(sorted(set(found) - {wanted}))
    return f"workers of the cluster have lambdasim {others}, this is {wanted}; install the same sources everywhere"
