"""Objectives that a search can be held to: there must be some, and something must measure each."""

from lambdasim.config.alarms import called_names
from lambdasim.config.load import LoadedExperiment
from lambdasim.config.origins import Problems
from lambdasim.config.qualifier import function_of
from lambdasim.config.schema import TEMPLATE


def require_measured(experiment: LoadedExperiment, *, needed_by: str | None = None) -> None:
    """Raise ``InputError`` for each objective of a function that nothing calls, since nothing would measure it.

    With ``needed_by``, a command, also when there is no objective at all.
    """
    config, problems = experiment.config, Problems(experiment.origins)
    if needed_by is not None and not config.slo:
        example = '"NAME.latency" = ["p99 < 800ms"]'
        problems.add(
            ("slo",), f"there is no objective, and {needed_by} seeks what meets them; write [slo] and {example}"
        )
    if TEMPLATE not in config.function and all(load.trace is None for load in config.load):
        called = called_names(config)
        for path in config.slo:
            name = path.partition(".")[0]
            if function_of(name) in config.function and name not in called:
                problems.add(("slo", path), f"nothing calls '{name}', so nothing measures this")
    problems.raise_if_any()
