"""How durations depend on memory: the share of them that is CPU work, from two or more memory sizes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lambdasim.model.cpu import duration_factor


@dataclass(frozen=True, slots=True)
class CpuShare:
    """The share of the duration at ``memory_mb`` that is CPU work."""

    share: float
    memory_mb: int
    means_ms: Mapping[int, float]
    """Mean duration by memory size."""
    worst: float
    """The largest relative error of the law at one of these sizes."""
    source: str

    def to_json(self) -> dict[str, Any]:
        """Return the object of ``fit.json``."""
        means = {str(size): float(f"{mean:.6g}") for size, mean in sorted(self.means_ms.items())}
        return {
            "share": self.share,
            "at_memory_mb": self.memory_mb,
            "mean_ms_by_memory_mb": means,
            "worst_error": round(self.worst, 4),
            "source": self.source,
        }


def cpu_share(means_ms: Mapping[int, float], memory_mb: int, source: str) -> CpuShare | None:
    """Return the share whose law is nearest to the means (least squares of relative errors); None for one size.

    The law is ``lambdasim.model.cpu.duration_factor``'s with one thread: mean(m) = mean x (1 - share + share x
    speed(memory_mb) / speed(m)).
    """
    if len(means_ms) < 2:
        return None
    sizes = sorted(means_ms)
    reference = memory_mb if memory_mb in means_ms else sizes[0]
    measured = np.array([means_ms[size] for size in sizes])
    best: tuple[float, float, float] | None = None
    for permille in range(0, 1001, 5):
        share = permille / 1000
        factors = np.array([duration_factor(size, reference, share) for size in sizes])
        scale = float((factors / measured).sum() / ((factors / measured) ** 2).sum())
        errors = factors * scale / measured - 1
        total = float((errors**2).sum())
        if best is None or total < best[0]:
            best = (total, share, float(np.abs(errors).max()))
    assert best is not None
    return CpuShare(best[1], reference, dict(means_ms), best[2], source)


def tuned_means(tunings: Iterable[Mapping[str, Any]]) -> dict[int, float]:
    """Return mean durations in ms by memory size from the output of aws-lambda-power-tuning."""
    means: dict[int, float] = {}
    for tuning in tunings:
        stats = tuning.get("stats")
        rows = (
            stats
            if isinstance(stats, list)
            else [{"value": tuning.get("power"), "averageDuration": tuning.get("duration")}]
        )
        for row in rows:
            if not isinstance(row, Mapping):
                continue
            try:
                size, mean = int(row.get("value") or 0), float(row.get("averageDuration") or 0)
            except (TypeError, ValueError):
                continue
            if 128 <= size <= 10_240 and 0 < mean < 3.6e6:
                means[size] = mean
    return means
