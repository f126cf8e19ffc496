"""``lambdasim optimize``: the cheapest configuration that meets every objective."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lambdasim.cli.arguments import override
from lambdasim.cli.search import run_search, search_parser

if TYPE_CHECKING:
    from lambdasim.experiment import Experiment
    from lambdasim.planning.answer import Answer


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code. Raises :class:`lambdasim.errors.InputError`."""
    parser = search_parser("optimize", "Find the cheapest configuration that meets every SLO.")
    parser.add_argument(
        "--over",
        type=override,
        action="append",
        default=[],
        metavar="PATH=VALUES",
        help="candidates, such as function.api.provisioned.concurrency=[0,100]; repeatable",
    )
    parser.add_argument("--minimize", metavar="METRIC", help="such as account.cost.monthly or api.latency.p99")
    parser.add_argument("--strategy", choices=("cost", "speed", "balanced"), help="as in aws-lambda-power-tuning")
    options = parser.read(arguments)
    return run_search(options, _search, _changes(options))


def _changes(options: argparse.Namespace) -> list[tuple[str, str]]:
    """Return the changes to ``[optimize]`` that the options stand for."""
    changes = [(f"optimize.over.{path}", values) for path, values in options.over]
    given = {"minimize": options.minimize, "strategy": options.strategy}
    return changes + [(f"optimize.{key}", value) for key, value in given.items() if value is not None]


def _search(experiment: "Experiment", **how: Any) -> "Answer":
    return experiment.optimize(**how)
