"""AWS's rules of SnapStart, packages and layers, which need several keys. Problems are added to a list."""

from collections.abc import Iterator, Mapping
from typing import Final

from lambdasim.config.anatomy import IMAGE_BYTES, MOST_LAYERS, OF_RUNTIME, ZIP_BYTES, ColdStart
from lambdasim.config.call import shortened
from lambdasim.config.coldstart import first_invocation_ns
from lambdasim.config.function import FunctionConfig
from lambdasim.config.origins import Problems
from lambdasim.config.positions import Path
from lambdasim.config.quotas import EPHEMERAL_MIN
from lambdasim.config.runtimes import SNAPSTART, SNAPSTART_NOT_IN
from lambdasim.config.versions import of_version
from lambdasim.errors import InputError
from lambdasim.units import format_memory, format_size

PAGE: Final = "DG:snapstart"
LIMITS: Final = "DG:gettingstarted-limits"


def check_cold_starts(functions: Mapping[str, FunctionConfig], region: str, problems: Problems) -> None:
    """Check every function, as far as its cold starts go."""
    for name, function in functions.items():
        path = ("function", name)
        for key, message in (*_snapstart(function, region), *_parts(function)):
            problems.conclude((*path, *key), message)
        for number, version in function.version.items():
            own = of_version(function, number)
            held = [alias.provisioned for alias in function.alias.values() if alias.weights.get(number)]
            if own.provisioned is None and any(held):
                own = own.model_copy(update={"provisioned": next(filter(None, held))})
            if version.model_fields_set or own.provisioned is not None:
                for _, message in _snapstart(own, region):
                    problems.conclude((*path, "version", number), f"snapstart: {message}", *version.model_fields_set)
            if version.model_fields_set & {"cold_start", "package", "runtime"}:
                for key, message in _parts(own):
                    problems.conclude((*path, "version", number), f"{'.'.join(key)}: {message}")


def _snapstart(function: FunctionConfig, region: str) -> Iterator[tuple[Path, str]]:
    """Yield why AWS would not take SnapStart of a function, by key."""
    if not function.snapstart:
        return
    known = f"it is for Java 11, Python 3.12 and .NET 8 and later ({PAGE})"
    if function.runtime is None:
        yield ("snapstart",), f'needs runtime, such as "java21": {known}'
    elif function.runtime not in SNAPSTART:
        runtime = shortened(function.runtime)
        yield ("snapstart",), f"AWS has none for the runtime '{runtime}': {known}; take it out, or change runtime"
    if function.package == "image":
        yield ("snapstart",), f'AWS has none for container images ({PAGE}); take it out, or set package = "zip"'
    if function.provisioned is not None and (function.provisioned.concurrency or function.provisioned.varies):
        yield ("snapstart",), f"AWS refuses it together with provisioned concurrency ({PAGE}); take one of them out"
    if function.ephemeral_storage > EPHEMERAL_MIN.value:
        largest = format_memory(EPHEMERAL_MIN.value)
        yield ("snapstart",), f"AWS refuses it with more than {largest} of /tmp ({PAGE}); lower ephemeral_storage"
    if region in SNAPSTART_NOT_IN:
        yield ("snapstart",), f"AWS has none in {region} ({PAGE}); take it out, or change account.region"
    if function.cold_start is not None and function.cold_start.proactive:
        message = "has no effect with snapstart: nobody has seen environments restored ahead; take it out"
        yield ("cold_start", "proactive"), message


def _parts(function: FunctionConfig) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with the parts of a cold start, by key."""
    parts = function.cold_start
    if parts is None:
        return
    if len(parts.layers) > MOST_LAYERS:
        yield ("cold_start", "layers"), f"has {len(parts.layers)}; AWS allows {MOST_LAYERS} ({LIMITS})"
    if function.package == "image" and parts.layers:
        yield ("cold_start", "layers"), "AWS has none for container images (DG:images-create); put them in the image"
    elif function.package == "zip" and parts.bytes > ZIP_BYTES:
        yield from _too_large(parts)
    if parts.first_invocation == OF_RUNTIME and function.runtime is None:
        yield ("cold_start", "first_invocation"), 'needs runtime, such as "dotnet8"; or give a time, such as "300ms"'
    elif parts.first_invocation == OF_RUNTIME and function.init is not None:  # else the runtime was looked at
        try:
            first_invocation_ns(str(function.runtime), function.package, function.architecture, function.memory)
        except InputError as error:
            yield ("runtime",), error.problems[0].message
    if parts.first_invocation == OF_RUNTIME and parts.first_cpu_share:
        message = 'has no effect beside first_invocation = "runtime", which is known by memory; take it out'
        yield ("cold_start", "first_cpu_share"), message


def _too_large(parts: ColdStart) -> Iterator[tuple[Path, str]]:
    limit, images = format_size(ZIP_BYTES), format_size(IMAGE_BYTES)
    message = (
        f"is {format_size(parts.bytes)} with its layers, unzipped; AWS's limit is {limit} ({LIMITS}), of an image "
    )
    key = "package_size" if parts.package_size else "layers"
    yield ("cold_start", key), f'{message}{images}: make it smaller, or set package = "image"'
