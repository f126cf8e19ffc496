"""Several replications of one experiment: their seeds, and their summaries as means with confidence intervals."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from lambdasim.workload.streams import stream_key


def replication_seed(seed: int, replication: int) -> int:
    """Return the seed of a replication; the first (0) runs with the experiment's own seed."""
    return seed if replication == 0 else stream_key(seed, "replication", str(replication)) >> 1


def merged(summaries: Sequence[Mapping[str, Any]], confidence: float) -> dict[str, Any]:
    """Return one summary in which each number is ``{"mean", "ci": [lo, hi]}``; what is no number is the first's.

    The interval is Student's, for the mean over independent replications. A number that some replications lack
    (no request ran) is averaged over the others, with their count as ``n``.
    """
    from scipy.stats import t  # 0.3 s to import, needed here only

    def one(values: Sequence[Any]) -> Any:
        first = next((v for v in values if v is not None), None)
        if isinstance(first, Mapping):
            keys = dict.fromkeys(key for v in values if v is not None for key in v)
            return {key: one([None if v is None else v.get(key) for v in values]) for key in keys}
        numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
        if len(numbers) < 2 or not isinstance(first, int | float) or isinstance(first, bool):
            return first
        mean = fmean(numbers)
        half = float(t.ppf((1 + confidence) / 2, len(numbers) - 1)) * stdev(numbers) / math.sqrt(len(numbers))
        estimate = {"mean": mean, "ci": [mean - half, mean + half]}
        return estimate if len(numbers) == len(values) else estimate | {"n": len(numbers)}

    return {key: one([summary.get(key) for summary in summaries]) for key in summaries[0]}


def merged_lines(bills: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Return the lines of an average bill: quantities and amounts are means, so the lines sum to the mean total."""
    lines: dict[tuple[Any, ...], dict[str, Any]] = {}
    for line in (line for bill in bills for line in bill):
        key = (line["function"], line["item"], line["unit"], line["unit_price"])
        into = lines.setdefault(key, {**line, "quantity": 0.0, "usd": 0.0})
        into["quantity"] += line["quantity"] / len(bills)
        into["usd"] += line["usd"] / len(bills)
    return list(lines.values())
