"""What handlers call and use, where versions and updates of a function differ in it."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lambdasim.config.downstream import Call, Use
from lambdasim.config.function import FunctionConfig
from lambdasim.config.positions import Path

if TYPE_CHECKING:
    from lambdasim.config.schema import ExperimentConfig


def handlers(
    functions: Mapping[str, FunctionConfig],
) -> Iterator[tuple[str, Path, tuple[Use, ...], tuple[Call, ...]]]:
    """Yield each function with what it uses and calls, and again for each version that says so itself: the name of the
    function, the path of the table and its two lists, of which one that a version does not name is empty.
    """
    for name, function in functions.items():
        yield name, ("function", name), function.uses, function.calls
        for number, version in function.version.items():
            if version.uses is not None or version.calls is not None:
                yield name, ("function", name, "version", number), version.uses or (), version.calls or ()


def lists_of_calls(config: "ExperimentConfig") -> dict[str, list[tuple[Call, ...]]]:
    """Return, by function that may call others, the different lists of calls that it, its versions and its updates
    have, its own first."""
    from lambdasim.config.rollouts import updates

    updated = updates(config)
    some = {name: own for name, own in config.function.items() if own.calls or own.version or name in updated}
    found = {name: [function.calls] for name, function in some.items()}
    for name, _, _, calls in handlers(some):
        if calls not in found[name]:
            found[name].append(calls)
    for name, later in updated.items():
        found[name] += [own.calls for _, own in later if own.calls not in found[name]]
    return found
