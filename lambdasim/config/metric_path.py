"""``checkout.latency.p99``: a metric and a statistic of it, by their path, for what is minimized or compared."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lambdasim.config.call import shortened
from lambdasim.config.slo import find_metric, find_statistic, observe
from lambdasim.config.suggest import hint


@dataclass(frozen=True, slots=True)
class MetricPath:
    """One number of a summary."""

    path: str
    """The metric, such as ``checkout.latency``."""
    statistic: str
    kind: str
    """``time`` (ms), ``events`` (a count and a rate), ``level``, ``count`` or ``money`` (USD)."""

    @classmethod
    def parse(
        cls,
        text: str,
        functions: Collection[str],
        others: Collection[str],
        types: Mapping[str, str] = MappingProxyType({}),
    ) -> "MetricPath":
        """Return what ``text`` names among functions and other sources and loads; raises ``ValueError``.

        ``types`` are those of the sources, by name: each kind has metrics of its own.

        Without a statistic it is the metric's only one, or for events their rate.
        """
        path, statistic = text, None
        try:
            metric = find_metric(text, functions, others, types)
        except ValueError:
            path, statistic = find_statistic(text, functions, others, types)
            metric = find_metric(path, functions, others, types)
        if statistic is None:
            if len(metric.where) > 1 and "rate" not in metric.where:
                known = ", ".join(f"{path}.{name}" for name in metric.where)
                raise ValueError(f"'{shortened(text)}' has several statistics; name one: {known}")
            statistic = "rate" if "rate" in metric.where else next(iter(metric.where))
        if statistic not in metric.where:
            raise ValueError(
                f"no statistic '{shortened(statistic)}' here; {hint(statistic, metric.where, 'there are')}"
            )
        return cls(path, statistic, metric.kind)

    @property
    def text(self) -> str:
        """The metric with its statistic, without one that goes without saying."""
        return self.path if self.kind == "money" else f"{self.path}.{self.statistic}"

    def value(self, summary: Mapping[str, Any]) -> float | None:
        """Return the number in a summary; None when nothing was observed."""
        return observe(self.path, self.statistic, summary)
