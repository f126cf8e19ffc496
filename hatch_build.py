"""Puts machine code into a wheel, so that nobody need wait for the compiler on the first run.

Off unless ``HATCH_BUILD_HOOK_ENABLE_CUSTOM=true``: it takes half a minute, Numba and a C compiler to link with.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CPU = "from lambdasim.machine_code.shipped import cpu; print(cpu())"


class MachineCode(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles in a process of its own, which is told by its environment for which processors."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the library to the wheel; an editable installation gets none."""
        if version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory()
        path = os.pathsep.join(filter(None, (self.root, os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "NUMBA_CPU_FEATURES": ""}
        environment["NUMBA_CPU_NAME"] = self._output(["-c", CPU], environment).strip()
        self._output(["-m", "lambdasim.machine_code.ship", self._folder.name], environment)
        for file in sorted(Path(self._folder.name).iterdir()):
            build_data["force_include"][str(file)] = f"lambdasim/machine_code/library/{file.name}"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Leave nothing behind."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()

    def _output(self, arguments: list[str], environment: dict[str, str]) -> str:
        done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            self._folder.cleanup()
            reason = (done.stderr.strip().splitlines() or ["it was killed"])[-1]
            self.app.abort(f"the machine code for this wheel cannot be made: {reason}")
        return done.stdout
