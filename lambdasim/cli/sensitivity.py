"""``lambdasim sensitivity``: which assumptions about what AWS does not publish matter."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lambdasim.cli.search import run_search, search_parser

if TYPE_CHECKING:
    from lambdasim.experiment import Experiment
    from lambdasim.planning.answer import Answer


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code. Raises :class:`lambdasim.errors.InputError`."""
    parser = search_parser("sensitivity", "Change what AWS does not publish, and see what becomes of a metric.")
    parser.add_argument("--metric", metavar="METRIC", help="such as api.latency.p99, default: the tightest SLO's")
    parser.add_argument(
        "--sobol", type=_samples, metavar="N", help="Sobol's indices too, from N base samples, a power of two"
    )
    options = parser.read(arguments)

    def search(experiment: "Experiment", **how: Any) -> "Answer":
        return experiment.sensitivity(options.metric, sobol=options.sobol, **how)

    return run_search(options, search)


def _samples(text: str) -> int:
    if not text.isdecimal() or int(text) < 2 or int(text) & (int(text) - 1):
        raise argparse.ArgumentTypeError(f"{text!r} is not a power of two, such as 64")
    return int(text)
