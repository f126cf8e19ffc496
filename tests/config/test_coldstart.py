"""Cold-start profiles: the figures of the table, and what is said when there are none."""

import csv
import math
import subprocess
import sys
from pathlib import Path

import pytest

import lambdasim.config.coldstart as coldstart
from lambdasim.config.coldstart import PLACEMENT, WARM_MS, first_invocation_ns, profile, stand_in_note
from lambdasim.config.families import parse_distribution
from lambdasim.errors import InputError

MS = 1e6
TABLE = Path(coldstart.__file__).with_name("coldstart.csv")
TABLE_ROWS = list(csv.DictReader(line for line in TABLE.read_text().splitlines() if not line.startswith("#")))


# lambda-perf, 2026-06 to 2026-08, 512 MB: p50 of Init Duration, ms
@pytest.mark.parametrize(
    ("runtime", "package", "architecture", "p50"),
    [
        ("python3.13", "zip", "x86_64", 91),
        ("python3.13", "zip", "arm64", 81),
        ("nodejs22.x", "zip", "x86_64", 145),
        ("nodejs22.x", "image", "x86_64", 297),
        ("java21", "zip", "x86_64", 244),
        ("dotnet8", "zip", "arm64", 294),
        ("ruby3.4", "image", "x86_64", 270),
        ("provided.al2023/rust", "zip", "x86_64", 16),
        ("provided.al2023/go", "zip", "arm64", 43),
    ],
)
def test_medians_measured(runtime, package, architecture, p50):
    init, placement = profile(runtime, package, architecture, 512)
    assert init.family == "lognormal"
    assert math.exp(init.params[0]) == pytest.approx(p50 * MS, rel=0.15)
    assert placement == PLACEMENT


@pytest.mark.parametrize("row", TABLE_ROWS, ids=lambda row: "-".join(list(row.values())[:3]))
def test_every_row_has_a_profile_near_its_percentiles(row):
    init, _ = profile(row["runtime"], row["package"], row["architecture"], 128)
    mu, sigma = init.params
    assert mu == pytest.approx(float(row["mu"]) + math.log(MS), abs=1e-4)
    assert sigma == pytest.approx(float(row["sigma"]), abs=1e-3)
    assert math.exp(mu) == pytest.approx(float(row["p50"]) * MS, rel=0.25)
    assert parse_distribution(init.text) == init


def test_memory_changes_nothing():
    assert profile("java21", "zip", "arm64", 128) == profile("java21", "zip", "arm64", 10_240)


def test_placement_has_a_median_of_110_ms():
    mu, sigma = PLACEMENT.params
    assert math.exp(mu) == pytest.approx(110 * MS)
    assert sigma == pytest.approx(0.35, abs=0.002)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (("python3.31", "zip", "arm64"), "no cold start of runtime 'python3.31' is known; did you mean 'python3.1"),
        (("cobol85", "zip", "arm64"), "those measured are: dotnet10, dotnet8"),
        (("provided.al2023", "zip", "arm64"), "add what is in the package: provided.al2023/cpp11, "),
        (("nodejs13.x", "zip", "arm64"), "did you mean 'nodejs1"),
        (("provided", "zip", "arm64"), "add what is in the package, as in provided/go; or give init"),
        (("provided.al2/quarkus", "zip", "arm64"), "only as image on x86_64 and zip on x86_64; give init"),
    ],
)
def test_what_is_not_known(key, message):
    with pytest.raises(InputError) as caught:
        profile(*key, 128, path="function.api.runtime")
    assert str(caught.value).startswith("function.api.runtime: no cold start of ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("runtime", "measured"),
    [
        ("nodejs4.3", "nodejs20.x"), ("nodejs18.x", "nodejs20.x"), ("python2.7", "python3.9"), ("java8", "java8.al2"),
        ("dotnetcore3.1", "dotnet8"), ("dotnet6", "dotnet8"), ("ruby2.7", "ruby3.2"), ("go1.x", "provided.al2/go"),
        ("provided/rust", "provided.al2/rust"),
    ],
)  # fmt: skip
def test_the_nearest_stands_in_for_what_was_not_measured(runtime, measured):
    assert profile(runtime, "zip", "x86_64", 128) == profile(measured, "zip", "x86_64", 128)
    note = f"no cold start of {runtime} was measured; those of {measured}, the nearest, stand in"
    assert stand_in_note(runtime) == note
    assert stand_in_note(measured) is None


# lambda-perf, 2026-06 to 2026-08, and AWS's developer guide: only what lacks the CPU of the init phase takes longer
@pytest.mark.parametrize(
    ("runtime", "memory_mb", "ms"),
    [
        ("dotnet8", 128, 720), ("dotnet8", 512, 165), ("dotnet8", 1024, 75), ("java25", 128, 246), ("java25", 512, 26),
        ("java25", 1024, 10), ("nodejs24.x", 128, 22), ("python3.13", 128, 2.5), ("python3.13", 1024, 2.5),
        ("provided.al2023/rust", 128, 2.5),
    ],
)  # fmt: skip
def test_first_invocations_measured(runtime, memory_mb, ms):
    extra_ms = first_invocation_ns(runtime, "zip", "x86_64", memory_mb) / MS
    assert extra_ms + WARM_MS == pytest.approx(ms, abs=0.7)


def test_first_invocations_between_and_beyond():
    extra_ms = [
        first_invocation_ns("dotnet8", "zip", "x86_64", mb) / MS for mb in (128, 256, 300, 512, 1024, 1769, 9999)
    ]
    assert extra_ms[0] > extra_ms[1] > extra_ms[2] > extra_ms[3] > extra_ms[4] > extra_ms[5] == extra_ms[6] > 0
    at_256, at_512 = 256 * extra_ms[1], 512 * extra_ms[3]
    assert min(at_256, at_512) < 300 * extra_ms[2] < max(at_256, at_512)


def test_a_lookup_loads_no_array_library():
    code = (
        "import sys; from lambdasim.config.coldstart import profile; "
        "profile('java21', 'zip', 'arm64', 128); print('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_table_is_what_its_generator_makes():
    root = Path(__file__).parents[2]
    source = root.parent / "shared" / "facts" / "cold_start_init_2026.csv"
    if not source.is_file():
        pytest.skip("no ../shared/facts next to the checkout")
    command = [sys.executable, str(root / "tools" / "coldstart_table.py"), str(source)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == TABLE.read_text()
