"""The ways of predicting, on small data; those of published data are skipped where that is not beside the project."""

import json
import math
from pathlib import Path

import pytest

from lambdasim.cli.app import main
from lambdasim.errors import InputError
from lambdasim.validation import bursts, http, idle, inits, poisson, queues, ramp
from lambdasim.validation.measurement import Measurement, read

DATA = Path(__file__).parents[3] / "shared" / "data"


def measured(metric: str, value: float, **more: object) -> Measurement:
    return Measurement("a", "set", metric, value, **more)  # type: ignore[arg-type]


def test_idle_environments_end_by_halves(tmp_path: Path) -> None:
    rows = [
        measured("warm_containers_left", 0.0, params={"D": size, "idle_s": idle_s})
        for size, idle_s in ((8, 60), (8, 420), (8, 780), (8, 1_140), (5, 420), (2, 780))
    ]
    study = idle.evictions(rows, tmp_path)
    assert [round(one.predicted) for one in study.predictions] == [8, 4, 2, 1, 3, 0]


def test_probes_are_of_the_era_that_they_name(tmp_path: Path) -> None:
    row = measured("p_cold_given_idle", 1.0, year=2019, params={"idle_min_from": 12, "idle_min_to": 15})
    [early, late] = [
        idle.probes([Measurement(name, *(row.dataset, row.metric, 1.0), year=2019, params=row.params)], tmp_path)
        for name in ("probes_2019-01_x", "probes_2019-08_y")
    ]
    assert (early.predictions[0].era, late.predictions[0].era) == ("2019-01", "2019-08")
    assert early.predictions[0].predicted < 0.2  # at most by its lifetime
    assert late.predictions[0].predicted == 1.0


def test_a_backlog_of_2018_grows_by_one_a_second(tmp_path: Path) -> None:
    rows = [
        measured(metric, 0.0, requests=2_000, warm_s=0.1)
        for metric in ("instances_seen_by_10s", "backlog_at_min_10", "peak_instances", "drain_time_s", "unknown")
    ]
    seen, backlog, peak, drained = (one.predicted for one in queues.scaling(rows, tmp_path).predictions)
    assert 13 <= seen <= 16
    assert backlog == 0
    assert peak <= 5 + drained + 1


def test_a_burst_needs_as_many_environments_as_calls(tmp_path: Path) -> None:
    rows = [
        measured(metric, 0.0, requests=20, warm_s=1.0, params={"prewarmed": warmed, "dispatch_span_ms": 40.0})
        for warmed in (True,)
        for metric in ("distinct_sandboxes", "start_delay_p50_ms", "max_concurrent_handlers")
    ]
    distinct, delay, at_once = (one.predicted for one in bursts.bursts(rows, tmp_path).predictions)
    assert (distinct, at_once) == (20, 20)
    assert 55 < delay < 80


def test_clients_wait_for_their_network_too(tmp_path: Path) -> None:
    rows = [measured("client_latency_p50_ms", 42.0, rate=50.0, duration_s=20.0, warm_s=0.004, runtime="exp1-go-arm")]
    [one] = http.latencies(rows, tmp_path).predictions
    assert 39 < one.predicted < 43


def test_a_limit_of_concurrency_throttles(tmp_path: Path) -> None:
    rows = [
        measured(metric, 1.0, rate=100.0, duration_s=10.0, requests=1_000, warm_s=0.005, limit=5, runtime="nodejs")
        for metric in ("max_concurrent_executions", "throttles")
    ]
    most, throttles = (one.predicted for one in http.reserved(rows, tmp_path).predictions)
    assert most == 5
    assert throttles > 0


def test_a_ramp_is_of_lambda_only(tmp_path: Path) -> None:
    name = "distinct_instances_in_minute"
    google = measured(name, 40.0, trigger="HTTP, Google Cloud", rate=20.0, params={"minute": 1})
    assert ramp.ramp([google], tmp_path).predictions == ()
    rows = [
        measured(name, 5.0, trigger="HTTP", rate=40.0 * minute**2, params={"minute": minute}, warm_s=0.06)
        for minute in (1, 2)
    ]
    first, second = (one.predicted for one in ramp.ramp(rows, tmp_path).predictions)
    assert 3 <= first < second <= 40


def test_inits_are_the_profiles(tmp_path: Path) -> None:
    rows = [
        measured("init_duration_mean_ms", 90.0, runtime="python3.12", params={"package": "zip", "arch": "x86_64"}),
        measured("init_duration_mean_ms", 50.0, runtime="go (prov.al2023)", params={"package": "zip", "arch": "arm64"}),
        measured("init_duration_mean_ms", 50.0, runtime="cobol"),
    ]
    study = inits.inits(rows, tmp_path)
    assert [round(one.predicted, -1) for one in study.predictions] == [90, 40]
    assert len(study.left_out) == 1


def test_a_steady_rate_without_a_raw_log(tmp_path: Path) -> None:
    rows = [
        measured(metric, 1.0, rate=0.5, duration_s=2_000.0, warm_s=2.0, cold_s=2.2)
        for metric in ("avg_running_instances", "cold_start_count_all")
    ]
    study = poisson.steady(rows, tmp_path)
    [running] = study.predictions
    assert running.predicted == pytest.approx(1.0, rel=0.1)
    # M/G/inf: 25 samples a minute apart are Poisson of mean 1, and as good as independent; so are 16 such runs
    assert running.chance == pytest.approx(math.sqrt(2 / math.pi) / 5, rel=4 / math.sqrt(2 * 15))
    assert study.left_out == {"cold_start_count_all": "its raw log is not in the folder"}


def test_without_its_rates_a_varying_load_is_left_out(tmp_path: Path) -> None:
    study = poisson.varying([measured("running_count", 18.0, warm_s=2.0, cold_s=2.5, params={"minute": 20})], tmp_path)
    assert study.left_out == {"running_count": "its rates are not in the folder"}


def test_a_raw_log_that_is_cut_is_refused(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "exp07_requests.csv.gz").write_bytes(b"\x1f\x8b\x08\x00cut")
    rows = [
        Measurement("simfaas07", "set", "cold_start_count_all", 9.0, rate=5.0, duration_s=60.0, warm_s=2.0, cold_s=2.2)
    ]
    with pytest.raises(InputError, match="is not a raw log of requests"):
        poisson.steady(rows, tmp_path)


def test_a_ramp_takes_what_clients_waited(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    head = "minute,requests_per_s,client_p50_s,client_p90_s,client_p95_s\n"
    (tmp_path / "set" / "aws_ramp_inputs.csv").write_text(head + "1,100,0.512,0.7,0.8\n")
    rows = [
        measured("distinct_instances_in_minute", 5.0, trigger="HTTP", rate=20.0, params={"minute": 1}, warm_s=0.001)
    ]
    [one] = ramp.ramp(rows, tmp_path).predictions
    assert one.predicted > 10  # 20 requests a second of half a second each


def test_the_command_writes_a_scoreboard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    lines = [
        "exp_id,dataset,metric,measured,year,params",
        'p1,aws-idle-2025,p_cold_given_idle,0.2,2025,"{""idle_s"":120}"',
        "x,unheard-of,something,1,2025,",
    ]
    (data / "validation.csv").write_text("\n".join(lines) + "\n")
    assert main(["validate", "--data", str(data), "--out", str(tmp_path / "out"), "--format", "json", "--quiet"]) == 0
    board = json.loads(capsys.readouterr().out)
    assert board["scores"][0]["kind"] == "idle probes 2025: P(cold)"
    assert board["left_out"] == {"unheard-of": "nobody has written a prediction of it"}
    assert {"scoreboard.html", "scoreboard.json", "scoreboard.csv"} <= {
        file.name for file in (tmp_path / "out").iterdir()
    }
    assert main(["validate", "--data", str(data), "--out", str(tmp_path / "out"), "--quiet"]) == 0  # in place of it
    assert "1 of 2 published measurements" in capsys.readouterr().out


def test_without_data_the_command_says_how_sure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate"]) == 0
    assert "idle timeout" in capsys.readouterr().out
    assert main(["validate", "--format", "json"]) == 0
    assert {"name", "errors", "matters"} <= set(json.loads(capsys.readouterr().out)[0])


def test_a_folder_without_measurements_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "validation.csv: cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(
    not (DATA / "validation.csv").exists(), reason="the published measurements are not beside the project"
)
@pytest.mark.parametrize(
    ("dataset", "predict", "metric", "most"),
    [
        ("aws-idle-2025", idle.probes, "p_cold_given_idle", 0.06),
        ("aws-idle-interval-mikhail", idle.probes, "p_cold_given_idle", 0.04),
        ("aws-eviction-sebs-2020", idle.evictions, "warm_containers_left", 0.15),
    ],
)
def test_published_measurements_are_met(dataset, predict, metric: str, most: float) -> None:
    rows = [row for row in read(DATA) if row.dataset == dataset]
    errors = [abs(one.predicted - one.measurement.measured) for one in predict(rows, DATA).predictions]
    assert sum(errors) / len(errors) < most
