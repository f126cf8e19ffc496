"""The plain C loop behind the interface of an engine, compiled by the system's compiler."""

import ctypes
import math
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
from plans import Scenario

from lambdasim.engine.compiled.state import MOMENT, heap
from lambdasim.engine.compiled.structs import aligned
from lambdasim.model.events import NEVER_NS
from lambdasim.plan import PlanChunk

WORLD = np.dtype([(name, np.int64) for name in (
    "limit", "capacity", "amount", "per", "requests", "timeout", "init_limit", "horizon",
    "executing", "environments", "rate_since", "rate_used", "credit", "refilled", "alive",
    "ramp_second", "ramp_admitted", "ramp_level", "ramp_credit", "ramp_refilled",
    "newest", "free", "n_far", "n_expiries", "n_rows", "n_lives",
    "shift", "last_day", "entered", "first", "first_at", "now",
)])  # fmt: skip
ENVIRONMENT = np.dtype([
    *((name, np.int64) for name in ("number", "ends", "expires", "queued", "idle")),
    *((name, np.int64) for name in ("uses", "created", "initialised", "init", "at")),
    *((name, np.int32) for name in ("older", "newer", "reset", "pad")),
])  # fmt: skip
ROW = 24
MINUTE = 17
"""Integers of a row, and of what is counted of a minute."""
MOST_DAYS = 1 << 20
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
    """One simulation of a scenario of one function with nothing but on-demand concurrency; it may count by minute."""

    def __init__(self, scenario: Scenario, folder: Path, *, counts: bool = False) -> None:
        (function,), scaling, limit = scenario.spec.functions, scenario.spec.scaling, scenario.spec.concurrency
        arrival_ns, room = scenario.columns["arrival_ns"], max(limit, 4_096)
        self._library = library(folder)
        self._world = np.zeros(1, WORLD)
        self._world[["limit", "requests"]] = limit, scaling.requests
        self._world[["capacity", "amount", "per"]] = scaling.capacity, scaling.amount, scaling.per_ns
        self._world[["timeout", "init_limit", "horizon"]] = function.timeout_ns, function.init_limit_ns, NEVER_NS
        self._world["credit"] = scaling.capacity * scaling.per_ns
        self._world["ramp_credit"] = self._world["credit"] * scaling.requests
        self._world["newest"] = -1

        gap_ns = scenario.ends_ns / len(scenario)
        shift = max(int(math.log2(gap_ns / 4)), 0)
        days = 1 << max(12, math.ceil(math.log2(4 * scenario.columns["duration_ns"].mean() / 2**shift)))
        while days > MOST_DAYS:
            days, shift = days >> 1, shift + 1
        self._world[["shift", "last_day", "first_at"]] = shift, days - 1, NEVER_NS
        self._days = np.full(days, -1, np.int32), np.zeros(days >> 6, np.uint64), np.zeros(days >> 12, np.uint64)

        self._environments = aligned(room, ENVIRONMENT)
        self._environments[:] = 0
        self._environments["older"] = np.arange(1, room + 1)
        self._ends, self._expiries = heap(room), heap(4 * room)
        minutes = int(arrival_ns[-1]) // 60_000_000_000 + 1
        self._counts = [np.zeros((minutes, MINUTE), np.int64), np.zeros((4, 1 << 13), np.int64)] if counts else []
        assert MOMENT.itemsize == 16

    def advance(self, chunk: PlanChunk) -> np.ndarray:
        """Return the rows of a chunk."""
        rows = np.empty((len(chunk), ROW), np.int64)
        lives = np.empty((4 * len(self._environments), 9), np.int64)
        self._world["n_rows"] = self._world["n_lives"] = 0
        arrays = [self._world, self._environments, *self._days, self._ends, self._expiries, rows, lives]
        columns = [np.ascontiguousarray(getattr(chunk, name)) for name in COLUMNS]
        self._library.plain_loop(
            *(ctypes.c_void_p(array.ctypes.data) for array in arrays),
            *([ctypes.c_void_p(array.ctypes.data) for array in self._counts] or [None, None]),
            ctypes.c_int64(len(chunk)),
            ctypes.c_int64(chunk.until_ns),
            *(ctypes.c_void_p(column.ctypes.data) for column in columns),
        )
        return rows
