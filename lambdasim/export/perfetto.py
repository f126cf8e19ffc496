"""A run as a Perfetto trace: a process per function, a track per environment, a slice per life, init and invocation.

Trace Event Format (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU), of which
ui.perfetto.dev and its trace processor read JSON, gzip allowed. Times are microseconds with three digits after the
point, so that none is rounded. What stands between an environment's invocations, within its life, is idle time.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lambdasim.errors import InputError
from lambdasim.export.rows import columns, kept_rows, whole_text
from lambdasim.report.saved_folder import SavedFolder
from lambdasim.report.words import number

LIVES: Final = ["environment", "function", "provisioned", "created_ns", "initialised_ns", "ended_ns", "end",
                "invocations"]  # fmt: skip
USES: Final = ["function", "environment", "arrival_ns", "placement_ms", "init_duration_ms", "duration_ms", "status",
               "reason", "load", "sequence", "attempt"]  # fmt: skip
IN_FLIGHT: Final = "in-flight"
"""The status of what was running when the simulation was cut."""


def write(folder: Path, out: Path) -> None:
    """Write the trace of a run to ``out``.

    Raises ``InputError`` where the folder is not that of a run or kept no rows, OSError where ``out`` cannot be
    written.
    """
    run = SavedFolder(folder)
    if "command" in run.manifest or (folder / "comparison.json").is_file():
        raise InputError.single(f"{folder}: a search or a comparison has no timeline; give the folder of a run")
    summary = run.object("summary.json")
    run.require("summary.json", summary, ("simulated_s", "functions"))
    run.conclude()
    functions = summary["functions"]
    lives = kept_rows(folder, "environments.parquet")
    uses = kept_rows(folder, "requests.parquet") if any(number(of["requests"]) for of in functions.values()) else None
    process = {name: place for place, name in enumerate(functions, 1)}
    end_ns = round(float(summary["simulated_s"]) * 1e9)
    with whole_text(out) as text:
        text.write('{"displayTimeUnit":"ms","traceEvents":[\n')
        names = (_event("process_name", "M", pid=pid, args={"name": name}) for name, pid in process.items())
        text.write(",\n".join(names))
        ready: dict[int, int] = {}
        for some in columns(lives, LIVES):
            ready |= zip(some[0], some[LIVES.index("initialised_ns")], strict=True)
            text.writelines(_lives(some, process, end_ns))
        for some in columns(uses, USES) if uses is not None else ():
            text.writelines(_uses(some, process, ready, end_ns))
        text.write("\n]}\n")


def _event(name: str, phase: str, **more: Any) -> str:
    return json.dumps({"name": name, "ph": phase, **more}, separators=(",", ":"))


def _us(ns: int) -> str:
    """Write nanoseconds as microseconds, exactly."""
    return f"{ns // 1000}.{ns % 1000:03d}"


def _lives(some: list[list[Any]], process: dict[str, int], end_ns: int) -> Iterator[str]:
    """Yield each environment's name, its life and its init, outer slices first."""
    for place, function, provisioned, created, initialised, ended, end, invocations in zip(*some, strict=True):
        kind = " (provisioned)" if provisioned else ""
        track = f'"pid":{process[function]},"tid":{place + 1}'
        until = end_ns if ended < 0 else ended
        yield f',\n{{"name":"thread_name","ph":"M",{track},"args":{{"name":"environment {place}{kind}"}}}}'
        yield (
            f',\n{{"name":"environment","cat":"life","ph":"X","ts":{_us(created)},"dur":{_us(max(until - created, 0))},'
            f'{track},"args":{{"end":"{end or "still there"}","invocations":{invocations}}}}}'
        )
        if initialised > created:
            lasts = min(initialised, until) - created
            yield f',\n{{"name":"init","cat":"init","ph":"X","ts":{_us(created)},"dur":{_us(lasts)},{track}}}'


def _uses(some: list[list[Any]], process: dict[str, int], ready: dict[int, int], end_ns: int) -> Iterator[str]:
    """Yield each invocation as a slice and each throttled attempt as an instant of its function.

    ``ready`` is when each environment was initialised: what is in flight at ``end_ns`` says no more than its arrival.
    """
    labels = {load: json.dumps(load) for load in set(some[USES.index("load")])}
    for row in zip(*some, strict=True):
        function, place, arrival, placement, init, duration, status, reason, load, sequence, attempt = row
        args = f'"args":{{"load":{labels[load]},"sequence":{sequence},"attempt":{attempt}}}'
        if place >= 0:
            if status == IN_FLIGHT:
                start = max(arrival, ready.get(place, 0))
                lasts = max(end_ns - start, 0)
            else:
                start, lasts = arrival + round(1e6 * (placement + init)), round(1e6 * duration)
            yield (
                f',\n{{"name":"{status}","cat":"invoke","ph":"X","ts":{_us(start)},"dur":{_us(lasts)},'
                f'"pid":{process[function]},"tid":{place + 1},{args}}}'
            )
        elif reason:
            yield (
                f',\n{{"name":"{reason}","cat":"throttle","ph":"i","s":"p","ts":{_us(arrival)},'
                f'"pid":{process[function]},{args}}}'
            )
