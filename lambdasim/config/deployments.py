"""Deployments of versions behind aliases: their steps, and AWS's rules on them. What is wrong is added to a list."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from lambdasim.config.call import shortened
from lambdasim.config.change import CANARY, LINEAR, Change, Deployment, DeploymentAlarm, Steps
from lambdasim.config.origins import Problems
from lambdasim.config.overrides import split_path
from lambdasim.config.positions import Path
from lambdasim.config.qualifier import LATEST, function_of, qualified, qualifier_of
from lambdasim.config.suggest import hint
from lambdasim.model import deployments
from lambdasim.units import NS_PER_MIN, share_q24

if TYPE_CHECKING:
    from lambdasim.config.schema import ExperimentConfig

OF_ALIAS: Final = ("version", "strategy", "alarm")


def shifts(deployment: Deployment) -> tuple[deployments.Shift, ...]:
    """Return the steps of a deployment behind an alias."""
    strategy = deployment.strategy
    if isinstance(strategy, Steps):
        if strategy.linear is not None and strategy.every is not None:
            return deployments.linear(_share_q24(strategy.linear), strategy.every)
        assert strategy.canary is not None
        assert strategy.after is not None
        return deployments.canary(_share_q24(strategy.canary), strategy.after)
    if strategy in LINEAR:
        share, minutes = LINEAR[strategy]
        return deployments.linear(_share_q24(share), minutes * NS_PER_MIN)
    if strategy in CANARY:
        share, minutes = CANARY[strategy]
        return deployments.canary(_share_q24(share), minutes * NS_PER_MIN)
    return deployments.all_at_once()


def _share_q24(share: float) -> int:
    """Return a share so that ten times a tenth is all."""
    q24 = share_q24(share)
    steps = round(1 / share)
    return -(-(1 << 24) // steps) if abs(steps * share - 1) < 1e-9 else max(q24, 1)


def ends_after_ns(deployment: Deployment) -> int:
    """Return how long a deployment takes if nothing rolls it back."""
    return shifts(deployment)[-1][0] if deployment.alias is not None else 0


def check_deployment(path: Path, change: Change, config: "ExperimentConfig", problems: Problems) -> None:
    """Check what a deployment names, without regard to when."""
    deployment = change.deploy
    assert deployment is not None
    if (deployment.alias is None) == (deployment.function is None):
        given = "both alias and function" if deployment.alias is not None else "neither alias nor function"
        example = '{ alias = "checkout:live", version = "2" }, or { function = "checkout", set = { duration = "…" } }'
        problems.add(path, f"has {given}; write deploy = {example}")
    elif deployment.function is not None:
        _check_update(path, deployment, config, problems)
    else:
        _check_shift(path, deployment, config, problems)
    if change.until is not None:
        message = "has no effect on a deployment, which ends by itself; take it out"
        if deployment.function is not None:
            message = "has no effect on an update in place, which stays; take it out, or write set instead of deploy"
        problems.add((*path[:-1], "until"), message)


def _check_update(path: Path, deployment: Deployment, config: "ExperimentConfig", problems: Problems) -> None:
    for key in OF_ALIAS:
        if getattr(deployment, key) != Deployment.model_fields[key].default:  # resolved files name the default
            message = "has no effect on an update in place, which is all at once; take it out"
            problems.add((*path, key), message)
    if deployment.function not in config.function:
        word = shortened(str(deployment.function))
        near = hint(word, list(config.function), "there are")
        problems.add((*path, "function"), f"no function is named '{word}'; {near}")
    if not deployment.set:
        problems.add((*path, "set"), 'is missing: it says what the update changes, as set = { duration = "…" }')


def _check_shift(path: Path, deployment: Deployment, config: "ExperimentConfig", problems: Problems) -> None:
    name = str(deployment.alias)
    function = config.function.get(function_of(name))
    known = [qualified(own, key) for own, table in config.function.items() for key in table.alias]
    if function is None or qualifier_of(name) not in function.alias:
        near = hint(name, known, "there are") if known else "there is none; write [function.NAME.alias.live]"
        problems.add((*path, "alias"), f"no alias is named '{shortened(name)}'; {near}")
        return
    if deployment.set is not None:
        problems.add((*path, "set"), "has no effect with an alias; let the version say what differs")
    version = deployment.version
    if version not in function.version:
        word = shortened(str(version))
        what = f"{LATEST} cannot stand behind an alias in a deployment" if version == LATEST else f"'{word}' is unknown"
        what = "is missing" if version is None else what
        problems.add((*path, "version"), f"{what}; {hint(word, list(function.version), 'the versions are')}")
    strategy = deployment.strategy
    if isinstance(strategy, Steps):
        given = {key for key in type(strategy).model_fields if getattr(strategy, key) is not None}
        if given not in ({"linear", "every"}, {"canary", "after"}):
            example = '{ linear = 0.1, every = "1min" } or { canary = 0.1, after = "10min" }'
            problems.add((*path, "strategy"), f"is neither of the two kinds of steps: {example}")
        elif not (strategy.linear or strategy.canary or 0) > 0:
            problems.add((*path, "strategy", "linear" if strategy.linear is not None else "canary"), "shifts nothing")
    alarm = deployment.alarm
    if isinstance(alarm, str) and alarm not in config.alarm:
        near = hint(alarm, list(config.alarm), "there are") if config.alarm else "there is no [alarm.NAME]"
        problems.add((*path, "alarm"), f"no alarm is named '{shortened(alarm)}'; {near}")


def check_over_time(config: "ExperimentConfig", changes: Mapping[int, Change], problems: Problems) -> None:
    """Check the right ones of an experiment's changes, by number: no deployment is onto itself, nor within another.

    An alias leads to one version when a deployment begins.
    """
    from lambdasim.config.rollouts import begins_ns, weights_over_time

    known = config.of_changes(changes.values())
    busy: dict[str, list[tuple[int, int, str]]] = {}
    for number, change in changes.items():
        deployment = change.deploy
        if deployment is None or deployment.alias is None:
            continue
        path, alias = ("change", str(number), "deploy"), deployment.alias
        if problems.doubts_within(("function", function_of(alias), "alias", qualifier_of(alias))):
            continue
        at_ns = begins_ns(change, config.simulation.start)
        steps = weights_over_time(known, function_of(alias), qualifier_of(alias))
        before = next((weights for own_ns, weights in reversed(steps) if own_ns < at_ns), steps[0][1])
        leads = [version for version, share in before.items() if share > 0]
        if leads == [deployment.version]:
            message = f"'{alias}' leads to version {deployment.version} already then; CodeDeploy deploys another one"
            problems.add((*path, "version"), message)
        elif len(leads) > 1:
            message = f"'{alias}' has two weights then; CodeDeploy shifts from one version to another: set one before"
            problems.add((*path, "alias"), message)
        ends_ns = at_ns + ends_after_ns(deployment)
        for begun_ns, ended_ns, other in busy.setdefault(alias, []):
            if at_ns <= ended_ns and begun_ns <= ends_ns:
                problems.add(path, f"begins while the deployment '{other}' of '{alias}' goes on; let it begin later")
        busy[alias].append((at_ns, ends_ns, str(change.name)))
    for number, change in changes.items():
        at_ns = begins_ns(change, config.simulation.start)
        for alias in {name for name in busy if sets_weights(change, function_of(name), qualifier_of(name))}:
            for begun_ns, ended_ns, other in busy[alias]:
                if begun_ns < at_ns < ended_ns:
                    message = f"sets weights while the deployment '{other}' of '{alias}' goes on; let it begin later"
                    problems.add(("change", str(number), "set"), message)


def sets_weights(change: Change, function: str, alias: str) -> bool:
    """Say whether a change sets weights of an alias, be they what the file has."""
    own = ("function", function, "alias", alias, "weights")
    return any(split_path(text)[:5] == own for text in change.set or ())


def alarm_of(deployment: Deployment) -> DeploymentAlarm | None:
    """Return the alarm that a deployment brings itself."""
    return deployment.alarm if isinstance(deployment.alarm, DeploymentAlarm) else None
