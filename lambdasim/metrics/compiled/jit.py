"""Numba: the only module of metrics that knows it."""

import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import numba
from llvmlite import ir
from numba.extending import intrinsic

from lambdasim.code_cache import directory, name
from lambdasim.metrics import tally
from lambdasim.model import rules

Function = TypeVar("Function", bound=Callable[..., Any])

# The caller owns all arrays throughout a call, so nothing need count references to them; no division is by zero.
OPTIONS: Final[dict[str, Any]] = {"error_model": "numpy", "_nrt": False}


def kernel(function: Function) -> Function:
    """Make a function part of the loop, which it is compiled into; Python cannot call it."""
    options: dict[str, Any] = OPTIONS | {"forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    compiled: Function = numba.njit(**options)(function)
    return compiled


def _float_bits(typing: Any, value: Any) -> Any:
    """Return the 64 bits of the float64 that an integer is converted to."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(builder.sitofp(arguments[0], ir.DoubleType()), ir.IntType(64))

    return numba.int64(numba.int64), generate


float_bits: Any = intrinsic(_float_bits)


@cache
def counting_loops() -> tuple[Callable[..., int], Callable[..., int]]:
    """Return the compiled ``run`` and ``collect`` of :mod:`~lambdasim.metrics.compiled.loop`.

    They take some seconds, once per process.
    """
    from lambdasim.metrics.compiled import loop
    from lambdasim.metrics.compiled.tables import empty

    type_of: Callable[[object], Any] = numba.typeof
    tables, integers = empty(), numba.types.Array(numba.int64, 1, "C")
    rows = numba.types.Array(numba.int64, 2, "C", readonly=True)
    run = compiled(loop.run, (type_of(tables), type_of(loop.NO_LAW), rows, numba.int64))
    return run, compiled(loop.collect, (type_of(tables.counts), *[integers] * 4))


def compiled(function: Function, arguments: tuple[Any, ...]) -> Function:
    """Return a function compiled for arguments of these types, from the cache if it is kept there.

    Numba's own cache sees edits of the function's file only; the folder is named by all sources that go into it.
    """
    sources = [Path(str(rules.__file__)), Path(str(tally.__file__)), *sorted(Path(__file__).parent.glob("*.py"))]
    config: Any = numba.config
    kept = numba.njit(nogil=True, cache=True, **OPTIONS)
    before, config.CACHE_DIR = config.CACHE_DIR, str(directory() / name("metrics", sources))
    try:
        result = kept(function)
        result.compile(arguments)
    except (OSError, RuntimeError) as error:  # no folder can be written, or the disk is full
        warnings.warn(f"the compiled metrics cannot be kept for the next time: {error}", RuntimeWarning, stacklevel=2)
        result = numba.njit(nogil=True, **OPTIONS)(function)
        result.compile(arguments)
    finally:
        config.CACHE_DIR = before
    result.disable_compile()
    return result  # type: ignore[no-any-return]
