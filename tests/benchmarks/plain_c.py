"""The plain C loop behind the interface of an engine, compiled by the system's compiler."""

import ctypes
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np

from lambdasim.engine.compiled.state import HEAP_MARGIN, MOMENT, heap
from lambdasim.model import rules
from lambdasim.model.events import NEVER_NS
from lambdasim.model.spec import AccountSpec
from lambdasim.plan import PlanChunk

WORLD = np.dtype([(name, np.int64) for name in (
    "limit", "rate_quota", "capacity", "amount", "per", "timeout", "init_limit", "horizon",
    "executing", "environments", "rate_ends", "admitted", "credit", "refilled", "alive",
    "newest", "free", "n_ends", "n_expiries", "n_rows", "n_lives",
)])  # fmt: skip
ENVIRONMENT = np.dtype([
    *((name, np.int64) for name in ("number", "ends", "expires", "queued", "idle")),
    *((name, np.int64) for name in ("uses", "created", "initialised", "init")),
    *((name, np.int32) for name in ("older", "newer", "reset", "pad")),
])  # fmt: skip
COLUMNS = ("request", "arrival_ns", "duration_ns", "init_ns", "idle_timeout_ns", "lifetime_ns")


def compiler() -> str | None:
    """Return the system's C compiler, if it has one."""
    return next(filter(None, map(shutil.which, filter(None, (os.environ.get("CC"), "cc", "gcc", "clang")))), None)


@cache
def library(folder: Path) -> ctypes.CDLL:
    """Compile the loop into ``folder`` and load it."""
    target = folder / "plain_loop.so"
    options = ["-O3", "-march=native", "-shared", "-fPIC", "-o", str(target)]
    subprocess.run([str(compiler()), *options, str(Path(__file__).with_name("plain_loop.c"))], check=True)
    return ctypes.CDLL(str(target))


class PlainLoop:
    """One simulation of an account of one function with nothing but on-demand concurrency."""

    def __init__(self, spec: AccountSpec, folder: Path, room: int = 4_096) -> None:
        (function,), scaling = spec.functions, spec.scaling
        self._library = library(folder)
        self._world = np.zeros(1, WORLD)
        self._world[["limit", "rate_quota"]] = spec.concurrency, spec.concurrency * rules.REQUESTS_PER_CONCURRENCY
        self._world[["capacity", "amount", "per"]] = scaling.capacity, scaling.amount, scaling.per_ns
        self._world[["timeout", "init_limit", "horizon"]] = function.timeout_ns, function.init_limit_ns, NEVER_NS
        self._world["credit"] = scaling.capacity * scaling.per_ns
        self._world["newest"] = -1
        self._environments = np.zeros(room, ENVIRONMENT)
        self._environments["older"] = np.arange(1, room + 1)
        self._ends, self._expiries = heap(room), heap(4 * room)
        assert HEAP_MARGIN >= 4
        assert MOMENT.itemsize == 16

    def advance(self, chunk: PlanChunk) -> np.ndarray:
        """Return the rows of a chunk."""
        rows = np.empty((len(chunk), 21), np.int64)
        lives = np.empty((4 * len(self._environments), 9), np.int64)
        self._world["n_rows"] = self._world["n_lives"] = 0
        arrays = [self._world, self._environments, self._ends, self._expiries, rows, lives]
        columns = [np.ascontiguousarray(getattr(chunk, name)) for name in COLUMNS]
        self._library.plain_loop(
            *(ctypes.c_void_p(array.ctypes.data) for array in arrays),
            ctypes.c_int64(len(chunk)),
            ctypes.c_int64(chunk.until_ns),
            *(ctypes.c_void_p(column.ctypes.data) for column in columns),
        )
        return rows
