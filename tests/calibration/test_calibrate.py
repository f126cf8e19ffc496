"""Logs become models: what is measured, what is taken, what is said where they tell too little, and what runs."""

import json
import math
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from logged_lines import line
from scipy.stats import norm

import lambdasim as ls
from lambdasim.calibration.calibrate import Calibration, calibrate
from lambdasim.calibration.text import text
from lambdasim.cli import main
from lambdasim.errors import InputError

FIXED = ("duration", "init")
FIXED_LAW = ("law", "p50_ms", "p99_ms", "ks", "samples")


def from_lines(tmp_path: Path, lines: list[str], name: str = "shop.log", **options: object) -> Calibration:
    (tmp_path / name).write_text("".join(lines))
    return calibrate(tmp_path / name, **options)  # type: ignore[arg-type]


def steady(count: int, seed: int = 1) -> list[str]:
    """Poisson arrivals of 20 a second in a pool of environments of which the most recent is taken."""
    rng = np.random.default_rng(seed)
    arrivals, durations = np.cumsum(rng.exponential(0.05, count)), rng.lognormal(math.log(80), 0.5, count)
    free: list[tuple[float, int]] = []
    lines, environments = [], 0
    for i, (at, duration) in enumerate(zip(arrivals, durations, strict=True)):
        ready = [one for one in free if one[0] <= at]
        init = None
        if ready:
            one = max(ready)
            free.remove(one)
            environment = one[1]
        else:
            environments += 1
            environment, init = environments, 400.0
        end = at + (duration + (init or 0)) / 1000
        free.append((end, environment))
        lines.append(line(i, end, duration, init, stream=f"{environment:x}"))
    return sorted(lines)


def test_fit_json_has_its_fixed_keys_and_calibrated_toml_runs(tmp_path: Path) -> None:
    found = from_lines(tmp_path, steady(3000))
    found.save(tmp_path / "out")
    fit = json.loads((tmp_path / "out" / "fit.json").read_text())
    of = fit["functions"]["shop"]
    for what in FIXED:
        assert set(FIXED_LAW) <= set(of[what])
    assert of["memory_mb"] == 512
    assert of["cold_start_rate"] == of["cold_starts"] / 3000
    assert of["error_rate"] == 0
    assert of["duration"]["law"] == "lognormal"
    assert abs(of["duration"]["p50_ms"] / 80 - 1) < 4 * 0.5 / math.sqrt(3000)
    assert of["init"] | {"law": "constant", "p50_ms": 400.0} == of["init"]
    assert of["reuse"]["law"] == "most-recent"
    assert of["environments"] == of["cold_starts"]
    assert sum(of["arrivals"]["by_hour"]) == sum(of["arrivals"]["by_weekday"]) == 3000
    assert of["arrivals"]["by_weekday"][0] == 3000  # a Monday
    assert of["billing"] == {"rounded_to_ms": 1, "init_billed": True}
    summary = ls.load_experiment(tmp_path / "out" / "calibrated.toml").run().summary
    assert summary["functions"]["shop"]["invocations"] == 3000
    page = (tmp_path / "out" / "fit.html").read_text()
    assert page.count("<svg") == 2
    assert "lognormal(p50=" in page
    assert "within 10 % of the measured one (of 1,000 values or more). Of fewer than 30 it is taken as a guess" in page


def test_many_arrivals_are_counted_by_the_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdasim.calibration.written.MOST_EVENTS", 5)
    ends = ((0, "a"), (0.5, "a"), (0.7, "b"), (3, "b"), (3.2, "a"), (3.3, "a"))
    lines = [line(i, end, 0.0).replace(" REPORT", f" {name}[$LATEST]{i:032x} REPORT")
             for i, (end, name) in enumerate(ends)]  # fmt: skip
    (tmp_path / "a.log").write_text("".join(lines))
    found = calibrate(tmp_path / "a.log").written
    assert found.files["arrivals.csv"] == "time,count,function\n0,2,a\n0,1,b\n3,2,a\n3,1,b\n"
    assert 'format = "counts"' in found.toml


def test_concurrency_is_that_of_overlaps(tmp_path: Path) -> None:
    lines = [line(1, 10, 10_000), line(2, 12, 6_000), line(3, 18, 2_000), line(4, 10, 1_000)]  # 0-10, 6-12, 16-18, 9-10
    of = from_lines(tmp_path, lines).fit["functions"]["shop"]
    assert of["concurrency"] == {"max": 3, "mean": pytest.approx((10 + 6 + 2 + 1) / 18)}


def test_an_init_that_failed_is_not_taken_for_a_handler_time(tmp_path: Path) -> None:
    lines = [line(i, i, 100.0, stream="a") for i in range(40)]
    failed = "2026-01-05T00:01:00.000Z 2026/01/05/[$LATEST]" + f"{'b':0>32}" + " INIT_REPORT Init Duration: 10001.23 ms"
    lines += [
        failed + "\tPhase: init\tStatus: timeout\n",
        line(50, 71, 10_866.62, stream="b"),
        line(51, 72, 100.0, stream="b"),
    ]
    found = from_lines(tmp_path, lines)
    of = found.fit["functions"]["shop"]
    assert of["cold_starts_with_hidden_init"] == of["cold_starts"] == 1
    assert of["duration"] | {"law": "constant", "p50_ms": 100.0, "samples": 41} == of["duration"]
    assert any("ran the init within the invocation" in note for note in of["notes"])


def test_timeouts_and_crashes_come_back(tmp_path: Path) -> None:
    """A share p of n has the standard error sqrt(p (1 - p) / n)."""
    rng = np.random.default_rng(5)
    lines = []
    for i in range(3000):
        chance = rng.random()
        duration, tail = (3000.0, "Status: timeout") if chance < 0.05 else (float(rng.lognormal(4, 0.3)), "")
        if chance > 0.97:
            tail = "Status: error\tError Type: Runtime.ExitError"
        lines.append(line(i, i / 10 + 5, duration, stream="a", tail=tail))
    found = from_lines(tmp_path, lines)
    found.save(tmp_path / "out")
    simulated = ls.load_experiment(tmp_path / "out" / "calibrated.toml").run().summary["functions"]["shop"]
    of = found.fit["functions"]["shop"]
    assert of["timeout_s"] == 3
    assert abs(simulated["timeouts"] / 3000 - of["timeout_rate"]) < 4 * math.sqrt(0.05 * 0.95 / 3000)
    assert abs(simulated["crashes"] / 3000 - of["crash_rate"]) < 4 * math.sqrt(0.03 * 0.97 / 3000)


def test_what_a_law_has_beyond_the_timeout_times_out_once(tmp_path: Path) -> None:
    """1 % of a lognormal law are beyond 3 s: what its fit has there and what is added make that together."""
    times_ms = np.random.default_rng(7).lognormal(math.log(600), 0.69, 6000)
    lines = [
        line(i, i / 10 + 5, min(time, 3000.0), stream="a", tail="Status: timeout" if time > 3000 else "")
        for i, time in enumerate(times_ms.tolist())
    ]
    found = from_lines(tmp_path, lines)
    found.save(tmp_path / "out")
    text = (tmp_path / "out" / "calibrated.toml").read_text()
    parts = re.findall(r"([\d.]+): lognormal\(p50=([\d.]+)ms, p99=([\d.]+)ms\)", text)
    late = float(re.findall(r"([\d.]+): constant\(3001ms\)", text)[0])
    beyond = sum(
        float(share) * norm.sf(math.log(3000 / float(p50)) / math.log(float(p99) / float(p50)) * norm.ppf(0.99))
        for share, p50, p99 in parts
    )
    assert beyond > 0.002
    assert late + (1 - late) * beyond == pytest.approx((times_ms > 3000).mean(), abs=1e-4)


def test_idle_life_is_read_off_streams(tmp_path: Path) -> None:
    """Environments that live 300 to 400 s idle, called once in 10 to 700 s."""
    rng = np.random.default_rng(3)
    lines, at, environment, ends = [], 0.0, 0, -1.0
    for i in range(1500):
        at += float(rng.uniform(10, 700))
        cold = at > ends
        environment += cold
        lines.append(line(i, at + 0.1 + 0.4 * cold, 100, 400.0 if cold else None, stream=f"{environment:x}"))
        ends = at + 0.1 + float(rng.uniform(300, 400))
    idle = from_lines(tmp_path, lines).models[0].idle
    assert idle.own_s is not None
    assert abs(idle.own_s[0] - 300) <= 20
    assert abs(idle.own_s[1] - 400) <= 20
    assert idle.together_s is None


def test_cpu_share_comes_from_two_memory_sizes_or_from_power_tuning(tmp_path: Path) -> None:
    """Half of 200 ms at 512 MB is CPU work: at 1,024 MB that half is halved."""
    two = [line(i, i, 200.0) for i in range(60)] + [line(i + 100, i, 150.0, memory_mb=1024) for i in range(50)]
    assert from_lines(tmp_path, two).fit["functions"]["shop"]["cpu_share"]["share"] == pytest.approx(0.5, abs=0.01)
    (tmp_path / "tuning.json").write_text(
        json.dumps({"results": {"power": "512", "stats": [{"value": 512, "averageDuration": 200.0, "averagePrice": 1},
                                                          {"value": "1024", "averageDuration": 150.0}]}})
    )  # fmt: skip
    (tmp_path / "shop.log").write_text("".join(two[:60]))
    found = calibrate([tmp_path / "shop.log", tmp_path / "tuning.json"])
    assert found.fit["functions"]["shop"]["cpu_share"] | {"share": pytest.approx(0.5, abs=0.01)}
    assert "cpu_share = 0.5  # aws-lambda-power-tuning" in found.toml


def test_three_lines_say_that_they_are_thin(tmp_path: Path) -> None:
    found = from_lines(tmp_path, [line(1, 1, 80.0), line(2, 2, 81.0), line(3, 3, 85.0, 400.0)])
    notes = found.fit["functions"]["shop"]["notes"]
    assert any("hardly more than an order of magnitude" in note for note in notes)
    found.save(tmp_path / "out")
    assert (
        ls.load_experiment(tmp_path / "out" / "calibrated.toml").run().summary["functions"]["shop"]["invocations"] == 3
    )


def test_a_log_without_times_runs_with_a_placeholder(tmp_path: Path) -> None:
    found = from_lines(tmp_path, [line(i, i, 80.0 + i).split(" ", 1)[1] for i in range(50)])
    assert "A placeholder: the log has no times." in found.toml
    assert found.fit["functions"]["shop"]["concurrency"] is None


def test_names_come_from_the_log_the_file_or_the_user(tmp_path: Path) -> None:
    assert from_lines(tmp_path, [line(1, 1, 80)], "log-events-viewer-result.csv.gz.log").models[0].name == "function"
    assert from_lines(tmp_path, [line(1, 1, 80)], "checkout_reports.csv").models[0].name == "checkout_reports"
    assert from_lines(tmp_path, [line(1, 1, 80)], function="mine").models[0].name == "mine"
    two = [line(i, i, 80).replace(" REPORT", f" 2026/01/05/{'ab'[i % 2]}[$LATEST]{i:032x} REPORT") for i in range(1, 9)]
    assert [model.name for model in from_lines(tmp_path, two).models] == ["b", "a"]
    only = from_lines(tmp_path, two, function="a")
    assert [len(model.seen) for model in only.models] == [4]
    assert "4 invocations of other functions" in only.toml
    with pytest.raises(InputError, match="no log of the function 'c', but of a, b"):
        from_lines(tmp_path, two, function="c")


def test_several_functions_share_one_traffic(tmp_path: Path) -> None:
    two = [
        line(i, i, 80 + i % 7).replace(" REPORT", f" 2026/01/05/f{i % 2}[$LATEST]{i:032x} REPORT") for i in range(1, 99)
    ]
    found = from_lines(tmp_path, two)
    found.save(tmp_path / "out")
    functions = ls.load_experiment(tmp_path / "out" / "calibrated.toml").run().summary["functions"]
    assert [functions[name]["invocations"] for name in ("f0", "f1")] == [49, 49]


def test_the_first_half_predicts_the_second(tmp_path: Path) -> None:
    found = from_lines(tmp_path, steady(4000), holdout=True)
    assert found.holdout is not None
    metrics = {one["path"]: one for one in found.holdout["metrics"]}
    assert found.holdout["first"] + found.holdout["second"] == 4000
    assert metrics["shop.concurrency.mean"]["error"] < 0.05
    assert metrics["shop.duration.p99"]["error"] < 0.1
    assert set(metrics) >= {"shop.cold_starts", "shop.concurrency.max"}
    with pytest.raises(InputError, match="100 are needed"):
        from_lines(tmp_path, steady(50), holdout=True)


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    hostile = "a<script>]\n[function.evil]"
    found = from_lines(tmp_path, [line(1, 1, 80.0)], hostile)
    found.save(tmp_path / "out")
    assert list(ls.load_experiment(tmp_path / "out" / "calibrated.toml").config.function) == ["a-script-function-evil"]
    assert "<script>" not in (tmp_path / "out" / "fit.html").read_text()
    with pytest.raises(InputError, match="no function's name"):
        calibrate(tmp_path / hostile, function='x"]')


def test_the_command_leaves_its_files_and_says_what_it_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shop.log").write_text("".join([*steady(300), "other\n"]))
    out = tmp_path / "out"
    assert main(["calibrate", str(tmp_path / "shop.log"), "--out", str(out), "--format", "json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == json.loads((out / "fit.json").read_text())
    assert "Left out: 1 other line." in said.err
    assert {"calibrated.toml", "fit.json", "fit.html", "arrivals.csv"} <= {file.name for file in out.iterdir()}
    assert main(["calibrate", str(tmp_path / "none.log"), "--out", str(tmp_path / "new")]) == 2
    assert not (tmp_path / "new").exists()
    assert main(["run", str(out / "calibrated.toml"), "--out", str(tmp_path / "run"), "--no-figures", "--quiet"]) == 0


def test_one_line_is_one(tmp_path: Path) -> None:
    said = text(from_lines(tmp_path, [line(1, 1, 80.0)]), 80)
    assert "shop: 1 invocation, cold" in said
    assert ", 1 value\n" in said
    assert "durations: 1 value tells hardly more" in said


def test_only_text_does_not_tell_of_errors(tmp_path: Path) -> None:
    metrics = {"durationMs": 80.0, "billedDurationMs": 81, "memorySizeMB": 512, "maxMemoryUsedMB": 80}
    events = [
        {
            "time": f"2026-09-21T14:13:{i:02d}.135Z",
            "type": "platform.report",
            "record": {"requestId": f"{i:08x}-0000-4000-a000-000000000000", "metrics": metrics, "status": "success"},
        }
        for i in range(10)
    ]
    in_json = from_lines(tmp_path, [f"{json.dumps(one)}\n" for one in events], "json.log").models[0].notes()
    in_text = from_lines(tmp_path, [line(i, i, 80.0) for i in range(10)]).models[0].notes()
    assert [any(note.startswith("no error of a handler") for note in notes) for notes in (in_json, in_text)] == [
        False,
        True,
    ]


def test_a_clock_that_is_wrong_is_told_from_a_function_that_rests(tmp_path: Path) -> None:
    def far(hours: list[float]) -> list[str]:
        lines = [line(i, hour * 3600, 80.0) for i, hour in enumerate(hours)]
        return [note for note in from_lines(tmp_path, lines).models[0].notes() if "all others" in note]

    steadily = [100 + i / 100 for i in range(200)]
    assert far(steadily) == []
    assert far([i * 24.0 for i in range(30)]) == []  # once a day
    (said,) = far([72, *steadily])
    assert said.startswith("1 time lies 28 h before all others")
    (said,) = far([72, 72.1, *steadily, 150])
    assert said.startswith("2 times lie 28 h before all others and 1 time lies 48 h after all others")


def test_a_clock_of_the_whole_function_is_told_from_timeouts_of_each(tmp_path: Path) -> None:
    """Environments that live 1,500 s idle, but all end once their function has rested for 300 s: one request at a time,
    sometimes four at once, with rests of 5 to 250 s and now and then up to 500 s.
    """
    rng = np.random.default_rng(4)
    lines: list[str] = []
    pool: dict[int, float] = {}
    at, number = 0.0, 0
    for _ in range(1500):
        rest = float(rng.uniform(200, 500) if rng.random() < 0.1 else rng.uniform(5, 250))
        if rest > 300:
            pool.clear()
        at += rest
        pool = {one: end for one, end in pool.items() if at - end < 1500}
        free = sorted(pool, key=lambda one: pool[one])
        for _ in range(4 if rng.random() < 0.15 else 1):
            number += 1
            cold = not free
            environment = number if cold else free.pop()
            pool[environment] = at + 0.1 + 0.4 * cold
            lines.append(line(number, pool[environment], 100, 400.0 if cold else None, stream=f"{environment:x}"))
        at = max(pool.values())
    idle = from_lines(tmp_path, lines).models[0].idle
    assert idle.together_s is not None
    assert idle.own_s is not None
    assert abs(sum(idle.together_s) / 2 - 300) < 30
    assert 1000 < sum(idle.own_s) / 2 < 2000
    assert "expiry" in from_lines(tmp_path, lines).toml


@pytest.mark.parametrize(
    ("month", "billed", "era", "billing"),
    [
        ("2018-11", 1, "2019-01", {"rounding": "1ms"}),
        ("2020-05", 100, "2020", {}),
        ("2020-12", 1, "2021", {}),
        ("2023-11", 1, "2021", {}),
        ("2024-03", 1, "2025", {"init_policy": "legacy"}),
        ("2026-09", 1, "2026", {"init_policy": "legacy"}),
    ],
)
def test_the_dates_tell_the_era_and_billed_durations_what_differs(
    tmp_path: Path, month: str, billed: int, era: str, billing: dict[str, str]
) -> None:
    lines = []
    for i in range(40):
        taken = 40 + 7 * i
        lines.append(
            f"{month}-07T08:{i:02d}:00.000Z REPORT RequestId: {i:08x}-1111-4222-8333-000000000001\t"
            f"Duration: {taken}.50 ms\tBilled Duration: {-(-(taken + 1) // billed) * billed} ms\t"
            "Memory Size: 128 MB\tMax Memory Used: 36 MB\t"
            f"{'Init Duration: 150.00 ms' if i == 0 else ''}\t\n"
        )
    found = from_lines(tmp_path, lines)
    found.save(tmp_path / "out")
    read = tomllib.loads(found.toml)
    assert (read["account"]["era"], read.get("billing", {})) == (era, billing)
    config = ls.load_experiment(tmp_path / "out" / "calibrated.toml").config
    assert config.account.era == era
    given = from_lines(tmp_path, lines, era="2021")
    assert tomllib.loads(given.toml)["account"]["era"] == "2021"
    with pytest.raises(InputError, match="no era is called '2022'; there are 2019-01, "):
        from_lines(tmp_path, lines, era="2022")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_what_was_found_is_told_in_lines_of_a_width(tmp_path: Path, width: int) -> None:
    told = text(from_lines(tmp_path, steady(300)), width).splitlines()
    assert max(map(len, told)) <= width
    assert any(line.startswith("    ") for line in told)
