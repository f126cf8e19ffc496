"""What a reader of a valid experiment should know: what stands in for what, what has no effect, what was not yet there.

None of it is refused: files are laid over bases, and sweeps turn on and off what makes a key count.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from lambdasim.config.alarms import alarm_of
from lambdasim.config.anatomy import ColdStart
from lambdasim.config.coldstart import stand_in_note
from lambdasim.config.deployments import ends_after_ns
from lambdasim.config.function import FunctionConfig
from lambdasim.config.runtimes import SINCE
from lambdasim.config.schema import ExperimentConfig
from lambdasim.config.versions import of_version
from lambdasim.units import format_duration

SINCE_IMAGES, SINCE_ARM, SINCE_SNAPSTART = 2020, 2021, 2022
"""Container images and arm64 functions, and SnapStart, are as old (AWS's announcements of 2020-12-01, 2021-09-29 and
2022-11-28)."""

PROXY_USD: Final = 0.015
"""RDS Proxy in us-east-1 (official: aws/agent-toolkit-for-aws, 2026-08). How many vCPUs a database has no file says."""

RESTORES: Final = ("restore", "restore_billed", "first_restores")


def notes(config: ExperimentConfig) -> Iterator[str]:
    """Yield notes, each with the path that it is of."""
    for name, function in config.function.items():
        if function.init is None and not function.snapstart and (note := stand_in_note(function.runtime)) is not None:
            yield f"function.{name}.runtime: {note}"
        for key, why in idle_parts(function).items():
            yield f"function.{name}.cold_start.{key}: has no effect {why}"
        for key, note in _too_new(function, config.account.era).items():
            yield f"function.{name}.{key}: {note}"
    yield from proxies(config)
    yield from unheard(config)
    yield from unwritten(config)


def unwritten(config: ExperimentConfig) -> Iterator[str]:
    """Yield what is asked for of the files of a run and will not be written."""
    if config.output.parquet and config.output.series == "none":
        yield 'output.parquet: has no effect with output.series = "none", but with "account" or "all"'


def unheard(config: ExperimentConfig) -> Iterator[str]:
    """Yield which alarms of deployments come too late to roll anything back.

    CodeDeploy looks at them while traffic is shifted (official: SAM's documentation of gradual deployments, PR 246).
    """
    for number, change in enumerate(config.change):
        deployment = change.deploy
        if deployment is None or deployment.alarm is None or deployment.alias is None:
            continue
        alarm = config.alarm[deployment.alarm] if isinstance(deployment.alarm, str) else alarm_of(deployment.alarm)
        path = f"change.{change.name or number}.deploy.alarm"
        lasts_ns = ends_after_ns(deployment)
        least_ns = (alarm.datapoints or alarm.evaluation_periods) * alarm.period + alarm.metric_delay
        if not lasts_ns:
            yield (
                f"{path}: cannot roll back what is all at once, for CodeDeploy looks at alarms while traffic is "
                "shifted; Canary10Percent5Minutes leaves it time"
            )
        elif lasts_ns < least_ns:
            yield (
                f"{path}: may not fire before the deployment is over: it takes {format_duration(least_ns)} of bad "
                f"datapoints, and traffic is shifted for {format_duration(lasts_ns)}"
            )


def proxies(config: ExperimentConfig) -> Iterator[str]:
    """Yield what is to be said of a bill where databases have a proxy before them."""
    pooled = [name for name, own in config.downstream.items() if own.pool is not None]
    if pooled:
        names = " and ".join(pooled)
        price = f"{PROXY_USD} USD for each vCPU-hour of its database"
        yield f"no pool before {names} is on the bill; RDS Proxy costs {price}"


def idle_parts(function: FunctionConfig) -> Mapping[str, str]:
    """Return which keys of a function's cold start have no effect, and without what."""
    parts = function.cold_start
    if parts is None:
        return {}
    given = parts.model_fields_set
    found = {key: without for key, without in _without(parts).items() if key in given}
    if not any([function.snapstart, *(of_version(function, number).snapstart for number in function.version)]):
        found |= {key: "without snapstart" for key in RESTORES if key in given}
    return found


def _without(parts: ColdStart) -> dict[str, str]:
    """Return which keys would have no effect if they were given, by what the others say."""
    found = {}
    if not parts.vpc:
        found["vpc_delay"] = "without vpc = true"
    if not parts.extensions:
        found["extension_init"] = "without extensions"
    if not parts.bytes:
        found["load_per_mb"] = "without package_size or layers"
    if not parts.first_invocation:
        found["first_cpu_share"] = "without first_invocation"
    return found


def _too_new(function: FunctionConfig, era: str) -> dict[str, str]:
    """Return what of a function is newer than an era, by key."""
    year = int(era[:4])
    runtime = (function.runtime or "").partition("/")[0]
    found = {
        "runtime": (runtime, SINCE.get(runtime, year)),
        "package": ("a container image", SINCE_IMAGES if function.package == "image" else year),
        "architecture": ("arm64", SINCE_ARM if function.architecture == "arm64" else year),
        "snapstart": ("SnapStart", SINCE_SNAPSTART if function.snapstart else year),
    }
    return {
        key: f"AWS has had {what} since {since} only, and account.era is {era}"
        for key, (what, since) in found.items()
        if since > year
    }
