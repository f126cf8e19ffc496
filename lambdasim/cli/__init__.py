"""The command line: one module per command, each calling the functions a notebook calls.

Only the module of the command that was typed is imported, and each of them imports what is heavy inside the
functions that need it: ``--help`` and ``check`` answer before numpy would have loaded.
"""

from lambdasim.cli.app import main

__all__ = ["main"]
