"""``lambdasim capacity``: the largest load, or the smallest quota, that still meets every objective."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lambdasim.cli.search import run_search, search_parser
from lambdasim.errors import InputError

if TYPE_CHECKING:
    from lambdasim.experiment import Experiment
    from lambdasim.planning.answer import Answer


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code. Raises :class:`lambdasim.errors.InputError`."""
    parser = search_parser("capacity", "Find the largest load, or the smallest quota, that still meets every SLO.")
    parser.add_argument(
        "--over",
        default="load.scale",
        metavar="PATH",
        help="what to seek: load.scale, a factor on every load, or a quota such as account.concurrency",
    )
    parser.add_argument("--from", dest="low", metavar="VALUE", help="the least that is tried")
    parser.add_argument("--to", dest="high", metavar="VALUE", help="the most that is tried")
    parser.add_argument("--tolerance", default="2%", metavar="SHARE", help="how near a scale is found, default: 2%%")
    options = parser.read(arguments)
    tolerance = _tolerance(options.tolerance)

    def search(experiment: "Experiment", **how: Any) -> "Answer":
        from lambdasim.config.overrides import parse_value

        low, high = (None if text is None else parse_value(text) for text in (options.low, options.high))
        return experiment.capacity(options.over, low=low, high=high, tolerance=tolerance, **how)

    return run_search(options, search)


def _tolerance(text: str) -> float:
    from lambdasim.units import parse_fraction

    try:
        share = parse_fraction(text)
    except ValueError as error:
        raise InputError.single(f"--tolerance: {error}") from None
    if not 0.005 <= share <= 0.5:
        raise InputError.single(f"--tolerance: {text} is outside 0.5% to 50%")
    return share
