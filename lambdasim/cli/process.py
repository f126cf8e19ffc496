"""What a process of the command line does without, so that it starts and draws sooner; nothing of it changes a result.

A notebook's process is its owner's, and keeps everything as it is.
"""

import gc
import os
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
