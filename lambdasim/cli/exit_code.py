"""The exit codes; scripts of others read them, so they keep their meaning."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended. Of several experiments in one command the largest code counts."""

    DONE = 0  # and every SLO was met
    BUG = 1  # ours
    BAD_INPUT = 2  # bad usage, bad file, missing extra, nowhere to write
    INCOMPLETE = 3  # ran, but a budget or precision was not reached, or an SLO is undecided
    SLO_MISSED = 99
    INTERRUPTED = 130  # by Ctrl-C or SIGTERM; what had finished is kept
