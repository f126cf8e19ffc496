"""What an answer is drawn from: an experiment with what its replications measured, and a way to try changes to it.

A change is simulated with the same seeds, so that whatever differs is the change's doing: differences are paired.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lambdasim.config.load import LoadedExperiment
from lambdasim.config.points import with_point
from lambdasim.config.qualifier import function_of as named_function
from lambdasim.config.schema import TEMPLATE, ExperimentConfig
from lambdasim.config.slo import observe
from lambdasim.errors import InputError
from lambdasim.metrics.estimate import counts, observed
from lambdasim.metrics.inference.intervals import Interval
from lambdasim.planning.differences import interval, paired
from lambdasim.planning.repetition import compared_by
from lambdasim.planning.store import Measurements
from lambdasim.report.sentences import Sentence

Changes = Mapping[str, Any]
"""Values by dotted path."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: the object of ``summary.json``, and its sentence."""

    document: dict[str, Any]
    sentence: Sentence
    alternatives: Sequence[Mapping[str, Any]] | None = None
    """What to change, where a search's own points are no alternatives."""


@dataclass(frozen=True, slots=True)
class Case:
    """An experiment, what its replications measured, and ``simulate``, which measures changes to it likewise."""

    experiment: LoadedExperiment
    base: Sequence[Measurements]
    simulate: Callable[[Sequence[Changes]], list[list[Measurements]]]
    summary: Mapping[str, Any] = field(default_factory=dict)
    """That of a run; empty in a search."""
    beside: Sequence[Sequence[Measurements]] = ()
    """Points that are told beside it, of which each has been simulated."""

    @property
    def config(self) -> ExperimentConfig:
        """The experiment as it is."""
        return self.experiment.config

    @property
    def confidence(self) -> float:
        """Of the intervals, from 0 to 1."""
        return self.config.simulation.confidence

    @property
    def repeats(self) -> bool:
        """Whether there are several replications, and so intervals."""
        return len(self.base) > 1

    def cost(self, others: Iterable[Sequence[Measurements]]) -> str:
        """Return the metric that costs of the case and ``others`` are compared by: of a month or of a run."""
        return compared_by(self.config, (self.base, *self.beside, *others))

    def can_be(self, changes: Changes) -> bool:
        """Return whether AWS, and the file, allow a change."""
        return not self.refusal(changes)

    def refusal(self, changes: Changes) -> str:
        """Return why AWS, or the file, does not allow a change; empty where it does."""
        try:
            with_point(self.experiment, changes)
        except InputError as error:
            return error.problems[0].message
        return ""

    def seen(self, path: str, statistic: str, of: Sequence[Measurements] | None = None) -> Interval | None:
        """Return a statistic with its interval; None when nothing was observed."""
        return observed(path, statistic, self.base if of is None else of, self.confidence)

    def difference(self, path: str, statistic: str, other: Sequence[Measurements]) -> Interval | None:
        """Return by how much a statistic is larger in ``other``, in pairs; None when no pair has it."""
        pairs = [
            (observe(path, statistic, a), observe(path, statistic, b)) for a, b in zip(self.base, other, strict=True)
        ]
        return paired([b - a for a, b in pairs if a is not None and b is not None], self.confidence)

    def total(self, path: str, of: Sequence[Measurements] | None = None) -> tuple[float, float]:
        """Return the events of a rate of all replications, and what they are a part of."""
        found = counts(path, "rate", self.base if of is None else of)
        return (sum(found[0]), sum(found[1])) if found is not None else (0.0, 0.0)

    def mean(self, values: Sequence[float | None]) -> Interval | None:
        """Return the interval of a mean over replications."""
        return interval(values, self.confidence)

    def plain(self, seen: Interval | None) -> Any:
        """Return a number as ``summary.json`` has it: with several replications ``{"mean", "ci"}``."""
        if seen is None:
            return None
        return seen.to_json() if self.repeats else seen.mean

    @property
    def subject(self) -> str:
        """Whom the answer is about: as the file says, else who the first objective is on, else the busiest function."""
        asked = self.config.answer
        if asked is not None and asked.of is not None:
            return asked.of
        named = (path.partition(".")[0] for path in self.config.slo)
        first = next((name for name in named if name != "account"), None)
        functions = self.base[0]["functions"]
        return first or max(functions, key=lambda name: functions[name]["requests"], default=TEMPLATE)

    def function_of(self, name: str | None) -> str:
        """Return the function behind a name: a function's own, or that which a source or a load invokes."""
        targets = {load.name: load.target for load in self.config.load}
        known = self.config.function.keys() | self.base[0]["functions"].keys()
        target = name if name in known or name in self.config.source else targets.get(name or "") or name
        source = self.config.source.get(target or "")
        return named_function(source.function if source is not None else target or "")

    def source_with(self, key: str) -> str:
        """Return the source that the answer is about, else the first one, that has a metric; empty for none."""
        sources = self.base[0]["sources"]
        return next((name for name in (self.subject, *sources) if key in sources.get(name, {})), "")

    def path_of(self, function: str) -> str:
        """Return where a file says something of a function: its own table, or that of the template."""
        return f"function.{function}" if function in self.config.function else f'function."{TEMPLATE}"'


def words(seen: Interval | None, told: Callable[[Any], str]) -> str:
    """Return a mean in words, with its interval where it has one: ``71 % (65 % to 78 %)``."""
    if seen is None:
        return "-"
    mean, low, high = told(seen.mean), told(seen.low), told(seen.high)
    return mean if low == mean == high else f"{mean} ({low} to {high})"


def is_certain(seen: Interval | None) -> bool:
    """Return whether an interval leaves out 0; of one pair, whether there is any difference."""
    return seen is not None and (seen.low > 0 or seen.high < 0)
