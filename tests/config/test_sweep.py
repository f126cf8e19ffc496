"""The tables [sweep] and [optimize]: what they say, and what is wrong with them, with file, line and path."""

from collections.abc import Callable
from typing import Any

import pytest

from lambdasim.config import LoadedExperiment
from lambdasim.config.points import listed_points, with_point, without_searches
from lambdasim.config.sweep import Knob, candidates

Load = Callable[..., LoadedExperiment]
Messages = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('"function.api.memroy" = ["1 GB"]', ['13: sweep.over."function.api.memroy": unknown key; did you mean']),
        ('"function.apii.memory" = ["1 GB"]', ["13: sweep.over.\"function.apii.memory\": no function is named 'apii'"]),
        ('"account.concurrency" = []', ['13: sweep.over."account.concurrency": is an empty list']),
        ('"account.concurrency" = [70, 70]', ['13: sweep.over."account.concurrency": holds 70 twice']),
        ('"account.concurrency" = 7', ['13: sweep.over."account.concurrency": 7 is not a list of values']),
        (
            '"account.concurrency" = { from = 9, to = 3, step = 1 }',
            ['13: sweep.over."account.concurrency": is an empty range: to = 3 is below from = 9'],
        ),
        (
            '"account.concurrency" = { from = 3, to = 9, step = 0 }',
            ['13: sweep.over."account.concurrency": step = 0 is not above zero'],
        ),
        (
            '"account.concurrency" = { from = 3, too = 9, step = 1 }',
            ["13: sweep.over.\"account.concurrency\": unknown key 'too'; did you mean 'to'?"],
        ),
        (
            '"function.api.memory" = { from = "1 GB", to = "9s", step = "1 GB" }',
            ['13: sweep.over."function.api.memory": mixes a memory size and a time and a memory size'],
        ),
        ('"account.concurrency" = [5, -1]', ['13: sweep.over."account.concurrency": -1 is outside']),
        ('"load.scale" = [1, 0]', ['13: sweep.over."load.scale": 0 is not a factor above zero']),
        ('"output.period" = ["1s"]', ['13: sweep.over."output.period": does not change what is simulated']),
        (
            '"function.api.reserved_concurrency" = [950]',
            ['13: sweep.over."function.api.reserved_concurrency": reserved concurrency adds up to 950'],
        ),
        ("", ['12: sweep.over: is empty; name a path and its values, such as "function.api.memory" = ["512 MB", ']),
        ('function.api.memory = ["1 GB"]', ["13: sweep.over.function: is a table of tables; write the whole path"]),
    ],
)
def test_what_is_wrong_with_a_sweep(messages: Messages, minimal: str, lines: str, expected: list[str]) -> None:
    found = messages(f"{minimal}[sweep.over]\n{lines}\n")
    assert [line.startswith(f"e.toml:{start}") for line, start in zip(found, expected, strict=True)] == [True], found


def test_a_pair_that_cannot_be_together_is_told_with_its_point(messages: Messages, minimal: str) -> None:
    text = f'{minimal}[sweep]\ndesign = "list"\n[sweep.over]\n'
    text += '"account.concurrency" = [900, 300]\n"function.api.reserved_concurrency" = [500, 500]\n'
    (message,) = messages(text)
    assert message.startswith('e.toml:16: sweep.over."function.api.reserved_concurrency": ')
    assert "above 200" in message


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('design = "sobol"\nover = { "load.scale" = [1, 2] }', "the design 'sobol' needs { min ="),
        (
            'design = "lhs"\nover = { "load.scale" = { min = 1, max = 2 } }',
            "sweep.points: is missing; the design 'lhs' needs it",
        ),
        ('over = { "load.scale" = { min = 1, max = 2 } }', "the design 'grid' needs a list or { from ="),
        ('points = 3\nover = { "load.scale" = [1, 2] }', "has no effect with the design 'grid'"),
        ('design = "gird"\nover = { "load.scale" = [1] }', "unknown value 'gird'; did you mean 'grid'?"),
        (
            'design = "list"\nover = { "load.scale" = [1, 2], "account.concurrency" = [5] }',
            "needs as many values for each path; load.scale has 2, account.concurrency has 1",
        ),
        ("", "over: is missing"),
    ],
)
def test_a_design_and_its_values_agree(messages: Messages, minimal: str, lines: str, expected: str) -> None:
    found = messages(f"{minimal}[sweep]\n{lines}\n")
    assert len(found) == 1
    assert expected in found[0]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('minimize = "account.cost.month"', "optimize.minimize: 'account.cost' has no statistic 'month'"),
        ('minimize = "apii.latency.p99"', "no function, source or load is named 'apii'; did you mean 'api'?"),
        ('minimize = "api.latency"', "'api.latency' has several statistics; name one: api.latency.mean"),
        ('strategy = "fast"', "unknown value 'fast'"),
        ('subject_to = "slos"', "unknown value 'slos'; did you mean 'slo'?"),
    ],
)
def test_what_is_wrong_with_optimize(messages: Messages, minimal: str, lines: str, expected: str) -> None:
    found = messages(f'{minimal}[optimize]\n{lines}\nover = {{ "account.concurrency" = [1, 9] }}\n')
    assert len(found) == 1
    assert expected in found[0]


def test_an_empty_range_of_candidates_is_refused(messages: Messages, minimal: str) -> None:
    (message,) = messages(f'{minimal}[optimize]\nover = {{ "account.concurrency" = [9, 1] }}\n')
    assert message == 'e.toml:13: optimize.over."account.concurrency": is an empty range: 1 is below 9'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1, 4], (1, 2, 3, 4)),
        ([1, 4, 9], (1, 4, 9)),
        ([9, 1, 4], (1, 4, 9)),
        (["1 GB", "512 MB", "2 GB"], ("512 MB", "1024 MB", "2048 MB")),
        (["1 GB", "512 MB"], ("512 MB", "1024 MB")),
        (["20s", "10s"], ("10s", "20s")),
        ({"min": "128 MB", "max": "130 MB"}, ("128 MB", "129 MB", "130 MB")),
        ({"from": "1s", "to": "2.5s", "step": "500ms"}, ("1s", "1.5s", "2s", "2.5s")),
        ({"from": 0.5, "to": 0.9, "step": 0.2}, (0.5, 0.7, 0.9)),
        ({"min": 3, "max": 5}, (3, 4, 5)),
        (["arm64", "x86_64"], ("arm64", "x86_64")),
        ([True, False], (True, False)),
    ],
)
def test_candidates(value: Any, expected: tuple[Any, ...]) -> None:
    assert candidates(Knob.parse(value)) == expected


def test_a_grid_has_every_combination_and_a_list_goes_side_by_side(load: Load, minimal: str) -> None:
    over = '[sweep.over]\n"load.scale" = [1, 2]\n"account.concurrency" = [8, 9]\n'
    grid, pairs = load(f"{minimal}{over}"), load(f'{minimal}[sweep]\ndesign = "list"\n{over}')
    assert grid.config.sweep is not None
    assert pairs.config.sweep is not None
    values = [tuple(point.values()) for point in listed_points(grid.config.sweep)]
    assert values == [(1, 8), (1, 9), (2, 8), (2, 9)]
    assert [tuple(point.values()) for point in listed_points(pairs.config.sweep)] == [(1, 8), (2, 9)]
    assert (grid.config.sweep.size, pairs.config.sweep.size) == (4, 2)


def test_the_load_is_scaled_whatever_it_is(load: Load, minimal: str) -> None:
    more = """
[[load]]
target = "api"
executor = "ramping-arrival-rate"
start_rate = "10/s"
stages = [ { duration = "1min", target = "30/s" }, { duration = "1min", target = "0/s" } ]
[[load]]
target = "api"
executor = "spike"
rate = "1/s"
spike_rate = "8/s"
spike_at = "1s"
spike_duration = "1s"
duration = "5s"
[[load]]
target = "api"
executor = "constant-vus"
vus = 3
duration = "5s"
[[load]]
target = "api"
executor = "bursty"
rates = ["1/s", "9/s"]
sojourns = ["1s", "2s"]
duration = "5s"
"""
    scaled = with_point(load(minimal + more), {"load.scale": 2.5}).config.load
    assert scaled[0].rate == 750
    assert scaled[1].start_rate == 25
    assert [stage.target for stage in scaled[1].stages or ()] == [75, 0]
    assert (scaled[2].rate, scaled[2].spike_rate) == (2.5, 20)
    assert scaled[3].vus == 8
    assert scaled[4].rates == (2.5, 22.5)


def test_scaling_comes_after_the_other_values_of_a_point(load: Load, minimal: str) -> None:
    point = with_point(load(minimal), {"load.scale": 2, "load.0.rate": "7/s"})
    assert point.config.load[0].rate == 14


def test_the_points_of_a_search_have_no_search(load: Load, minimal: str) -> None:
    loaded = load(f'{minimal}[sweep.over]\n"load.scale" = [1, 2]\n')
    assert without_searches(loaded).config.sweep is None
    assert with_point(without_searches(loaded), {"account.concurrency": 5}).config.sweep is None


def test_changes_reach_into_the_values_of_a_sweep(load: Load, minimal: str) -> None:
    text = f'{minimal}[sweep.over]\n"load.scale" = [1, 2]\n'
    loaded = load(text, ("sweep.over.account.concurrency", "[5, 6]"), ("sweep.over.load.scale", "[3]"))
    assert loaded.config.sweep is not None
    assert {path: knob.listed for path, knob in loaded.config.sweep.over.items()} == {
        "load.scale": (3,),
        "account.concurrency": (5, 6),
    }


def test_a_large_sweep_is_checked_value_by_value(messages: Messages, minimal: str) -> None:
    text = f'{minimal}[sweep.over]\n"simulation.seed" = {{ from = 1, to = 90, step = 1 }}\n'
    text += '"account.concurrency" = { from = 10, to = 100, step = 10 }\n"function.api.memory" = ["1 GB", "99 GB"]\n'
    assert len(messages(text)) == 1
