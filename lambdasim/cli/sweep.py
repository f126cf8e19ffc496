"""``lambdasim sweep``: simulate every point of a design over some values of an experiment."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lambdasim.cli.search import run_search, search_parser

if TYPE_CHECKING:
    from lambdasim.experiment import Experiment
    from lambdasim.planning.answer import Answer


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code. Raises :class:`lambdasim.errors.InputError`."""
    parser = search_parser("sweep", "Simulate every point of the file's [sweep].")
    return run_search(parser.read(arguments), _search)


def _search(experiment: "Experiment", **how: Any) -> "Answer":
    return experiment.sweep(**how)
