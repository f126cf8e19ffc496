"""What a process of the command line does without, so that it starts, draws and ends sooner; nothing of it changes a
result.

A notebook's process is its owner's, and keeps everything as it is.
"""

import atexit
import gc
import os
import sys
from typing import Final

from lambdasim.cli.kept_methods import KeptMethods

COLLECT_AFTER: Final = 50_000
"""So many new objects make the collector look: Python's 700 make it look through matplotlib while that is loaded."""


def start_lean() -> KeptMethods:
    """Load no plugins of pydantic, collect no garbage until everything is loaded, and compile no method twice.

    Returns the methods, which are to be kept in the end.
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.disable()
    methods = KeptMethods()
    methods.install()
    return methods


def collect_garbage() -> None:
    """Collect from now on, but not among what is loaded; in a process that did not start lean change nothing."""
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(COLLECT_AFTER)
        gc.enable()


class Leaving:
    """Ends the process without taking apart all that it loaded, which takes Python a tenth of a second.

    Whatever else is registered for the end comes first, for it is registered later. Made where the process begins.
    """

    def __init__(self) -> None:
        self.exit_code: int | None = None
        """To end with; without one, as after an error that nobody catches, the process ends as any other does."""
        atexit.register(self._leave)

    def _leave(self) -> None:
        if self.exit_code is None:
            return
        try:
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
        except (OSError, ValueError):
            return  # of which Python tells
        os._exit(self.exit_code)
