"""SnapStart and the parts of a cold start: AWS's rules, and what others measured, with their sources and dates."""

from math import exp

import pytest

import lambdasim as ls
from lambdasim.config import config_from_dict
from lambdasim.config.anatomy import ColdStart
from lambdasim.config.families import parse_distribution
from lambdasim.cost.bill import bill
from lambdasim.cost.month import Month
from lambdasim.cost.price_book import PriceBook
from lambdasim.errors import InputError
from lambdasim.model.cpu import duration_factor
from lambdasim.model.environment import Environment
from lambdasim.model.events import NEVER_NS, StartKind, Status
from lambdasim.model.rules import billed_restored_ms
from lambdasim.model.spec import FunctionSpec
from lambdasim.model.start import serve
from lambdasim.usage import FunctionUsage

MS, S = 1_000_000, 1_000_000_000
SNAPSTART = {"runtime": "java21", "snapstart": True, "duration": "constant(1s)"}


def refused(function: dict, **more: dict) -> list[str]:
    tree = {
        "function": {"f": function},
        "load": [{"target": "f", "executor": "poisson", "rate": "1/s", "duration": "1h"}],
    }
    with pytest.raises(InputError) as caught:
        config_from_dict(tree | more)
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


# DG:snapstart, 2026-11-23
@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"runtime": "nodejs22.x"}, "snapstart", "AWS has none for the runtime 'nodejs22.x'"),
        ({"runtime": "python3.11"}, "snapstart", "Python 3.12"),
        ({"runtime": "java8.al2"}, "snapstart", "Java 11"),
        ({"runtime": "provided.al2023/go"}, "snapstart", "take it out, or change runtime"),
        ({"runtime": None, "init": "constant(1s)"}, "snapstart", "needs runtime"),
        ({"package": "image"}, "snapstart", 'set package = "zip"'),
        ({"provisioned": {"concurrency": 2}}, "snapstart", "AWS refuses it together with provisioned concurrency"),
        ({"ephemeral_storage": "1024 MB"}, "snapstart", "more than 512 MB of /tmp"),
        ({"cold_start": {"proactive": 0.5}}, "cold_start.proactive", "has no effect with snapstart"),
    ],
)
def test_what_excludes_snapstart(change, path, words) -> None:
    function = {key: value for key, value in (SNAPSTART | change).items() if value is not None}
    (problem,) = refused(function)
    assert problem.startswith(f"function.f.{path}: ")
    assert words in problem


def test_everything_that_excludes_it_is_said_at_once() -> None:
    assert (
        len(refused(SNAPSTART | {"package": "image", "ephemeral_storage": "1 GB", "provisioned": {"concurrency": 1}}))
        == 3
    )


def test_versions_and_aliases_are_held_to_the_same() -> None:
    function = {"runtime": "java21", "duration": "constant(1s)", "version": {"1": {"snapstart": True}}}
    (problem,) = refused(function | {"runtime": "ruby3.4"})
    assert problem.startswith("function.f.version.1: snapstart: AWS has none for")
    (problem,) = refused(function | {"alias": {"live": {"weights": {"1": 1.0}, "provisioned": {"concurrency": 2}}}})
    assert "together with provisioned concurrency" in problem


@pytest.mark.parametrize("region", ["ap-southeast-6", "ap-east-2"])
def test_regions_without_snapstart(region) -> None:
    (problem,) = refused(SNAPSTART, account={"region": region})
    assert f"AWS has none in {region}" in problem


# DG:gettingstarted-limits, 2026-11-23
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cold_start": {"layers": ["1 MB"] * 6}}, "has 6; AWS allows 5"),
        ({"cold_start": {"package_size": "200 MB", "layers": ["51 MB"]}}, "AWS's limit is 250 MB"),
        ({"cold_start": {"package_size": "11000 MB"}, "package": "image", "snapstart": False}, "10 GB"),
        ({"cold_start": {"layers": ["1 MB"]}, "package": "image", "snapstart": False}, "none for container images"),
    ],
)
def test_limits_of_packages(change, words) -> None:
    problems = refused(SNAPSTART | change)
    assert words in problems[0]


def test_at_the_limits_nothing_is_refused() -> None:
    for parts in ({"layers": ["50 MB"] * 5}, {"package_size": "250 MB"}, {"package_size": "10 GB"}):
        package = "image" if parts.get("package_size") == "10 GB" else "zip"
        function = {"runtime": "java21", "package": package, "duration": "constant(1s)", "cold_start": parts}
        load = {"target": "f", "executor": "poisson", "rate": "1/s", "duration": "1h"}
        config_from_dict({"function": {"f": function}, "load": [load]})


# REPORT lines, public repositories, 2023 to 2024: Duration, Billed Restore Duration and Billed Duration
@pytest.mark.parametrize(
    ("duration_ms", "restore_ms", "billed"), [(306.34, 303, 610), (2338.66, 182, 2521), (127.10, 26, 154)]
)
def test_billed_duration_of_restores(duration_ms, restore_ms, billed) -> None:
    assert billed_restored_ms(round(duration_ms * MS), restore_ms * MS, 1 << 24) == billed


# Developer Guide, lambda-runtime-environment, 2026: runtime and hooks within 10 s, else SnapStartTimeoutException
@pytest.mark.parametrize(
    ("restore_s", "served"),
    [(20, (20 * S, S, Status.SUCCESS)), (22, (21 * S, 0, Status.TIMEOUT)), (60, (40 * S, 0, Status.TIMEOUT))],
)
def test_limit_of_a_restore(restore_s, served) -> None:
    spec = FunctionSpec("f", 3 * S, snapstart=True, restore_billed_q24=1 << 23)
    environment = Environment(0, 0, NEVER_NS, provisioned=False)
    environment.invocations = 1
    found = serve(spec, Restores(), environment, False, 0, 5, restore_s * S, S, Status.SUCCESS)
    assert found == (StartKind.RESTORED, 5, *served)
    assert environment.initialised_ns == 5 + served[0]


class Restores:
    """The restores of a version that is not slow at first, or is."""

    def __init__(self, slower_q24: int = 0) -> None:
        self.restores, self.slower_q24 = 0, slower_q24


def test_the_first_restores_of_a_run_are_slower() -> None:
    parts = {"restore": "constant(1s)", "first_restores": 1.5}
    java = {"runtime": "java21", "snapstart": True, "duration": "constant(10ms)", "cold_start": parts}
    load = {"target": "f", "executor": "constant-arrival-rate", "process": "deterministic"}
    load |= {"rate": "1/s", "duration": "1s"}
    result = ls.Experiment(functions={"f": java}, loads=[load]).run()
    assert result.summary["functions"]["f"]["restore_duration"]["max"] == 1_500


# Java 21, 1,024 MB, 2025: first ten about 2.1 s, later about 1.5 s, so 1.4 times; 1 + 0.4 x exp(-(n - 10) / 20)
def test_first_restores_are_slower() -> None:
    spec = FunctionSpec("f", 900 * S, snapstart=True, first_restores_q24=round(0.4 * 2**24))
    function, taken = Restores(spec.first_restores_q24), []
    for _ in range(100):
        environment = Environment(0, 0, NEVER_NS, provisioned=False)
        environment.invocations = 1
        taken.append(serve(spec, function, environment, False, 0, 0, S, 0, Status.SUCCESS)[2] / S)
    assert taken[:10] == pytest.approx([1.4] * 10)
    assert taken[10:] == pytest.approx([1 + 0.4 * exp(-n / 20) for n in range(1, 91)], abs=1e-5)


def test_prices_of_snapshots() -> None:
    """Python, 1 GB, one version active for 30 days, 10,000 restores (AWS Lambda pricing, us-east-1, 2026-09-19)."""
    used = {"snapstart-cache-ms": 30 * 86_400_000, "snapstart-restore-mb": 10_000 * 1_024}
    usage = FunctionUsage("f", memory_mb=1_024, extras=used)
    lines = {
        line.item: float(line.usd)
        for line in bill([usage], PriceBook.load("us-east-1"), free_tier=False, month=Month(None)).lines
    }
    assert lines == pytest.approx({"snapstart-cache": 3.90, "snapstart-restore": 1.40}, abs=0.005)


def test_a_snapshot_is_charged_for_three_hours_at_least() -> None:
    usage = FunctionUsage("f", memory_mb=1_024, extras={"snapstart-cache-ms": 60_000})
    (line,) = bill([usage], PriceBook.load("us-east-1"), free_tier=False, month=Month(None)).lines
    assert line.quantity == 3 * 3_600


def test_interpreted_code_is_ten_times_as_slow_at_a_tenth_of_the_memory() -> None:
    """SeBS, Middleware 2021: the extra of a first call at 128 MB is ten times that at 1,280 MB."""
    assert duration_factor(128, 1280, 1.0) == pytest.approx(10)


def test_what_packages_add() -> None:
    """mikhail.io, 2021-01: 14 MB of zipped JavaScript add 1.4 s, 35 MB add 3.6 s; four times as large unzipped."""
    for zipped, seconds in ((14, 1.4), (35, 3.6)):
        parts = ColdStart(package_size=f"{4 * zipped - 2} MB", layers=["2 MB"])
        assert parts.load_ns("zip") / S == pytest.approx(seconds, rel=0.05)
        assert parts.load_ns("image") == 0


def test_the_default_restore_has_the_measured_median() -> None:
    assert ColdStart().restore == parse_distribution("lognormal(p50=500ms, p99=1.13s)")
