"""Compiling in processes of its own: Numba keeps one processor busy, and there are two.

Such a process does nothing else, so Numba can be told there to leave out what only its other users need.
"""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from operator import attrgetter
from pathlib import Path

import lambdasim
from lambdasim.machine_code.program import Entries, Program


def compiled(programs: Sequence[Program]) -> dict[Program, bytes]:
    """Return the object files of programs, made by two processes at once; a share that fails is made here."""
    shares = _shares(programs)
    processes = [_started(share) for share in shares]
    codes: dict[Program, bytes] = {}
    try:
        for share, process in zip(shares, processes, strict=True):
            codes |= _answer(share, process) or {program: compiled_here(program) for program in share}
    finally:
        for process in processes:
            if process is not None:
                process.kill()
                with process:
                    pass
    return codes


def compiled_here(program: Program) -> bytes:
    """Return the object file of a program, made by this process."""
    from lambdasim.machine_code import jit, objects

    functions = {name: jit.assembly(entry) for name, entry in entries(program)().items()}
    return objects.with_names(functions, program.plain)


def entries(program: Program) -> Entries:
    """Return the function that returns a program's loops."""
    module, name = program.entries.split(":")
    function: Entries = getattr(import_module(module), name)
    return function


def _shares(programs: Sequence[Program]) -> list[list[Program]]:
    """Return programs in two parts that take about as long; what takes longest comes first."""
    shares: list[list[Program]] = [[], []]
    for program in sorted(programs, key=attrgetter("tenths"), reverse=True):
        min(shares, key=lambda share: sum(own.tenths for own in share)).append(program)
    return [share for share in shares if share]


def _started(programs: Sequence[Program]) -> "subprocess.Popen[bytes] | None":
    package = str(Path(lambdasim.__file__).parents[1])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    try:
        return subprocess.Popen(
            [sys.executable, "-m", __name__, json.dumps(programs)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        )
    except OSError:
        return None


def _answer(programs: Sequence[Program], process: "subprocess.Popen[bytes] | None") -> dict[Program, bytes] | None:
    if process is None:
        return None
    output, _ = process.communicate()
    if process.returncode != 0:
        return None
    return {program: base64.b64decode(code) for program, code in zip(programs, json.loads(output), strict=True)}


if __name__ == "__main__":
    from lambdasim.machine_code.linking import only_link

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this one ends it
    only_link()
    made = [compiled_here(Program(*program)) for program in json.loads(sys.argv[1])]
    json.dump([base64.b64encode(code).decode() for code in made], sys.stdout)
