"""Loops ready to run: those that came with the installation, else from the cache, else from the compiler.

Importing Numba and loading from its own cache takes 0.6 s; this takes less than a tenth, and what came with the
installation needs no LLVM either.
"""

import logging
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from lambdasim.machine_code import cache as kept
from lambdasim.machine_code import compiler, shipped
from lambdasim.machine_code.program import Native, Program

LOG: Final = logging.getLogger("lambdasim")

_COMPILED: Final[dict[Program, bytes]] = {}
"""What this process has compiled: it may be that it cannot be kept."""
_LOADED: Final[set[Program]] = set()
"""What this process runs, whatever becomes of the files."""
_FOUND: Final[set[Program]] = set()
"""What was at hand when this process looked for it last."""


def is_at_hand(program: Program) -> bool:
    """Say whether a program is there as its sources are now, so that nobody need wait for the compiler."""
    return program in _LOADED or shipped.loops() is not None or program in _COMPILED or _kept(program) is not None


def is_ready(program: Program) -> bool:
    """Say whether this process can run a program without looking for it."""
    return program in _LOADED or shipped.loops() is not None


def prepare(programs: Sequence[Program]) -> None:
    """Compile those of some programs that are not at hand, by two processes at once, and say so: it takes a while.

    It does once. Warns when they cannot be kept for the next time. Raises what ``beside.compiled`` raises.
    """
    lacking = [program for program in programs if program not in _FOUND and not is_at_hand(program)]
    if not lacking:
        _FOUND.update(programs)
        return
    from lambdasim.machine_code.beside import compiled
    from lambdasim.machine_code.reached import reached

    begin, before, reason = time.perf_counter(), kept.digests(), ""
    for program, code in compiled(lacking):
        _COMPILED[program] = code
        try:
            sources = reached([program.entries])
            files = [kept.PACKAGES / source for source in sources]
            path, now = _path(program, files), kept.digests()
            if any(before.get(file) != now.get(file) for file in files):
                raise LookupError("its sources were edited meanwhile")
            kept.write(path, code)
            kept.write_list(program.kind, sources)
        except OSError as error:
            reason = f"{kept.directory()}: {error.strerror or error}"  # the file's name is one aside
        except LookupError as error:
            reason = str(error)
    LOG.info("compiled in %.1f s", time.perf_counter() - begin)
    if reason:  # of all, once
        warnings.warn(f"compiled code cannot be kept for the next time: {reason}", RuntimeWarning, stacklevel=2)


def load(*programs: Program) -> Mapping[str, Native]:
    """Return the loops of some programs by name, ready to run; they can call each other."""
    came = shipped.loops()
    if came is not None:
        return came
    objects = compiler.loaded("objects")
    _FOUND.difference_update(programs)  # their code has to be there now
    prepare(programs)
    own: Mapping[str, Native] = objects.loaded([_code(program) for program in programs])
    _LOADED.update(programs)
    return own


def _code(program: Program) -> bytes:
    if program not in _COMPILED:
        path = _kept(program)
        code = None if path is None else kept.read(path)
        assert code is not None, program
        return code
    return _COMPILED[program]


def _kept(program: Program) -> Path | None:
    """Return where a program is kept whole that was compiled of its sources as they are now."""
    for sources in kept.lists(program.kind):
        path = _path(program, sources)
        if path.exists():
            if kept.read(path) is not None:
                return path
            LOG.warning("%s is damaged, and is made again", path)
    return None


def _path(program: Program, sources: Iterable[Path]) -> Path:
    return kept.directory() / f"{kept.name(program.kind, sources)}-{compiler.loaded('objects').processor()}"
