"""Compiling in processes of its own: Numba keeps one processor busy, and there are two.

Such a process does nothing else, so Numba can be told there to leave out what only its other users need.
"""

import base64
import gc
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from operator import attrgetter
from typing import Final

from lambdasim.machine_code.compiler import environment, loaded
from lambdasim.machine_code.program import Entries, Program
from lambdasim.waiting import POLL_S, ask

LOG: Final = logging.getLogger("lambdasim")

AT_WORK: Final = b"+"
"""What a process writes before its answer, once it has loaded Numba."""


def compiled(programs: Sequence[Program]) -> Iterator[tuple[Program, bytes]]:
    """Yield the object files of programs, made by two processes at once, and say so; a share that fails is made here.

    What takes longest comes last, so that the others can be kept meanwhile. Raises ImportError where Numba cannot be
    loaded, and what ``ask`` raises.
    """
    ask()
    shares = _shares(programs)
    processes = [_started(share) for share in shares]
    try:
        at_work = [_is_at_work(process) for process in processes]
        ask()  # Ctrl-C ends processes that have just begun, too
        if not all(at_work):
            loaded("jit")  # or say why it cannot be
        LOG.info("compiling the fast engine, once; this takes some ten seconds")
        for share, process in reversed([*zip(shares, processes, strict=True)]):
            codes = _answer(share, process)
            ask()
            yield from (codes or {program: compiled_here(program) for program in share}).items()
    finally:
        for process in processes:
            if process is not None:
                process.kill()
                with process:
                    pass


def compiled_here(program: Program) -> bytes:
    """Return the object file of a program, made by this process."""
    jit, objects = loaded("jit"), loaded("objects")
    functions = {name: jit.assembly(entry) for name, entry in entries(program)().items()}
    code: bytes = objects.with_names(functions, program.plain)
    return code


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
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, json.dumps(programs)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,  # what is read of it leaves all else for `communicate`
            env=environment(),
        )
    except OSError:
        return None


def _is_at_work(process: "subprocess.Popen[bytes] | None") -> bool:
    """Say whether a process has loaded Numba, once it has or has failed to."""
    return process is not None and process.stdout is not None and process.stdout.read(1) == AT_WORK


def _answer(programs: Sequence[Program], process: "subprocess.Popen[bytes] | None") -> dict[Program, bytes] | None:
    if process is None:
        return None
    output: bytes | None = None
    while output is None:
        try:
            output, _ = process.communicate(timeout=POLL_S)
        except subprocess.TimeoutExpired:
            ask()
    if process.returncode != 0:
        return None
    return {program: base64.b64decode(code) for program, code in zip(programs, json.loads(output), strict=True)}


if __name__ == "__main__":
    gc.disable()  # there is hardly any garbage, and much to look through
    from lambdasim.machine_code.linking import only_link

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this one ends it
    only_link()
    os.write(1, AT_WORK)
    made = [compiled_here(Program(*program)) for program in json.loads(sys.argv[1])]
    json.dump([base64.b64encode(code).decode() for code in made], sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # else Python would first take all of Numba apart, for half a second
