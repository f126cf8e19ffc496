"""Every runtime that AWS has had, as far as cold starts differ: which measurement stands for it, and its SnapStart."""

from typing import Final

STANDS_FOR: Final = {
    **dict.fromkeys(
        ("nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x",
         "nodejs16.x", "nodejs18.x"),
        "nodejs20.x",
    ),
    **dict.fromkeys(("python2.7", "python3.6", "python3.7", "python3.8"), "python3.9"),
    "java8": "java8.al2",
    **dict.fromkeys(("dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "dotnet6"), "dotnet8"),
    **dict.fromkeys(("ruby2.5", "ruby2.7"), "ruby3.2"),
    "go1.x": "provided.al2/go",
}  # fmt: skip
"""The measured runtime that is nearest to one that was not measured: the oldest of its language. The names are those of
the API's enum ``Runtime`` (botocore 1.44.5, 2026-11-17)."""

OWN_BASE: Final = "provided"
"""The OS-only runtime of 2018, of which no cold start was measured: that of the same package on provided.al2 stands."""

SNAPSTART: Final = (
    "java11", "java17", "java21", "java25", "python3.12", "python3.13", "python3.14", "dotnet8", "dotnet10",
)  # fmt: skip
"""Java 11 and later, Python 3.12 and later, .NET 8 and later (DG:snapstart, 2026-11-23)."""

SNAPSTART_NOT_IN: Final = ("ap-southeast-6", "ap-east-2")
"""New Zealand and Taipei (DG:snapstart, 2026)."""


SINCE: Final = {
    **dict.fromkeys(("nodejs10.x", "nodejs12.x", "python3.8", "java11"), 2019),
    **dict.fromkeys(("ruby2.7", "dotnetcore3.1", "provided.al2", "java8.al2"), 2020),
    **dict.fromkeys(("nodejs14.x", "python3.9"), 2021),
    **dict.fromkeys(("nodejs16.x", "nodejs18.x", "dotnet6"), 2022),
    **dict.fromkeys(
        ("python3.10", "python3.11", "python3.12", "java17", "java21", "nodejs20.x", "ruby3.2", "provided.al2023"), 2023
    ),
    **dict.fromkeys(("dotnet8", "ruby3.3", "python3.13", "nodejs22.x"), 2024),
    **dict.fromkeys(("ruby3.4", "python3.14", "java25", "nodejs24.x"), 2025),
    "dotnet10": 2026,
}
"""The year in which AWS announced a runtime for Lambda, of those since 2019 (AWS's What's New, by name)."""


def measured_name(runtime: str) -> str:
    """Return the runtime whose measured cold starts stand for those of ``runtime``: itself where it was measured."""
    base, slash, package = runtime.partition("/")
    if base == OWN_BASE and slash:
        return f"{OWN_BASE}.al2/{package}"
    return STANDS_FOR.get(runtime, runtime)
