"""What a run left, in the formats of other tools: one module each, whose ``write(folder, out)`` makes the file."""

from typing import Final, NamedTuple


class Format(NamedTuple):
    """A format: the module that writes it, and what it is for."""

    module: str
    purpose: str


FORMATS: Final = {
    "perfetto": Format("lambdasim.export.perfetto", "every environment over time, for ui.perfetto.dev"),
    "reports": Format("lambdasim.export.reports", "START, END and REPORT lines: text, .json or .csv"),
}
"""By the name that the command line has for it."""
