"""What a metric means that somebody names where a key is asked for: whose it is, its statistics, an objective on it."""

from dataclasses import dataclass
from typing import Any, Final

from lambdasim.config.measurable import OF_KINDS, SCOPES, Metric
from lambdasim.config.source_kinds import DOWNSTREAM
from lambdasim.report.summary_fields import summary_fields

OF: Final = {
    "function": "functions",
    "version": "versions",
    "alias": "aliases",
    "account": "the account",
    "source": "loads and sources",
}
_UNITS: Final = {"time": "ms", "money": "USD", "events": "a rate from 0 to 1; a count has none"}
_LIMITS: Final = {"time": "800ms", "money": "2500 USD", "rate": "1%"}
_PLACES: Final = ("functions.NAME", "account", "downstreams.NAME", "sources.NAME")


@dataclass(frozen=True, slots=True)
class MetricWords:
    """A metric as ``explain`` tells it."""

    name: str
    of: tuple[str, ...]
    """Whose it can be."""
    metric: Metric
    subject: str
    """Whose it is in an example."""

    @property
    def unit(self) -> str:
        """The unit of its values; empty for a number."""
        return _UNITS.get(self.metric.kind, "")

    @property
    def meanings(self) -> dict[str, str]:
        """What each statistic says, as far as ``summary.json``'s fields do."""
        fields = summary_fields()
        found = {}
        for statistic, keys in self.metric.where.items():
            places = (f"{place}.{'.'.join(keys)}" for place in _PLACES)
            found[statistic] = next((fields[place] for place in places if place in fields), "")
        return found

    @property
    def example(self) -> str:
        """Lines of a file that make an objective of it."""
        statistic = next((one for one in ("p99", "rate") if one in self.metric.where), next(iter(self.metric.where)))
        limit = _LIMITS.get(self.metric.kind, _LIMITS.get(statistic, "100"))
        return f'[slo]\n"{self.subject}.{self.name}" = ["{statistic} < {limit}"]'

    def to_dict(self) -> dict[str, Any]:
        """Return it in plain values."""
        return {
            "metric": self.name,
            "of": list(self.of),
            "statistics": self.meanings,
            "unit": self.unit or None,
            "example": self.example,
        }


def metric_called(path: str) -> MetricWords | None:
    """Return the metric that a path such as ``api.latency`` or ``latency`` names; None where it names none."""
    scopes = {OF[scope]: found for scope, found in SCOPES.items()}
    scopes |= {"downstreams" if kind == DOWNSTREAM else f"sources ({kind})": of for kind, of in OF_KINDS.items()}
    subject, _, name = path.partition(".")
    for own, metric in ((subject, name), ("checkout", path)):
        owners = [who for who, found in scopes.items() if metric in found]
        if owners:
            return MetricWords(metric, tuple(owners), scopes[owners[0]][metric], own)
    return None
