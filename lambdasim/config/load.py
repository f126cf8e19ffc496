"""From an experiment file, or a Python dictionary of the same shape, to a checked :class:`ExperimentConfig`."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lambdasim.config.build import build
from lambdasim.config.origins import Origins
from lambdasim.config.overrides import apply_overrides, parse_value, split_path
from lambdasim.config.plain import plain_tree
from lambdasim.config.schema import ExperimentConfig
from lambdasim.config.toml_writer import to_toml
from lambdasim.config.tree import absolute_paths, check_depth, read_tree
from lambdasim.errors import InputError, Problem


@dataclass(frozen=True, slots=True)
class LoadedExperiment:
    """A checked experiment with what it was made from."""

    config: ExperimentConfig
    source_text: str | None
    """Text of the file itself, before ``extends`` and overrides; None when it came from Python."""
    raw: dict[str, Any]
    """The plain TOML values that ``config`` was read from: merged, overridden, with absolute file names."""
    file: str | None
    origins: Origins = field(repr=False, compare=False)
    """Where each value of ``raw`` stands."""

    def to_toml(self) -> str:
        """Return the text of a file that reads as an equal experiment."""
        return to_toml({"name": self.config.name, **self.raw})

    def located(self, error: InputError) -> InputError:
        """Return an error that a run came to, with the file and line of what it names and has no place of.

        Of what was overridden it has the file alone: there may be several.
        """
        return type(error)([self._located(problem) for problem in error.problems])

    def _located(self, problem: Problem) -> Problem:
        if problem.file is not None or problem.path is None:
            return problem
        file, line = self.origins.place(split_path(problem.path))
        return replace(problem, file=file or self.file, line=line)


def load_config(path: str | os.PathLike[str], overrides: Sequence[tuple[str, str]] = ()) -> LoadedExperiment:
    """Return the experiment of a TOML file, with ``(dotted path, value)`` overrides laid over it.

    Raises ``InputError`` with every problem of the file, or with the first that keeps it from being read.
    """
    file = os.fspath(path)
    text, raw, origins = read_tree(file)
    changes = {where: parse_value(value) for where, value in overrides}
    raw, problems = apply_overrides(raw, changes, origins)
    absolute_paths(raw, "")
    return _checked(LoadedExperiment(build(raw, origins, _stem(file), problems), text, raw, file, origins))


def config_from_dict(raw: Mapping[str, Any], file: str | None = None) -> LoadedExperiment:
    """Return the experiment of a tree with the tables and keys of a file.

    Values are as in TOML, or already built models of :mod:`lambdasim.config.schema`; None means absent. Names of
    files are relative to the working directory. Raises ``InputError`` with every problem.
    """
    tree = plain_tree(raw)
    check_depth(tree, file)
    absolute_paths(tree, "")
    origins = Origins(file)
    return _checked(LoadedExperiment(build(tree, origins, _stem(file)), None, tree, file, origins))


def with_values(experiment: LoadedExperiment, changes: Mapping[str, Any]) -> LoadedExperiment:
    """Return the experiment with values at dotted paths replaced; raises ``InputError`` like ``load_config``."""
    origins = experiment.origins.copy()
    raw, problems = apply_overrides(experiment.raw, plain_tree(changes), origins)
    check_depth(raw, experiment.file)
    absolute_paths(raw, "")
    config = build(raw, origins, experiment.config.name, problems)
    return _checked(LoadedExperiment(config, experiment.source_text, raw, experiment.file, origins))


def _checked(experiment: LoadedExperiment) -> LoadedExperiment:
    """Return ``experiment``, whose searches it can take; raises ``InputError``."""
    if experiment.config.sweep is None and experiment.config.optimize is None:
        return experiment
    from lambdasim.config.points import check_searches  # which makes points of experiments, so imports this module

    return check_searches(experiment)


def _stem(file: str | None) -> str:
    return os.path.splitext(os.path.basename(file))[0] if file else "experiment"
