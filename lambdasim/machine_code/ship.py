"""What a wheel ships: ``python -m lambdasim.machine_code.ship FOLDER`` writes the library of all loops there.

Run by ``hatch_build.py``, with ``NUMBA_CPU_NAME`` set, so that Numba makes code for what any such processor has.
"""

import gc
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lambdasim.machine_code import jit, objects, shipped
from lambdasim.machine_code.beside import entries
from lambdasim.machine_code.linking import only_link
from lambdasim.machine_code.program import ALL, Program
from lambdasim.machine_code.reached import reached

FLAGS = ("-bundle", "-undefined", "error") if sys.platform == "darwin" else ("-shared", "-nostdlib", "-Wl,-s")
"""For the linker. Beside ``memset`` the loops call nothing."""


def main(folder: Path) -> None:
    """Write the library and its manifest. Raises ``SystemExit`` with the reason when nothing can be linked here."""
    gc.disable()  # as for programs that are made beside a run
    only_link()
    loops: list[str] = []
    with tempfile.TemporaryDirectory() as working:
        link(Path(working) / "nothing", "-x", "c", os.devnull)  # else that would be seen after a minute of compiling
        files = [Path(working) / f"{program.kind}.o" for program in ALL]
        for program, file in zip(ALL, files, strict=True):
            names, code = compiled(program, loops)
            file.write_bytes(code)
            loops += names
        library = folder / shipped.LIBRARY
        link(library, *map(str, files))
    manifest = shipped.manifest_of(library.read_bytes(), loops, reached([program.entries for program in ALL]))
    (folder / shipped.MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def link(library: Path, *inputs: str) -> None:
    """Let the C compiler make a library. Raises ``SystemExit`` with what it says last when it cannot."""
    command = [*os.environ.get("CC", "cc").split(), *FLAGS, "-o", str(library), *inputs]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except OSError as error:
        raise SystemExit(f"the C compiler {command[0]} does not run: {error.strerror}") from None
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise SystemExit(f"the C compiler {command[0]} does not link: {reason}")


def compiled(program: Program, there: Sequence[str]) -> tuple[list[str], bytes]:
    """Return the names of a program's loops, and its object file for a library that has some ``there`` already."""
    own = {name: entry for name, entry in entries(program)().items() if name not in there}
    functions = {name: jit.assembly(entry) for name, entry in own.items()}
    target = {"cpu": shipped.cpu(), "features": "", "reloc": "pic", "codemodel": "small"}
    return [*functions], objects.assembled(functions, program.plain, **target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
