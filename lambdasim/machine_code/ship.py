"""What a wheel ships: ``python -m lambdasim.machine_code.ship FOLDER`` writes the library of all loops there.

Run by ``hatch_build.py``, with ``NUMBA_CPU_NAME`` set, so that Numba makes code for what any such processor has.
"""

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
    """Write the library and its manifest. Raises ``OSError`` or ``CalledProcessError`` when it cannot be linked."""
    only_link()
    loops: list[str] = []
    with tempfile.TemporaryDirectory() as working:
        files = [Path(working) / f"{program.kind}.o" for program in ALL]
        for program, file in zip(ALL, files, strict=True):
            names, code = compiled(program, loops)
            file.write_bytes(code)
            loops += names
        library = folder / shipped.LIBRARY
        subprocess.run(
            [os.environ.get("CC", "cc"), *FLAGS, "-o", library, *files], check=True, stdin=subprocess.DEVNULL
        )
    manifest = shipped.manifest_of(library.read_bytes(), loops, reached([program.entries for program in ALL]))
    (folder / shipped.MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def compiled(program: Program, there: Sequence[str]) -> tuple[list[str], bytes]:
    """Return the names of a program's loops, and its object file for a library that has some ``there`` already."""
    own = {name: entry for name, entry in entries(program)().items() if name not in there}
    functions = {name: jit.assembly(entry) for name, entry in own.items()}
    target = {"cpu": shipped.cpu(), "features": "", "reloc": "pic", "codemodel": "small"}
    return [*functions], objects.assembled(functions, program.plain, **target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
